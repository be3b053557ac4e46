//! What is wrong with a plan, and where.

use crate::Name;
use crate::limits::{MAX_DEPTH, MAX_NODES, MAX_RETRIES};

/// What is wrong with a plan, and where. The path reads like `support.to[2]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    #[error("{path} has no agent")]
    NoAgent { path: String },
    #[error("{path} has an empty name")]
    NoName { path: String },
    #[error("{path}: two members are called {name:?}, so a handoff could not tell them apart")]
    SameName { path: String, name: Name },
    #[error("{path} is nested {MAX_DEPTH} deep, which is the limit")]
    TooDeep { path: String },
    #[error("{path} is approve, and a review of the run itself has nothing that could be approved")]
    NothingToApprove { path: String },
    #[error("the plan has more than {MAX_NODES} nodes")]
    TooLarge,
    #[error("{path} asks for {retries} retries, and {MAX_RETRIES} is the limit")]
    TooManyRetries { path: String, retries: u16 },
    #[error("{path} has a timeout of 0 ms, so its agent could never answer")]
    NoTime { path: String },
    #[error("{path} names itself as its fallback")]
    FallbackIsItself { path: String },
    #[error("{path} returns to its entry but has none")]
    NothingToReturnTo { path: String },
    #[error("{path} refers to {what} {number}, and the plan has {known}")]
    NoSuchText { path: String, what: &'static str, number: u16, known: usize },
    #[error("{path} has a {what} of 0, so nothing could ever happen there")]
    LimitOfZero { path: String, what: &'static str },
    #[error("{path} has branches and neither a reconcile policy nor a synthesis agent, so several answers could never become one")]
    NoPolicy { path: String },
    #[error("{path} has a reconcile policy without a method")]
    NoMethod { path: String },
    #[error("{path} asks for {what} {asked}, and the panel has {panel}")]
    MoreThanThePanel { path: String, what: &'static str, asked: u32, panel: usize },
    #[error("{path} names {name:?}, which is not one of its members")]
    Stranger { path: String, name: Name },
    #[error("{path}: nothing leads to member {name:?}")]
    Unreachable { path: String, name: Name },
    #[error("{path} is hedged, but {name:?} does not promise to be pure: both may act at once")]
    HedgeNotPure { path: String, name: Name },
    #[error("{path} is hedged and has no fallback to start beside it")]
    HedgeAlone { path: String },
    #[error("{path} has hierarchies {depth} deep, and its max_depth is {limit}")]
    HierarchyTooDeep { path: String, depth: u16, limit: u16 },
    #[error("{path} rates its vote with a weight of 0 for every branch")]
    NoWeight { path: String },
}

impl PlanError {
    /// The node's path, like `support.to[2]`.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::NoAgent { path }
            | Self::NoName { path }
            | Self::SameName { path, .. }
            | Self::TooDeep { path }
            | Self::TooManyRetries { path, .. }
            | Self::NoTime { path }
            | Self::FallbackIsItself { path }
            | Self::NothingToReturnTo { path }
            | Self::NoSuchText { path, .. }
            | Self::LimitOfZero { path, .. }
            | Self::NoPolicy { path }
            | Self::NoMethod { path }
            | Self::MoreThanThePanel { path, .. }
            | Self::Stranger { path, .. }
            | Self::Unreachable { path, .. }
            | Self::HedgeNotPure { path, .. }
            | Self::HedgeAlone { path }
            | Self::HierarchyTooDeep { path, .. }
            | Self::NothingToApprove { path }
            | Self::NoWeight { path } => Some(path),
            Self::TooLarge => None,
        }
    }
}
