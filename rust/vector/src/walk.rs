//! Walks through the graph towards a probe. They compare by codes, and leave the last word to the rows themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bits::Bits;
use crate::codes::{Codes, Probe};
use crate::graph::Graph;
use crate::order::{LOOKED_AT, key, row, score};

/// Room that walks reuse. Every walk leaves it as it found it.
#[derive(Debug, Default)]
pub(crate) struct Room {
    seen: Bits,
    touched: Vec<u32>,
    fresh: Vec<u32>,
    pub(crate) sums: Vec<i32>,
    /// What was found, nearest first.
    pub(crate) pool: Vec<u64>,
    ahead: BinaryHeap<u64>,
    found: BinaryHeap<Reverse<u64>>,
}

impl Room {
    /// Neighbours that this walk has not met.
    fn meet(&mut self, links: &[u32]) {
        self.fresh.clear();
        for link in links {
            if self.seen.insert(*link) {
                self.fresh.push(*link);
            }
        }
        self.touched.extend_from_slice(&self.fresh);
    }

    fn begin(&mut self, rows: usize) {
        self.seen.grow(rows);
        self.pool.clear();
        self.ahead.clear();
        self.found.clear();
    }

    fn end(&mut self) {
        for row in self.touched.drain(..) {
            self.seen.remove(row);
        }
    }
}

/// Step to the nearest neighbour as long as one is nearer, level by level, down to above `level`.
pub(crate) fn descend(graph: &Graph, codes: &Codes, probe: &Probe, level: usize, sums: &mut Vec<i32>) -> Option<u32> {
    let entry = graph.entry()?;
    let mut at = key(codes.near_one(probe, entry.row), entry.row);
    for floor in (level + 1..=entry.level).rev() {
        loop {
            let before = at;
            codes.near(probe, graph.links(floor, row(before)), sums, |row, score| at = at.max(key(score, row)));
            if at == before {
                break;
            }
        }
    }
    Some(row(at))
}

/// The `width` rows nearest to the probe that a walk from `from` finds: into the room's pool, nearest first.
///
/// One sorted array holds what was found and what is still to be looked at, which for such widths moves little.
pub(crate) fn walk(graph: &Graph, codes: &Codes, probe: &Probe, level: usize, from: u32, width: usize, room: &mut Room) {
    room.begin(graph.rows());
    room.meet(&[from]);
    room.pool.push(key(codes.near_one(probe, from), from));
    let mut next = 0;
    while let Some(at) = room.pool.get_mut(next) {
        let here = row(*at);
        *at |= LOOKED_AT;
        room.meet(graph.links(level, here));
        let mut first = next + 1;
        let (pool, fresh) = (&mut room.pool, &room.fresh);
        codes.near(probe, fresh, &mut room.sums, |row, score| {
            let key = key(score, row);
            if pool.len() == width {
                if pool.last().is_some_and(|last| *last > key) {
                    return;
                }
                pool.pop();
            }
            let place = pool.partition_point(|other| *other > key);
            pool.insert(place, key);
            first = first.min(place);
        });
        next = first;
        while room.pool.get(next).is_some_and(|key| key & LOOKED_AT == LOOKED_AT) {
            next += 1;
        }
    }
    room.end();
}

/// The same among allowed rows only: the others are walked over and not found. Whether it ended before it had met `most` rows.
pub(crate) fn walk_allowed(
    graph: &Graph,
    codes: &Codes,
    probe: &Probe,
    from: u32,
    (width, most): (usize, usize),
    allowed: &Bits,
    room: &mut Room,
) -> bool {
    room.begin(graph.rows());
    room.meet(&[from]);
    let first = key(codes.near_one(probe, from), from);
    room.ahead.push(first);
    if allowed.has(from) {
        room.found.push(Reverse(first));
    }
    while let Some(at) = room.ahead.pop() {
        let worst = room.found.peek().filter(|_| room.found.len() == width).map(|worst| score(worst.0));
        if worst.is_some_and(|worst| score(at) < worst) || room.touched.len() > most {
            break;
        }
        room.meet(graph.links(0, row(at)));
        let (ahead, found, fresh) = (&mut room.ahead, &mut room.found, &room.fresh);
        codes.near(probe, fresh, &mut room.sums, |row, score| {
            let key = key(score, row);
            if found.len() < width || found.peek().is_some_and(|worst| worst.0 < key) {
                ahead.push(key);
                if allowed.has(row) {
                    found.push(Reverse(key));
                    if found.len() > width {
                        found.pop();
                    }
                }
            }
        });
    }
    let ended = room.touched.len() <= most;
    room.end();
    room.pool.extend(room.found.drain().map(|Reverse(key)| key));
    room.pool.sort_unstable_by_key(|key| Reverse(*key));
    ended
}
