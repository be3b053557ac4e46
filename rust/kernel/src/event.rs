//! What became true. The journal holds these and nothing else; a changed shape is a new version, never an edit.

use serde::{Deserialize, Serialize};

use crate::{
    BranchEnded, CalledOff, Confidence, Crossed, Digest, EffectKey, Fact, FactFailed, FloorPassed, Forked, GateRuled, Label, Micros, Name,
    NodeId, Passage, Priority, Reconciled, Ref, ReviewClaimed, ReviewDecided, ReviewOpened, ReviewReassigned, ReviewSigned,
    ReviewWithdrawn, RouteDecision, RunDerived, RunId, RunPaused, StrandId, TurnDropped, TurnId,
};

/// One thing that happened to one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    RunStarted(RunStarted),
    RunResumed(RunResumed),
    TurnStarted(TurnStarted),
    TurnReplied(TurnReplied),
    TurnFailed(TurnFailed),
    ReplyChecked(ReplyChecked),
    FactNeeded(FactNeeded),
    RouteChosen(RouteChosen),
    HandedOff(HandedOff),
    HandOffRefused(HandOffRefused),
    EffectIntended(EffectIntended),
    EffectCompleted(EffectCompleted),
    ReviewOpened(ReviewOpened),
    ReviewDecided(ReviewDecided),
    RunDelivered(RunDelivered),
    RunFailed(RunFailed),
    RunCancelled(RunCancelled),
    Forked(Forked),
    BranchEnded(BranchEnded),
    CalledOff(CalledOff),
    Reconciled(Reconciled),
    FloorPassed(FloorPassed),
    Crossed(Crossed),
    TurnDropped(TurnDropped),
    FactFailed(FactFailed),
    RunPaused(RunPaused),
    ReviewClaimed(ReviewClaimed),
    ReviewReassigned(ReviewReassigned),
    RunDerived(RunDerived),
    ReviewSigned(ReviewSigned),
    ReviewWithdrawn(ReviewWithdrawn),
    GateRuled(GateRuled),
}

/// A request was let in, under one plan and one revision of the rules, which it keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    pub run: RunId,
    pub plan: Digest,
    pub rules: Option<Digest>,
    /// The message, payload 0.
    pub message: Ref,
    /// The user, the key and the thread, if any were given.
    pub request: Option<Ref>,
    pub deadline: Micros,
    pub passages: Vec<Passage>,
}

/// A crash was survived: the run goes on with a fresh deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResumed {
    pub at: Micros,
    pub deadline: Micros,
}

/// An agent was given the turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnStarted {
    pub turn: TurnId,
    pub node: NodeId,
    pub agent: Name,
    /// The step's stand-in speaks, not its own agent.
    pub fallback: bool,
    /// From 1; counts anew for the fallback.
    pub attempt: u16,
    /// How often this node was entered, from 1. Retries and fallbacks share it.
    pub visit: u16,
    pub message: Ref,
    pub due: Micros,
    pub priority: Priority,
    pub passages: Vec<Passage>,
    pub strand: StrandId,
    /// It speaks beside the step's own agent, which has taken long.
    pub hedge: bool,
    /// When a stand-in may be started beside it.
    pub hedge_at: Option<Micros>,
}

/// An agent answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnReplied {
    pub turn: TurnId,
    pub reply: Ref,
    /// Neither text nor data: the reply only says where to go.
    pub empty: bool,
    pub confidence: Option<Confidence>,
    pub intent: Option<Name>,
    pub hand_off: Option<Name>,
    /// To whom a supervisor delegates, and what it writes to each.
    pub delegated: Vec<(Name, Option<Ref>)>,
    pub spent: Spent,
    /// Of what it says, and of what it writes to each. Old journals have none.
    pub label: Option<Label>,
}

/// What a turn took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Spent {
    pub tokens: u32,
    /// Nobody said, so it was reckoned at four bytes a token.
    pub estimated: bool,
}

/// An attempt came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFailed {
    pub turn: TurnId,
    pub failure: Failure,
    /// Of the text that says why, where there is one. Old journals have none.
    pub label: Option<Label>,
}

/// Why an attempt came to nothing. Texts that may hold personal data are payloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The agent raised; the payload holds the error's text.
    Raised(Ref),
    /// The agent's answer was no reply; the payload names its type.
    WrongType(Ref),
    TimedOut {
        after_ms: u64,
    },
    /// The reply did not pass its checks.
    Unchecked(Vec<CheckVerdict>),
    /// The handoff was refused.
    HandOff(RefusalWhy),
    /// The agent was not called.
    Unavailable(UnavailableWhy),
}

/// Why an agent was not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnavailableWhy {
    /// It failed or was slow too often of late.
    BreakerOpen,
    /// Too many wait for it already.
    QueueFull,
    /// A gate did not let it have the turn.
    Denied,
    /// Its budget is used up, and a person is to say what follows.
    Short,
}

/// One check's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckVerdict {
    pub check: u16,
    /// Why it failed; nothing when it passed.
    pub failed: Option<String>,
}

