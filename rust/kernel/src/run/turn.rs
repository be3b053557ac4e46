//! What an agent's turn says: replies, failures and effects.

use crate::run::{Decision, Phase, Running, Turn, absorbed, one};
use crate::{
    Book, EffectClass, EffectCompleted, EffectIntended, EffectKey, EffectOutcome, Event, Failure, Gate, Name, Ref, Refusal, Reply, Subject,
    TurnFailed, TurnId, TurnReplied,
};

/// The turn that speaks, if it has the floor; `Ok(None)` when it had it once.
fn speaking(running: &Running, id: TurnId) -> Result<Option<&Turn>, Refusal> {
    if id.0 >= running.turns {
        return Err(Refusal::UnknownTurn { turn: id, started: running.turns });
    }
    match &running.phase {
        Phase::InTurn(turn) if turn.id == id => Ok(Some(turn)),
        Phase::InTurn(_)
        | Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Unroutable { .. } => Ok(None),
    }
}

pub(super) fn on_reply(running: &Running, turn: TurnId, reply: Reply) -> Decision {
    match speaking(running, turn)? {
        None => absorbed(), // at-least-once delivery makes repeats normal, and a timeout makes replies late
        Some(_) => one(Event::TurnReplied(TurnReplied {
            turn,
            reply: reply.content,
            empty: reply.empty,
            confidence: reply.confidence,
            intent: reply.intent,
            hand_off: reply.hand_off.map(|wish| wish.target),
        })),
    }
}

pub(super) fn on_failure(running: &Running, turn: TurnId, failure: Failure) -> Decision {
    match speaking(running, turn)? {
        None => absorbed(),
        Some(_) => one(Event::TurnFailed(TurnFailed { turn, failure })),
    }
}

pub(super) fn on_timeout(running: &Running, turn: &Turn) -> Decision {
    let after_ms = running.plan.step(turn.node).map_or(0, |step| step.timeout_ms);
    one(Event::TurnFailed(TurnFailed { turn: turn.id, failure: Failure::TimedOut { after_ms } }))
}

pub(super) fn on_effect_begun(running: &Running, turn: TurnId, key: EffectKey, tool: Name, arguments: Ref, book: &Book<'_>) -> Decision {
    match speaking(running, turn)? {
        None => absorbed(), // the turn is over: the shell must not start the effect
        Some(_) if running.intents.contains_key(&key) || running.effects.contains_key(&key) || running.raised.contains(&(turn, key)) => {
            absorbed()
        }
        Some(speaker) => {
            let subject = Subject { agent: Some(&speaker.agent), tool: Some(&tool), content: Some(&arguments.commitment) };
            let passages = vec![book.pass(Gate::ToolCall, subject)?];
            one(Event::EffectIntended(EffectIntended { turn, key, tool, arguments, passages }))
        }
    }
}

/// An effect that ends after its turn still happened, so it is recorded; only a repeated end is absorbed.
pub(super) fn on_effect_ended(
    running: &Running,
    turn: TurnId,
    (key, tool, class, arguments): (EffectKey, Name, EffectClass, Ref),
    outcome: EffectOutcome,
    book: &Book<'_>,
) -> Decision {
    let speaker = speaking(running, turn)?;
    if running.effects.contains_key(&key) || running.raised.contains(&(turn, key)) {
        return absorbed();
    }
    if class == EffectClass::Effect && !running.intended.contains(&key) {
        return Err(Refusal::NotAwaited); // it passed no gate
    }
    let agent = speaker.map(|turn| &turn.agent);
    let (EffectOutcome::Returned(result) | EffectOutcome::Raised(result)) = &outcome;
    let mut passages = Vec::with_capacity(2);
    if class == EffectClass::Pure {
        // A pure effect has no intent of its own, so its call passes the gate here.
        passages.push(book.pass(Gate::ToolCall, Subject { agent, tool: Some(&tool), content: Some(&arguments.commitment) })?);
    }
    passages.push(book.pass(Gate::ToolResult, Subject { agent, tool: Some(&tool), content: Some(&result.commitment) })?);
    one(Event::EffectCompleted(EffectCompleted { turn, key, tool, class, arguments, outcome, passages }))
}
