//! Which payloads an event refers to. Every field that holds a `Ref` is read here, so that verification misses none.

use interlock_kernel::{
    BranchEnd, BranchEnded, Contributed, Crossed, CrossingOutcome, EffectCompleted, EffectIntended, EffectOutcome, Event, FactFailed,
    FactNeeded, Failure, Floor, FloorPassed, Forked, HandedOff, Ref, ReplyChecked, ReviewDecided, ReviewOpened, ReviewReassigned,
    ReviewSigned, RouteChosen, RunCancelled, RunDelivered, RunDerived, RunStarted, TurnFailed, TurnReplied, TurnStarted,
};

/// The event's references, in the order of its fields.
pub fn refs(event: &Event) -> Vec<Ref> {
    match event {
        Event::RunStarted(RunStarted { message, request, .. }) => std::iter::once(*message).chain(*request).collect(),
        Event::TurnStarted(TurnStarted { message, .. })
        | Event::FactNeeded(FactNeeded { message, .. })
        | Event::RouteChosen(RouteChosen { message, .. })
        | Event::HandedOff(HandedOff { message, .. })
        | Event::RunDelivered(RunDelivered { message, .. }) => vec![*message],
        Event::TurnReplied(TurnReplied { reply, delegated, .. }) => {
            std::iter::once(*reply).chain(delegated.iter().filter_map(|(_, message)| *message)).collect()
        }
        Event::TurnFailed(TurnFailed { failure, .. }) => failure_ref(failure).into_iter().collect(),
        Event::EffectIntended(EffectIntended { arguments, .. }) => vec![*arguments],
        Event::EffectCompleted(EffectCompleted { arguments, outcome, assigned, .. }) => {
            [*arguments, outcome_ref(*outcome)].into_iter().chain(*assigned).collect()
        }
        Event::ReviewOpened(ReviewOpened { about, attached, .. }) => std::iter::once(*about).chain(attached.iter().copied()).collect(),
        Event::ReviewDecided(ReviewDecided { decision, content, .. }) | Event::ReviewSigned(ReviewSigned { decision, content, .. }) => {
            decision.iter().chain(content).copied().collect()
        }
        Event::ReviewReassigned(ReviewReassigned { decision, .. }) => decision.iter().copied().collect(),
        Event::RunDerived(RunDerived { message, .. }) => message.iter().copied().collect(),
        Event::RunCancelled(RunCancelled { reason }) => reason.iter().copied().collect(),
        Event::Forked(Forked { message, branches, .. }) => {
            std::iter::once(*message).chain(branches.iter().map(|branch| branch.message)).collect()
        }
        Event::BranchEnded(BranchEnded { end, .. }) => end_ref(end).into_iter().collect(),
        Event::FloorPassed(passed) => floor_refs(passed),
        Event::Crossed(Crossed { from, outcome, .. }) => std::iter::once(*from).chain(crossing_ref(outcome)).collect(),
        Event::FactFailed(FactFailed { why, .. }) => vec![*why],
        Event::GateRuled(ruled) => ruled.ruling.about.into_iter().collect(),
        // Verdicts, names and numbers only.
        Event::ReplyChecked(ReplyChecked { .. })
        | Event::RunResumed(_)
        | Event::HandOffRefused(_)
        | Event::RunFailed(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewWithdrawn(_)
        | Event::TurnDropped(_) => vec![],
    }
}

fn failure_ref(failure: &Failure) -> Option<Ref> {
    match failure {
        Failure::Raised(text) | Failure::WrongType(text) => Some(*text),
        Failure::TimedOut { .. } | Failure::Unchecked(_) | Failure::HandOff(_) | Failure::Unavailable(_) => None,
    }
}

fn outcome_ref(outcome: EffectOutcome) -> Ref {
    match outcome {
        EffectOutcome::Returned(value) | EffectOutcome::Raised(value) => value,
    }
}

fn end_ref(end: &BranchEnd) -> Option<Ref> {
    match end {
        BranchEnd::Answered(said) => Some(said.message),
        BranchEnd::Lost { failure, .. } => failure.as_ref().and_then(failure_ref),
        BranchEnd::CalledOff => None,
    }
}

fn floor_refs(passed: &FloorPassed) -> Vec<Ref> {
    let said = passed.said.iter().filter_map(|one| match &one.what {
        Contributed::Said(said) => Some(said.message),
        Contributed::Lost { failure, .. } => failure.as_ref().and_then(failure_ref),
    });
    let next: Vec<Ref> = match &passed.next {
        Floor::Member { message, .. } | Floor::Summary { message, .. } => vec![*message],
        Floor::Delegates(to) => to.iter().map(|(_, message)| *message).collect(),
        Floor::Answer { .. } | Floor::Open(_) => vec![],
    };
    said.chain(passed.summary).chain(next).collect()
}

fn crossing_ref(outcome: &CrossingOutcome) -> Option<Ref> {
    match outcome {
        CrossingOutcome::Passed { message, .. } => Some(*message),
        CrossingOutcome::Refused { .. } => None,
    }
}
