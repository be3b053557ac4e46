//! A recorded run, step by step: how it stood after each event and what was owed then. It only folds; it decides nothing, and it
//! needs no engine, so a file can be looked at while a service owns it.

use interlock_journal::{Frame, Payload, PayloadKind, Reader, RunStatus, describe, name, state_hash};
use interlock_kernel::{Command, Event, Fact, Micros, Name, Ref, STATE_SHAPE, State, Strand, Turn, evolve, outstanding};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::{Value, json};

use crate::plans::{PlanEntry, compile_plan};
use crate::{EngineError, settle};

/// How a run stood after one of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    pub seq: u32,
    #[serde(rename = "at_us")]
    pub at: Micros,
    pub event: &'static str,
    pub status: &'static str,
    /// The state as an adjective.
    pub state: &'static str,
    pub strands: Vec<Line>,
    /// What the shell owed, the alarm clock aside.
    pub owed: Vec<Owes>,
    pub turns: u32,
    pub handoffs: u32,
    /// Effects that returned.
    pub effects: u32,
    pub tokens: u64,
    /// SHA-256 of the state's MessagePack form, as hex.
    pub state_hash: String,
    /// Hashes of different shapes can't be compared.
    pub state_shape: u32,
}

/// One line of execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub strand: u32,
    pub state: &'static str,
    /// Who has the turn; of two on the same step the one that was asked first.
    pub agent: Option<Name>,
    pub turn: Option<u32>,
    pub attempt: Option<u16>,
    /// Who works on the same step beside it.
    pub beside: Option<Name>,
}

/// A command: what it is, and the same in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owes {
    /// `advance`, `call_agent`, `find_fact` or `await_review`.
    pub command: &'static str,
    pub words: String,
    pub agent: Option<Name>,
    pub turn: Option<u32>,
    pub fact: Option<Fact>,
    pub review: Option<u32>,
}

/// Every step of a run.
///
/// # Errors
/// `UnknownRun` for a number that no run has; `Journal` when the file is damaged; `Corrupt` when the events don't follow from each other.
pub fn replay(reader: &Reader, run: u64) -> Result<Vec<Moment>, EngineError> {
    let mut moments = Vec::new();
    fold(reader, run, |frame, event, status, state| {
        moments.push(moment(frame, event, status, state)?);
        Ok(true)
    })?;
    Ok(moments)
}

/// One step as a JSON object: the `moment`, the `event` with its fields, the whole `state`, and the `thread` that a person would have
/// seen by then. What was erased says so.
///
/// # Errors
/// As `replay`; nothing for a step that the run does not have.
pub fn state_at(reader: &Reader, run: u64, seq: u32) -> Result<Option<Value>, EngineError> {
    let payloads: FxHashMap<u32, Payload> = reader.payloads(run)?.into_iter().map(|payload| (payload.number, payload)).collect();
    let (mut thread, mut found, mut agents) = (Vec::new(), None, FxHashMap::default());
    fold(reader, run, |frame, event, status, state| {
        if let Event::TurnStarted(turn) = event {
            agents.insert(turn.turn, turn.agent.clone());
        }
        for (turn, message) in said(event) {
            let by = turn.and_then(|turn| agents.get(&turn)).map(ToString::to_string);
            thread.push(entry(frame.seq, by, message, &payloads)?);
        }
        if frame.seq == seq {
            let moment = moment(frame, event, status, state)?;
            found = Some(json!({ "moment": moment, "event": describe(event), "state": state, "thread": std::mem::take(&mut thread) }));
        }
        Ok(frame.seq < seq)
    })?;
    Ok(found)
}

