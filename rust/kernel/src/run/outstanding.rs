//! What the shell owes, derived from state alone. A live run always owes something.

use crate::run::{Phase, Running, State, Strand, Turn, effect, join, missed, turn, wall};
use crate::{CallAgent, Command, Fact, Micros, Priority};

/// The commands still owed, in a fixed order: what the run does by itself, then what each strand waits for, then when to wake it.
pub fn outstanding(state: &State) -> Vec<Command> {
    match state {
        State::Unstarted(_) | State::Ended(_) => Vec::new(),
        State::InReview(waiting) if waiting.decided.is_some() => vec![Command::Advance],
        State::InReview(waiting) => {
            let wake = waiting.open.terms.due.map(Command::WakeAt);
            std::iter::once(Command::AwaitReview { review: waiting.review }).chain(wake).collect()
        }
        State::Running(running) => {
            let mut owed = Vec::with_capacity(2);
            if may_advance(state) {
                owed.push(Command::Advance);
            }
            owed.extend(running.strands.iter().flat_map(|strand| waits_for(running, strand)));
            owed.extend(running.open.keys().map(|review| Command::AwaitReview { review: *review }));
            owed.extend(wakes_at(running).map(Command::WakeAt));
            owed
        }
    }
}

/// The questions that strands wait with, as commands. Usually there is none.
pub fn facts(state: &State) -> Vec<Command> {
    match state {
        State::Unstarted(_) | State::Ended(_) | State::InReview(_) => Vec::new(),
        State::Running(running) => {
            running.strands.iter().filter(|strand| strand.asks()).flat_map(|strand| waits_for(running, strand)).collect()
        }
    }
}

/// Whether a run can take a step that needs nothing from outside.
pub fn may_advance(state: &State) -> bool {
    match state {
        State::Unstarted(_) | State::Ended(_) => false,
        State::InReview(waiting) => waiting.decided.is_some(),
        State::Running(running) => running.strands.iter().any(|strand| can_go_on(running, strand)) || is_stuck(running),
    }
}

/// Whether nothing goes on any more until a person decides, and the run has not said so yet. Asked where no strand can go on by itself.
pub(super) fn is_stuck(running: &Running) -> bool {
    !running.paused
        && !running.open.is_empty()
        && running.intents.values().all(|intent| intent.orphaned)
        && running.strands.iter().all(|strand| match &strand.phase {
            Phase::Paused { .. } | Phase::Held { .. } => true,
            Phase::Forked => !strand.asks(),
            Phase::Entering { .. }
            | Phase::AwaitingFact { .. }
            | Phase::InTurn(_)
            | Phase::Answered { .. }
            | Phase::Routed { .. }
            | Phase::Missed { .. }
            | Phase::Woken { .. }
            | Phase::Stuck { .. }
            | Phase::Delegating { .. }
            | Phase::AtWall { .. }
            | Phase::Left { .. } => false,
        })
}

pub(super) fn can_go_on(running: &Running, strand: &Strand) -> bool {
    match &strand.phase {
        Phase::Answered { checked: true, .. } => strand.rival.is_some() || !effect::is_awaited(running, strand),
        Phase::Entering { .. }
        | Phase::Answered { .. }
        | Phase::Woken { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Stuck { .. }
        | Phase::Delegating { .. }
        | Phase::Left { .. } => true,
        Phase::Forked => strand.forks.last().is_some_and(|fork| join::is_ripe(running, fork)),
        Phase::AwaitingFact { .. } | Phase::InTurn(_) | Phase::AtWall { .. } | Phase::Paused { .. } | Phase::Held { .. } => false,
    }
}

fn waits_for(running: &Running, strand: &Strand) -> Vec<Command> {
    match &strand.phase {
        Phase::AwaitingFact { relay, message, ask } => {
            vec![Command::FindFact { ask: *ask, fact: Fact::Neighbours, node: *relay, message: *message, about: Vec::new() }]
        }
        Phase::AtWall { walls, way, message, ask, .. } => {
            let node = walls.first().copied();
            node.map(|node| Command::FindFact { ask: *ask, fact: *way, node, message: *message, about: Vec::new() }).into_iter().collect()
        }
        Phase::Forked => {
            let asked = strand.forks.last().and_then(|fork| fork.ask.map(|ask| (ask, fork)));
            let asked = asked.map(|(ask, fork)| Command::FindFact {
                ask,
                fact: Fact::Agreement,
                node: fork.node,
                message: fork.message,
                about: fork
                    .branches
                    .iter()
                    .filter_map(|branch| super::evolve_fork::said(branch.end.as_ref()))
                    .map(|said| said.message)
                    .collect(),
            });
            asked.into_iter().collect()
        }
        Phase::InTurn(_)
        | Phase::Entering { .. }
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Delegating { .. }
        | Phase::Left { .. } => strand.turns().map(|turn| Command::CallAgent(call(running, strand, turn))).collect(),
    }
}

/// The turns that agents work on now, as calls. `wanted` says for which of them the call is made.
pub fn calls(state: &State, mut wanted: impl FnMut(&Turn) -> bool) -> Vec<CallAgent> {
    match state {
        State::Unstarted(_) | State::Ended(_) | State::InReview(_) => Vec::new(),
        State::Running(running) => {
            running.turns_at_work().filter(|(_, turn)| wanted(turn)).map(|(strand, turn)| call(running, strand, turn)).collect()
        }
    }
}

fn call(running: &Running, strand: &Strand, turn: &Turn) -> CallAgent {
    let route = running.route(strand.id);
    CallAgent {
        turn: turn.id,
        strand: strand.id,
        node: turn.node,
        agent: turn.agent.clone(),
        attempt: turn.attempt,
        visit: turn.visit,
        message: turn.message,
        due: turn.due,
        priority: route.map_or_else(Priority::default, |route| route.decision.priority),
        intent: route.map(|route| route.decision.intent.clone()),
        feedback: turn.feedback.clone(),
    }
}

/// The next moment at which a limit of the run may have passed. A run that is paused has only those of its reviews.
pub fn wakes_at(running: &Running) -> Option<Micros> {
    let reviews = running.open.values().filter_map(|open| open.terms.due).min();
    if running.paused {
        return reviews;
    }
    let limits = running.strands.iter().fold(running.deadline, |earliest, strand| {
        let alarms =
            |turn: &Turn| [turn::hedges_at(running, turn), wall::closes_at(running, turn.node)].into_iter().flatten().chain([turn.due]);
        let turns = strand.turns().flat_map(alarms);
        let due = strand.due.filter(|_| !strand.awaits_person());
        turns.chain(due).chain(missed::escalates_at(strand)).fold(earliest, Micros::min)
    });
    Some(reviews.map_or(limits, |due| due.min(limits)))
}
