//! From an id to its row. A filter of ten thousand ids asks ten thousand times, so ids that lie close together are a plain array.

use rustc_hash::FxHashMap;

use crate::graph::NONE;

/// The array may have so many places for each id, and some to begin with.
const SPARSEST: usize = 4;
const FIRST: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// The row of each id below the array's length, or [`NONE`].
    close: Vec<u32>,
    /// The rows of all other ids.
    far: FxHashMap<i64, u32>,
    count: usize,
}

impl Ids {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn row(&self, id: i64) -> Option<u32> {
        match self.close.get(place(id)) {
            Some(row) => Some(*row).filter(|row| *row != NONE),
            None => self.far.get(&id).copied(),
        }
    }

    /// Note an id that is not there.
    pub(crate) fn insert(&mut self, id: i64, row: u32) {
        let place = place(id);
        if place >= self.close.len() && place < SPARSEST * self.count + FIRST {
            self.widen((place + 1).next_power_of_two());
        }
        match self.close.get_mut(place) {
            Some(to) => *to = row,
            None => {
                self.far.insert(id, row);
            }
        }
        self.count += 1;
    }

    /// Forget an id that is there.
    pub(crate) fn remove(&mut self, id: i64) {
        match self.close.get_mut(place(id)) {
            Some(row) => *row = NONE,
            None => {
                self.far.remove(&id);
            }
        }
        self.count -= 1;
    }

    /// Ascending.
    pub(crate) fn sorted(&self) -> Vec<i64> {
        let close = (0_i64..).zip(&self.close).filter(|(_, row)| **row != NONE).map(|(id, _)| id);
        let mut ids: Vec<i64> = close.chain(self.far.keys().copied()).collect();
        ids.sort_unstable();
        ids
    }

    fn widen(&mut self, places: usize) {
        self.close.resize(places, NONE);
        let close = &mut self.close;
        self.far.retain(|id, row| match close.get_mut(place(*id)) {
            Some(to) => {
                *to = *row;
                false
            }
            None => true,
        });
    }
}

fn place(id: i64) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn ids_are_found_whether_they_lie_close_or_far_and_also_after_the_array_grew_over_them() {
        let mut ids = Ids::default();
        let given: Vec<i64> = [5, 1 << 40, 3_000, 20_000].into_iter().chain(30_000..40_000).collect();
        for (row, id) in (0..).zip(&given) {
            ids.insert(*id, row);
        }
        for (row, id) in (0..).zip(&given) {
            assert_eq!(ids.row(*id), Some(row));
        }
        assert_eq!((ids.row(6), ids.row(i64::MAX), ids.row(-1)), (None, None, None));
        ids.remove(20_000);
        ids.remove(1 << 40);
        assert_eq!((ids.row(20_000), ids.row(1 << 40), ids.len()), (None, None, given.len() - 2));
        assert!(ids.sorted().is_sorted());
        assert_eq!(ids.sorted().len(), ids.len());
    }
}
