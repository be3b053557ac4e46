//! Which namespace a row belongs to, and which rows a namespace has.

use rustc_hash::FxHashMap;

use crate::graph::NONE;

/// At most one label a row; a label's rows can be listed without looking at the others.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    names: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u32>,
    rows: Vec<Vec<u32>>,
    /// The number of a row's label, and the row's place in the label's list; [`NONE`] without one.
    of: Vec<(u32, u32)>,
}

impl Labels {
    pub(crate) fn grow(&mut self, rows: usize) {
        self.of.resize(rows, (NONE, 0));
    }

    pub(crate) fn put(&mut self, row: u32, label: &str) {
        let known = self.numbers.get(label).copied();
        let number = known.unwrap_or_else(|| {
            let number = count(self.names.len());
            self.names.push(label.into());
            self.numbers.insert(label.into(), number);
            self.rows.push(vec![]);
            number
        });
        let rows = &mut self.rows[number as usize];
        self.of[row as usize] = (number, count(rows.len()));
        rows.push(row);
    }

    pub(crate) fn remove(&mut self, row: u32) {
        let (number, place) = std::mem::replace(&mut self.of[row as usize], (NONE, 0));
        let Some(rows) = self.rows.get_mut(number as usize) else { return };
        rows.swap_remove(place as usize);
        if let Some(moved) = rows.get(place as usize) {
            self.of[*moved as usize].1 = place;
        }
    }

    pub(crate) fn label(&self, row: u32) -> Option<&str> {
        self.names.get(self.of[row as usize].0 as usize).map(AsRef::as_ref)
    }

    pub(crate) fn number(&self, row: u32) -> u32 {
        self.of[row as usize].0
    }

    /// The rows with a label; none with one that was never used.
    pub(crate) fn rows(&self, label: &str) -> &[u32] {
        self.numbers.get(label).map_or(&[], |number| &self.rows[*number as usize])
    }

    /// Names in the order of their numbers.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Labels that at least one row has.
    pub(crate) fn in_use(&self) -> usize {
        self.rows.iter().filter(|rows| !rows.is_empty()).count()
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE) // no more than rows, whose number a u32 holds
}
