//! The section `guardrails.privacy`, as it is written.

use serde::Deserialize;

/// What is looked for, and who sees it in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// Names of built-in kinds; all structured ones without it.
    pub kinds: Option<Vec<String>>,
    pub patterns: Vec<Pattern>,
    pub deny: Vec<Deny>,
    pub unmask: Unmask,
    pub ner: Ner,
}

/// A kind of one's own, by a regular expression in linear time (crate `regex`: no look-around, no back-references).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    pub name: String,
    pub pattern: String,
    /// One of these words must stand near; none: no condition.
    #[serde(default)]
    pub context: Vec<String>,
}

/// A kind of one's own, by its words, whole and in any case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    pub name: String,
    pub words: Vec<String>,
}

/// Where placeholders turn into values again; tools say it for each argument.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unmask {
    pub egress: Egress,
}

/// Who sees values in what leaves: the person whose run it is, or nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Egress {
    #[default]
    Subject,
    Nobody,
}

/// Who looks for names and places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ner {
    #[default]
    None,
    Spacy,
}
