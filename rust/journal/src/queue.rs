//! What appenders and the writer thread share: the queue, the runs known in memory, and how far the file has come.
//! The lock is held for bookkeeping only, never while encoding or writing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interlock_kernel::{Digest, Micros};
use interlock_vault::KeyId;

use crate::live::Live;
use crate::own::Own;
use crate::removal::Removal;
use crate::reviews::News;
use crate::store::lock;
use crate::wake::{Wake, Wanted};
use crate::{JournalError, Payload, RunRow};

/// How long the writer lets gather what nobody waits for. A run that only answers has said all and waits long before this is
/// over, so its first events and its last share a commit; begun at once, the first would make the last wait for two. Not
/// longer: the result of a tool is nowhere else until it is written.
const GATHERS: Duration = Duration::from_micros(500);
/// Bytes that are written without anybody waiting for them: far more than a run queues, far less than a service may (256 KiB).
const PLENTY: usize = 1 << 18;

/// What must have happened before a commit counts.
pub(crate) type Barrier = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

pub(crate) struct Shared {
    pub state: Mutex<State>,
    /// The writer sleeps here.
    pub work: Condvar,
    /// Who waits for a commit sleeps here.
    pub done: Condvar,
    /// The tree's size in the file.
    pub committed: AtomicU64,
    pub queued_bytes: AtomicUsize,
    pub wake: Wake,
    pub barrier: Mutex<Option<Barrier>>,
}

pub(crate) struct State {
    pub live: Live,
    pub own: Own,
    pub batch: Batch,
    /// The tree's size with everything that is queued.
    pub size: u64,
    /// The last commit.
    pub checkpoint: (u64, Digest),
    pub wanted: Wanted,
    /// Whoever wakes the writer clears this, so that a burst of appends makes one system call.
    pub sleep: Sleep,
    /// How many threads wait for a commit.
    pub waiting: usize,
    pub closing: bool,
    pub failure: Option<JournalError>,
    /// How many runs have left `live` because they are finished and in the file.
    pub retired: u64,
}

/// What the writer sleeps for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// It is awake, or was told to wake.
    None,
    /// Until anything is queued.
    Idle,
    /// Until somebody waits for what is queued, it is plenty, or it has gathered for long enough.
    Gathering,
}

/// What one commit writes.
#[derive(Default)]
pub(crate) struct Batch {
    /// Frames, one after another, in their order in the file.
    pub frames: Vec<u8>,
    pub payloads: Vec<(u64, Payload)>,
    /// Under which subject's key the payloads of runs are sealed that were started.
    pub sealed_under: Vec<(u64, KeyId)>,
    /// Runs whose row changed; a run may stand here more than once.
    pub touched: Vec<u64>,
    /// What changes in the list of open reviews, in order.
    pub told: Vec<(u64, Micros, News)>,
    pub removals: Vec<Removal>,
    /// What to do after the commit.
    pub chores: Vec<Chore>,
    pub bytes: usize,
}

/// Work on the file as a whole, which only its writer may do. Whoever asked is told what came of it.
#[derive(Debug)]
pub(crate) struct Chore {
    pub what: Upkeep,
    pub tell: Sender<Result<bool, JournalError>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Upkeep {
    /// Put the log into the file, cut it to nothing, and overwrite what no page holds any more. False when a reader is in the way.
    Clear,
    /// Write the file anew without its free pages.
    Compact,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.payloads.clear();
        self.sealed_under.clear();
        self.touched.clear();
        self.told.clear();
        self.removals.clear();
        self.chores.clear();
        self.bytes = 0;
        self.frames.shrink_to(1 << 20); // one burst does not hold its memory for ever
        self.payloads.shrink_to(1 << 12);
    }
}

impl State {
    /// Whether something may be appended.
    pub(crate) fn open(&self) -> Result<(), JournalError> {
        match &self.failure {
            Some(cause) => Err(JournalError::Failed { cause: cause.clone().into() }),
            None if self.closing => Err(JournalError::Closed),
            None => Ok(()),
        }
    }

    /// Whether what is queued is to be written now.
    fn is_pressed(&self) -> bool {
        self.closing || !self.batch.chores.is_empty() || self.waiting > 0 || self.wanted.any() || self.batch.bytes >= PLENTY
    }

