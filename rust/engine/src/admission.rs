//! How many turns may be under way at once, and who goes next when they are all taken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use interlock_kernel::Priority;

use crate::step::Waiting;

/// Bounds of one runtime.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Runs that have not settled.
    pub max_runs: usize,
    /// Turns that agents work on at once.
    pub max_turns: usize,
    /// Bytes that the journal has queued and not yet written.
    pub max_queued_bytes: usize,
    /// Finished runs that a journal in memory keeps.
    pub retain: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_runs: 16_384, max_turns: 4_096, max_queued_bytes: 64 << 20, retain: 10_000 }
    }
}

/// The slots for turns. More urgent turns go first, then older ones.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    taken: usize,
    arrivals: u64,
    queue: BinaryHeap<Reverse<Waiting>>,
}

impl Slots {
    /// Take a slot, or a place in the queue.
    pub(crate) fn take(&mut self, limit: usize, run: u64, turn: u32, priority: Priority) -> bool {
        if self.taken < limit {
            self.taken += 1;
            return true;
        }
        self.arrivals += 1;
        self.queue.push(Reverse(Waiting { priority, arrival: self.arrivals, run, turn }));
        false
    }

    /// Give a slot back. The next turn that is still wanted gets it.
    pub(crate) fn release(&mut self, mut wanted: impl FnMut(u64, u32) -> bool) -> Option<u64> {
        while let Some(Reverse(next)) = self.queue.pop() {
            if wanted(next.run, next.turn) {
                return Some(next.run);
            }
        }
        self.taken = self.taken.saturating_sub(1);
        None
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }
}
