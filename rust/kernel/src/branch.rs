//! What became true where several work at once, speak in turn, or stand behind a wall.

use serde::{Deserialize, Serialize};

use crate::{Confidence, Considered, Fact, Failure, Micros, Name, NodeId, Ref, ReviewWhy, Spent, StrandId, TurnId};

/// One line of execution became several: a parallel's branches, or the members to whom a supervisor delegates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forked {
    pub strand: StrandId,
    /// The parallel or the forum.
    pub node: NodeId,
    /// What the node was given.
    pub message: Ref,
    pub branches: Vec<BranchStarted>,
    /// When each branch must have ended.
    pub due: Option<Micros>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchStarted {
    pub strand: StrandId,
    pub node: NodeId,
    pub message: Ref,
}

/// A branch's line of execution is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchEnded {
    pub strand: StrandId,
    pub end: BranchEnd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchEnd {
    Answered(Said),
    /// It came to nothing, for what alone would have called a person.
    Lost {
        why: ReviewWhy,
        failure: Option<Failure>,
    },
    /// Enough had been heard.
    CalledOff,
}

/// An answer with the turn that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub message: Ref,
    pub turn: TurnId,
    pub agent: Name,
    pub confidence: Option<Confidence>,
}

/// The branches that still worked were stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledOff {
    /// The line of execution that waits for them.
    pub strand: StrandId,
    pub node: NodeId,
}

/// What the answers of a parallel came to, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    pub strand: StrandId,
    pub node: NodeId,
    /// Every method that was tried, in order.
    pub tried: Vec<Tried>,
    /// How far the answers agree by pairs, if a comparator was asked.
    pub agreement: Option<Vec<u32>>,
    pub verdict: JoinVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinVerdict {
    /// The answer of the branch at this place stands.
    Chosen(u16),
    /// The synthesis agent says what comes of them.
    Synthesis,
    /// Nothing decides; the reason is one that a review may have.
    Open(ReviewWhy),
}

/// One method's attempt, with all that it looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The method's place in the policy.
    pub method: u16,
    /// For each branch the option it voted for, by number in order of appearance; nothing when it did not vote.
    pub votes: Vec<Option<u16>>,
    /// For each option its weight.
    pub tally: Vec<u64>,
    /// Branches whose answer is no ballot, and why.
    pub spoiled: Vec<(u16, String)>,
    /// What came of the conditions of overrides.
    pub considered: Vec<Considered>,
    pub outcome: TriedOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriedOutcome {
    /// The branch at this place.
    Won(u16),
    /// Several options weigh the same.
    Tied,
    /// The first option has too few votes.
    NoQuorum,
    /// Nobody voted, or nobody said how sure they are.
    NoBallots,
    /// The surest is not far enough ahead.
    WithinMargin,
    /// No condition held.
    NoOverride,
    /// The method sends it to a person.
    Review,
}

/// The floor of a chat or a hierarchy passed: what was said, what was looked at, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorPassed {
    pub strand: StrandId,
    pub forum: NodeId,
    pub said: Vec<Contribution>,
    /// The sum of what lies before the window, for who is next.
    pub summary: Option<Ref>,
    /// Speaker rules by their place, and what came of each that was looked at.
    pub considered: Vec<Considered>,
    /// What came of the condition that ends it, if it could not be evaluated.
    pub erred: Option<String>,
    /// Everybody's newest contribution is what they said before.
    pub stalled: bool,
    pub next: Floor,
}

/// What a member added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    pub member: NodeId,
    pub what: Contributed,
    /// It says what the same member said before.
    pub repeats: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contributed {
    Said(Said),
    /// A delegate came to nothing.
    Lost {
        why: ReviewWhy,
        failure: Option<Failure>,
    },
}

/// Who has the floor next, or how it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    Member {
        node: NodeId,
        message: Ref,
    },
    /// The summariser first, for this member.
    Summary {
        next: NodeId,
        message: Ref,
    },
    /// These at once.
    Delegates(Vec<(NodeId, Ref)>),
    /// The contribution with this number is the forum's answer.
    Answer {
        number: u16,
        why: ForumEnd,
    },
    /// Nobody has an answer.
    Open(ReviewWhy),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForumEnd {
    /// The checker accepted.
    Accepted,
    /// The condition holds.
    Until,
    /// The lead answered, or no rule delegates further.
    Finished,
    /// The limit was reached, and this was the surest.
    Surest,
    /// The limit was reached, and the supervisor answered.
    Supervised,
}

/// A message came to a domain's wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossed {
    pub strand: StrandId,
    pub domain: NodeId,
    /// `Import` or `Export`.
    pub way: Fact,
    pub from: Ref,
    pub outcome: CrossingOutcome,
    /// How long the domain may work, on the way in.
    pub until: Option<Micros>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossingOutcome {
    /// This much of it crossed; so many fields did not.
    Passed { message: Ref, dropped: u16 },
    /// It carries this label, which the contract does not name.
    Refused { label: Name },
}

/// Of two agents that worked on one step, this one was not needed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnDropped {
    pub turn: TurnId,
    pub spent: Spent,
}

/// A fact could not be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactFailed {
    pub strand: StrandId,
    pub ask: u32,
    pub why: Ref,
}
