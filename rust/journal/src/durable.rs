//! The journal in a file: SQLite with a log, written by one thread, read through a second connection.
//! Appending encodes and enqueues; what is appended counts once the writer has synced it.

mod open;
#[cfg(test)]
mod tests;

use std::os::fd::RawFd;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use interlock_kernel::{Digest, Micros, Name, RunId};
use interlock_vault::Vault;

use crate::frame::{DocumentKind, Frame};
use crate::lock::Ownership;
use crate::queue::{Barrier, Shared, State, Upkeep};
use crate::removal::{self, Removal};
use crate::reviews::news;
use crate::store::{self, Store, lock};
use crate::{
    Append, Gone, JournalError, Payload, Reader, Removed, RemovedWhy, ReviewFilter, ReviewRow, RunFilter, RunRow, Ticket, review_table,
    run_keys,
};

pub(crate) struct Durable {
    /// The process that opened it. A fork's copy has no writer thread, and must not touch the connections.
    opened_by: u32,
    /// The latest moment of a frame that was in the file when it was opened.
    newest: Micros,
    shared: Arc<Shared>,
    reader: Reader,
    /// Whose keys seal payloads.
    seals: Option<Arc<Vault>>,
    /// The vault that it was opened with.
    vault: Option<Arc<Vault>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    ownership: Mutex<Option<Ownership>>,
}

impl Durable {
    pub(crate) fn vault(&self) -> Option<&Arc<Vault>> {
        self.vault.as_ref()
    }

