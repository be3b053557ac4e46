//! The graph of neighbours (HNSW, Malkov and Yashunin 2016): who is linked to whom on each level. It holds rows, and never vectors.

use std::io::{self, Read, Write};

use crate::stream::{Broke, In, Out};

/// No row.
pub(crate) const NONE: u32 = u32::MAX;
/// Links of a row on the levels above the ground, and twice as many on it: what the paper found to serve most data.
pub(crate) const LINKS: usize = 16;
pub(crate) const GROUND_LINKS: usize = 2 * LINKS;
/// Levels above the ground. A row reaches the next with 1 in 16, so the seventh holds one row in 270 millions.
pub(crate) const MOST_LEVELS: usize = 7;

/// A row's links on the ground, [`NONE`] after the last: two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Ground([u32; GROUND_LINKS]);

/// A row's links above the ground, lowest level first.
#[derive(Debug, Clone, Default)]
struct Tower(Vec<[u32; LINKS]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) row: u32,
    pub(crate) level: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Graph {
    ground: Vec<Ground>,
    /// Where a row's tower stands, or [`NONE`].
    place: Vec<u32>,
    towers: Vec<Tower>,
    spare: Vec<u32>,
    entry: Option<Entry>,
    /// Who links to a row on the ground. Made when a row is first taken out, because only that needs it.
    back: Option<Vec<Vec<u32>>>,
}

/// How high a row stands: from its id, so that the same rows make the same graph.
pub(crate) fn level_of(id: i64) -> usize {
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    let mut mixed = id.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed.trailing_zeros() as usize / 4).min(MOST_LEVELS)
}

