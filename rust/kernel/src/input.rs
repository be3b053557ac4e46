//! What the world says to a run, in the past tense.

use crate::{
    Confidence, Digest, EffectClass, EffectKey, EffectOutcome, Failure, Micros, Name, Neighbour, Ref, ReviewId, ReviewVerdict, RunId,
    Spent, TurnId,
};

/// One fact, offered to `decide`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Requested {
        run: RunId,
        rules: Option<Digest>,
        message: Ref,
        request: Option<Ref>,
        deadline: Micros,
    },
    /// The process came back after a crash.
    Reopened {
        deadline: Micros,
    },
    /// Nothing new from outside: take the next step that needs nothing.
    Advanced,
    Replied {
        turn: TurnId,
        reply: Reply,
    },
    AttemptFailed {
        turn: TurnId,
        failure: Failure,
    },
    /// The nearest examples, and the revision of the index that gave them.
    NeighboursFound {
        ask: u32,
        neighbours: Vec<Neighbour>,
        index: u64,
    },
    /// How far each pair of answers agrees, in parts per million: the first with all after it, then the second, and so on.
    AgreementFound {
        ask: u32,
        pairs: Vec<u32>,
    },
    /// What a contract leaves of a message, or the label for which nothing crosses.
    CrossingFound {
        ask: u32,
        crossing: Crossing,
    },
    /// A fact can't be had.
    FactFailed {
        ask: u32,
        why: Ref,
    },
    EffectBegun {
        turn: TurnId,
        key: EffectKey,
        tool: Name,
        arguments: Ref,
    },
    EffectEnded {
        turn: TurnId,
        key: EffectKey,
        tool: Name,
        class: EffectClass,
        arguments: Ref,
        outcome: EffectOutcome,
    },
    ReviewAnswered {
        review: ReviewId,
        decision: Ref,
        verdict: ReviewVerdict,
    },
    /// The clock moved; limits may have passed.
    TimePassed,
    CancelRequested {
        reason: Option<Ref>,
    },
}

/// What an agent answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub content: Ref,
    pub empty: bool,
    pub confidence: Option<Confidence>,
    pub intent: Option<Name>,
    pub hand_off: Option<HandOff>,
    /// To whom a supervisor delegates, and what it writes to each. As exclusive as a handoff.
    pub delegated: Vec<(Name, Option<Ref>)>,
    /// What the agent says that it took.
    pub spent: Option<Spent>,
}

/// What became of a message at a wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Crossing {
    /// This much of it crosses; so many of its fields do not.
    Passes { message: Ref, dropped: u16 },
    /// It carries a label that the contract does not name.
    Refused { label: Name },
}

/// An agent's wish to pass the turn on. Exclusive: a reply that holds one is not an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOff {
    pub target: Name,
}
