//! The native half of the shell: it owns the runs, pumps the kernel, and lets out only what needs Python.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use interlock_admission::{AgentLimits, Agents, Outcome, Ticket, Why};
use interlock_guard::{Guard, Off};
use interlock_journal::{Broken, DocumentKind, Journal, SaltSource};
use interlock_kernel::{Digest, Micros, Name, TermsSpec};
use interlock_rules::RoutingTable;
use interlock_vault::{Vault, Wrap};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::admission::Limits;
use crate::clock::Clock;
use crate::deadlines::Deadlines;
use crate::desk::ReviewNews;
use crate::guarding::{Guards, Kills, Past};
use crate::live::Live;
use crate::plans::PlanEntry;
use crate::semantic::Semantic;
use crate::spending::Spending;
use crate::watch::Seen;
use crate::{EngineError, WaitingRun};

/// One runtime's engine. Every method takes the one lock for a few microseconds and never calls back.
pub struct Engine {
    pub(crate) journal: Journal,
    pub(crate) core: Mutex<Core>,
    pub(crate) clock: Clock,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub limits: Limits,
    pub plans: Vec<PlanEntry>,
    pub table: Option<Arc<RoutingTable>>,
    pub semantic: Option<Arc<Semantic>>,
    pub live: FxHashMap<u64, Live>,
    pub keys: FxHashMap<Arc<str>, u64>,
    pub waiting: BTreeMap<u64, WaitingRun>,
    /// The agents that this process has.
    pub present: Vec<String>,
    pub watched: FxHashMap<u64, Vec<Seen>>,
    pub agents: Agents,
    /// Turns that may go, and turns that may not, until a step says so.
    pub granted: Vec<Ticket>,
    pub refused: Vec<(Ticket, Why)>,
    /// Turns that were answered, until what follows from them has been offered: it may be more urgent than who waits for their slots.
    pub answered: Vec<(Ticket, Outcome)>,
    pub deadlines: Deadlines,
    pub salts: SaltSource,
    pub next_run: u64,
    pub stats: Stats,
    /// When the reviews of runs that rest are due, by run.
    pub resting: FxHashMap<u64, Micros>,
    /// Whether somebody wants to be told what happens to reviews, and what they have not been told yet.
    pub tells: bool,
    pub told: Vec<ReviewNews>,
    /// The terms of reviews for which a plan states none.
    pub terms: Option<Arc<TermsSpec>>,
    /// The guards of runs that start from now on, and the switches that are thrown.
    pub guards: Guards,
    pub kills: Arc<Kills>,
    /// Where nothing is kept on a disk: runs that are over and whose values the vault still has, oldest first.
    pub past: Option<VecDeque<Past>>,
    /// What may be spent, and what is.
    pub spending: Spending,
    /// Recovery rules that a test has switched off.
    pub broken: Broken,
}

/// What the journal says wrote it.
const BY: &str = concat!("interlock ", env!("CARGO_PKG_VERSION"));

/// Counts since the engine was opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    pub started: u64,
    pub settled: u64,
    pub turns: u64,
    pub frames: u64,
    /// Recorded decisions at gates.
    pub passages: u64,
    /// Late and repeated inputs, which changed nothing.
    pub absorbed: u64,
    pub live: usize,
    pub queued_turns: usize,
}

impl Engine {
    /// An engine over a journal in memory, or over a file that this process then owns.
    ///
    /// # Errors
    /// `EngineError::Journal` when the file can't be opened, is owned elsewhere, damaged, or newer than this version.
    pub fn open(path: Option<&Path>, limits: Limits, clock: Clock) -> Result<Self, EngineError> {
        Self::open_with(path, limits, clock, None)
    }

    /// As [`Engine::open`], with a key from outside: it protects the vault, and payloads are encrypted.
    pub fn open_with(path: Option<&Path>, limits: Limits, clock: Clock, wrap: Option<&dyn Wrap>) -> Result<Self, EngineError> {
        let journal = match path {
            None => Journal::memory_with(limits.retain, &Arc::new(Vault::memory()?))?,
            Some(path) => Journal::open_beside(path, BY, wrap)?,
        };
        let vault = Arc::clone(journal.vault().ok_or(EngineError::Internal("a journal was opened without its vault"))?);
        let core = Core {
            limits,
            plans: Vec::new(),
            table: None,
            semantic: None,
            live: FxHashMap::default(),
            keys: FxHashMap::default(),
            waiting: BTreeMap::new(),
            present: Vec::new(),
            watched: FxHashMap::default(),
            agents: Agents::new(limits.max_turns, [])?,
            granted: Vec::new(),
            refused: Vec::new(),
            answered: Vec::new(),
            deadlines: Deadlines::default(),
            salts: SaltSource::new()?,
            next_run: journal.next_run(),
            stats: Stats::default(),
            resting: FxHashMap::default(),
            tells: false,
            told: Vec::new(),
            terms: None,
            guards: Guards::default_set(vault)?,
            kills: Arc::default(),
            past: path.is_none().then(VecDeque::new),
            spending: Spending::default(),
            broken: Broken::from_environment()?,
        };
        let clock = clock.not_before(journal.newest());
        Ok(Self { journal, core: Mutex::new(core), clock })
    }

    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, Core>, EngineError> {
        self.core.lock().map_err(|_| EngineError::Internal("a feed panicked earlier"))
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether a test has switched off a rule that recovery rests on.
    pub fn is_broken(&self) -> Result<bool, EngineError> {
        Ok(self.lock()?.broken.any())
    }

    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    pub fn stats(&self) -> Result<Stats, EngineError> {
        let core = self.lock()?;
        Ok(Stats { live: core.live.len(), queued_turns: core.agents.queued(), ..core.stats })
    }

    /// Give agents their limits. Only before anything is under way: what an agent is at work on is not counted anew.
    pub fn limit_agents(&self, limits: Vec<(Name, AgentLimits)>) -> Result<(), EngineError> {
        let mut core = self.lock()?;
        if core.agents.under_way() > 0 || core.agents.queued() > 0 {
            return Err(EngineError::LimitsInUse);
        }
        core.agents = Agents::new(core.limits.max_turns, limits)?;
        Ok(())
    }

    /// Use these guards (canonical JSON; see `Guard::compile`) for every run that starts from now on. Returns their revision.
    ///
    /// # Errors
    /// `Guards` names what can't mean anything; what was in force stays.
    pub fn set_guards(&self, text: &str, off: Off) -> Result<u32, EngineError> {
        let guard = Guard::compile(text, off)?;
        let (revision, digest) = (guard.revision(), Digest(Sha256::digest(text).into()));
        self.journal.register(DocumentKind::Guards, "guardrails".into(), digest, text)?;
        let mut core = self.lock()?;
        core.spending.renew(&guard)?;
        core.guards.guard = Arc::new(guard);
        core.recount(&self.journal, self.clock.now())?; // nothing where nothing is limited, or all is counted
        Ok(revision)
    }

    /// Replace the index of examples. Runs that route later use the new one, and record its revision.
    pub fn set_semantic(&self, semantic: Semantic) -> Result<u64, EngineError> {
        let revision = semantic.revision();
        self.lock()?.semantic = Some(Arc::new(semantic));
        Ok(revision)
    }

    /// Write what is queued and let the file go.
    pub fn close(&self) -> Result<(), EngineError> {
        Ok(self.journal.close()?)
    }
}
