//! Coming back: unfinished runs are folded from the journal, and what they owe is offered again.

use std::sync::Arc;

use interlock_journal::{Journal, RunFilter, RunRow, RunStatus};
use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::plan::Plan;
use interlock_kernel::{Digest, Input, Name, RunId, RunStarted};
use interlock_rules::RuleBook;
use rustc_hash::FxHashSet;

use crate::engine::{Core, Engine};
use crate::fold::{document, refold};
use crate::live::{Batch, Live};
use crate::plans::{PlanEntry, compile_plan, compile_table};
use crate::step::{Settled, Status, Step};
use crate::{EngineError, settle};

/// A run that waits for something that this process does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRun {
    pub id: RunId,
    /// In words: which plan, or which agents.
    pub needs: String,
}

/// Who said something (nobody: the user), the text, and the JSON data beside it.
pub type SaidBy = (Option<Name>, String, Option<Vec<u8>>);

/// A run that goes on after a restart.
#[derive(Debug)]
pub struct Resumed {
    pub run: u64,
    pub id: RunId,
    pub step: Step,
    pub plan: Name,
}

impl Engine {
    /// Fold every unfinished run and say what each owes. Runs whose plan or agents are absent wait, and are listed.
    /// Runs that rest in a review are left to rest, until it is due.
    pub fn resume_all(&self, agents: &[String]) -> Result<Vec<Resumed>, EngineError> {
        {
            let mut core = self.lock()?;
            core.present = agents.to_vec();
            core.recount(&self.journal, self.clock.now())?;
        }
        let open = self.journal.runs(&RunFilter { status: Some(RunStatus::Open), ..RunFilter::default() })?;
        let mut resumed = Vec::new();
        for row in &open {
            let mut core = self.lock()?;
            if core.live.contains_key(&row.number) {
                continue;
            }
            core.waiting.remove(&row.number);
            if let Some(step) = core.bring_back(self, row)? {
                resumed.push(Resumed { run: row.number, id: row.id, step, plan: row.plan.clone() });
            }
        }
        let open: FxHashSet<u64> = open.iter().map(|row| row.number).collect();
        let mut core = self.lock()?;
        for (run, at) in self.journal.due()? {
            if !core.live.contains_key(&run) && !open.contains(&run) {
                core.rests_until(run, at); // it is not folded before somebody speaks, or the time is over
            }
        }
        Ok(resumed)
    }

    /// The agents that this process has from now on.
    pub fn have_agents(&self, agents: Vec<String>) -> Result<(), EngineError> {
        self.lock()?.present = agents;
        Ok(())
    }

    /// Runs that wait for a plan or an agent.
    pub fn waiting(&self) -> Result<Vec<(u64, WaitingRun)>, EngineError> {
        Ok(self.lock()?.waiting.iter().map(|(run, waiting)| (*run, waiting.clone())).collect())
    }

    /// A run that settled or waits, as it stands. `None` when it is under way in this process.
    pub fn look_up(&self, id: RunId) -> Result<(u64, Option<Settled>), EngineError> {
        let row = self.journal.find_id(id)?.ok_or_else(|| EngineError::UnknownRun { run: id.to_string() })?;
        let core = self.lock()?;
        if core.live.contains_key(&row.number) {
            return Ok((row.number, None));
        }
        core.look_up(&self.journal, row.number).map(|settled| (row.number, Some(settled)))
    }

    /// What was said in a run that is under way, the user's message first: sender, text and JSON data. A turn inside a domain
    /// sees what was said inside, and what came in through the wall.
    pub fn messages(&self, run: u64, turn: u32) -> Result<Vec<SaidBy>, EngineError> {
        let mut core = self.lock()?;
        let live = core.live.get_mut(&run).ok_or_else(|| EngineError::UnknownRun { run: run.to_string() })?;
        live.saw_all(turn);
        Ok(live.held.messages(live.domain_of(turn)).map(|said| (said.sender.clone(), said.text.clone(), said.data.clone())).collect())
    }
}

impl Core {
    pub(crate) fn look_up(&self, journal: &Journal, run: u64) -> Result<Settled, EngineError> {
        let waits = self.waiting.get(&run);
        let folded = self.fold(journal, run)?;
        let why = folded.removed.map(|why| settle::without_texts(&folded.state, why));
        let mut settled = settle::settled(folded.state, &folded.held, journal.committed());
        settled.unmask(&folded.guarding)?;
        settled.reason = why.or(settled.reason);
        if let Some(waiting) = waits {
            settled.status = Status::Waiting;
            settled.reason = Some(waiting.needs.clone());
        }
        Ok(settled)
    }