impl Graph {
    pub(crate) fn grow(&mut self, rows: usize) {
        self.ground.resize(rows, Ground([NONE; GROUND_LINKS]));
        self.place.resize(rows, NONE);
        if let Some(back) = &mut self.back {
            back.resize(rows, vec![]);
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.ground.len()
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        self.entry
    }

    pub(crate) fn level(&self, row: u32) -> usize {
        self.tower(row).map_or(0, |tower| tower.0.len())
    }

    fn tower(&self, row: u32) -> Option<&Tower> {
        self.towers.get(self.place[row as usize] as usize)
    }

    /// Who a row is linked to.
    pub(crate) fn links(&self, level: usize, row: u32) -> &[u32] {
        let links: &[u32] = match level.checked_sub(1) {
            None => &self.ground[row as usize].0,
            Some(floor) => self.tower(row).and_then(|tower| tower.0.get(floor)).map_or(&[], |links| links),
        };
        let used = links.iter().position(|link| *link == NONE).unwrap_or(links.len());
        &links[..used]
    }

    pub(crate) fn room(level: usize) -> usize {
        if level == 0 { GROUND_LINKS } else { LINKS }
    }

    pub(crate) fn bytes(&self) -> usize {
        let towers: usize = self.towers.iter().map(|tower| size_of_val(tower.0.as_slice())).sum();
        let back = self.back.iter().flatten().map(|from| size_of_val(from.as_slice())).sum::<usize>();
        size_of_val(self.ground.as_slice()) + size_of_val(self.place.as_slice()) + towers + back
    }

    pub(crate) fn count_links(&self) -> usize {
        self.ground.iter().map(|ground| ground.0.iter().take_while(|link| **link != NONE).count()).sum()
    }

    /// Replace a row's links; what does not fit is left out.
    pub(crate) fn set_links(&mut self, level: usize, row: u32, links: &[u32]) {
        if level == 0 {
            self.note_back(row, links);
        }
        let Some(floor) = level.checked_sub(1) else {
            fill(&mut self.ground[row as usize].0, links);
            return;
        };
        let tower = self.towers.get_mut(self.place[row as usize] as usize);
        if let Some(floor) = tower.and_then(|tower| tower.0.get_mut(floor)) {
            fill(floor, links);
        }
    }

    fn note_back(&mut self, row: u32, links: &[u32]) {
        let Some(back) = &mut self.back else { return };
        for old in self.ground[row as usize].0.iter().take_while(|link| **link != NONE) {
            if !links.contains(old) {
                back[*old as usize].retain(|from| *from != row);
            }
        }
        for new in links {
            if !self.ground[row as usize].0.contains(new) {
                back[*new as usize].push(row);
            }
        }
    }

    /// Make a row's tower, without links yet; the highest row is where walks begin.
    pub(crate) fn raise(&mut self, row: u32, level: usize) {
        if level > 0 {
            let tower = Tower(vec![[NONE; LINKS]; level]);
            self.place[row as usize] = if let Some(place) = self.spare.pop() {
                self.towers[place as usize] = tower;
                place
            } else {
                self.towers.push(tower);
                u32::try_from(self.towers.len() - 1).unwrap_or(NONE) // fewer than rows, which a u32 counts
            };
        }
        if self.entry.is_none_or(|entry| entry.level < level) {
            self.entry = Some(Entry { row, level });
        }
    }

    /// Take a row out, whose links and whose linkers' links are gone already.
    pub(crate) fn raze(&mut self, row: u32, others: impl Iterator<Item = u32>) {
        let place = std::mem::replace(&mut self.place[row as usize], NONE);
        if place != NONE {
            self.towers[place as usize].0.clear();
            self.spare.push(place);
        }
        if self.entry.is_some_and(|entry| entry.row == row) {
            let highest = others.map(|row| Entry { row, level: self.level(row) });
            self.entry = highest.reduce(|best, other| if other.level > best.level { other } else { best });
        }
    }

    /// Who links to a row on the ground.
    pub(crate) fn linkers(&mut self, row: u32) -> Vec<u32> {
        let ground = &self.ground;
        let back = self.back.get_or_insert_with(|| {
            let mut back = vec![vec![]; ground.len()];
            for (from, links) in (0_u32..).zip(ground) {
                for to in links.0.iter().take_while(|link| **link != NONE) {
                    back[*to as usize].push(from);
                }
            }
            back
        });
        back[row as usize].clone()
    }

    /// Who links to a row above the ground: few rows stand there, so they are asked one by one.
    pub(crate) fn linkers_above(&self, level: usize, row: u32) -> Vec<u32> {
        let others = (0_u32..).zip(&self.place).filter(|(_, place)| **place != NONE);
        others.map(|(other, _)| other).filter(|other| self.links(level, *other).contains(&row)).collect()
    }
}

/// In a file: the ground, then the towers with their rows, then where walks begin.
impl Graph {
    pub(crate) fn write(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        out.all(self.ground.iter().flat_map(|ground| ground.0))?;
        out.count(self.towers.len() - self.spare.len())?;
        for (row, tower) in (0_u32..).zip(&self.place).filter_map(|(row, place)| Some((row, self.towers.get(*place as usize)?))) {
            out.one(row)?;
            out.count(tower.0.len())?;
            out.all(tower.0.iter().flatten().copied())?;
        }
        out.one(self.entry.map_or(NONE, |entry| entry.row))
    }

    pub(crate) fn read(from: &mut In<impl Read>, rows: usize, is_live: impl Fn(u32) -> bool) -> Result<Self, Broke> {
        let mut graph = Self::default();
        graph.grow(rows);
        let known = |link: u32| link == NONE || is_live(link);
        let links = from.all::<u32>(rows * GROUND_LINKS)?;
        let mut all_known = links.iter().all(|link| known(*link));
        for (ground, links) in graph.ground.iter_mut().zip(links.as_chunks().0) {
            ground.0 = *links;
        }
        for _ in 0..from.count(4)? {
            let (row, height) = (from.one::<u32>()?, from.count(LINKS)?);
            if !is_live(row) || graph.place[row as usize] != NONE || height > MOST_LEVELS {
                return Err(Broke::Damaged("its graph has a row that can't be"));
            }
            graph.raise(row, height);
            let links = from.all::<u32>(height * LINKS)?;
            all_known &= links.iter().all(|link| known(*link));
            for (level, links) in (1..).zip(links.as_chunks::<LINKS>().0) {
                graph.set_links(level, row, links);
            }
        }
        let entry = from.one::<u32>()?;
        all_known &= known(entry);
        graph.entry = (entry != NONE && all_known).then(|| Entry { row: entry, level: graph.level(entry) });
        if all_known { Ok(graph) } else { Err(Broke::Damaged("its graph links to a row that is not there")) }
    }
}

fn fill(room: &mut [u32], links: &[u32]) {
    let used = links.len().min(room.len());
    room[..used].copy_from_slice(&links[..used]);
    room[used..].fill(NONE);
}
