//! Chooses what happens. May refuse; never mutates. One arm for each pair of input and state.

use crate::run::here::Here;
use crate::run::{
    Decision, InReview, Phase, Running, State, Strand, absorbed, advance, effect, join, missed, one, outstanding, relay, review, ruled,
    turn, wall,
};
use crate::{
    Book, BranchEnd, Event, FactFailed, Gate, Input, Micros, Ref, Refusal, ReviewWhy, RunCancelled, RunDerived, RunFailCode, RunFailed,
    RunId, RunPaused, RunResumed, RunStarted, StrandId, Subject,
};

/// What follows from an input, as events. `now` is when the shell received it.
///
/// # Errors
/// A `Refusal` names an input that does not fit; the state is unchanged and the run goes on.
pub fn decide(state: &State, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    match state {
        State::Unstarted(plan) => match input {
            Input::Requested { run, rules, message, request, deadline } => {
                let subject = Subject { agent: None, tool: None, content: Some(message), domain: None, node: None };
                let started =
                    |passages| Event::RunStarted(RunStarted { run, plan: plan.digest, rules, message, request, deadline, passages });
                if let Some(ruling) = book.gates.objection(Gate::Ingress, subject) {
                    let failed = Event::RunFailed(RunFailed { code: RunFailCode::Denied });
                    return Ok(vec![started(Vec::new()), ruled::event(None, None, ruling, None), failed]);
                }
                one(started(vec![book.pass(Gate::Ingress, subject)?]))
            }
            Input::Reopened { .. }
            | Input::Advanced
            | Input::Replied { .. }
            | Input::AttemptFailed { .. }
            | Input::NeighboursFound { .. }
            | Input::AgreementFound { .. }
            | Input::CrossingFound { .. }
            | Input::FactFailed { .. }
            | Input::EffectBegun { .. }
            | Input::EffectEnded { .. }
            | Input::ReviewAnswered { .. }
            | Input::ReviewClaimed { .. }
            | Input::ReviewReassigned { .. }
            | Input::Derived { .. }
            | Input::TimePassed
            | Input::Ruled { .. }
            | Input::CancelRequested { .. } => Err(Refusal::NotStarted),
        },
        State::Running(running) => decide_running(state, running, input, book, now),
        State::InReview(waiting) => decide_in_review(state, waiting, input, book, now),
        State::Ended(ended) => match input {
            Input::Requested { .. } => Err(Refusal::AlreadyStarted),
            Input::Replied { turn, .. } | Input::AttemptFailed { turn, .. } if turn.0 >= ended.turns => {
                Err(Refusal::UnknownTurn { turn, started: ended.turns })
            }
            Input::Derived { .. } => Err(Refusal::Over),
            // The end absorbs: whatever still comes in is late, and the shell counts it.
            Input::Reopened { .. }
            | Input::Advanced
            | Input::Replied { .. }
            | Input::AttemptFailed { .. }
            | Input::NeighboursFound { .. }
            | Input::AgreementFound { .. }
            | Input::CrossingFound { .. }
            | Input::FactFailed { .. }
            | Input::EffectBegun { .. }
            | Input::EffectEnded { .. }
            | Input::ReviewClaimed { .. }
            | Input::ReviewReassigned { .. }
            | Input::ReviewAnswered { .. }
            | Input::TimePassed
            | Input::Ruled { .. }
            | Input::CancelRequested { .. } => absorbed(),
        },
    }
}

fn decide_running<'a>(state: &State, running: &'a Running, input: Input, book: &'a Book<'a>, now: Micros) -> Decision {
    let here = |strand: &'a Strand| Here { run: running, strand, book, now };
    let at = |id: StrandId| running.strand(id).map(here);
    match input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::Reopened { deadline } => one(Event::RunResumed(RunResumed { at: now, deadline })),
        // The strand that was started first goes first.
        Input::Advanced => match running.strands.iter().find(|strand| outstanding::can_go_on(running, strand)) {
            Some(strand) => advance::next(here(strand)),
            None if outstanding::is_stuck(running) => one(Event::RunPaused(RunPaused { at: now })),
            None => absorbed(),
        },
        Input::Replied { turn, reply } => turn::on_reply(running, turn, reply, book, now),
        Input::AttemptFailed { turn, failure, label } => turn::on_failure(running, turn, failure, label),
        Input::NeighboursFound { ask, neighbours, index } => match asked_by_relay(running, ask).and_then(at) {
            Some(here) => relay::on_neighbours(here, &neighbours, index),
            None => absorbed(), // found twice: the first was taken
        },
        Input::AgreementFound { ask, pairs } => match join::asked(running, ask).and_then(at) {
            Some(here) => join::on_agreement(here, &pairs),
            None => absorbed(),
        },
        Input::CrossingFound { ask, crossing } => match wall::asked(running, ask).and_then(at) {
            Some(here) => wall::on_crossing(here, crossing),
            None => absorbed(),
        },
        Input::FactFailed { ask, why } => {
            let asked = asked_by_relay(running, ask).or_else(|| join::asked(running, ask)).or_else(|| wall::asked(running, ask));
            asked.map_or_else(absorbed, |strand| one(Event::FactFailed(FactFailed { strand, ask, why })))
        }
        Input::EffectBegun { turn, key, tool, class, arguments, approve, attached } => {
            effect::on_begun(running, turn, effect::Wanted { key, tool, class, arguments, approve, attached }, book, now)
        }
        Input::EffectEnded { turn, key, tool, class, arguments, outcome, label, assigned } => {
            effect::on_ended(running, turn, (key, tool, class, arguments), (outcome, label, assigned), book)
        }
        Input::ReviewAnswered { .. } | Input::ReviewClaimed { .. } | Input::ReviewReassigned { .. } => {
            review::on_input(running, None, input, book, now)
        }
        Input::Derived { from, seq, deadline, message } => derive(running, from, seq, deadline, message, now),
        Input::TimePassed if review::due(state).is_some_and(|due| now >= due) => review::on_time(state, now),
        Input::TimePassed if running.paused => absorbed(), // only reviews count time now
        Input::TimePassed => on_time(running, book, now),
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
        Input::Ruled { turn, ruling, key, follows } => ruled::on_ruled(running, turn, ruling, key, follows),
    }
}

