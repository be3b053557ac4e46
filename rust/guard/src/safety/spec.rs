//! The section `guardrails.safety`, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is screened where, and what a finding means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Screens of what users say, in their order.
    pub ingress: Vec<String>,
    /// Screens of what tools return.
    pub tool_results: Vec<String>,
    /// Screens of what users are told.
    pub egress: Vec<String>,
    /// A text may have this many characters.
    pub max_chars: u64,
    pub topics: Vec<Topic>,
    /// What a screen's finding means, by the screen's name.
    pub on: BTreeMap<String, On>,
    /// What a custom screen that fails means for a text; one that guards an effect is closed whatever this says.
    pub on_error: OnError,
    /// How much of a stream is held back, in tokens of four characters.
    pub window: u32,
}

/// A subject that is not talked of.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Topic {
    pub name: String,
    /// Regular expressions; letters are alike in either case.
    pub patterns: Vec<String>,
    /// Examples for a screen by meaning, which runs outside of the core.
    pub like: Vec<String>,
    /// Likeness, 0 to 1, from which on a text is of the topic.
    pub threshold: Option<f64>,
}

/// The same everywhere, or by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum On {
    Everywhere(Action),
    ByPlace(Places),
}

/// What a finding means at each place; where nothing is said, the default stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Places {
    pub ingress: Option<Action>,
    pub tool_results: Option<Action>,
    pub egress: Option<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The text goes on, and counts as untrusted.
    Flag,
    /// The text goes nowhere.
    Block,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    Block,
    Pass,
}

impl Default for Spec {
    fn default() -> Self {
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Self {
            ingress: named(&["normalise", "length", "secrets", "injection", "topics"]),
            tool_results: named(&["normalise", "length", "injection"]),
            egress: named(&["secrets", "links", "topics"]),
            max_chars: 200_000,
            topics: Vec::new(),
            on: BTreeMap::new(),
            on_error: OnError::Block,
            window: 64,
        }
    }
}
