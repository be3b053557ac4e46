//! How a plan is written down: what the Python patterns produce and the journal keeps.

use serde::{Deserialize, Serialize};

use crate::plan::{DomainSpec, ForumSpec, ParallelSpec};
use crate::{ApproveSpec, Check, Name, TermsSpec};

/// A whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSpec {
    pub name: Name,
    pub root: NodeSpec,
    /// The JSON schemas that checks refer to by number.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The CEL expressions that checks refer to by number.
    #[serde(default)]
    pub expressions: Vec<String>,
    /// The routing tables of domains, as JSON texts, that `Domain` refers to by number.
    #[serde(default)]
    pub tables: Vec<String>,
    /// The terms of reviews that the run itself needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<TermsSpec>,
    /// Which answers need a person's yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<ApproveSpec>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NodeSpec {
    Step(StepSpec),
    Sequence {
        name: Name,
        nodes: Vec<NodeSpec>,
    },
    Relay {
        name: Name,
        entry: Option<Box<NodeSpec>>,
        members: Vec<NodeSpec>,
        /// Nothing means members + 1.
        max_handoffs: Option<u16>,
        #[serde(default)]
        revisit: bool,
        #[serde(default)]
        returns: bool,
        #[serde(default)]
        on_limit: OnFailure,
        /// Asked for the intent when nothing cheaper found one.
        #[serde(default)]
        router: Option<Box<NodeSpec>>,
    },
    Parallel(Box<ParallelSpec>),
    Forum(Box<ForumSpec>),
    Domain(Box<DomainSpec>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    pub agent: Name,
    /// How members and rules call it; the agent's own name if it is not given.
    #[serde(default)]
    pub name: Option<Name>,
    #[serde(default)]
    pub checks: Vec<Check>,
    #[serde(default)]
    pub retries: u16,
    #[serde(default)]
    pub fallback: Option<Name>,
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Start the fallback beside the agent when it has not answered after so long; the first answer wins.
    #[serde(default)]
    pub hedge_ms: Option<u64>,
    /// Whether the agent, and its fallback, promise to change nothing outside.
    #[serde(default)]
    pub pure: bool,
    #[serde(default)]
    pub fallback_pure: bool,
    /// What the agent, and its fallback, may reach.
    #[serde(default)]
    pub scopes: Vec<Name>,
    #[serde(default)]
    pub fallback_scopes: Vec<Name>,
    /// The expression by which the agent claims tasks for itself.
    #[serde(default)]
    pub claims: Option<u16>,
}

/// What happens when nothing else helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    #[default]
    Review,
    Fail,
}
