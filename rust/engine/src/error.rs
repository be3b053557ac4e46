//! Everything that can go wrong in the native shell, each with a stable code and a way out.

use interlock_admission::WrongLimit;
use interlock_journal::JournalError;
use interlock_kernel::plan::PlanError;
use interlock_kernel::{Corrupt, Refusal};
use interlock_rules::RulesError;
use interlock_vector::VectorError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    #[error("{0}")]
    Plan(#[from] PlanError),
    #[error("the plan can't be read: {0}")]
    PlanText(#[from] serde_json::Error),
    #[error("{0}")]
    Rules(#[from] RulesError),
    #[error("plan {plan:?}, agent {agent:?}: {error}")]
    Check { plan: String, agent: String, error: RulesError },
    #[error("{path} (line {line}) names {agent:?}, which is no agent of the plans {plans}")]
    UnknownAgent { path: String, line: u32, agent: String, plans: String },
    #[error("{0}")]
    Vector(#[from] VectorError),
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("run {run}: {refusal}")]
    Refused { run: u64, refusal: Refusal },
    #[error("run {run}: {corrupt}")]
    Corrupt { run: u64, corrupt: Corrupt },
    #[error("there is no run {run:?} in this journal")]
    UnknownRun { run: String },
    #[error("run {run} is {status}, not in review")]
    NotInReview { run: String, status: &'static str },
    #[error("the runtime is full: {what} (the limit is {limit})")]
    Overloaded { what: &'static str, limit: usize, retry_after_ms: u64 },
    #[error("the text has {bytes} bytes, and {limit} is the limit")]
    TextTooLong { bytes: usize, limit: usize },
    #[error("no semantic index was given, and the rules ask for one")]
    NoIndex,
    #[error("{0}")]
    Limit(#[from] WrongLimit),
    #[error("agents are at work, and their limits can't be changed under them")]
    LimitsInUse,
    #[error("a label of {label:?} is empty or holds a line feed")]
    Label { label: String },
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl EngineError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan(_) | Self::PlanText(_) => "config.plan",
            Self::Rules(_) | Self::Check { .. } => "config.rules",
            Self::UnknownAgent { .. } => "config.unknown-agent",
            Self::Vector(_) => "usage.vector",
            Self::Journal(error) => error.code(),
            Self::Refused { .. } => "run.refused",
            Self::Corrupt { .. } => "journal.corrupt",
            Self::UnknownRun { .. } => "usage.unknown-run",
            Self::NotInReview { .. } => "usage.not-in-review",
            Self::Overloaded { .. } => "overloaded",
            Self::TextTooLong { .. } => "usage.text-too-long",
            Self::NoIndex => "config.no-index",
            Self::Limit(_) => "config.limit",
            Self::LimitsInUse => "usage.limits-in-use",
            Self::Label { .. } => "usage.label",
            Self::Internal(_) => "internal",
        }
    }

    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Plan(_) => "change the pattern at that path".into(),
            Self::PlanText(_) => "build plans with interlock's pattern classes".into(),
            Self::Rules(error) | Self::Check { error, .. } => error.hint().into(),
            Self::UnknownAgent { .. } => "correct the name, or give the plan that has this agent to il.open(plans=[…])".into(),
            Self::Vector(_) => "give finite, non-zero vectors of the index's dimension".into(),
            Self::Journal(error) => error.hint(),
            Self::Refused { .. } => "a reply must name a turn of that run".into(),
            Self::Corrupt { .. } => "run `interlock audit verify FILE`, and restore the file from a copy".into(),
            Self::UnknownRun { .. } => "`interlock runs list` shows the runs that there are".into(),
            Self::NotInReview { .. } => "only a run that waits for a person can be decided".into(),
            Self::Overloaded { retry_after_ms, .. } => {
                format!("try again after {retry_after_ms} ms, or raise the limit in the configuration")
            }
            Self::TextTooLong { .. } => "send long documents as references, not as text".into(),
            Self::NoIndex => "give il.open(config=…) a configuration with a `semantic` part".into(),
            Self::Limit(_) => "correct the number under `agents` in the configuration".into(),
            Self::LimitsInUse => "give the limits when the runtime is opened".into(),
            Self::Label { .. } => "give labels as short words".into(),
            Self::Internal(_) => "this is a bug of interlock; please report it with the version".into(),
        }
    }
}
