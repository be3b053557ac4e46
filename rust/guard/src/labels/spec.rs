//! What the file says of labels: how they are enforced, and what each tool accepts, sends and emits.

use std::collections::BTreeMap;

use serde::Deserialize;

use interlock_kernel::{Confidentiality, Integrity};

/// Read from the JSON form of `guardrails:` as a whole; the sections of others are passed over.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    pub labels: Section,
    pub tools: BTreeMap<String, ToolSpec>,
}

/// `labels:`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Section {
    pub mode: Mode,
}

/// How labels bind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They are carried, and forbid nothing.
    Off,
    /// A call that acts needs a context in which everything is trusted enough.
    Strict,
    /// A call that acts needs arguments whose values come from who is trusted enough.
    #[default]
    Arguments,
}

/// One of `tools:`. Keys of other guards are theirs to check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ToolSpec {
    /// The least integrity of arguments that say nothing themselves, and of the decision to call at all; `user` if not given.
    pub accepts: Option<Integrity>,
    /// The highest confidentiality of what the tool may be told; no bound if not given.
    pub sends: Option<Confidentiality>,
    pub emits: EmitsSpec,
    pub on_violation: OnViolation,
    /// Words of which the user's request must have one for the call to be the user's wish.
    pub asks: Vec<String>,
    pub arguments: BTreeMap<String, ArgumentSpec>,
}

/// What a tool's result carries.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmitsSpec {
    pub integrity: Integrity,
    pub confidentiality: Confidentiality,
    /// Fields of a record that the tool's own system assigns and nobody who writes into the record can choose.
    pub assigns: Vec<String>,
    /// Fields by which a user knows a record, such as its title: one whose key stands in his request is the one that he means.
    pub keys: Vec<String>,
    /// Two fields with dates, whose distance is the record's length.
    pub length: Option<(String, String)>,
}

impl Default for EmitsSpec {
    fn default() -> Self {
        Self {
            integrity: Integrity::Untrusted,
            confidentiality: Confidentiality::Tenant,
            assigns: Vec::new(),
            keys: Vec::new(),
            length: None,
        }
    }
}

/// What becomes of a call that labels forbid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnViolation {
    Deny,
    #[default]
    Review,
}

/// One argument, by its dotted path (`address.street`; positions in lists are left out).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ArgumentSpec {
    pub accepts: Option<Integrity>,
    /// The least integrity of links and addresses inside a text that is itself accepted from anybody.
    pub links: Option<Integrity>,
    pub endorse: Option<EndorseSpec>,
}

/// The form that makes a value harmless, whoever chose it. Exactly one of the four.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndorseSpec {
    #[serde(rename = "enum")]
    pub values: Option<Vec<serde_json::Value>>,
    pub pattern: Option<String>,
    #[serde(rename = "type")]
    pub form: Option<Form>,
    /// Another argument: this one is as long after it as a duration that a trusted source names.
    pub after: Option<String>,
}

/// A form with little room for meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Boolean,
    Number,
    Date,
    /// At most 64 letters, digits, `.`, `_` and `-`. That it exists is for the tool, or for a registered validator.
    Id,
}
