//! The journal, as the runtime holds it: append, wait, read. Whether there is a file behind it is decided when it is made.

use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use interlock_kernel::{Digest, Micros, Name, RunId};
use interlock_vault::{Vault, Wrap};

use crate::beside::Beside;
use crate::durable::Durable;
use crate::frame::{DocumentKind, Frame};
use crate::memory::Memory;
use crate::store::Store;
use crate::{Append, JournalError, Payload, RemovedWhy, ReviewFilter, ReviewRow, RunFilter, RunRow, Ticket};

/// A journal that this process may append to. Share it between threads by reference.
///
/// ```
/// use interlock_journal::{Append, Journal, StartRow};
/// use interlock_kernel::{Digest, Event, Micros, Ref, RunFailCode, RunFailed, RunId, RunStarted};
///
/// let journal = Journal::memory(1000)?;
/// let (id, message) = (RunId(7), Ref { number: 0, commitment: Digest::default() });
/// let started = RunStarted { run: id, plan: Digest::default(), rules: None, message, request: None, deadline: Micros(9), passages: vec![] };
/// let events = [Event::RunStarted(started), Event::RunFailed(RunFailed { code: RunFailCode::StepFailed })];
/// let start = Some(StartRow { id, key: None, plan: "support".into(), user: None, thread: None });
/// let run = journal.next_run();
/// let ticket = journal.append(Append { run, first_seq: 0, at: Micros(1), events: &events, payloads: vec![], start })?;
/// assert!(journal.committed() >= ticket.0);
/// assert_eq!(journal.frames(run)?.len(), 2);
/// # Ok::<(), interlock_journal::JournalError>(())
/// ```
pub struct Journal {
    pub(crate) store: Arc<dyn Store>,
    /// Where keys of data subjects lie, and what placeholders stand for.
    pub(crate) vault: Option<Arc<Vault>>,
    next_run: AtomicU64,
}

impl Journal {
    /// A journal without a file. It keeps every unfinished run and the newest `retain` finished ones.
    pub fn memory(retain: usize) -> Result<Self, JournalError> {
        Ok(Self::over(Memory::new(retain)?, 0))
    }

    /// Opens the journal at `path`, or makes one. `by` names the program and its version.
    pub fn open(path: impl AsRef<Path>, by: &str) -> Result<Self, JournalError> {
        let (durable, last) = Durable::open(path.as_ref(), by, None, Beside::Nothing)?;
        Ok(Self::over(durable, last))
    }

    /// As [`Journal::open`], with a vault: nothing is committed before what the vault minted is durable, and erasing reaches into it.
    ///
    /// Where a key from outside protects the vault, payloads are sealed under the key of whom the run was started for.
    pub fn open_with(path: impl AsRef<Path>, by: &str, vault: &Arc<Vault>) -> Result<Self, JournalError> {
        let (durable, last) = Durable::open(path.as_ref(), by, None, Beside::Given(vault))?;
        Ok(Self::over(durable, last).with(vault))
    }

    /// As [`Journal::open_with`], with the vault that lies beside the journal, made if it is missing. With a key from outside it is
    /// protected by that from now on.
    pub fn open_beside(path: impl AsRef<Path>, by: &str, wrap: Option<&dyn Wrap>) -> Result<Self, JournalError> {
        let (durable, last) = Durable::open(path.as_ref(), by, None, Beside::Own(wrap))?;
        let vault = durable.vault().cloned();
        let mut journal = Self::over(durable, last);
        journal.vault = vault;
        Ok(journal)
    }

    /// As [`Journal::memory`], with a vault that erasing reaches into.
    pub fn memory_with(retain: usize, vault: &Arc<Vault>) -> Result<Self, JournalError> {
        Ok(Self::memory(retain)?.with(vault))
    }

    /// As [`Journal::open`], for a file that may not outgrow `max_bytes`. Reaching them is as a full disk.
    pub fn open_within(path: impl AsRef<Path>, by: &str, max_bytes: u64) -> Result<Self, JournalError> {
        let (durable, last) = Durable::open(path.as_ref(), by, Some(max_bytes), Beside::Nothing)?;
        Ok(Self::over(durable, last))
    }

    fn with(mut self, vault: &Arc<Vault>) -> Self {
        self.vault = Some(Arc::clone(vault));
        self
    }

    pub(crate) fn over(store: impl Store + 'static, last_run: u64) -> Self {
        Self { store: Arc::new(store), vault: None, next_run: AtomicU64::new(last_run + 1) }
    }

