//! What the shell owes, derived from state alone. A live run always owes something.

use crate::run::{Phase, Running, State, missed};
use crate::{CallAgent, Command, Fact, Micros, Priority};

/// The commands still owed, in a fixed order: what moves the run first, then when to wake it.
pub fn outstanding(state: &State) -> Vec<Command> {
    match state {
        State::Unstarted(_) | State::Ended(_) => Vec::new(),
        State::InReview(waiting) if waiting.decided.is_some() => vec![Command::Advance],
        State::InReview(waiting) => vec![Command::AwaitReview { review: waiting.review }],
        State::Running(running) => vec![owed(running), Command::WakeAt(wakes_at(running))],
    }
}

fn owed(running: &Running) -> Command {
    match &running.phase {
        Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Missed { .. } | Phase::Unroutable { .. } => {
            Command::Advance
        }
        Phase::AwaitingFact { message, ask, .. } => Command::FindFact { ask: *ask, fact: Fact::Neighbours, message: *message },
        Phase::InTurn(turn) => Command::CallAgent(CallAgent {
            turn: turn.id,
            node: turn.node,
            agent: turn.agent.clone(),
            attempt: turn.attempt,
            visit: turn.visit,
            message: turn.message,
            due: turn.due,
            priority: running.route().map_or_else(Priority::default, |route| route.decision.priority),
            intent: running.route().map(|route| route.decision.intent.clone()),
            feedback: turn.feedback.clone(),
        }),
    }
}

fn wakes_at(running: &Running) -> Micros {
    let due = match &running.phase {
        Phase::InTurn(turn) => turn.due,
        Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Unroutable { .. } => running.deadline,
    };
    let limit = running.deadline.min(due);
    missed::escalates_at(running).map_or(limit, |at| limit.min(at))
}
