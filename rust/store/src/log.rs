//! The order of all changes: each gets its version here, and goes to the file and to the feeds in that order.
//! The lock is held for bookkeeping only, never while writing to the disk.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::StoreError;
use crate::entry::Entry;
use crate::feed::{Feeds, What};
use crate::space::Space;

/// One change on its way to the file. Without an entry, the row goes.
#[derive(Debug)]
pub(crate) struct Op {
    pub space: u32,
    pub id: u64,
    pub entry: Option<Entry>,
}

#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub spaces: Vec<(u32, Box<str>)>,
    pub ops: Vec<Op>,
    pub bytes: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.spaces.is_empty() && self.ops.is_empty()
    }
}

#[derive(Debug)]
pub(crate) struct Log {
    /// The newest version.
    pub revision: u64,
    pub batch: Batch,
    /// Bytes that the writer has taken and not committed.
    pub writing: usize,
    /// The writer sleeps until it is told of work.
    pub is_idle: bool,
    pub feeds: Feeds,
    pub mode: Mode,
    /// How many threads wait for a commit.
    pub waiting: usize,
    pub vacuums: Vacuums,
    pub failing: Option<StoreError>,
    pub closing: bool,
}

/// How often the file was to be written anew without what was removed. Each count is up to which request.
#[derive(Debug, Default)]
pub(crate) struct Vacuums {
    pub asked: u64,
    pub attended: u64,
    pub done: u64,
    /// Why the last one was not done.
    pub failed: Option<StoreError>,
}

/// Where changes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Memory,
    Durable,
    ReadOnly,
}

#[derive(Debug)]
pub(crate) struct Order {
    log: Mutex<Log>,
    /// The writer sleeps here.
    pub work: Condvar,
    /// Who waits for a commit, or for room in the backlog, sleeps here.
    pub done: Condvar,
    /// The version up to which the file has all changes.
    pub committed: AtomicU64,
    /// More waits for the disk than may.
    pub is_pressed: AtomicBool,
}

impl Order {
    pub(crate) fn new(mode: Mode) -> Self {
        let log = Log {
            revision: 0,
            batch: Batch::default(),
            writing: 0,
            is_idle: false,
            feeds: Feeds::default(),
            mode,
            waiting: 0,
            vacuums: Vacuums::default(),
            failing: None,
            closing: false,
        };
        Self {
            log: Mutex::new(log),
            work: Condvar::new(),
            done: Condvar::new(),
            committed: AtomicU64::new(0),
            is_pressed: AtomicBool::new(false),
        }
    }

    /// Goes on after the version that a file ends with.
    pub(crate) fn go_on_after(&self, revision: u64) {
        self.lock().revision = revision;
        self.committed.store(revision, Ordering::Release);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change is queued: wakes the writer if it sleeps, and notes whether the disk falls behind.
    pub(crate) fn hand_over(&self, mut log: MutexGuard<'_, Log>, backlog: usize) {
        if log.mode != Mode::Durable {
            return;
        }
        if log.batch.bytes + log.writing > backlog {
            self.is_pressed.store(true, Ordering::Relaxed);
        }
        let rouses = std::mem::take(&mut log.is_idle);
        drop(log);
        if rouses {
            self.work.notify_one();
        }
    }
}

pub(crate) fn sleep<'a>(on: &Condvar, log: MutexGuard<'a, Log>) -> MutexGuard<'a, Log> {
    on.wait(log).unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    /// Whether something may be changed.
    pub(crate) fn open(&self) -> Result<(), StoreError> {
        match &self.failing {
            Some(cause) => Err(StoreError::Failing { cause: cause.clone().into() }),
            None if self.closing => Err(StoreError::Closed),
            None => Ok(()),
        }
    }

    pub(crate) fn made(&mut self, space: &Space) {
        self.revision += 1; // the file has all up to a revision: a new name is part of that
        if self.mode == Mode::Durable {
            self.batch.spaces.push((space.id, space.name.clone()));
        }
    }

    /// Gives a draft its version, and its id if its key is new.
    pub(crate) fn put(&mut self, space: &Space, mut draft: Entry, id: Option<u64>) -> Entry {
        self.revision += 1;
        draft.place(self.revision, id.unwrap_or(self.revision));
        if self.mode == Mode::Durable {
            self.batch.bytes += draft.cost();
            self.batch.ops.push(Op { space: space.id, id: draft.id(), entry: Some(draft.clone()) });
        }
        self.feeds.tell(space, draft.key(), self.revision, What::Put);
        draft
    }

    pub(crate) fn gone(&mut self, space: &Space, entry: &Entry, what: What) {
        self.revision += 1;
        if self.mode == Mode::Durable {
            self.batch.bytes += entry.key_bytes().len();
            self.batch.ops.push(Op { space: space.id, id: entry.id(), entry: None });
        }
        self.feeds.tell(space, entry.key(), self.revision, what);
    }
}
