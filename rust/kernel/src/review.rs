//! What a person is asked, on which terms, and what became of it.

use serde::{Deserialize, Serialize};

use crate::{EffectKey, Micros, Name, Passage, Ref, ReviewId, RunId, StrandId, TurnId};

/// A person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewOpened {
    pub review: ReviewId,
    pub why: ReviewWhy,
    /// What the person is to decide about: the reply, the message that nobody could take, or an effect's arguments.
    pub about: Ref,
    /// What was said before: the answers that conflict, the thread, the reports.
    pub attached: Vec<Ref>,
    pub strand: StrandId,
    pub subject: ReviewSubject,
    pub terms: Terms,
}

/// What hangs on the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewSubject {
    /// The run: whoever decides says how it ends.
    Run,
    /// The answer, which is not released before.
    Delivery,
    /// One effect; the run goes on with what is decided.
    Effect { turn: TurnId, key: EffectKey, tool: Name },
}

/// Who may decide, how many must agree, until when, and what follows if nobody does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Only who has this role; anybody, if there is none.
    pub role: Option<Name>,
    /// Only this person.
    pub person: Option<Name>,
    /// How many different people must say the same.
    pub approvals: u8,
    pub due: Option<Micros>,
    pub on_expiry: Expiry,
}

impl Default for Terms {
    fn default() -> Self {
        Self { role: None, person: None, approvals: 1, due: None, on_expiry: Expiry::Reject }
    }
}

/// What follows when a review is due and nobody has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    #[default]
    Reject,
    Approve,
    /// Ask those with this role, without a limit.
    Reassign(Name),
}

/// Terms as plans and configurations state them: a time from the opening on instead of a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsSpec {
    #[serde(default)]
    pub role: Option<Name>,
    #[serde(default = "one")]
    pub approvals: u8,
    #[serde(default)]
    pub due_ms: Option<u64>,
    #[serde(default)]
    pub on_expiry: Expiry,
}

fn one() -> u8 {
    1
}

impl TermsSpec {
    /// One person, whoever it is, at any time.
    pub fn anybody() -> Self {
        Self { role: None, approvals: 1, due_ms: None, on_expiry: Expiry::default() }
    }

    pub fn from(&self, now: Micros) -> Terms {
        Terms {
            role: self.role.clone(),
            person: None,
            approvals: self.approvals,
            due: self.due_ms.map(|ms| now.after_ms(ms)),
            on_expiry: self.on_expiry.clone(),
        }
    }
}

/// When an answer needs a person's yes before it is released: always, or when the plan's expression holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproveSpec {
    #[serde(default)]
    pub when: Option<u16>,
    pub terms: TermsSpec,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewWhy {
    /// A step failed for good.
    StepFailed,
    /// No rule and no `unknown` rule took the task.
    NoRoute,
    /// The rule sends the task to a person.
    Routed,
    /// Two rules, or two members' claims, have the same right to the task.
    Tied,
    /// The rule's fallback is a person.
    Fallback,
    /// A handoff limit was reached.
    HandOffLimit,
    /// The rule's `escalation_after` was reached.
    Escalated,
    /// The run took more turns than any run may.
    TooManyTurns,
    /// No method found one answer among several.
    Unresolved,
    /// A condition over the answers sends them to a person.
    Overridden,
    /// No branch has an answer.
    NoAnswers,
    /// A branch came to nothing, and one is enough to stop them all.
    BranchFailed,
    /// A branch took longer than it may.
    BranchDeadline,
    /// The turns, delegations or tokens of a chat or a hierarchy are used up.
    ForumLimit,
    /// Nobody says anything new.
    Stalemate,
    /// A message may not cross a domain's wall.
    Contract,
    /// A domain's turns or time are used up.
    DomainLimit,
    /// A fact could not be found.
    FactFailed,
    /// A gate held the answer, or a call, back.
    Guarded,
    /// The plan, or the tool, asks for a person's yes first.
    Approval,
    /// An effect that may happen once only was begun before a crash, and nobody knows what became of it.
    EffectUnknown,
    /// An effect was begun, nobody knows what became of it, and the turn that was taken again did not repeat it.
    EffectForgotten,
}

/// A person decided, or the time to do so ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDecided {
    pub review: ReviewId,
    /// Who, and why; nothing when the time ran out.
    pub decision: Option<Ref>,
    pub verdict: ReviewVerdict,
    pub passages: Vec<Passage>,
    pub by: Option<Name>,
    /// The answer, the changed arguments, or the effect's result.
    pub content: Option<Ref>,
    pub at: Micros,
    /// The deadline that the run gets if it goes on.
    pub deadline: Micros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// The content is the answer, or what the effect gave.
    Answered,
    Rejected,
    /// What was asked about may happen as it is.
    Approved,
    /// It may happen with the content in its place.
    Edited,
}

/// Somebody says that they are at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewClaimed {
    pub review: ReviewId,
    pub by: Name,
    /// Nobody else decides before.
    pub until: Micros,
}

/// Others are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewReassigned {
    pub review: ReviewId,
    /// Who did; nobody when the time ran out.
    pub by: Option<Name>,
    pub role: Option<Name>,
    pub person: Option<Name>,
    pub decision: Option<Ref>,
}

/// One of several whose agreement is needed has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSigned {
    pub review: ReviewId,
    pub by: Name,
    pub verdict: ReviewVerdict,
    pub content: Option<Ref>,
    pub decision: Option<Ref>,
    pub passages: Vec<Passage>,
}

/// Nothing hangs on the decision any more: the branch that waited for it was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewWithdrawn {
    pub review: ReviewId,
}

/// Nothing goes on in the run until a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPaused {
    pub at: Micros,
}

/// The run began as a copy of another one's first frames, and goes on by itself from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDerived {
    pub from: RunId,
    /// The last frame that was copied.
    pub seq: u32,
    pub at: Micros,
    pub deadline: Micros,
    /// What stands in place of the message that was given there.
    pub message: Option<Ref>,
    /// What happens under the copied run's keys has happened.
    pub origin: RunId,
}
