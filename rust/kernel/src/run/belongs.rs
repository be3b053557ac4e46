//! Whether an event can be one of this run: numbers follow each other, and nodes are the plan's.

use crate::run::Running;
use crate::{Event, FactFailed, FactNeeded, RouteChosen, StrandId, TurnId};

/// What is not so would be a journal of another run.
pub(super) fn belongs(running: &Running, event: &Event) -> bool {
    let plan = &running.plan;
    let strand = |id| running.strand(id).is_some();
    let started = |turn: &TurnId| turn.0 < running.turns;
    match event {
        Event::TurnStarted(turn) => turn.turn.0 == running.turns && plan.step(turn.node).is_some() && strand(turn.strand),
        Event::EffectIntended(intended) => started(&intended.turn),
        Event::EffectCompleted(completed) => started(&completed.turn),
        Event::HandedOff(passed) => plan.relay(passed.relay).is_some_and(|relay| relay.members.contains(&passed.to)),
        Event::RouteChosen(chosen) => {
            strand(chosen.strand)
                && plan.relay(chosen.relay).is_some()
                && chosen.turn.is_none_or(|turn| running.strand_of(turn).is_some_and(|found| found.id == chosen.strand))
        }
        Event::FactNeeded(needed) => strand(needed.strand) && plan.node(needed.node).is_some(),
        Event::ReviewOpened(opened) => opened.review.0 == running.reviews && strand(opened.strand),
        Event::Forked(forked) => {
            let first = running.spawned;
            let numbered = (first..).zip(&forked.branches).all(|(number, branch)| branch.strand.0 == number);
            numbered && !forked.branches.is_empty() && forked.branches.iter().all(|branch| plan.members(forked.node).contains(&branch.node))
        }
        Event::BranchEnded(ended) => running.strand(ended.strand).is_some_and(|strand| strand.parent.is_some()),
        Event::CalledOff(called_off) => strand(called_off.strand),
        Event::Reconciled(reconciled) => strand(reconciled.strand) && plan.parallel(reconciled.node).is_some(),
        Event::FloorPassed(passed) => strand(passed.strand) && plan.forum(passed.forum).is_some(),
        Event::Crossed(crossed) => strand(crossed.strand) && plan.domain(crossed.domain).is_some(),
        Event::FactFailed(failed) => strand(failed.strand),
        Event::TurnReplied(_) | Event::TurnFailed(_) | Event::ReplyChecked(_) | Event::HandOffRefused(_) | Event::TurnDropped(_) => {
            turn_of(event).is_some_and(|turn| running.turn(turn).is_some())
        }
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::ReviewDecided(_)
        | Event::RunDelivered(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewSigned(_)
        | Event::ReviewWithdrawn(_)
        // A ruling may be about a turn that was not given to anybody.
        | Event::GateRuled(_)
        | Event::RunDerived(_) => true,
    }
}

/// The strand that an event of one strand names, where no turn tells it.
pub(super) fn strand_named(event: &Event) -> Option<StrandId> {
    if let Event::FactNeeded(FactNeeded { strand, .. })
    | Event::FactFailed(FactFailed { strand, .. })
    | Event::RouteChosen(RouteChosen { strand, .. }) = event
    {
        return Some(*strand);
    }
    None
}

/// The turn that an event is about.
pub(super) fn turn_of(event: &Event) -> Option<TurnId> {
    match event {
        Event::TurnStarted(event) => Some(event.turn),
        Event::TurnReplied(event) => Some(event.turn),
        Event::TurnFailed(event) => Some(event.turn),
        Event::ReplyChecked(event) => Some(event.turn),
        Event::HandedOff(event) => Some(event.turn),
        Event::HandOffRefused(event) => Some(event.turn),
        Event::EffectIntended(event) => Some(event.turn),
        Event::EffectCompleted(event) => Some(event.turn),
        Event::TurnDropped(event) => Some(event.turn),
        Event::RouteChosen(event) => event.turn,
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::FactNeeded(_)
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
        | Event::Crossed(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewSigned(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_)
        | Event::RunDerived(_) => None,
    }
}
