//! Every limit of every run in one heap, so that the event loop needs one timer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use interlock_kernel::Micros;

#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: BinaryHeap<Reverse<(Micros, u64)>>,
    /// What the shell's timer is set to.
    told: Option<Micros>,
}

impl Deadlines {
    /// A run wants to be woken then.
    pub(crate) fn push(&mut self, at: Micros, run: u64) {
        self.heap.push(Reverse((at, run)));
    }

    /// The earliest deadline, or an `other` moment that comes before it, if it is earlier than what the shell was told last.
    pub(crate) fn news(&mut self, other: Option<Micros>) -> Option<Micros> {
        let own = self.heap.peek().map(|Reverse((at, _))| *at);
        let earliest = own.into_iter().chain(other).min()?;
        if self.told.is_some_and(|told| told <= earliest) {
            return None;
        }
        self.told = Some(earliest);
        self.told
    }

    /// Runs whose time has come. The shell's timer has fired, so it knows of none now.
    pub(crate) fn due(&mut self, now: Micros) -> Vec<u64> {
        self.told = None;
        let mut runs = Vec::new();
        while self.heap.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            runs.extend(self.heap.pop().map(|Reverse((_, run))| run));
        }
        runs
    }

    /// Forget entries of runs that are over, when they outnumber the live ones.
    pub(crate) fn tidy(&mut self, live: usize, is_live: impl Fn(u64) -> bool) {
        if self.heap.len() > 4 * live + 4_096 {
            self.heap.retain(|Reverse((_, run))| is_live(*run));
        }
    }
}