    fn bring_back(&mut self, engine: &Engine, row: &RunRow) -> Result<Option<Step>, EngineError> {
        let mut live = self.fold(&engine.journal, row.number)?;
        let plan = Arc::clone(settle::plan_of(&live.state));
        if let Some(needs) = self.absent(&plan) {
            self.waiting.insert(row.number, WaitingRun { id: row.id, needs });
            return Ok(None);
        }
        live.key.clone_from(&row.key);
        live.thread.clone_from(&row.thread);
        if let Some(key) = &row.key {
            self.keys.insert(key.clone(), row.number);
        }
        self.live.insert(row.number, live);
        let now = engine.clock.now();
        let input = Input::Reopened { deadline: now.after_ms(RUN_DEADLINE_MS) };
        let resumed = self.feed(&engine.journal, row.number, input, Batch::default(), now)?;
        if resumed.is_none() {
            // A person has decided, and the process went down before anything came of it.
            self.feed(&engine.journal, row.number, Input::Advanced, Batch::default(), now)?;
        }
        self.owed(&engine.journal, row.number, now).map(Some)
    }

    /// What a plan needs that is not here, in words.
    pub(crate) fn absent(&self, plan: &Plan) -> Option<String> {
        let here = |name: &Name| self.present.iter().any(|known| **known == **name);
        let absent: Vec<String> = plan.agents().iter().filter(|name| !here(name)).map(|name| format!("{name:?}")).collect();
        let known = self.plans.iter().any(|entry| entry.plan.name == plan.name);
        let mut needs = Vec::new();
        if !known {
            needs.push(format!("plan {:?}", &*plan.name));
        }
        if !absent.is_empty() {
            needs.push(format!("{} {}", if absent.len() == 1 { "agent" } else { "agents" }, absent.join(", ")));
        }
        (!needs.is_empty()).then(|| needs.join(" and "))
    }

    /// A run that can't go on in this process is left to the journal.
    pub(crate) fn waits_for(&mut self, run: u64, id: RunId, needs: String) {
        self.leave(run);
        self.waiting.insert(run, WaitingRun { id, needs });
    }

    /// The run as its journal tells it.
    pub(crate) fn fold(&self, journal: &Journal, run: u64) -> Result<Live, EngineError> {
        self.fold_until(journal, run, u32::MAX)
    }

    /// As it stood before the frame with this number.
    pub(crate) fn fold_until(&self, journal: &Journal, run: u64, end: u32) -> Result<Live, EngineError> {
        let known = |started: &RunStarted| {
            let entry = self.plan_of(journal, started)?;
            let rules = self.rules_of(journal, started.rules, &entry)?;
            Ok((entry.plan, rules))
        };
        let live = refold(journal, run, end, self.broken.fold_order, (&self.guards, &self.kills), known)?;
        Ok(Live { watched: self.watched.contains_key(&run), ..live })
    }

    /// The plan that a run was started with: as it was given now, or as the journal keeps it.
    fn plan_of(&self, journal: &Journal, started: &RunStarted) -> Result<PlanEntry, EngineError> {
        if let Some(entry) = self.plans.iter().find(|entry| entry.plan.digest == started.plan) {
            return Ok(entry.clone());
        }
        compile_plan(&document(journal, started.plan)?)
    }

    /// The rules that a run of this plan would be started under now.
    pub(crate) fn rules_in_force(&self, journal: &Journal, plan: &Plan) -> Result<RuleBook, EngineError> {
        let known = self.plans.iter().find(|entry| entry.plan.digest == plan.digest).cloned();
        let entry = known.map_or_else(|| compile_plan(&document(journal, plan.digest)?), Ok)?;
        self.rules_of(journal, self.table.as_ref().map(|table| table.revision()), &entry)
    }

    fn rules_of(&self, journal: &Journal, revision: Option<Digest>, entry: &PlanEntry) -> Result<RuleBook, EngineError> {
        let table = match (revision, &self.table) {
            (None, _) => None,
            (Some(revision), Some(table)) if table.revision() == revision => Some(Arc::clone(table)),
            (Some(revision), _) => Some(Arc::new(compile_table(&document(journal, revision)?)?)),
        };
        Ok(RuleBook::new(table, entry.checks.clone()).with_domains(entry.tables.clone()).with_terms(self.terms.clone()))
    }
}