/// Fold a run and look at every state, until `look` has seen enough.
fn fold(
    reader: &Reader,
    run: u64,
    mut look: impl FnMut(&Frame, &Event, RunStatus, &State) -> Result<bool, EngineError>,
) -> Result<(), EngineError> {
    let frames = reader.frames(run)?;
    let Some(Event::RunStarted(started)) = frames.first().and_then(Frame::event) else {
        return Err(EngineError::UnknownRun { run: run.to_string() });
    };
    let mut state = State::new(plan_of(reader, started.plan)?.plan);
    let mut status = RunStatus::Open;
    for frame in &frames {
        let Some(event) = frame.event() else { continue };
        state = evolve(state, event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
        status = status.after(event);
        if !look(frame, event, status, &state)? {
            break;
        }
    }
    Ok(())
}

/// The plan with this digest, as the journal keeps it.
pub(crate) fn plan_of(reader: &Reader, digest: interlock_kernel::Digest) -> Result<PlanEntry, EngineError> {
    let text = reader.document(&digest)?;
    compile_plan(&text.ok_or(EngineError::Internal("a run refers to a plan that its journal does not hold"))?)
}

fn moment(frame: &Frame, event: &Event, status: RunStatus, state: &State) -> Result<Moment, EngineError> {
    let (turns, handoffs, effects, tokens) = settle::counts(state);
    Ok(Moment {
        seq: frame.seq,
        at: frame.at,
        event: name(event),
        status: status.word(),
        state: state.adjective(),
        strands: lines(state),
        owed: outstanding(state).iter().filter_map(|command| owes(state, command)).collect(),
        turns,
        handoffs,
        effects,
        tokens,
        state_hash: state_hash(state)?.to_string(),
        state_shape: STATE_SHAPE,
    })
}

fn lines(state: &State) -> Vec<Line> {
    match state {
        State::Unstarted(_) | State::Ended(_) => Vec::new(),
        State::Running(running) => running.strands.iter().map(line).collect(),
        State::InReview(waiting) => waiting.running.strands.iter().map(line).collect(),
    }
}

fn line(strand: &Strand) -> Line {
    let turn = strand.phase.in_turn();
    Line {
        strand: strand.id.0,
        state: strand.phase.adjective(),
        agent: turn.map(|turn| turn.agent.clone()),
        turn: turn.map(|turn| turn.id.0),
        attempt: turn.map(|turn| turn.attempt),
        beside: strand.rival.as_ref().map(|rival: &Turn| rival.agent.clone()),
    }
}

/// What a command owes; nothing for the alarm clock, which every run owes.
fn owes(state: &State, command: &Command) -> Option<Owes> {
    let plain = |command, words| Owes { command, words, agent: None, turn: None, fact: None, review: None };
    Some(match command {
        Command::Advance => plain("advance", "go on".into()),
        Command::CallAgent(call) => {
            let again = if call.attempt > 1 { format!(", attempt {}", call.attempt) } else { String::new() };
            let words = format!("call {} (turn {}{again})", call.agent, call.turn.0);
            Owes { agent: Some(call.agent.clone()), turn: Some(call.turn.0), ..plain("call_agent", words) }
        }
        Command::FindFact { fact, node, .. } => {
            let plan = settle::plan_of(state);
            let node = plan.node(*node).map_or_else(|| node.0.to_string(), |node| node.name.to_string());
            let words = match fact {
                Fact::Neighbours => format!("find the examples nearest to the message for {node}"),
                Fact::Agreement => format!("compare the answers of {node}"),
                Fact::Import => format!("let the message into {node}"),
                Fact::Export => format!("let the message out of {node}"),
            };
            Owes { fact: Some(*fact), ..plain("find_fact", words) }
        }
        Command::AwaitReview { review } => {
            Owes { review: Some(review.0), ..plain("await_review", format!("wait for a person (review {})", review.0)) }
        }
        Command::WakeAt(_) => return None,
    })
}

/// What an event adds to what was said, and in which turn; in none what the user wrote, a person decided, or a wall let through.
fn said(event: &Event) -> Vec<(Option<interlock_kernel::TurnId>, Ref)> {
    if let Event::RunStarted(started) = event {
        return vec![(None, started.message)];
    }
    if let Event::TurnReplied(reply) = event {
        let written = reply.delegated.iter().filter_map(|(_, message)| *message);
        let own = (!reply.empty).then_some(reply.reply);
        return own.into_iter().chain(written).map(|message| (Some(reply.turn), message)).collect();
    }
    if let Event::ReviewDecided(decided) = event {
        return decided.content.or(decided.decision).map(|message| (None, message)).into_iter().collect();
    }
    Vec::new()
}

/// Something that was said. Without its payload only who said it is left.
fn entry(seq: u32, by: Option<String>, message: Ref, payloads: &FxHashMap<u32, Payload>) -> Result<Value, EngineError> {
    let Some(payload) = payloads.get(&message.number).filter(|payload| payload.kind == PayloadKind::Message) else {
        return Ok(json!({ "seq": seq, "by": by, "number": message.number, "erased": true }));
    };
    let said = crate::fold::said(&payload.bytes)?;
    // JSON that can't be read is shown as it is.
    let data = said.data.map(|data| serde_json::from_slice::<Value>(&data).unwrap_or_else(|_| String::from_utf8_lossy(&data).into()));
    let (by, labels) = (said.sender.as_deref().map(str::to_owned).or(by), said.labels);
    let (number, text) = (message.number, said.text);
    Ok(json!({ "seq": seq, "by": by, "number": number, "erased": false, "text": text, "data": data, "labels": labels }))
}
