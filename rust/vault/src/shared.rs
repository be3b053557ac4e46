//! What all handles of a vault share, and how the writer thread is fed and waited for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::VaultError;
use crate::log::{Mode, Op, State};
use crate::seal::Sealer;
use crate::token::Tokens;

/// How long the writer lets gather what nobody waits for. Short: whoever waits next should find the sync under way.
const GATHERS: Duration = Duration::from_micros(200);

pub(crate) struct Shared {
    pub path: Option<PathBuf>,
    /// Seals the subjects' keys and names.
    pub root: Sealer,
    pub tokens: Tokens,
    state: Mutex<State>,
    /// The writer sleeps here.
    work: Condvar,
    /// Who waits for a commit sleeps here.
    done: Condvar,
    queued: AtomicU64,
    committed: AtomicU64,
    pub erasures: AtomicU64,
}

/// What the writer does next.
pub(crate) struct Work {
    pub ops: Vec<Op>,
    pub revision: u64,
    pub clears: Vec<std::sync::mpsc::Sender<Result<(), VaultError>>>,
}

impl Shared {
    pub(crate) fn new(path: Option<PathBuf>, root: Sealer, tokens: Tokens, state: State) -> Self {
        let (queued, committed, erasures) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { path, root, tokens, state: Mutex::new(state), work: Condvar::new(), done: Condvar::new(), queued, committed, erasures }
    }

    /// A lock that a panicking thread left is taken over: every critical section here leaves its data whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.queued.load(Ordering::Acquire) > self.committed()
    }

    pub(crate) fn damaged(&self, what: &str) -> VaultError {
        VaultError::corrupt(self.path.as_deref().unwrap_or("in memory".as_ref()), what)
    }

    /// Queues a change; gives the revision that has it. Without a file it is not put together.
    pub(crate) fn queue(&self, state: &mut State, op: impl FnOnce() -> Result<Op, VaultError>) -> Result<u64, VaultError> {
        if state.mode == Mode::Durable {
            state.batch.push(op()?);
            state.revision += 1;
            self.queued.store(state.revision, Ordering::Release);
            self.rouse(state);
        }
        Ok(state.revision)
    }

    pub(crate) fn rouse(&self, state: &mut State) {
        if std::mem::take(&mut state.is_idle) {
            self.work.notify_one();
        }
    }

    /// Waits until the file has everything up to a revision.
    pub(crate) fn wait(&self, revision: u64) -> Result<(), VaultError> {
        if self.committed() >= revision {
            return Ok(());
        }
        let mut state = self.lock();
        state.waiting += 1;
        self.work.notify_one(); // it may be gathering
        while state.failure.is_none() && self.committed() < revision {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        match &state.failure {
            Some(cause) if self.committed() < revision => Err(VaultError::Failed { cause: Arc::new(cause.clone()) }),
            Some(_) | None => Ok(()),
        }
    }

    /// For the writer: waits for work. Nothing when it is time to stop.
    pub(crate) fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        while state.batch.is_empty() && state.clears.is_empty() {
            if state.closing {
                return None;
            }
            state.is_idle = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        if state.waiting == 0 && !state.closing && state.clears.is_empty() {
            let rests = |state: &mut State| state.waiting == 0 && !state.closing && state.clears.is_empty();
            (state, _) = self.work.wait_timeout_while(state, GATHERS, rests).unwrap_or_else(PoisonError::into_inner);
        }
        let (ops, clears) = (std::mem::take(&mut state.batch), std::mem::take(&mut state.clears));
        Some(Work { ops, revision: state.revision, clears })
    }

    /// For the writer: the file has everything up to a revision.
    pub(crate) fn publish(&self, revision: u64) {
        self.committed.store(revision, Ordering::Release);
        let state = self.lock();
        let waits = state.waiting > 0;
        drop(state);
        if waits {
            self.done.notify_all();
        }
    }

    /// For the writer: nothing more will be written.
    pub(crate) fn fail(&self, cause: VaultError) {
        let mut state = self.lock();
        state.failure.get_or_insert(cause);
        state.batch = Vec::new();
        state.clears = Vec::new(); // whoever asked hears that nobody answers
        drop(state);
        self.done.notify_all();
    }

    pub(crate) fn begin_closing(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.reader = None; // so that the writer's connection is the last
        drop(state);
        self.work.notify_all();
    }
}
