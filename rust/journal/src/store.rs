//! What the two levels of durability have in common. `memory` keeps nothing beyond the process, `durable` keeps a file.

use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use interlock_kernel::{Digest, Micros, Name, RunId};

use crate::frame::{DocumentKind, Frame, Place};
use crate::queue::Barrier;
use crate::{Append, Gone, JournalError, Payload, RemovedWhy, ReviewFilter, ReviewRow, RunFilter, RunRow, Ticket, codec};

pub(crate) trait Store: Send + Sync {
    fn append(&self, append: Append<'_>) -> Result<Ticket, JournalError>;
    fn register(&self, what: DocumentKind, name: Name, digest: Digest, text: &str) -> Result<Ticket, JournalError>;
    fn committed(&self) -> u64;
    fn checkpoint(&self) -> (u64, Digest);
    fn flush(&self) -> Result<(), JournalError>;
    fn close(&self) -> Result<(), JournalError>;

    fn find_id(&self, id: RunId) -> Result<Option<RunRow>, JournalError>;
    fn find_key(&self, key: &str) -> Result<Option<RunRow>, JournalError>;
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError>;
    fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError>;
    fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError>;
    fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError>;
    fn unfinished(&self) -> Result<Vec<RunRow>, JournalError>;
    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError>;
    /// When the first review of each run is due.
    fn due(&self) -> Result<Vec<(u64, Micros)>, JournalError>;
    fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError>;

    /// Removes the payloads of finished runs, and writes down that it did.
    fn remove(&self, why: RemovedWhy, runs: &[u64], by: &str) -> Result<Gone, JournalError>;

    /// Nothing counts as committed before this was asked and agreed. Where nothing is written there is nothing to ask.
    fn set_barrier(&self, _barrier: Barrier) {}

    // What follows matters only where there is a file, and commits take time.
    fn newest(&self) -> Micros {
        Micros(0)
    }
    fn queued_bytes(&self) -> usize {
        0
    }
    /// Leaves no byte of what was removed. False when somebody reads, and it has to be tried again.
    fn clear(&self) -> Result<bool, JournalError> {
        Ok(true)
    }
    fn compact(&self) -> Result<(), JournalError> {
        Ok(())
    }
    fn failure(&self) -> Option<JournalError> {
        None
    }
    fn want_wake(&self, _ticket: Ticket) {}
    fn wake_fd(&self) -> Option<RawFd> {
        None
    }
    fn drain_wake(&self) {}
    /// Whether this is a copy that a fork made of another process's journal.
    fn is_forked(&self) -> bool {
        false
    }
}

/// The append's frames, one after another.
pub(crate) fn encode_all(append: &Append<'_>) -> Result<Vec<u8>, JournalError> {
    let mut out = Vec::with_capacity(append.events.len() * 192); // a usual frame has 100 to 190 bytes
    for (seq, event) in (append.first_seq..).zip(append.events) {
        codec::encode(event, Place { run: append.run, seq, at: append.at }, &mut out)?;
    }
    Ok(out)
}

/// A lock that a panicking thread left is taken over: every critical section here leaves its data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A document's text, from its payload.
pub(crate) fn text(payload: Payload) -> Result<String, JournalError> {
    String::from_utf8(payload.bytes).map_err(|_| JournalError::damaged(format!("document {} is not text", payload.number)))
}