    /// Whether the writer has slept long enough. Who is told so wakes it.
    pub(crate) fn rouse(&mut self) -> bool {
        let rouses = match self.sleep {
            Sleep::None => false,
            Sleep::Idle => !self.batch.frames.is_empty() || !self.batch.chores.is_empty() || self.closing,
            Sleep::Gathering => self.is_pressed(),
        };
        if rouses {
            self.sleep = Sleep::None;
        }
        rouses
    }
}

impl Shared {
    /// Queues what was encoded and admitted, and wakes the writer if it sleeps.
    pub(crate) fn enqueue(&self, mut state: MutexGuard<'_, State>, run: u64, frames: &[u8], payloads: Vec<Payload>) {
        let bytes = frames.len() + payloads.iter().map(|payload| payload.bytes.len()).sum::<usize>();
        self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let batch = &mut state.batch;
        batch.bytes += bytes;
        batch.frames.extend_from_slice(frames);
        batch.payloads.extend(payloads.into_iter().map(|payload| (run, payload)));
        if run != 0 {
            batch.touched.push(run);
        }
        self.wake_writer(state);
    }

    /// Has the writer do something between two commits. An answer that never comes is an error for whoever waits for it.
    pub(crate) fn ask(&self, mut state: MutexGuard<'_, State>, what: Upkeep) -> Receiver<Result<bool, JournalError>> {
        let (tell, told) = channel();
        state.batch.chores.push(Chore { what, tell });
        self.wake_writer(state);
        told
    }

    fn wake_writer(&self, mut state: MutexGuard<'_, State>) {
        let rouses = state.rouse();
        drop(state);
        if rouses {
            self.work.notify_one();
        }
    }

    /// For the writer: waits for work that is to be written now and takes all of it, with the rows of the runs in it. Nothing
    /// when it is time to stop.
    pub(crate) fn take(&self, spare: &mut Batch) -> Option<(u64, Vec<RunRow>)> {
        let mut state = lock(&self.state);
        while state.batch.frames.is_empty() && state.batch.chores.is_empty() {
            if state.closing {
                return None;
            }
            state.sleep = Sleep::Idle;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.is_pressed() {
            state.sleep = Sleep::Gathering;
            let woken = self.work.wait_timeout_while(state, GATHERS, |state| !state.is_pressed());
            (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.sleep = Sleep::None;
        std::mem::swap(&mut state.batch, spare);
        spare.touched.sort_unstable();
        spare.touched.dedup();
        let rows = spare.touched.iter().filter_map(|run| state.live.get(*run)).map(|known| known.row.clone()).collect();
        Some((state.size, rows))
    }

    /// For the writer: the batch is in the file.
    pub(crate) fn publish(&self, size: u64, root: Digest, rows: &[RunRow], bytes: usize) {
        let mut state = lock(&self.state);
        state.checkpoint = (size, root);
        for row in rows.iter().filter(|row| row.status.is_over()) {
            state.live.remove(row.number);
            state.retired += 1;
        }
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.committed.store(size, Ordering::Release);
        let wakes = state.wanted.take(size);
        let waiting = state.waiting > 0;
        drop(state);
        if wakes {
            self.wake.fire();
        }
        if waiting {
            self.done.notify_all();
        }
    }

    /// For the writer: nothing more will be written. Whoever waits is woken to hear why.
    pub(crate) fn fail(&self, cause: JournalError) {
        let mut state = lock(&self.state);
        state.failure.get_or_insert(cause);
        state.batch = Batch::default();
        drop(state);
        self.wake.fire();
        self.done.notify_all();
    }

    /// Waits until the file has come to `ticket`.
    pub(crate) fn wait(&self, ticket: u64) -> Result<(), JournalError> {
        if self.committed.load(Ordering::Acquire) >= ticket {
            return Ok(());
        }
        let mut state = lock(&self.state);
        state.waiting += 1;
        if state.rouse() {
            self.work.notify_one();
        }
        while state.failure.is_none() && self.committed.load(Ordering::Acquire) < ticket {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        match &state.failure {
            Some(cause) if self.committed.load(Ordering::Acquire) < ticket => Err(JournalError::Failed { cause: cause.clone().into() }),
            Some(_) | None => Ok(()),
        }
    }
}
