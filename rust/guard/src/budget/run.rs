//! What is known of a run that is under way: its time, its open reservations, and the responses that are booked.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) clock: Clock,
    pub(super) open: BTreeSet<u64>,
    pub(super) keys: BTreeSet<[u8; 16]>,
}

/// The time that a run has used, without its pauses. It never goes backwards.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    since: Option<u64>,
    last: u64,
    passed: u64,
}

impl Clock {
    /// The run was seen alive.
    pub(super) fn tick(&mut self, now: u64) {
        let since = *self.since.get_or_insert(now);
        self.last = self.last.max(now).max(since);
    }

    pub(super) fn stop(&mut self) {
        if let Some(since) = self.since.take() {
            self.passed = self.passed.saturating_add(self.last.saturating_sub(since));
        }
        self.last = 0;
    }

    pub(super) fn used(&self, now: u64) -> u64 {
        self.since.map_or(self.passed, |since| self.passed.saturating_add(self.last.max(now).saturating_sub(since)))
    }

    pub(super) fn stopped_at(passed: u64) -> Self {
        Self { since: None, last: 0, passed }
    }
}
