//! Everything that can go wrong in the native shell, each with a stable code and a way out.

use interlock_admission::WrongLimit;
use interlock_guard::SpecError;
use interlock_journal::JournalError;
use interlock_kernel::plan::PlanError;
use interlock_kernel::{Corrupt, Refusal};
use interlock_rules::RulesError;
use interlock_vault::VaultError;
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
    #[error("run {run} has no frame {seq} (it has {frames})")]
    UnknownFrame { run: String, seq: u32, frames: usize },
    #[error("run {run} has {open} open reviews")]
    WhichReview { run: String, open: usize },
    #[error("{by:?} may not decide reviews of {what:?} (run {run}): {why}")]
    ReviewDenied { run: String, by: String, what: String, why: String },
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
    #[error("guardrails.{0}")]
    Guards(#[from] SpecError),
    #[error("{0}")]
    Vault(#[from] VaultError),
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
            Self::Refused { refusal, .. } => refused(refusal),
            Self::WhichReview { .. } => "usage.which-review",
            Self::UnknownFrame { .. } => "usage.unknown-frame",
            Self::Corrupt { .. } => "journal.corrupt",
            Self::UnknownRun { .. } => "usage.unknown-run",
            Self::NotInReview { .. } => "usage.not-in-review",
            Self::ReviewDenied { .. } => "review.denied",
            Self::Overloaded { .. } => "overloaded",
            Self::TextTooLong { .. } => "usage.text-too-long",
            Self::NoIndex => "config.no-index",
            Self::Limit(_) => "config.limit",
            Self::LimitsInUse => "usage.limits-in-use",
            Self::Label { .. } => "usage.label",
            Self::Guards(_) => "config.guards",
            Self::Vault(error) => error.code(),
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
            Self::Refused { refusal, .. } => way_out(refusal).into(),
            Self::UnknownFrame { .. } => "`interlock runs replay RUN` shows the frames and what stood at each".into(),
            Self::WhichReview { .. } => "name one of them: `interlock review list` shows their numbers".into(),
            Self::Corrupt { .. } => "run `interlock audit verify FILE`, and restore the file from a copy".into(),
            Self::UnknownRun { .. } => "`interlock runs list` shows the runs that there are".into(),
            Self::NotInReview { .. } => "only a run that waits for a person can be decided".into(),
            Self::ReviewDenied { .. } => {
                "let somebody decide whose role has the scope \"review.decide\", or give it to one of theirs under guardrails.roles".into()
            }
            Self::Overloaded { retry_after_ms, .. } => {
                format!("try again after {retry_after_ms} ms, or raise the limit in the configuration")
            }
            Self::TextTooLong { .. } => "send long documents as references, not as text".into(),
            Self::NoIndex => "give il.open(config=…) a configuration with a `semantic` part".into(),
            Self::Limit(_) => "correct the number under `agents` in the configuration".into(),
            Self::LimitsInUse => "give the limits when the runtime is opened".into(),
            Self::Label { .. } => "give labels as short words".into(),
            Self::Guards(error) => error.hint.clone(),
            Self::Vault(error) => error.hint().into(),
            Self::Internal(_) => "this is a bug of interlock; please report it with the version".into(),
        }
    }
}

fn refused(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ReviewClosed { .. } => "review.closed",
        Refusal::UnknownReview { .. } => "review.unknown",
        Refusal::NotYours { .. } => "review.not-yours",
        Refusal::Claimed { .. } => "review.claimed",
        Refusal::SignedAlready { .. } => "review.signed-already",
        Refusal::NotPossible { .. } | Refusal::NoContent { .. } | Refusal::OneForSeveral { .. } => "review.not-possible",
        Refusal::UnknownTurn { .. }
        | Refusal::TwoAtWork { .. }
        | Refusal::Over
        | Refusal::NoMessageThere
        | Refusal::AlreadyStarted
        | Refusal::NotStarted
        | Refusal::NotAwaited
        | Refusal::WrongPairs { .. }
        | Refusal::GateNeeds { .. }
        | Refusal::PayloadMissing { .. }
        | _ => "run.refused", // the kernel's enum may grow
    }
}

fn way_out(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ReviewClosed { .. } => "look at what was decided: `interlock runs show RUN`",
        Refusal::UnknownReview { .. } => "`interlock review list` shows the reviews that are open",
        Refusal::NotYours { .. } => "let somebody with that role decide, or reassign it",
        Refusal::Claimed { .. } => "wait until the claim has run out, or agree with whoever holds it",
        Refusal::SignedAlready { .. } => "a second person must agree",
        Refusal::NotPossible { .. } => "answer or reject it, or reassign it",
        Refusal::OneForSeveral { .. } => "give it to a role that several people have",
        Refusal::TwoAtWork { .. } => "let an agent that acts work alone: drop hedge",
        Refusal::NoContent { .. } => "give the text or the data that stands in its place",
        Refusal::Over => "choose an earlier frame",
        Refusal::NoMessageThere => "choose the frame of a turn's start: `interlock runs replay RUN` shows them",
        Refusal::UnknownTurn { .. }
        | Refusal::AlreadyStarted
        | Refusal::NotStarted
        | Refusal::NotAwaited
        | Refusal::WrongPairs { .. }
        | Refusal::GateNeeds { .. }
        | Refusal::PayloadMissing { .. }
        | _ => "a reply must name a turn of that run",
    }
}
