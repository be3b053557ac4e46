//! A run as the journal lists it, and what is appended to one. A run's status is derived from its events, never stated.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use interlock_kernel::{Event, Micros, Name, ReviewSubject, RunId};

use crate::{Payload, RemovedWhy};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunStatus {
    Open,
    InReview,
    Delivered,
    Failed,
    Cancelled,
}

impl RunStatus {
    pub const ALL: [Self; 5] = [Self::Open, Self::InReview, Self::Delivered, Self::Failed, Self::Cancelled];

    /// The word that the journal keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InReview => "in_review",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn is_over(self) -> bool {
        match self {
            Self::Open | Self::InReview => false,
            Self::Delivered | Self::Failed | Self::Cancelled => true,
        }
    }

    /// Where a run stands after an event.
    #[must_use]
    pub fn after(self, event: &Event) -> Self {
        match event {
            Event::RunStarted(_) | Event::ReviewDecided(_) => Self::Open,
            Event::RunPaused(_) => Self::InReview,
            Event::ReviewOpened(opened) => match opened.subject {
                ReviewSubject::Run | ReviewSubject::Delivery => Self::InReview,
                ReviewSubject::Effect { .. } => self, // the run goes on beside it, until it says that it can't
            },
            Event::RunDelivered(_) => Self::Delivered,
            Event::RunFailed(_) => Self::Failed,
            Event::RunCancelled(_) => Self::Cancelled,
            // Steps on the way; a run that is resumed in a review stays there.
            Event::RunResumed(_)
            | Event::TurnStarted(_)
            | Event::TurnReplied(_)
            | Event::TurnFailed(_)
            | Event::ReplyChecked(_)
            | Event::FactNeeded(_)
            | Event::RouteChosen(_)
            | Event::HandedOff(_)
            | Event::HandOffRefused(_)
            | Event::EffectIntended(_)
            | Event::EffectCompleted(_)
            | Event::Forked(_)
            | Event::BranchEnded(_)
            | Event::CalledOff(_)
            | Event::Reconciled(_)
            | Event::FloorPassed(_)
            | Event::Crossed(_)
            | Event::TurnDropped(_)
            | Event::ReviewClaimed(_)
            | Event::ReviewReassigned(_)
            | Event::ReviewSigned(_)
            | Event::ReviewWithdrawn(_)
            | Event::GateRuled(_)
            | Event::RunDerived(_)
            | Event::FactFailed(_) => self,
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl FromStr for RunStatus {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.word() == word).ok_or_else(|| format!("{word:?} is not a run's status"))
    }
}

/// A run's line in the list of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// The run's number in this journal, from 1.
    pub number: u64,
    pub id: RunId,
    /// The caller's key, which names at most one run.
    pub key: Option<Arc<str>>,
    /// The plan's name.
    pub plan: Name,
    pub status: RunStatus,
    pub started: Micros,
    pub ended: Option<Micros>,
    pub frames: u32,
    /// For whom it acts, by id. Nothing when nobody said, when it was erased, or in a file of format 1.
    pub user: Option<Arc<str>>,
    /// The conversation that it belongs to.
    pub thread: Option<Arc<str>>,
    /// Why its payloads are gone, if they are.
    pub removed: Option<RemovedWhy>,
}

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub status: Option<RunStatus>,
    pub plan: Option<Name>,
    pub user: Option<Arc<str>>,
    pub thread: Option<Arc<str>>,
    /// Started at this moment or later.
    pub since: Option<Micros>,
    /// Started before this moment.
    pub until: Option<Micros>,
    /// Over, and ended before this moment.
    pub ended_before: Option<Micros>,
    /// Only runs whose payloads are all there.
    pub whole: bool,
    /// At most so many; all of them if not given.
    pub limit: Option<usize>,
}

impl RunFilter {
    /// Whether a run is wanted; the limit is not looked at.
    pub fn admits(&self, row: &RunRow) -> bool {
        self.status.is_none_or(|status| row.status == status)
            && self.plan.as_ref().is_none_or(|plan| row.plan == *plan)
            && self.user.as_ref().is_none_or(|user| row.user.as_ref() == Some(user))
            && self.thread.as_ref().is_none_or(|thread| row.thread.as_ref() == Some(thread))
            && self.since.is_none_or(|since| row.started >= since)
            && self.until.is_none_or(|until| row.started < until)
            && self.ended_before.is_none_or(|before| row.ended.is_some_and(|ended| ended < before))
            && !(self.whole && row.removed.is_some())
    }
}

/// What the list of runs must know when a run starts.
#[derive(Debug, Clone)]
pub struct StartRow {
    pub id: RunId,
    pub key: Option<Arc<str>>,
    pub plan: Name,
    pub user: Option<Arc<str>>,
    pub thread: Option<Arc<str>>,
}

/// What is appended to a run at once: all of it is committed, or none.
#[derive(Debug)]
pub struct Append<'a> {
    pub run: u64,
    /// The number of the first event in its run.
    pub first_seq: u32,
    pub at: Micros,
    pub events: &'a [Event],
    /// Each is referred to by one of the events or by an earlier one.
    pub payloads: Vec<Payload>,
    /// Given with the first event of a run, and only then.
    pub start: Option<StartRow>,
}

/// The size of the tree after an append: the append is committed once [`crate::Journal::committed`] has reached it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);
