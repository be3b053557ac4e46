//! What the file says about access: roles, agents, tools, data and hand-written policies, as it was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// The parts of `guardrails:` that access is made of. Parts that others own are let through unread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// Of users, by name. None: there is no such part, and users are not asked for scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<BTreeMap<String, Role>>,
    /// By name. None: every agent of a plan may speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<BTreeMap<String, Agent>>,
    /// By name. None: every tool may be called by whoever holds the scopes that the code asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<BTreeMap<String, Tool>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Written>,
}

/// What users of a role may.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Role {
    /// Roles whose scopes it has, too.
    pub extends: Vec<String>,
    pub scopes: Vec<String>,
}

/// What an agent may.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// What it holds at most. None: what the code declares.
    pub scopes: Option<Vec<String>>,
    /// None: every agent that may speak.
    pub may_hand_to: Option<Vec<String>>,
    /// For whose users it works. None: for everybody's.
    pub tenants: Option<Vec<String>>,
}

/// What a tool asks of its callers. The keys of other guards stand beside these and are not read here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    pub scopes: Vec<String>,
    pub effect: Option<Effect>,
    pub arguments: BTreeMap<String, Argument>,
    /// What becomes of arguments that are not listed.
    pub unknown: Permission,
    pub on_violation: OnViolation,
}

/// How a tool acts on the world; see the effect classes of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Pure,
    Effect,
    EffectOnce,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    #[default]
    Allow,
    Deny,
}

/// What becomes of a call whose arguments are out of bounds, and of nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnViolation {
    #[default]
    Deny,
    Review,
}

/// What one argument may be. An argument that is left out, or null, is only wrong if it is `required`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Argument {
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub min: Option<Number>,
    pub max: Option<Number>,
    #[serde(rename = "in")]
    pub among: Option<Vec<Value>>,
    /// A regular expression for the whole text.
    pub pattern: Option<String>,
    /// Cedar's `like`: `*` is any text.
    pub like: Option<String>,
    pub required: bool,
    pub unmask: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Number,
    Integer,
    String,
    Boolean,
    Array,
    Object,
}

/// Who may see what of a namespace or of a tool's results. Several for one place add up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// `tool:NAME`, or a namespace like `memory:team:billing` or `store:prices`; a `*` at the end is any rest.
    pub of: String,
    /// None: all agents.
    pub agents: Option<Vec<String>>,
    /// All of them are needed.
    pub scopes: Vec<String>,
    /// Of namespaces: reading, writing, or both.
    pub may: Option<Vec<May>>,
    /// None: all fields.
    pub fields: Option<Vec<String>>,
    /// Cedar over `row`, `user` and `context`.
    #[serde(rename = "where")]
    pub rows: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum May {
    Read,
    Write,
}

/// Policies written by hand, and the name of the file that they stand in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    pub name: String,
    pub text: String,
    /// The line of that file at which the text begins.
    #[serde(default = "first")]
    pub line: usize,
}

fn first() -> usize {
    1
}

/// Every other agent or tool: what stands under this name is for those that have no entry.
pub(super) const OTHERS: &str = "*";
