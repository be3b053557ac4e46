//! What is wrong with a part of the configuration, and where.

/// A part of the guards' configuration that can't mean anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SpecError {
    /// Dotted, as the file spells it: `tools.refund.arguments.amount`.
    pub path: String,
    pub message: String,
    /// The way out.
    pub hint: String,
}
