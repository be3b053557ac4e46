//! Chooses what happens. May refuse; never mutates. One arm for each pair of input and state.

use crate::run::{Decision, InReview, Phase, Running, State, absorbed, advance, missed, one, relay, turn};
use crate::{
    Book, Event, Gate, Input, Micros, Refusal, ReviewDecided, RunCancelled, RunFailCode, RunFailed, RunResumed, RunStarted, Subject,
};

/// What follows from an input, as events. `now` is when the shell received it.
///
/// # Errors
/// A `Refusal` names an input that does not fit; the state is unchanged and the run goes on.
pub fn decide(state: &State, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    match state {
        State::Unstarted(plan) => match input {
            Input::Requested { run, rules, message, request, deadline } => {
                let passages = vec![book.pass(Gate::Ingress, Subject { agent: None, tool: None, content: Some(&message.commitment) })?];
                one(Event::RunStarted(RunStarted { run, plan: plan.digest, rules, message, request, deadline, passages }))
            }
            Input::Reopened { .. }
            | Input::Advanced
            | Input::Replied { .. }
            | Input::AttemptFailed { .. }
            | Input::NeighboursFound { .. }
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
            | Input::EffectBegun { .. }
            | Input::EffectEnded { .. }
            | Input::ReviewAnswered { .. }
            | Input::TimePassed
            | Input::CancelRequested { .. } => absorbed(),
        },
    }
}

fn decide_running(running: &Running, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    match input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::Reopened { deadline } => one(Event::RunResumed(RunResumed { at: now, deadline })),
        Input::Advanced => advance::next(running, book, now),
        Input::Replied { turn, reply } => turn::on_reply(running, turn, reply),
        Input::AttemptFailed { turn, failure } => turn::on_failure(running, turn, failure),
        Input::NeighboursFound { ask, neighbours, index } => relay::on_neighbours(running, ask, &neighbours, index, book, now),
        Input::EffectBegun { turn, key, tool, arguments } => turn::on_effect_begun(running, turn, key, tool, arguments, book),
        Input::EffectEnded { turn, key, tool, class, arguments, outcome } => {
            turn::on_effect_ended(running, turn, (key, tool, class, arguments), outcome, book)
        }
        Input::ReviewAnswered { review, .. } if review.0 < running.reviews => absorbed(),
        Input::ReviewAnswered { review, .. } => Err(Refusal::UnknownReview { review }),
        Input::TimePassed => on_time(running, now),
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
    }
}

/// Limits in the order of their weight: the run's own end, then escalation, then the turn's.
fn on_time(running: &Running, now: Micros) -> Decision {
    if now >= running.deadline {
        return one(Event::RunFailed(RunFailed { code: RunFailCode::DeadlinePassed }));
    }
    if missed::escalates_at(running).is_some_and(|at| now >= at) {
        return missed::escalate(running);
    }
    match &running.phase {
        Phase::InTurn(turn) if now >= turn.due => turn::on_timeout(running, turn),
        Phase::InTurn(_)
        | Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Unroutable { .. } => absorbed(), // woken early, or for a limit that no longer holds
    }
}

fn decide_in_review(waiting: &InReview, input: &Input, book: &Book<'_>) -> Decision {
    match *input {
        Input::Requested { .. } => Err(Refusal::AlreadyStarted),
        Input::ReviewAnswered { review, decision, verdict } if review == waiting.review => {
            if waiting.decided.is_some() {
                return absorbed();
            }
            let passages = vec![book.pass(Gate::ReviewDecision, Subject { agent: None, tool: None, content: Some(&decision.commitment) })?];
            one(Event::ReviewDecided(ReviewDecided { review, decision, verdict, passages }))
        }
        Input::ReviewAnswered { review, .. } if review < waiting.review => absorbed(),
        Input::ReviewAnswered { review, .. } => Err(Refusal::UnknownReview { review }),
        Input::Advanced => advance::conclude_review(waiting, book),
        Input::Replied { turn, .. } | Input::AttemptFailed { turn, .. } if turn.0 >= waiting.running.turns => {
            Err(Refusal::UnknownTurn { turn, started: waiting.running.turns })
        }
        // A review stops the run's clock, and what its last turn still says comes too late.
        Input::Reopened { .. }
        | Input::Replied { .. }
        | Input::AttemptFailed { .. }
        | Input::NeighboursFound { .. }
        | Input::EffectBegun { .. }
        | Input::TimePassed => absorbed(),
        // It was under way when the review was opened, and it happened.
        Input::EffectEnded { turn, key, ref tool, class, arguments, outcome } => {
            turn::on_effect_ended(&waiting.running, turn, (key, tool.clone(), class, arguments), outcome, book)
        }
        Input::CancelRequested { reason } => one(Event::RunCancelled(RunCancelled { reason })),
    }
}
