//! A wall around a node: its own agents, rules and limits, and a contract that says what crosses.

use serde::{Deserialize, Serialize};

use crate::plan::NodeSpec;
use crate::{Name, NodeId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainSpec {
    pub name: Name,
    pub node: NodeSpec,
    pub imports: Contract,
    pub exports: Contract,
    /// The plan's table with this number routes inside.
    #[serde(default)]
    pub table: Option<u16>,
    #[serde(default)]
    pub max_turns: Option<u32>,
    /// From the crossing inwards, in milliseconds.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    /// The name of the policy under which the guards decide inside.
    #[serde(default)]
    pub policy: Option<Name>,
}

/// What may cross a wall in one direction. Nothing that is not named here does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Keys of the data.
    pub fields: Vec<Name>,
    /// Whether the text crosses.
    #[serde(default)]
    pub text: bool,
    /// Whether the user, for whom the run acts, is known inside. Means nothing on the way out.
    #[serde(default)]
    pub user: bool,
    /// A message with any other label stays where it is.
    #[serde(default)]
    pub labels: Vec<Name>,
}

/// A domain, compiled.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    pub child: NodeId,
    pub imports: Contract,
    pub exports: Contract,
    pub table: Option<u16>,
    pub max_turns: Option<u32>,
    pub deadline_ms: Option<u64>,
    pub policy: Option<Name>,
}
