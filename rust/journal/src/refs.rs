//! Which payloads an event refers to. Every field that holds a `Ref` is read here, so that verification misses none.

use interlock_kernel::{
    EffectCompleted, EffectIntended, EffectOutcome, Event, FactNeeded, Failure, HandedOff, Ref, ReplyChecked, ReviewDecided, ReviewOpened,
    RouteChosen, RunCancelled, RunDelivered, RunStarted, TurnFailed, TurnReplied, TurnStarted,
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
        Event::TurnReplied(TurnReplied { reply, .. }) => vec![*reply],
        Event::TurnFailed(TurnFailed { failure, .. }) => failure_ref(failure).into_iter().collect(),
        Event::EffectIntended(EffectIntended { arguments, .. }) => vec![*arguments],
        Event::EffectCompleted(EffectCompleted { arguments, outcome, .. }) => vec![*arguments, outcome_ref(*outcome)],
        Event::ReviewOpened(ReviewOpened { about, .. }) => vec![*about],
        Event::ReviewDecided(ReviewDecided { decision, .. }) => vec![*decision],
        Event::RunCancelled(RunCancelled { reason }) => reason.iter().copied().collect(),
        // Verdicts, names and numbers only.
        Event::ReplyChecked(ReplyChecked { .. }) | Event::RunResumed(_) | Event::HandOffRefused(_) | Event::RunFailed(_) => vec![],
    }
}

fn failure_ref(failure: &Failure) -> Option<Ref> {
    match failure {
        Failure::Raised(text) | Failure::WrongType(text) => Some(*text),
        Failure::TimedOut { .. } | Failure::Unchecked(_) | Failure::HandOff(_) => None,
    }
}

fn outcome_ref(outcome: EffectOutcome) -> Ref {
    match outcome {
        EffectOutcome::Returned(value) | EffectOutcome::Raised(value) => value,
    }
}