/// A reply was held against the step's checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyChecked {
    pub turn: TurnId,
    pub verdicts: Vec<CheckVerdict>,
}

/// A rule could not decide without a fact from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactNeeded {
    /// The relay that is opened, the parallel whose answers are compared, or the domain whose wall is crossed.
    pub node: NodeId,
    pub message: Ref,
    pub fact: Fact,
    pub strand: StrandId,
}

/// The routing engine chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteChosen {
    /// The turn whose reply stated the intent; none at a relay's entry.
    pub turn: Option<TurnId>,
    pub relay: NodeId,
    pub message: Ref,
    pub at: Micros,
    pub decision: RouteDecision,
    pub strand: StrandId,
}

/// The turn passed to another member of the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOff {
    pub turn: TurnId,
    pub relay: NodeId,
    pub to: NodeId,
    pub why: HandOffWhy,
    pub message: Ref,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOffWhy {
    /// The speaker named the next.
    Named,
    /// The routing table did.
    Routed,
    /// The routed agent came to nothing, and its rule names a fallback.
    Fallback,
    /// The relay's return policy gives the turn back to its entry.
    Returned,
}

/// A handoff did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOffRefused {
    pub turn: TurnId,
    pub target: Name,
    pub why: RefusalWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalWhy {
    /// No relay around the speaker has such a member.
    UnknownTarget,
    /// The target is the speaker.
    Itself,
    /// The target spoke before, and the relay does not allow a second visit.
    Visited,
    /// The relay's handoffs are used up.
    LimitReached,
    /// More members at once than the hierarchy's fan-out.
    FanOut,
    /// A member is named twice in one delegation.
    Twice,
}

/// How an effect may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Reads only: its result is recorded, and it may be repeated.
    Pure,
    /// Acts: the intent is committed first, and a re-run gets the stored result.
    Effect,
    /// As an effect, by a tool that can't tell a repetition: what became of it must be known before it is called again.
    EffectOnce,
}

/// An effect with consequences is about to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectIntended {
    pub turn: TurnId,
    pub key: EffectKey,
    pub tool: Name,
    pub arguments: Ref,
    pub passages: Vec<Passage>,
    pub class: EffectClass,
}

/// An effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectCompleted {
    pub turn: TurnId,
    pub key: EffectKey,
    pub tool: Name,
    pub class: EffectClass,
    pub arguments: Ref,
    pub outcome: EffectOutcome,
    pub passages: Vec<Passage>,
    /// Of what it gave. Nothing for what the runtime itself did, such as a read of the memory, and in old journals.
    pub label: Option<Label>,
    /// Values in what it gave that the tool's own system assigned: they are trusted more than the rest.
    pub assigned: Option<Ref>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectOutcome {
    Returned(Ref),
    Raised(Ref),
}

/// The answer was released to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDelivered {
    pub message: Ref,
    pub passages: Vec<Passage>,
}

/// The run ended without an answer, and says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailed {
    pub code: RunFailCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunFailCode {
    DeadlinePassed,
    StepFailed,
    HandOffLimit,
    Rejected,
    Unresolved,
    ForumLimit,
    /// A gate did not let it go on.
    Denied,
}

/// The run was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCancelled {
    pub reason: Option<Ref>,
}

impl Event {
    /// The kind, as journals and timelines call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run_started",
            Self::RunResumed(_) => "run_resumed",
            Self::TurnStarted(_) => "turn_started",
            Self::TurnReplied(_) => "turn_replied",
            Self::TurnFailed(_) => "turn_failed",
            Self::ReplyChecked(_) => "reply_checked",
            Self::FactNeeded(_) => "fact_needed",
            Self::RouteChosen(_) => "route_chosen",
            Self::HandedOff(_) => "handed_off",
            Self::HandOffRefused(_) => "hand_off_refused",
            Self::EffectIntended(_) => "effect_intended",
            Self::EffectCompleted(_) => "effect_completed",
            Self::ReviewOpened(_) => "review_opened",
            Self::ReviewDecided(_) => "review_decided",
            Self::RunDelivered(_) => "run_delivered",
            Self::RunFailed(_) => "run_failed",
            Self::RunCancelled(_) => "run_cancelled",
            Self::Forked(_) => "forked",
            Self::BranchEnded(_) => "branch_ended",
            Self::CalledOff(_) => "called_off",
            Self::Reconciled(_) => "reconciled",
            Self::FloorPassed(_) => "floor_passed",
            Self::Crossed(_) => "crossed",
            Self::TurnDropped(_) => "turn_dropped",
            Self::FactFailed(_) => "fact_failed",
            Self::RunPaused(_) => "run_paused",
            Self::ReviewClaimed(_) => "review_claimed",
            Self::ReviewReassigned(_) => "review_reassigned",
            Self::RunDerived(_) => "run_derived",
            Self::ReviewSigned(_) => "review_signed",
            Self::ReviewWithdrawn(_) => "review_withdrawn",
            Self::GateRuled(_) => "gate_ruled",
        }
    }
}
