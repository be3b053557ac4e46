//! What an agent's turn says: replies and failures.

use crate::limits::MAX_TURNS;
use crate::run::here::Here;
use crate::run::{Decision, Phase, Running, Turn, absorbed, advance, one, wall};
use crate::{Book, Content, Event, Failure, Label, Micros, Refusal, Reply, Spent, TurnDropped, TurnFailed, TurnId, TurnReplied};

/// The turn that speaks, if it has the floor; `Ok(None)` when it had it once.
pub(super) fn speaking(running: &Running, id: TurnId) -> Result<Option<&Turn>, Refusal> {
    if id.0 >= running.turns {
        return Err(Refusal::UnknownTurn { turn: id, started: running.turns });
    }
    Ok(running.turns_at_work().map(|(_, turn)| turn).find(|turn| turn.id == id))
}

/// Tokens at four bytes each, rounded up: what OpenAI's guide to counting tokens gives for English text.
pub(super) fn estimate<'a>(contents: impl IntoIterator<Item = Content<'a>>) -> u32 {
    let bytes: usize = contents.into_iter().map(|content| content.text.len() + content.data.map_or(0, <[u8]>::len)).sum();
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}

pub(super) fn on_reply(running: &Running, turn: TurnId, reply: Reply, book: &Book<'_>, now: Micros) -> Decision {
    // At-least-once delivery makes repeats normal, and a timeout makes replies late.
    let Some(speaker) = speaking(running, turn)? else { return absorbed() };
    let reckoned = || -> Result<Spent, Refusal> {
        let tokens = estimate([book.content(speaker.message.number)?, book.content(reply.content.number)?]);
        Ok(Spent { tokens, estimated: true })
    };
    let spent = reply.spent.map_or_else(reckoned, Ok)?;
    let replied = Event::TurnReplied(TurnReplied {
        turn,
        reply: reply.content,
        empty: reply.empty,
        confidence: reply.confidence,
        intent: reply.intent,
        hand_off: reply.hand_off.map(|wish| wish.target),
        delegated: reply.delegated,
        spent,
        label: reply.label,
    });
    let dropped = Event::TurnDropped(TurnDropped { turn, spent });
    let Some(strand) = running.strand_of(turn) else { return absorbed() };
    match &strand.phase {
        // The other agent on this step has answered: its reply stands, unless it does not pass.
        Phase::Answered { checked: true, .. } => one(dropped),
        Phase::Answered { turn: first, reply, checked: false } => {
            let checked = advance::check(Here { run: running, strand, book, now }, first, reply)?;
            let next = if checked.verdicts.iter().all(|verdict| verdict.failed.is_none()) { dropped } else { replied };
            Ok(vec![Event::ReplyChecked(checked), next])
        }
        Phase::InTurn(_)
        | Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Forked
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }
        | Phase::Left { .. } => one(replied),
    }
}

pub(super) fn on_failure(running: &Running, turn: TurnId, failure: Failure, label: Option<Label>) -> Decision {
    match speaking(running, turn)? {
        None => absorbed(),
        Some(_) => one(Event::TurnFailed(TurnFailed { turn, failure, label })),
    }
}

/// When a stand-in is started beside a turn, if there is room for one more.
pub(super) fn hedges_at(running: &Running, turn: &Turn) -> Option<Micros> {
    turn.hedge_at.filter(|_| running.turns < MAX_TURNS && wall::has_room(running, turn.node))
}

pub(super) fn on_timeout(running: &Running, turn: &Turn) -> Decision {
    let after_ms = running.plan.step(turn.node).map_or(0, |step| step.timeout_ms);
    one(Event::TurnFailed(TurnFailed { turn: turn.id, failure: Failure::TimedOut { after_ms }, label: None }))
}
