//! Why an input was not taken, and why a journal can't be folded.

use crate::{Fact, Gate, Name, ReviewId, ReviewVerdict, TurnId};

/// The input does not fit the run. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("the run has no turn {turn:?} ({started} were started)")]
    UnknownTurn { turn: TurnId, started: u32 },
    #[error("the run has no review {review:?} that is open")]
    UnknownReview { review: ReviewId },
    #[error("review {} was decided already, by {}", review.0, by.as_deref().unwrap_or("nobody: its time ran out, or nothing hung on it any more"))]
    ReviewClosed { review: ReviewId, by: Option<Name> },
    #[error("review {} is for {who}, and {by:?} is not among them", review.0)]
    NotYours { review: ReviewId, by: Name, who: String },
    #[error("review {} is claimed by {holder:?}", review.0)]
    Claimed { review: ReviewId, holder: Name },
    #[error("review {} needs different people, and {by:?} has signed already", review.0)]
    SignedAlready { review: ReviewId, by: Name },
    #[error("review {} needs {approvals} different people, so it can't be given to one", review.0)]
    OneForSeveral { review: ReviewId, approvals: u8 },
    #[error("turn {turn:?} works beside another on the same step, and neither may change anything")]
    TwoAtWork { turn: TurnId },
    #[error("review {} can't be {}", review.0, in_words(*verdict))]
    NotPossible { review: ReviewId, verdict: ReviewVerdict },
    #[error("review {} needs a content to be {}", review.0, in_words(*verdict))]
    NoContent { review: ReviewId, verdict: ReviewVerdict },
    #[error("the run is over, and nothing can be derived from its end")]
    Over,
    #[error("no message was being given at that frame, so none can be put in its place")]
    NoMessageThere,
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

fn in_words(verdict: ReviewVerdict) -> &'static str {
    match verdict {
        ReviewVerdict::Answered => "answered",
        ReviewVerdict::Rejected => "rejected",
        ReviewVerdict::Approved => "approved as it is",
        ReviewVerdict::Edited => "approved with a change",
    }
}

/// The events do not follow from each other: this is not a journal that the kernel wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} can't follow in a run that is {state}")]
pub struct Corrupt {
    pub event: &'static str,
    pub state: &'static str,
}
