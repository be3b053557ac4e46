//! What can be wrong with rules and checks when they are loaded: where, what, and the way out.

use std::fmt;

/// A key in the configuration, and its line if the caller knew it: `routing_rules[2].when (line 7)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub line: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{} (line {line})", self.path),
            None => out.write_str(&self.path),
        }
    }
}

/// A rule, a condition or a schema that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    #[error("{at}: the name is empty")]
    EmptyName { at: Place },
    #[error("{at}: {reason}")]
    Condition { at: Place, reason: String },
    #[error("{at}: {given:?} is not a priority")]
    Priority { at: Place, given: String },
    #[error("{at}: {given:?} is neither a number of attempts nor a time")]
    Escalation { at: Place, given: String },
    #[error("{at}: {agent:?} is the rule's agent too, so nobody is left when it fails")]
    FallbackIsAgent { at: Place, agent: String },
    #[error("{at}: {agent:?} stands in the chain already")]
    FallbackRepeats { at: Place, agent: String },
    #[error("{at}: {agent:?} comes after human_review, and a person is where a chain ends")]
    FallbackAfterReview { at: Place, agent: String },
    #[error("{at}: {given:?} is neither first nor review")]
    OnTie { at: Place, given: String },
    #[error("{at}: nothing decides between this rule and the one in line {other_line}: same intent, condition and priority")]
    Tie { at: Place, other_line: u32 },
    #[error("{at}: the vote needs at least 1 neighbour")]
    NoNeighbours { at: Place },
    #[error("{at}: {ppm} parts per million are more than 1.0")]
    AboveOne { at: Place, ppm: u32 },
    #[error("{at}: {reason}")]
    Schema { at: Place, reason: String },
}

impl RulesError {
    pub fn place(&self) -> &Place {
        match self {
            Self::EmptyName { at }
            | Self::Condition { at, .. }
            | Self::Priority { at, .. }
            | Self::Escalation { at, .. }
            | Self::FallbackIsAgent { at, .. }
            | Self::FallbackRepeats { at, .. }
            | Self::FallbackAfterReview { at, .. }
            | Self::OnTie { at, .. }
            | Self::Tie { at, .. }
            | Self::NoNeighbours { at }
            | Self::AboveOne { at, .. }
            | Self::Schema { at, .. } => at,
        }
    }

    /// The key's path, like `routing_rules[2].when`.
    pub fn path(&self) -> &str {
        &self.place().path
    }

    pub fn line(&self) -> Option<u32> {
        self.place().line
    }

    /// What is wrong, without the place.
    pub fn reason(&self) -> String {
        let (text, prefix) = (self.to_string(), format!("{}: ", self.place()));
        text.strip_prefix(&prefix).unwrap_or(&text).to_owned()
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::EmptyName { .. } => "write the name of an intent or of an agent; any is every intent, human_review is a person",
            Self::Condition { .. } => "a condition is CEL over text, data, user, intent, confidence and labels, like data.amount > 500",
            Self::Priority { .. } => "priority is one of critical, high, medium and low",
            Self::Escalation { .. } => "write 2_attempts, or a time like 30s, 5_minutes or 500ms, greater than 0",
            Self::FallbackIsAgent { .. } => "name another agent or human_review, or leave the fallback out",
            Self::FallbackRepeats { .. } => "name each agent once: one that has failed is not asked again",
            Self::FallbackAfterReview { .. } => "let human_review stand last, or leave it out",
            Self::OnTie { .. } => "on_tie: first takes the rule that stands first, on_tie: review asks a person",
            Self::Tie { .. } => "give one of them another priority, a `when` of its own or an on_tie, or remove it",
            Self::NoNeighbours { .. } => "k = 5 is the usual number",
            Self::AboveOne { .. } => "write a share from 0.0 to 1.0",
            Self::Schema { .. } => "a schema is a JSON Schema that refers to nothing outside itself; its patterns have no lookaround",
        }
    }
}