    /// The vault that it was opened with.
    pub fn vault(&self) -> Option<&Arc<Vault>> {
        self.vault.as_ref()
    }

    /// Asked before each commit, on the thread that writes: nothing counts as committed before it has agreed. What it says otherwise
    /// stops the journal. Whatever it waits for, every commit waits for. One that was set before is replaced.
    pub fn set_barrier(&self, barrier: Arc<dyn Fn() -> Result<(), String> + Send + Sync>) {
        self.store.set_barrier(barrier);
    }

    /// A number for a new run. Each call gives another.
    pub fn next_run(&self) -> u64 {
        self.next_run.fetch_add(1, Ordering::Relaxed)
    }

    /// Appends events to one run, with the payloads that they refer to. Enqueues; the ticket says when it is committed.
    pub fn append(&self, append: Append<'_>) -> Result<Ticket, JournalError> {
        self.store.append(append)
    }

    /// Writes down a plan, a rule file or an index under its digest, once.
    pub fn register(&self, what: DocumentKind, name: Name, digest: Digest, text: &str) -> Result<Ticket, JournalError> {
        self.store.register(what, name, digest, text)
    }

    /// How many frames are committed. Tickets up to this are.
    pub fn committed(&self) -> u64 {
        self.store.committed()
    }

    /// The last commit: how many frames, and the Merkle root over them.
    pub fn checkpoint(&self) -> (u64, Digest) {
        self.store.checkpoint()
    }

    /// The latest moment that a frame had when the file was opened, so that time in a journal never goes back. 0 without a file.
    pub fn newest(&self) -> Micros {
        self.store.newest()
    }

    /// Bytes that wait to be written. Slow down when they grow.
    pub fn queued_bytes(&self) -> usize {
        self.store.queued_bytes()
    }

    /// Why the journal stopped writing, if it did. Then nothing further is acknowledged.
    pub fn failure(&self) -> Option<JournalError> {
        self.store.failure()
    }

    /// Asks for a byte on [`Journal::wake_fd`] once the ticket is committed, or the journal failed. A byte may come early.
    pub fn want_wake(&self, ticket: Ticket) {
        self.store.want_wake(ticket);
    }

    /// The file descriptor to watch for reading; none where every append is committed at once.
    pub fn wake_fd(&self) -> Option<RawFd> {
        self.store.wake_fd()
    }

    /// Takes the bytes off the wake-up pipe. Call it before looking at [`Journal::committed`].
    pub fn drain_wake(&self) {
        self.store.drain_wake();
    }

    /// Waits until all that was appended is committed.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.store.flush()
    }

    /// Commits what is queued, stops the writer and gives the file back, and the vault's too. A second call does nothing.
    pub fn close(&self) -> Result<(), JournalError> {
        let closed = self.store.close();
        let vault = self.vault.as_ref().map_or(Ok(()), |vault| vault.close()); // last: the journal's last commit may wait for it
        closed.and(vault.map_err(Into::into))
    }

    /// The run with this id.
    pub fn find_id(&self, id: RunId) -> Result<Option<RunRow>, JournalError> {
        self.store.find_id(id)
    }

    /// The run that was started under this key.
    pub fn find_key(&self, key: &str) -> Result<Option<RunRow>, JournalError> {
        self.store.find_key(key)
    }

    /// Runs, newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError> {
        self.store.runs(filter)
    }

    /// A run's frames in their order; none for a run that is not there.
    pub fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
        self.store.frames(run)
    }

    /// A run's payloads by number.
    pub fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
        self.store.payloads(run)
    }

    /// Why a run's payloads are gone; nothing while they are there.
    pub fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError> {
        self.store.removed(run)
    }

    /// The runs that are open or in review, newest first.
    pub fn unfinished(&self) -> Result<Vec<RunRow>, JournalError> {
        self.store.unfinished()
    }

    /// Open reviews, oldest first.
    pub fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError> {
        self.store.reviews(filter)
    }

    /// When the first review of each run is due, by the run's number.
    pub fn due(&self) -> Result<Vec<(u64, Micros)>, JournalError> {
        self.store.due()
    }

    /// The text that was registered under this digest.
    pub fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError> {
        self.store.document(digest)
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Journal").field("committed", &self.committed()).finish_non_exhaustive()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.store.is_forked() {
            std::mem::forget(Arc::clone(&self.store)); // the connections belong to the process that opened them
        } else {
            let _ = self.store.close(); // whoever wants to hear of an error calls `close`
        }
    }
}
