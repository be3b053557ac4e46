//! The decider: who acts next, on what data, and why. A run is the fold of its events.
//!
//! `decide` chooses and may refuse, `evolve` records and cannot choose, `outstanding` derives what is still owed.
//! Nothing here reads a clock, a file, the environment or a random source; those facts arrive as arguments.

mod branch;
mod command;
mod event;
mod gate;
mod id;
mod input;
mod label;
pub mod limits;
pub mod plan;
mod reconcile;
mod refusal;
mod review;
mod rules;
mod run;

pub use branch::{
    BranchEnd, BranchEnded, BranchStarted, CalledOff, Contributed, Contribution, Crossed, CrossingOutcome, FactFailed, Floor, FloorPassed,
    Forked, ForumEnd, JoinVerdict, Reconciled, Said, Tried, TriedOutcome, TurnDropped,
};
pub use command::{CallAgent, Command};
pub use event::{
    CheckVerdict, EffectClass, EffectCompleted, EffectIntended, EffectOutcome, Event, FactNeeded, Failure, HandOffRefused, HandOffWhy,
    HandedOff, RefusalWhy, ReplyChecked, RouteChosen, RunCancelled, RunDelivered, RunFailCode, RunFailed, RunResumed, RunStarted, Spent,
    TurnFailed, TurnReplied, TurnStarted, UnavailableWhy,
};
pub use gate::{Follows, Gate, GateRuled, Gates, Passage, Ruled, Ruling, Subject, Verdict};
pub use id::{Confidence, Digest, EffectKey, Micros, Name, NodeId, Ref, ReviewId, RunId, StrandId, TurnId};
pub use input::{Crossing, HandOff, Input, Reply, Reviewer};
pub use label::{Confidentiality, Integrity, Label};
pub use refusal::{Corrupt, Refusal};
pub use review::{
    ApproveSpec, Expiry, ReviewClaimed, ReviewDecided, ReviewOpened, ReviewReassigned, ReviewSigned, ReviewSubject, ReviewVerdict,
    ReviewWhy, ReviewWithdrawn, RunDerived, RunPaused, Terms, TermsSpec,
};
pub use rules::{
    BallotKey, Book, Check, CheckQuery, Considered, Consulted, Content, Escalation, Fact, Fold, Neighbour, Payloads, Priority,
    RouteDecision, RouteEvidence, RouteQuery, RuleOutcome, Rules, Stage, Target,
};
pub use run::{
    Branch, Decided, DomainState, Ended, EndedHow, Fork, ForumState, Heard, InReview, Intent, OpenReview, Phase, RelayState, RouteState,
    Running, STATE_SHAPE, State, Strand, Then, Turn, calls, decide, delegators, due, evolve, facts, may_advance, outstanding, scopes, view,
    wakes_at,
};
