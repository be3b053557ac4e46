//! Why an input was not taken, and why a journal can't be folded.

use crate::{Fact, Gate, ReviewId, TurnId};

/// The input does not fit the run. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("the run has no turn {turn:?} ({started} were started)")]
    UnknownTurn { turn: TurnId, started: u32 },
    #[error("the run has no review {review:?} that is open")]
    UnknownReview { review: ReviewId },
    #[error("the run was already started")]
    AlreadyStarted,
    #[error("the run was not started")]
    NotStarted,
    #[error("the run waits for no such fact")]
    NotAwaited,
    #[error("{given} pairs were compared, and {expected} were asked for")]
    WrongPairs { expected: usize, given: usize },
    #[error("gate {} needs a fact ({fact:?}) that no shell can give it yet", gate.code())]
    GateNeeds { gate: Gate, fact: Fact },
    #[error("payload {number} of the run is not at hand")]
    PayloadMissing { number: u32 },
}

/// The events do not follow from each other: this is not a journal that the kernel wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} can't follow in a run that is {state}")]
pub struct Corrupt {
    pub event: &'static str,
    pub state: &'static str,
}
