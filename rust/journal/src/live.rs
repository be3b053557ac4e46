//! The runs that are known in memory: the unfinished ones, and finished ones for as long as the owner keeps them.
//! It admits or refuses an append; it stores no frames.

use interlock_kernel::{Event, Micros, RunId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

use crate::reviews::News;
use crate::{Append, JournalError, RemovedWhy, RunFilter, RunRow, RunStatus, StartRow};

/// The largest payload: far above any message, and below what SQLite can hold.
const LARGEST_PAYLOAD: usize = 256 << 20;

#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub row: RunRow,
    /// The tree's size after the run's last append.
    pub ticket: u64,
    /// Whether people are, or were, asked something in it.
    pub asked: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Live {
    runs: FxHashMap<u64, Known>,
    ids: FxHashMap<RunId, u64>,
    keys: FxHashMap<Arc<str>, u64>,
}

impl Live {
    pub(crate) fn get(&self, run: u64) -> Option<&Known> {
        self.runs.get(&run)
    }

    pub(crate) fn by_id(&self, id: RunId) -> Option<&Known> {
        self.runs.get(self.ids.get(&id)?)
    }

    pub(crate) fn by_key(&self, key: &str) -> Option<&Known> {
        self.runs.get(self.keys.get(key)?)
    }

    pub(crate) fn insert(&mut self, known: Known) {
        self.ids.insert(known.row.id, known.row.number);
        if let Some(key) = &known.row.key {
            self.keys.insert(Arc::clone(key), known.row.number);
        }
        self.runs.insert(known.row.number, known);
    }

    pub(crate) fn remove(&mut self, run: u64) -> Option<Known> {
        let known = self.runs.remove(&run)?;
        self.ids.remove(&known.row.id);
        if let Some(key) = &known.row.key {
            self.keys.remove(key);
        }
        Some(known)
    }

    /// A finished run's payloads were removed; an erased run forgets also who asked.
    pub(crate) fn forget(&mut self, run: u64, why: RemovedWhy) {
        let Some(mut known) = self.remove(run) else { return };
        let row = &mut known.row;
        match why {
            RemovedWhy::Pruned => _ = row.removed.get_or_insert(why),
            RemovedWhy::Erased => (row.removed, row.key, row.user, row.thread) = (Some(why), None, None, None),
        }
        self.insert(known);
    }

    /// Whether the append may happen. Nothing changes.
    pub(crate) fn check(&self, append: &Append<'_>) -> Result<(), JournalError> {
        if let Some(payload) = append.payloads.iter().find(|payload| payload.bytes.len() > LARGEST_PAYLOAD) {
            return Err(JournalError::TooLarge { what: "a payload", bytes: payload.bytes.len(), limit: LARGEST_PAYLOAD });
        }
        if append.events.is_empty() {
            return misused("an append holds at least one event");
        }
        if append.start.is_some() { self.check_start(append) } else { self.check_next(append) }
    }

    fn check_start(&self, append: &Append<'_>) -> Result<(), JournalError> {
        let Some(start) = &append.start else { return Ok(()) };
        let starts = matches!(append.events.first(), Some(Event::RunStarted(started)) if started.run == start.id);
        if append.run == 0 || !starts || self.runs.contains_key(&append.run) || self.ids.contains_key(&start.id) {
            return misused("a run starts once, under its own number and id, with the event that says so");
        }
        if append.first_seq != 0 {
            return Err(JournalError::OutOfOrder { run: append.run, expected: 0, given: append.first_seq });
        }
        match start.key.as_deref().and_then(|key| self.keys.get_key_value(key)) {
            Some((key, run)) => Err(JournalError::KeyTaken { key: key.to_string(), run: *run }),
            None => Ok(()),
        }
    }

    fn check_next(&self, append: &Append<'_>) -> Result<(), JournalError> {
        let known = self.runs.get(&append.run).filter(|known| !known.row.status.is_over());
        let known = known.ok_or(JournalError::UnknownRun { run: append.run })?;
        if known.row.frames != append.first_seq {
            return Err(JournalError::OutOfOrder { run: append.run, expected: known.row.frames, given: append.first_seq });
        }
        Ok(())
    }

    /// Takes note of an append that was checked, and gives the run's status after it.
    pub(crate) fn apply(&mut self, append: &Append<'_>, ticket: u64) -> RunStatus {
        if let Some(start) = &append.start {
            let StartRow { id, key, plan, user, thread } = start.clone();
            let (number, started) = (append.run, append.at);
            let (status, ended, removed) = (RunStatus::Open, None, None);
            let row = RunRow { number, id, key, plan, status, started, ended, frames: 0, user, thread, removed };
            self.insert(Known { row, ticket, asked: false });
        }
        let Some(known) = self.runs.get_mut(&append.run) else { return RunStatus::Open };
        known.ticket = ticket;
        advance(&mut known.row, append.at, append.events);
        known.row.status
    }

    /// Of what events of a run change in the list of open reviews, what concerns it: the end of a run in which nobody was asked does not.
    pub(crate) fn concerns(&mut self, run: u64, news: Vec<News>) -> Vec<News> {
        let Some(known) = self.runs.get_mut(&run) else { return Vec::new() };
        known.asked |= news.iter().any(|one| matches!(one, News::Opened(_)));
        if known.asked { news } else { Vec::new() }
    }

    /// Newest first.
    pub(crate) fn list(&self, filter: &RunFilter) -> Vec<RunRow> {
        let mut rows: Vec<_> = self.runs.values().map(|known| &known.row).filter(|row| filter.admits(row)).collect();
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.number));
        rows.into_iter().take(filter.limit.unwrap_or(usize::MAX)).cloned().collect()
    }

    /// Newest first.
    pub(crate) fn unfinished(&self) -> Vec<RunRow> {
        let mut rows = self.list(&RunFilter::default());
        rows.retain(|row| !row.status.is_over());
        rows
    }
}

/// What events written at one moment make of a run's row.
pub(crate) fn advance(row: &mut RunRow, at: Micros, events: &[Event]) {
    for event in events {
        row.status = row.status.after(event);
        row.frames += 1;
        row.ended = row.status.is_over().then_some(row.ended.unwrap_or(at));
    }
}

fn misused(what: &str) -> Result<(), JournalError> {
    Err(JournalError::Misused { what: what.into() })
}
