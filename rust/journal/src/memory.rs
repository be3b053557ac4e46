//! The journal without a file: unfinished runs and the newest finished ones, in memory that does not grow without end.
//! What is appended is committed at once, and gone with the process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use interlock_kernel::{Digest, Micros, Name, RunId};
use rustc_hash::FxHashMap;

use crate::frame::{self, DocumentKind, Frame};
use crate::live::Live;
use crate::merkle::{self, Frontier};
use crate::own::Own;
use crate::reviews::{advance, news};
use crate::store::{self, Store, lock};
use crate::{Append, Gone, JournalError, Payload, Removed, RemovedWhy, ReviewFilter, ReviewRow, RunFilter, RunRow, Ticket, codec, removal};

pub(crate) struct Memory {
    state: Mutex<State>,
    committed: AtomicU64,
}

struct State {
    live: Live,
    own: Own,
    kept: FxHashMap<u64, Kept>,
    /// What people are asked, by run.
    asked: BTreeMap<u64, Vec<ReviewRow>>,
    /// Finished runs, oldest first.
    finished: VecDeque<u64>,
    retain: usize,
    frontier: Frontier,
    closed: bool,
}

/// One run's frames, one after another, and its payloads.
#[derive(Default)]
struct Kept {
    frames: Vec<u8>,
    payloads: Vec<Payload>,
}

impl Memory {
    pub(crate) fn new(retain: usize) -> Result<Self, JournalError> {
        let (live, own, asked) = (Live::default(), Own::new()?, BTreeMap::new());
        let (kept, finished, frontier) = (FxHashMap::default(), VecDeque::new(), Frontier::new());
        let state = State { live, own, kept, asked, finished, retain, frontier, closed: false };
        Ok(Self { state: Mutex::new(state), committed: AtomicU64::new(0) })
    }
}

impl State {
    fn open(&self) -> Result<(), JournalError> {
        if self.closed { Err(JournalError::Closed) } else { Ok(()) }
    }

    fn keep(&mut self, run: u64, frames: &[u8], payloads: Vec<Payload>) {
        let kept = self.kept.entry(run).or_default();
        kept.frames.extend_from_slice(frames);
        kept.payloads.extend(payloads);
    }

    /// Brings the list of open reviews up to what the append says.
    fn note(&mut self, append: &Append<'_>) {
        let told = self.live.concerns(append.run, news(append.events));
        let Some(known) = self.live.get(append.run).filter(|_| !told.is_empty()) else { return };
        let open = self.asked.entry(append.run).or_default();
        for one in &told {
            advance(open, &known.row, append.at, one);
        }
        if open.is_empty() {
            self.asked.remove(&append.run);
        }
    }

    fn drop_oldest(&mut self, finished: u64) {
        self.finished.push_back(finished);
        while self.finished.len() > self.retain {
            if let Some(oldest) = self.finished.pop_front() {
                self.kept.remove(&oldest);
                self.live.remove(oldest);
            }
        }
    }
}

impl Store for Memory {
    fn append(&self, append: Append<'_>) -> Result<Ticket, JournalError> {
        let frames = store::encode_all(&append)?;
        let leaves: Vec<Digest> = frame::walk(&frames).map(|(_, frame)| merkle::leaf(frame)).collect();
        let mut state = lock(&self.state);
        state.open()?;
        state.live.check(&append)?;
        for leaf in leaves {
            state.frontier.push(leaf);
        }
        let size = state.frontier.size();
        let status = state.live.apply(&append, size);
        state.note(&append);
        state.keep(append.run, &frames, append.payloads);
        if status.is_over() {
            state.drop_oldest(append.run);
        }
        self.committed.store(size, Ordering::Release);
        Ok(Ticket(size))
    }

    fn register(&self, what: DocumentKind, name: Name, digest: Digest, text: &str) -> Result<Ticket, JournalError> {
        let mut state = lock(&self.state);
        state.open()?;
        if let Some(known) = state.own.document(&digest) {
            return Ok(Ticket(known.ticket));
        }
        let ticket = state.frontier.size() + 1;
        let (frame, payload) = state.own.register(what, name, digest, text, ticket)?;
        state.frontier.push(merkle::leaf(&frame));
        state.keep(0, &frame, vec![payload]);
        self.committed.store(ticket, Ordering::Release);
        Ok(Ticket(ticket))
    }

    fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    fn checkpoint(&self) -> (u64, Digest) {
        let state = lock(&self.state);
        (state.frontier.size(), state.frontier.root())
    }

    fn flush(&self) -> Result<(), JournalError> {
        lock(&self.state).open()
    }

    fn close(&self) -> Result<(), JournalError> {
        lock(&self.state).closed = true;
        Ok(())
    }

    fn find_id(&self, id: RunId) -> Result<Option<RunRow>, JournalError> {
        Ok(lock(&self.state).live.by_id(id).map(|known| known.row.clone()))
    }

    fn find_key(&self, key: &str) -> Result<Option<RunRow>, JournalError> {
        Ok(lock(&self.state).live.by_key(key).map(|known| known.row.clone()))
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError> {
        Ok(lock(&self.state).live.list(filter))
    }

    fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
        let bytes = lock(&self.state).kept.get(&run).map(|kept| kept.frames.clone()).unwrap_or_default();
        frame::walk(&bytes).map(|(_, frame)| codec::decode(frame)).collect()
    }

    fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
        Ok(lock(&self.state).kept.get(&run).map(|kept| kept.payloads.clone()).unwrap_or_default())
    }

    fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError> {
        Ok(lock(&self.state).live.get(run).and_then(|known| known.row.removed))
    }

    fn unfinished(&self) -> Result<Vec<RunRow>, JournalError> {
        Ok(lock(&self.state).live.unfinished())
    }

    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError> {
        Ok(filter.choose(lock(&self.state).asked.values().flatten().cloned()))
    }

    fn due(&self) -> Result<Vec<(u64, Micros)>, JournalError> {
        let state = lock(&self.state);
        let first = |(run, open): (&u64, &Vec<ReviewRow>)| Some((*run, open.iter().filter_map(|row| row.due).min()?));
        Ok(state.asked.iter().filter_map(first).collect())
    }

    fn remove(&self, why: RemovedWhy, runs: &[u64], by: &str) -> Result<Gone, JournalError> {
        let mut state = lock(&self.state);
        state.open()?;
        let frame = state.own.removed(&Removed { why, runs: removal::ranges(runs), by: by.into() })?;
        state.frontier.push(merkle::leaf(&frame));
        state.keep(0, &frame, vec![]);
        let mut gone = Gone::default();
        for run in runs {
            let payloads = state.kept.get_mut(run).map(|kept| std::mem::take(&mut kept.payloads)).unwrap_or_default();
            let bytes = payloads.iter().map(|payload| payload.bytes.len() as u64).sum();
            gone.add(Gone { runs: 1, payloads: payloads.len() as u64, bytes });
            state.live.forget(*run, why);
        }
        self.committed.store(state.frontier.size(), Ordering::Release);
        Ok(gone)
    }

    fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError> {
        let state = lock(&self.state);
        let kept = state.own.document(digest).and_then(|known| state.kept.get(&0)?.payloads.get(known.payload as usize));
        kept.cloned().map(store::text).transpose()
    }
}
