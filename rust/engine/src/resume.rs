//! Coming back: unfinished runs are folded from the journal, and what they owe is offered again.

use std::sync::Arc;

use interlock_journal::{Frame, Journal, JournalError, MessageBody, Payload, PayloadKind, RunName, RunRow, RunStatus, refs};
use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::plan::Plan;
use interlock_kernel::{CrossingOutcome, Digest, Event, Input, Name, Ref, RunId, RunStarted, State, evolve};
use interlock_rules::RuleBook;

use crate::engine::{Core, Engine};
use crate::live::{Batch, Body, Held, Live, Said, Underway};
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
    pub fn resume_all(&self, agents: &[String]) -> Result<Vec<Resumed>, EngineError> {
        self.lock()?.present = agents.to_vec();
        let mut resumed = Vec::new();
        for row in self.journal.unfinished()? {
            if row.status == RunStatus::Open {
                let mut core = self.lock()?;
                if core.live.contains_key(&row.number) {
                    continue;
                }
                core.waiting.remove(&row.number);
                if let Some(step) = core.bring_back(self, &row)? {
                    resumed.push(Resumed { run: row.number, id: row.id, step, plan: row.plan.clone() });
                }
            }
        }
        Ok(resumed)
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
        let core = self.lock()?;
        let live = core.live.get(&run).ok_or_else(|| EngineError::UnknownRun { run: run.to_string() })?;
        Ok(live.held.messages(live.domain_of(turn)).map(|said| (said.sender.clone(), said.text.clone(), said.data.clone())).collect())
    }
}

impl Core {
    pub(crate) fn look_up(&self, journal: &Journal, run: u64) -> Result<Settled, EngineError> {
        let waits = self.waiting.get(&run);
        let folded = self.fold(journal, run)?;
        let mut settled = settle::settled(&folded.state, &folded.held, journal.committed());
        if let Some(why) = folded.removed {
            settled.reason = Some(settle::without_texts(&folded.state, why));
        }
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
        let ticket = self.feed(&engine.journal, row.number, input, Batch::default(), now)?;
        ticket.map(|_| self.owed(&engine.journal, row.number, now)).transpose()
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
        if let Some(key) = self.live.remove(&run).and_then(|live| live.key) {
            self.keys.remove(&key);
        }
        self.waiting.insert(run, WaitingRun { id, needs });
    }

    /// The run as its journal tells it.
    pub(crate) fn fold(&self, journal: &Journal, run: u64) -> Result<Live, EngineError> {
        let frames = journal.frames(run)?;
        let payloads = journal.payloads(run)?;
        let removed = if payloads.is_empty() { journal.removed(run)? } else { None };
        if removed.is_none() {
            check_commitments(run, &frames, &payloads)?; // what was removed is gone, and the journal says so
        }
        let mut held = hold(payloads)?;
        let Some(Event::RunStarted(started)) = frames.first().and_then(Frame::event) else {
            return Err(EngineError::UnknownRun { run: run.to_string() });
        };
        let entry = self.plan_of(journal, started)?;
        let rules = self.rules_of(journal, started.rules, &entry)?;
        let mut state = State::new(entry.plan);
        for event in frames.iter().filter_map(Frame::event) {
            said_inside(&state, event, &mut held);
            state = evolve(state, event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
        }
        let seq = frames.last().map_or(0, |frame| frame.seq + 1);
        Ok(Live {
            number: run,
            id: started.run,
            state,
            rules,
            held,
            seq,
            offered: Vec::new(),
            asked: Vec::new(),
            ticket: journal.committed(),
            armed: None,
            key: None,
            thread: None,
            effects: Underway::default(),
            watched: self.watched.contains_key(&run),
            removed,
        })
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

fn document(journal: &Journal, digest: Digest) -> Result<String, EngineError> {
    journal.document(&digest)?.ok_or(EngineError::Internal("a run refers to a document that its journal does not hold"))
}

/// What a run goes on with must be what its frames committed to.
fn check_commitments(run: u64, frames: &[Frame], payloads: &[Payload]) -> Result<(), EngineError> {
    for (frame, reference) in frames
        .iter()
        .filter_map(|frame| Some((frame, frame.event()?)))
        .flat_map(|(frame, event)| refs(event).into_iter().map(move |one| (frame, one)))
    {
        let held = payloads.iter().find(|payload| payload.number == reference.number);
        if held.is_none_or(|payload| payload.reference() != reference) {
            let what = format!("payload {} is not what frame {} of the run committed to", reference.number, frame.seq);
            return Err(JournalError::Corrupt { run: Some(RunName { number: run, id: None }), frame: None, what }.into());
        }
    }
    Ok(())
}

fn said(bytes: &[u8]) -> Result<Said, EngineError> {
    let body = MessageBody::decode(bytes)?;
    let labels = if body.labels.is_empty() { Vec::new() } else { body.labels.split('\n').map(Into::into).collect() };
    Ok(Said { text: body.text.to_owned(), data: body.data.map(<[u8]>::to_vec), sender: body.sender.map(Into::into), labels, domain: None })
}

/// What an event says was said inside a domain is held as that.
fn said_inside(state: &State, event: &Event, held: &mut Held) {
    let State::Running(running) = state else { return };
    let (messages, domain): (Vec<Ref>, _) = match event {
        Event::TurnReplied(reply) => {
            let node = running.turn(reply.turn).map(|turn| turn.node);
            let domain = node.and_then(|node| running.plan.node(node)?.domain);
            (std::iter::once(reply.reply).chain(reply.delegated.iter().filter_map(|(_, message)| *message)).collect(), domain)
        }
        Event::Crossed(crossed) => match &crossed.outcome {
            CrossingOutcome::Passed { message, .. } => (vec![*message], crate::walls::beyond(&running.plan, crossed.domain, crossed.way)),
            CrossingOutcome::Refused { .. } => return,
        },
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::TurnStarted(_)
        | Event::TurnFailed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::EffectIntended(_)
        | Event::EffectCompleted(_)
        | Event::ReviewOpened(_)
        | Event::ReviewDecided(_)
        | Event::RunDelivered(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewSigned(_)
        | Event::ReviewWithdrawn(_)
        | Event::RunDerived(_) => return,
    };
    for message in messages {
        if let Some(said) = held.message_mut(message.number) {
            said.domain = domain;
        }
    }
}

/// Payloads by number, as the run held them.
fn hold(payloads: Vec<Payload>) -> Result<Held, EngineError> {
    let mut held = Held::default();
    for payload in payloads {
        match payload.kind {
            PayloadKind::Message => held.push(Body::Message(said(&payload.bytes)?)),
            PayloadKind::Request => {
                let said: serde_json::Value = serde_json::from_slice(&payload.bytes)?;
                held.user = said.get("user").filter(|user| !user.is_null()).map(|user| user.to_string().into_bytes());
                held.push(Body::Bytes(payload.bytes));
            }
            PayloadKind::Arguments | PayloadKind::Result | PayloadKind::ErrorText | PayloadKind::Decision | PayloadKind::Document => {
                held.push(Body::Bytes(payload.bytes));
            }
        }
    }
    Ok(held)
}
