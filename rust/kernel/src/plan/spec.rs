//! How a plan is written down: what the Python patterns produce and the journal keeps.

use serde::{Deserialize, Serialize};

use crate::{Check, Name};

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
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    pub agent: Name,
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
}

/// What happens when nothing else helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    #[default]
    Review,
    Fail,
}