/// The strand whose relay waits for the neighbours that this question asks for.
fn asked_by_relay(running: &Running, asked: u32) -> Option<StrandId> {
    let waits = |strand: &&Strand| matches!(strand.phase, crate::run::Phase::AwaitingFact { ask, .. } if ask == asked);
    running.strands.iter().find(waits).map(|strand| strand.id)
}

/// Limits in the order of their weight: the run's own end, then strand by strand a branch's, escalation, a domain's, the turn's, a hedge.
fn on_time(running: &Running, book: &Book<'_>, now: Micros) -> Decision {
    if now >= running.deadline {
        return one(Event::RunFailed(RunFailed { code: RunFailCode::DeadlinePassed }));
    }
    for strand in &running.strands {
        let here = Here { run: running, strand, book, now };
        if !strand.awaits_person() && strand.due.is_some_and(|due| now >= due) {
            return review::lost(running, strand.id, BranchEnd::Lost { why: ReviewWhy::BranchDeadline, failure: None });
        }
        if missed::escalates_at(strand).is_some_and(|at| now >= at) {
            return missed::escalate(here);
        }
        if let Some(turn) = strand.turns().find(|turn| wall::closes_at(running, turn.node).is_some_and(|at| now >= at)) {
            return here.ask(ReviewWhy::DomainLimit, turn.message);
        }
        if let Some(turn) = strand.turns().find(|turn| now >= turn.due) {
            return turn::on_timeout(running, turn);
        }
        let slow = strand.turns().find(|turn| turn::hedges_at(running, turn).is_some_and(|at| now >= at));
        if let Some((turn, stand_in)) = slow.and_then(|turn| Some((turn, running.plan.step(turn.node)?.fallback.as_ref()?))) {
            let (node, visit) = (turn.node, turn.visit);
            let beside = advance::Attempt { node, agent: stand_in, fallback: true, count: 1, visit, hedge: true };
            return advance::start(here, &beside, turn.message);
        }
    }
    absorbed() // woken early, or for a limit that no longer holds
}

fn decide_in_review(state: &State, waiting: &InReview, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    match input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::ReviewAnswered { .. } | Input::ReviewClaimed { .. } | Input::ReviewReassigned { .. } => {
            review::on_input(&waiting.running, Some(waiting), input, book, now)
        }
        Input::Advanced => advance::conclude_review(waiting, book),
        Input::Replied { turn, .. } | Input::AttemptFailed { turn, .. } if turn.0 >= waiting.running.turns => {
            Err(Refusal::UnknownTurn { turn, started: waiting.running.turns })
        }
        Input::Derived { message: Some(_), .. } => Err(Refusal::NoMessageThere),
        Input::Derived { from, seq, deadline, message: None } => derive(&waiting.running, from, seq, deadline, None, now),
        Input::TimePassed => review::on_time(state, now),
        // A review stops the run's clock, and what its last turns still say comes too late.
        Input::Reopened { .. }
        | Input::Replied { .. }
        | Input::AttemptFailed { .. }
        | Input::NeighboursFound { .. }
        | Input::AgreementFound { .. }
        | Input::CrossingFound { .. }
        | Input::FactFailed { .. }
        | Input::EffectBegun { .. } => absorbed(),
        // It was under way when the review was opened, and it happened.
        Input::EffectEnded { turn, key, tool, class, arguments, outcome, label, assigned } => {
            effect::on_ended(&waiting.running, turn, (key, tool, class, arguments), (outcome, label, assigned), book)
        }
        Input::Ruled { turn, ruling, key, follows } => ruled::on_ruled(&waiting.running, turn, ruling, key, follows),
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
    }
}

/// The frames so far belong to another run: say so, and go on under an own name.
fn derive(running: &Running, from: RunId, seq: u32, deadline: Micros, message: Option<Ref>, at: Micros) -> Decision {
    let takes = |strand: &Strand| match &strand.phase {
        Phase::Entering { .. } | Phase::InTurn(_) | Phase::Missed { .. } | Phase::Woken { .. } => true,
        Phase::AwaitingFact { .. }
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Paused { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Forked
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }
        | Phase::Left { .. } => false,
    };
    if message.is_some() && !running.strands.iter().any(takes) {
        return Err(Refusal::NoMessageThere);
    }
    one(Event::RunDerived(RunDerived { from, seq, at, deadline, message, origin: running.origin }))
}
