//! The routing table as it is handed over: the YAML's content with the lines it stood in.

use serde::{Deserialize, Serialize};

/// A whole table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    pub rules: Vec<RuleSpec>,
    /// Without it an intent that nobody states is `unknown`.
    #[serde(default)]
    pub semantic: Option<SemanticSpec>,
    /// A stated intent with less confidence than this is `unknown`; one without a confidence is believed.
    #[serde(default)]
    pub min_confidence_ppm: Option<u32>,
    /// `first` or `review`: who gets a task that several members claim. Nothing means `review`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_on_tie: Option<String>,
}

/// One rule, with the line that its errors name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    pub line: u32,
    /// A name, or `any` for every task.
    pub intent: String,
    pub agent: String,
    /// CEL; nothing means always.
    #[serde(default)]
    pub when: Option<String>,
    #[serde(default)]
    pub priority: Option<String>,
    #[serde(default)]
    pub fallback: Option<FallbackSpec>,
    #[serde(default)]
    pub escalation_after: Option<String>,
    /// `first` or `review`: what decides between this rule and another of its rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_tie: Option<String>,
}

/// Who stands in: one name, or several to be tried in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FallbackSpec {
    One(String),
    Chain(Vec<String>),
}

/// How the nearest examples vote on the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SemanticSpec {
    /// How many examples vote.
    pub k: u32,
    /// The nearest example must be at least this similar.
    pub threshold_ppm: u32,
    /// The winner's share must be this far above the next one's.
    pub margin_ppm: u32,
    pub line: u32,
}
