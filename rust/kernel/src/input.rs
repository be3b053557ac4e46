//! What the world says to a run, in the past tense.

use crate::{
    Confidence, Digest, EffectClass, EffectKey, EffectOutcome, Failure, Follows, Label, Micros, Name, Neighbour, Ref, ReviewId,
    ReviewVerdict, Ruling, RunId, Spent, TermsSpec, TurnId,
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
        /// Of the text that says why.
        label: Option<Label>,
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
        class: EffectClass,
        arguments: Ref,
        /// The tool asks for a person's yes first, on these terms.
        approve: Option<TermsSpec>,
        /// What a gate has to show to whoever is asked.
        attached: Vec<Ref>,
    },
    EffectEnded {
        turn: TurnId,
        key: EffectKey,
        tool: Name,
        class: EffectClass,
        arguments: Ref,
        outcome: EffectOutcome,
        label: Option<Label>,
        assigned: Option<Ref>,
    },
    ReviewAnswered {
        review: ReviewId,
        by: Reviewer,
        /// Why, in the reviewer's words.
        decision: Ref,
        verdict: ReviewVerdict,
        /// The answer, the changed arguments, or the effect's result.
        content: Option<Ref>,
        /// Until when the run may go on.
        deadline: Micros,
    },
    ReviewClaimed {
        review: ReviewId,
        by: Reviewer,
        until: Micros,
    },
    ReviewReassigned {
        review: ReviewId,
        by: Reviewer,
        role: Option<Name>,
        person: Option<Name>,
        decision: Ref,
    },
    /// The frames so far were copied from another run.
    Derived {
        from: RunId,
        seq: u32,
        deadline: Micros,
        message: Option<Ref>,
    },
    /// The clock moved; limits may have passed.
    TimePassed,
    CancelRequested {
        reason: Option<Ref>,
    },
    /// A gate of the shell has ruled: what it kept back is recorded with the reason.
    Ruled {
        turn: Option<TurnId>,
        ruling: Ruling,
        key: Option<EffectKey>,
        follows: Follows,
    },
}

/// Who wants to decide, as the caller has authenticated them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    pub name: Name,
    pub roles: Vec<Name>,
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
    pub label: Option<Label>,
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
