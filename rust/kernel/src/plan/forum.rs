//! A relay in which the next speaker is chosen for the speaker: chats share a thread, hierarchies gather reports.

use serde::{Deserialize, Serialize};

use crate::plan::{NodeSpec, OnFailure};
use crate::{Name, NodeId};

/// Members around one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForumSpec {
    pub name: Name,
    pub members: Vec<NodeSpec>,
    /// A manager or a supervisor, who has the floor between the others and names the next.
    #[serde(default)]
    pub lead: Option<NodeSpec>,
    /// Who is next, by the first expression that holds over what was said last.
    #[serde(default)]
    pub rules: Vec<SpeakerRule>,
    /// Whether members work apart, at once, and only report: a hierarchy.
    #[serde(default)]
    pub delegates: bool,
    /// Contributions, or delegations, at most.
    pub max_turns: u16,
    /// Members at work at once.
    #[serde(default = "one")]
    pub fan_out: u16,
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// How deep hierarchies may lie in this one, itself included.
    #[serde(default)]
    pub max_depth: Option<u16>,
    /// Ends the chat with the contribution of which the expression holds.
    #[serde(default)]
    pub until: Option<u16>,
    /// Ends the chat with the contribution before, when the last member says something of which the expression holds.
    #[serde(default)]
    pub accept: Option<u16>,
    /// Contributions that a speaker sees.
    pub window: u16,
    /// Sums up, for whoever joins late, what lies before the window.
    #[serde(default)]
    pub summariser: Option<NodeSpec>,
    pub on_limit: OnLimit,
}

fn one() -> u16 {
    1
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerRule {
    pub expression: u16,
    /// One member; several only where members work apart.
    pub to: Vec<Name>,
}

/// What happens when the limit is reached or nobody says anything new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLimit {
    Review,
    Fail,
    /// The surest contribution is the answer; a person decides if none is.
    Confidence,
    /// This one sees the thread and answers.
    Supervisor(Box<NodeSpec>),
}

/// A forum, compiled.
#[derive(Debug, PartialEq, Eq)]
pub struct Forum {
    pub members: Vec<NodeId>,
    pub lead: Option<NodeId>,
    pub rules: Vec<(u16, Vec<NodeId>)>,
    pub delegates: bool,
    pub max_turns: u16,
    pub fan_out: u16,
    pub max_tokens: Option<u64>,
    pub until: Option<u16>,
    pub accept: Option<u16>,
    pub window: u16,
    pub summariser: Option<NodeId>,
    pub supervisor: Option<NodeId>,
    /// The surest contribution is the answer at the limit.
    pub surest: bool,
    /// What is left when nothing above answers.
    pub on_limit: OnFailure,
}
