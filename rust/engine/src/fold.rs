//! Folding a run from its journal: the frames make the state, the payloads what it was told. Nothing is decided here.

use std::sync::Arc;

use interlock_journal::{
    Frame, Journal, JournalError, MessageBody, Payload, PayloadKind, Reader, RemovedWhy, ReviewFilter, ReviewRow, RunName, refs,
};
use interlock_kernel::plan::Plan;
use interlock_kernel::{CrossingOutcome, Digest, Event, Ref, RunId, RunStarted, State, evolve};
use interlock_rules::RuleBook;

use crate::EngineError;
use crate::guarding::{Guarding, Guards, Kills};
use crate::live::{Body, Held, Live, Said, Underway};

/// Where a run's journal is read: by its owner, or beside it.
pub(crate) trait Told {
    fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError>;
    fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError>;
    fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError>;
    fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError>;
    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError>;
    fn committed(&self) -> u64;
}

macro_rules! told {
    ($journal:ty, $committed:expr) => {
        impl Told for $journal {
            fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
                <$journal>::frames(self, run)
            }
            fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
                <$journal>::payloads(self, run)
            }
            fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError> {
                <$journal>::removed(self, run)
            }
            fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError> {
                <$journal>::document(self, digest)
            }
            fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError> {
                <$journal>::reviews(self, filter)
            }
            fn committed(&self) -> u64 {
                $committed(self)
            }
        }
    };
}
told!(Journal, Journal::committed);
told!(Reader, |_: &Reader| 0); // whoever only reads acknowledges nothing

/// A run as its journal tells it, as it stood before the frame with number `end`. `known` gives its plan and its rules.
pub(crate) fn refold(
    journal: &impl Told,
    run: u64,
    end: u32,
    backwards: bool,
    guards: (&Guards, &Arc<Kills>),
    known: impl FnOnce(&RunStarted) -> Result<(Arc<Plan>, RuleBook), EngineError>,
) -> Result<Live, EngineError> {
    let mut frames = journal.frames(run)?;
    if let Some((_, later)) = frames.split_first_mut().filter(|_| backwards) {
        later.reverse(); // for tests only: see `Broken`
    }
    let payloads = journal.payloads(run)?;
    let removed = if payloads.is_empty() { journal.removed(run)? } else { None };
    if removed.is_none() {
        check_commitments(run, &frames, &payloads)?; // what was removed is gone, and the journal says so
    }
    let salt = payloads.first().map_or([0; 16], |payload| payload.salt);
    let mut held = hold(payloads)?;
    let Some(Event::RunStarted(started)) = frames.first().and_then(Frame::event) else {
        return Err(EngineError::UnknownRun { run: run.to_string() });
    };
    let (plan, rules) = known(started)?;
    let mut guarding = Guarding::of(guards.0, guards.1, held.user.as_deref(), origin(&frames).unwrap_or(started.run))?;
    guarding.has_past();
    let mut state = State::new(plan);
    let told = frames.iter().take_while(|frame| frame.seq < end);
    for event in told.clone().filter_map(Frame::event) {
        said_inside(&state, event, &mut held);
        guarding.recall(event, &held);
        state = evolve(state, event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
    }
    Ok(Live {
        number: run,
        id: started.run,
        state,
        rules,
        held,
        salt,
        seq: told.last().map_or(0, |frame| frame.seq + 1),
        offered: Vec::new(),
        asked: Vec::new(),
        ticket: journal.committed(),
        armed: None,
        key: None,
        thread: None,
        effects: Underway::default(),
        watched: false,
        guarding,
        removed,
    })
}

/// The run that was copied first, if these frames are a copy's: its placeholders and its effects' keys are those of that run.
pub(crate) fn origin(frames: &[Frame]) -> Option<RunId> {
    frames.iter().filter_map(Frame::event).find_map(|event| if let Event::RunDerived(one) = event { Some(one.origin) } else { None })
}

pub(crate) fn document(journal: &impl Told, digest: Digest) -> Result<String, EngineError> {
    journal.document(&digest)?.ok_or(EngineError::Internal("a run refers to a document that its journal does not hold"))
}

/// What a run goes on with must be what its frames committed to.
fn check_commitments(run: u64, frames: &[Frame], payloads: &[Payload]) -> Result<(), EngineError> {
    for (frame, reference) in frames
        .iter()
        .filter_map(|frame| Some((frame, frame.event()?)))
        .flat_map(|(frame, event)| refs(event).into_iter().map(move |one| (frame, one)))
    {
        let held = payloads.binary_search_by_key(&reference.number, |payload| payload.number).ok().map(|place| &payloads[place]);
        if held.is_none_or(|payload| payload.reference() != reference) {
            let what = format!("payload {} is not what frame {} of the run committed to", reference.number, frame.seq);
            return Err(JournalError::Corrupt { run: Some(RunName { number: run, id: None }), frame: None, what }.into());
        }
    }
    Ok(())
}

pub(crate) fn said(bytes: &[u8]) -> Result<Said, EngineError> {
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
        | Event::GateRuled(_)
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
        while held.len() < payload.number as usize {
            held.push(Body::Bytes(Vec::new())); // one that was never kept
        }
        match payload.kind {
            PayloadKind::Message => held.push(Body::Message(said(&payload.bytes)?)),
            PayloadKind::Request => {
                let said: serde_json::Value = serde_json::from_slice(&payload.bytes)?;
                held.user = said.get("user").filter(|user| !user.is_null()).map(|user| user.to_string().into_bytes());
                held.push(Body::Bytes(payload.bytes));
            }
            PayloadKind::Arguments
            | PayloadKind::Result
            | PayloadKind::ErrorText
            | PayloadKind::Decision
            | PayloadKind::Document
            | PayloadKind::Quarantine => {
                held.push(Body::Bytes(payload.bytes));
            }
        }
    }
    Ok(held)
}