    /// Refuses a fork's copy before anything of it is touched.
    fn here(&self) -> Result<(), JournalError> {
        let (opened_by, used_by) = (self.opened_by, std::process::id());
        if opened_by == used_by { Ok(()) } else { Err(JournalError::Forked { opened_by, used_by }) }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, JournalError> {
        self.here()?;
        Ok(lock(&self.shared.state))
    }

    /// The state, once no run in memory or in the file has the append's key. A run that moves from the one to the other
    /// between the two looks would be missed, so the file is asked again if any has moved.
    fn state_for(&self, append: &Append<'_>) -> Result<MutexGuard<'_, State>, JournalError> {
        let mut state = self.state()?;
        let Some(key) = append.start.as_ref().and_then(|start| start.key.as_deref()) else { return Ok(state) };
        loop {
            state.open()?;
            state.live.check(append)?;
            let retired = state.retired;
            drop(state);
            if let Some(row) = self.reader.find_key(key)? {
                return Err(JournalError::KeyTaken { key: key.into(), run: row.number });
            }
            state = self.state()?;
            if state.retired == retired {
                return Ok(state);
            }
        }
    }

    fn attend(&self, what: Upkeep) -> Result<bool, JournalError> {
        let state = self.state()?;
        state.open()?;
        let told = self.shared.ask(state, what);
        told.recv().map_err(|_| self.stopped())?
    }

    /// Why the writer gives no answer.
    fn stopped(&self) -> JournalError {
        self.failure().map_or(JournalError::Closed, |cause| JournalError::Failed { cause: cause.into() })
    }

    /// Waits until what is queued of a run is in the file. A run that is not in memory is there; run 0 is not followed.
    fn settle(&self, run: u64) -> Result<(), JournalError> {
        let state = self.state()?;
        let ticket = if run == 0 { state.size } else { state.live.get(run).map_or(0, |known| known.ticket) };
        drop(state);
        self.shared.wait(ticket)
    }
}

impl Store for Durable {
    fn append(&self, append: Append<'_>) -> Result<Ticket, JournalError> {
        let frames = store::encode_all(&append)?;
        let mut state = self.state_for(&append)?;
        state.open()?;
        state.live.check(&append)?;
        if let (Some(vault), Some(start)) = (&self.seals, &append.start) {
            let subject = run_keys::subject_of(start.id, append.payloads.iter())?;
            state.batch.sealed_under.push((append.run, vault.key_of(&subject)?)); // its sync begins now, beside what gathers here
        }
        state.size += append.events.len() as u64;
        let ticket = state.size;
        state.live.apply(&append, ticket);
        let told = state.live.concerns(append.run, news(append.events));
        state.batch.told.extend(told.into_iter().map(|one| (append.run, append.at, one)));
        self.shared.enqueue(state, append.run, &frames, append.payloads);
        Ok(Ticket(ticket))
    }

    fn register(&self, what: DocumentKind, name: Name, digest: Digest, text: &str) -> Result<Ticket, JournalError> {
        let mut state = self.state()?;
        state.open()?;
        if let Some(known) = state.own.document(&digest) {
            return Ok(Ticket(known.ticket));
        }
        let ticket = state.size + 1;
        let (frame, payload) = state.own.register(what, name, digest, text, ticket)?;
        state.size = ticket;
        self.shared.enqueue(state, 0, &frame, vec![payload]);
        Ok(Ticket(ticket))
    }

    fn committed(&self) -> u64 {
        self.shared.committed.load(Ordering::Acquire)
    }

    fn checkpoint(&self) -> (u64, Digest) {
        lock(&self.shared.state).checkpoint
    }

    fn flush(&self) -> Result<(), JournalError> {
        let size = self.state()?.size;
        self.shared.wait(size)
    }

    fn close(&self) -> Result<(), JournalError> {
        self.here()?;
        let Some(writer) = lock(&self.writer).take() else { return Ok(()) };
        self.reader.close(); // first, so that the writer's connection is the last and can put the log into the file
        lock(&self.shared.state).closing = true;
        self.shared.work.notify_one();
        let joined = writer.join();
        drop(lock(&self.ownership).take());
        match (self.failure(), joined) {
            (Some(cause), _) => Err(JournalError::Failed { cause: cause.into() }),
            (None, Err(_)) => Err(JournalError::Misused { what: "the journal's writer panicked; this is a mistake in the journal".into() }),
            (None, Ok(())) => Ok(()),
        }
    }

    fn find_id(&self, id: RunId) -> Result<Option<RunRow>, JournalError> {
        let known = self.state()?.live.by_id(id).map(|known| known.row.clone());
        known.map_or_else(|| self.reader.find_id(id), |row| Ok(Some(row)))
    }

    fn find_key(&self, key: &str) -> Result<Option<RunRow>, JournalError> {
        let known = self.state()?.live.by_key(key).map(|known| known.row.clone());
        known.map_or_else(|| self.reader.find_key(key), |row| Ok(Some(row)))
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError> {
        self.flush()?;
        self.reader.runs(filter)
    }

    fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
        self.settle(run)?;
        self.reader.frames(run)
    }

    fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
        self.settle(run)?;
        self.reader.payloads(run)
    }

    fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError> {
        self.reader.removed(run)
    }

    fn unfinished(&self) -> Result<Vec<RunRow>, JournalError> {
        Ok(self.state()?.live.unfinished())
    }

    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError> {
        self.flush()?;
        self.reader.reviews(filter)
    }

    fn due(&self) -> Result<Vec<(u64, Micros)>, JournalError> {
        self.flush()?;
        self.reader.ask(review_table::due)
    }

    fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError> {
        let Some(known) = self.state()?.own.document(digest) else { return Ok(None) };
        self.shared.wait(known.ticket)?;
        self.reader.document(digest)
    }

    fn set_barrier(&self, barrier: Barrier) {
        *lock(&self.shared.barrier) = Some(barrier);
    }

    fn newest(&self) -> Micros {
        self.newest
    }

    fn remove(&self, why: RemovedWhy, runs: &[u64], by: &str) -> Result<Gone, JournalError> {
        let mut state = self.state()?;
        state.open()?;
        let frame = state.own.removed(&Removed { why, runs: removal::ranges(runs), by: by.into() })?;
        state.size += 1;
        let ticket = state.size;
        let (tell, told) = channel();
        state.batch.removals.push(Removal { why, runs: runs.to_vec(), tell });
        self.shared.enqueue(state, 0, &frame, vec![]);
        self.shared.wait(ticket)?;
        told.recv().map_err(|_| self.stopped())
    }

    fn clear(&self) -> Result<bool, JournalError> {
        self.attend(Upkeep::Clear)
    }

    fn compact(&self) -> Result<(), JournalError> {
        self.attend(Upkeep::Compact).map(drop)
    }

    fn queued_bytes(&self) -> usize {
        self.shared.queued_bytes.load(Ordering::Relaxed)
    }

    fn failure(&self) -> Option<JournalError> {
        if self.is_forked() { self.here().err() } else { lock(&self.shared.state).failure.clone() }
    }

    fn want_wake(&self, ticket: Ticket) {
        let Ok(mut state) = self.state() else { return };
        state.wanted.add(ticket.0);
        if state.failure.is_some() || state.wanted.take(self.committed()) {
            drop(state);
            self.shared.wake.fire();
        } else if state.rouse() {
            drop(state);
            self.shared.work.notify_one();
        }
    }

    fn wake_fd(&self) -> Option<RawFd> {
        Some(self.shared.wake.fd())
    }

    fn drain_wake(&self) {
        self.shared.wake.drain();
    }

    fn is_forked(&self) -> bool {
        self.here().is_err()
    }
}
