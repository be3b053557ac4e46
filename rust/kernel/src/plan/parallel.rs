//! Branches at once: when they have said enough, and how one answer is made of many.

use serde::{Deserialize, Serialize};

use crate::plan::{NodeSpec, OnFailure};
use crate::{BallotKey, Name, NodeId};

/// Branches that all get the same message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelSpec {
    pub name: Name,
    pub branches: Vec<NodeSpec>,
    #[serde(default)]
    pub mode: Mode,
    /// Each branch has at most so long.
    #[serde(default)]
    pub branch_deadline_ms: Option<u64>,
    #[serde(default)]
    pub reconcile: Option<PolicySpec>,
    /// Sees every answer and says what comes of them.
    #[serde(default)]
    pub synthesis: Option<NodeSpec>,
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// When a parallel has heard enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// When every branch has ended, one way or the other.
    #[default]
    WaitAll,
    /// When so many have answered; the others are called off.
    FirstK(u16),
    /// As `WaitAll`, but the first branch that comes to nothing ends them all.
    FailFast,
}

/// How one answer is found among several: methods in order, until one decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    pub methods: Vec<MethodSpec>,
    #[serde(default)]
    pub on_unresolved: OnFailure,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MethodSpec {
    /// Conditions over the answers; the first that holds decides.
    Overrides { rules: Vec<OverrideSpec> },
    /// The vote with the most weight wins.
    Vote {
        key: BallotKey,
        #[serde(default)]
        quorum: Option<Quorum>,
        /// By branch, in thousandths; a branch that is not named weighs 1,000.
        #[serde(default)]
        weights: Vec<(Name, u64)>,
        #[serde(default)]
        on_tie: OnTie,
    },
    /// The surest answer wins, if it is so far ahead of the surest one that differs from it.
    Confidence { margin_ppm: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideSpec {
    /// The plan's expression with this number.
    pub expression: u16,
    /// The branch whose answer stands; nothing is a person.
    pub take: Option<Name>,
}

/// What a vote's winner needs besides being first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// So many votes.
    Count(u16),
    /// This share of the whole panel's weight, those that did not vote included, in parts per million.
    Share(u32),
}

/// What happens when two votes weigh the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnTie {
    /// The next method decides.
    #[default]
    Next,
    /// The vote of the branch that the plan names first wins.
    First,
    Review,
}

/// What an evenly weighted vote counts for.
pub const WEIGHT: u64 = 1_000;

/// A parallel, compiled.
#[derive(Debug, PartialEq, Eq)]
pub struct Parallel {
    pub branches: Vec<NodeId>,
    pub mode: Mode,
    pub branch_deadline_ms: Option<u64>,
    pub reconcile: Option<Policy>,
    pub synthesis: Option<NodeId>,
    pub on_failure: OnFailure,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Policy {
    pub methods: Vec<Method>,
    pub on_unresolved: OnFailure,
}

/// As `MethodSpec`, with branches by their place.
#[derive(Debug, PartialEq, Eq)]
pub enum Method {
    Overrides { rules: Vec<(u16, Option<usize>)> },
    Vote { key: BallotKey, quorum: Option<Quorum>, weights: Vec<u64>, on_tie: OnTie },
    Confidence { margin_ppm: u32 },
}

impl Policy {
    /// Whether a comparator must say which answers agree, before anything is decided.
    pub fn compares(&self) -> bool {
        self.methods.iter().any(|method| match method {
            Method::Vote { key: BallotKey::Agreement { .. }, .. } => true,
            Method::Vote { key: BallotKey::Text | BallotKey::Field { .. }, .. } | Method::Overrides { .. } | Method::Confidence { .. } => {
                false
            }
        })
    }
}
