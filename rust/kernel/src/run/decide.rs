//! Chooses what happens. May refuse; never mutates. One arm for each pair of input and state.

use crate::run::here::Here;
use crate::run::{Decision, InReview, Running, State, Strand, absorbed, advance, join, missed, one, outstanding, relay, turn, wall};
use crate::{
    Book, BranchEnd, BranchEnded, Event, FactFailed, Gate, Input, Micros, Refusal, ReviewDecided, ReviewWhy, RunCancelled, RunFailCode,
    RunFailed, RunResumed, RunStarted, StrandId, Subject,
};

/// What follows from an input, as events. `now` is when the shell received it.
///
/// # Errors
/// A `Refusal` names an input that does not fit; the state is unchanged and the run goes on.
pub fn decide(state: &State, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    match state {
        State::Unstarted(plan) => match input {
            Input::Requested { run, rules, message, request, deadline } => {
                let subject = Subject { agent: None, tool: None, content: Some(&message.commitment), domain: None };
                let passages = vec![book.pass(Gate::Ingress, subject)?];
                one(Event::RunStarted(RunStarted { run, plan: plan.digest, rules, message, request, deadline, passages }))
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
            | Input::TimePassed
            | Input::CancelRequested { .. } => Err(Refusal::NotStarted),
        },
        State::Running(running) => decide_running(running, input, book, now),
        State::InReview(waiting) => decide_in_review(waiting, &input, book),
        State::Ended(ended) => match input {
            Input::Requested { .. } => Err(Refusal::AlreadyStarted),
            Input::Replied { turn, .. } | Input::AttemptFailed { turn, .. } if turn.0 >= ended.turns => {
                Err(Refusal::UnknownTurn { turn, started: ended.turns })
            }
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
            | Input::ReviewAnswered { .. }
            | Input::TimePassed
            | Input::CancelRequested { .. } => absorbed(),
        },
    }
}

fn decide_running<'a>(running: &'a Running, input: Input, book: &'a Book<'a>, now: Micros) -> Decision {
    let here = |strand: &'a Strand| Here { run: running, strand, book, now };
    let at = |id: StrandId| running.strand(id).map(here);
    match input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::Reopened { deadline } => one(Event::RunResumed(RunResumed { at: now, deadline })),
        // The strand that was started first goes first.
        Input::Advanced => match running.strands.iter().find(|strand| outstanding::can_go_on(running, strand)) {
            Some(strand) => advance::next(here(strand)),
            None => absorbed(),
        },
        Input::Replied { turn, reply } => turn::on_reply(running, turn, reply, book, now),
        Input::AttemptFailed { turn, failure } => turn::on_failure(running, turn, failure),
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
        Input::EffectBegun { turn, key, tool, arguments } => turn::on_effect_begun(running, turn, key, tool, arguments, book),
        Input::EffectEnded { turn, key, tool, class, arguments, outcome } => {
            turn::on_effect_ended(running, turn, (key, tool, class, arguments), outcome, book)
        }
        Input::ReviewAnswered { review, .. } if review.0 < running.reviews => absorbed(),
        Input::ReviewAnswered { review, .. } => Err(Refusal::UnknownReview { review }),
        Input::TimePassed => on_time(running, book, now),
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
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
        if strand.due.is_some_and(|due| now >= due) {
            let end = BranchEnd::Lost { why: ReviewWhy::BranchDeadline, failure: None };
            return one(Event::BranchEnded(BranchEnded { strand: strand.id, end }));
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

fn decide_in_review(waiting: &InReview, input: &Input, book: &Book<'_>) -> Decision {
    match *input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::ReviewAnswered { review, decision, verdict } if review == waiting.review => {
            if waiting.decided.is_some() {
                return absorbed();
            }
            let subject = Subject { agent: None, tool: None, content: Some(&decision.commitment), domain: None };
            let passages = vec![book.pass(Gate::ReviewDecision, subject)?];
            one(Event::ReviewDecided(ReviewDecided { review, decision, verdict, passages }))
        }
        Input::ReviewAnswered { review, .. } if review < waiting.review => absorbed(),
        Input::ReviewAnswered { review, .. } => Err(Refusal::UnknownReview { review }),
        Input::Advanced => advance::conclude_review(waiting, book),
        Input::Replied { turn, .. } | Input::AttemptFailed { turn, .. } if turn.0 >= waiting.running.turns => {
            Err(Refusal::UnknownTurn { turn, started: waiting.running.turns })
        }
        // A review stops the run's clock, and what its last turns still say comes too late.
        Input::Reopened { .. }
        | Input::Replied { .. }
        | Input::AttemptFailed { .. }
        | Input::NeighboursFound { .. }
        | Input::AgreementFound { .. }
        | Input::CrossingFound { .. }
        | Input::FactFailed { .. }
        | Input::EffectBegun { .. }
        | Input::TimePassed => absorbed(),
        // It was under way when the review was opened, and it happened.
        Input::EffectEnded { turn, key, ref tool, class, arguments, outcome } => {
            turn::on_effect_ended(&waiting.running, turn, (key, tool.clone(), class, arguments), outcome, book)
        }
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
    }
}
