//! The list of open reviews: what people are asked, by whom it may be decided and until when. It only repeats what the frames say,
//! so that nobody has to fold a run to find those that wait.

use std::sync::Arc;

use interlock_kernel::{Event, Micros, Name, ReviewId, ReviewOpened, ReviewReassigned, ReviewSubject, ReviewVerdict, ReviewWhy, RunId};

use crate::RunRow;

/// An open review as the journal lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// The run's number in this journal.
    pub run: u64,
    pub id: RunId,
    /// The plan's name.
    pub plan: Name,
    /// The review's number in its run.
    pub review: u32,
    pub opened: Micros,
    pub due: Option<Micros>,
    pub why: ReviewWhy,
    pub subject: Asks,
    /// Of an effect.
    pub tool: Option<Name>,
    pub role: Option<Name>,
    pub person: Option<Name>,
    /// How many different people must say the same, and how many did.
    pub approvals: u8,
    pub signed: u32,
    /// What they have signed: the verdict, and the payload that stands in place of what was asked about.
    pub proposal: Option<(ReviewVerdict, Option<u32>)>,
    /// Who is at it, and until when nobody else decides.
    pub claim: Option<(Name, Micros)>,
}

/// What a review is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Run,
    Delivery,
    Effect,
}

impl Asks {
    pub const ALL: [Self; 3] = [Self::Run, Self::Delivery, Self::Effect];

    /// The word that the journal keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Delivery => "delivery",
            Self::Effect => "effect",
        }
    }
}

/// Which open reviews to list, oldest first.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    pub role: Option<Arc<str>>,
    pub person: Option<Arc<str>>,
    pub plan: Option<Arc<str>>,
    pub run: Option<RunId>,
    /// Due before this moment.
    pub due_before: Option<Micros>,
    /// Only what comes after this one in the list: when it was opened, its run, its number.
    pub after: Option<(Micros, RunId, u32)>,
    /// At most so many; all of them if not given.
    pub limit: Option<usize>,
}

impl ReviewFilter {
    /// Whether a review is wanted; the limit is not looked at.
    pub fn admits(&self, row: &ReviewRow) -> bool {
        self.role.as_ref().is_none_or(|role| row.role.as_ref() == Some(role))
            && self.person.as_ref().is_none_or(|person| row.person.as_ref() == Some(person))
            && self.plan.as_ref().is_none_or(|plan| row.plan == *plan)
            && self.run.is_none_or(|run| row.id == run)
            && self.due_before.is_none_or(|before| row.due.is_some_and(|due| due < before))
            && self.after.is_none_or(|after| (row.opened, row.id, row.review) > after)
    }

    /// Of rows in any order, those that are wanted in the list's order.
    pub(crate) fn choose(&self, rows: impl Iterator<Item = ReviewRow>) -> Vec<ReviewRow> {
        let mut rows: Vec<_> = rows.filter(|row| self.admits(row)).collect();
        rows.sort_unstable_by_key(|row| (row.opened, row.id, row.review));
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        rows
    }
}

/// What an event changes in the list.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Opened(Box<ReviewOpened>),
    Claimed(ReviewId, Name, Micros),
    Reassigned(Box<ReviewReassigned>),
    Signed(ReviewId, (ReviewVerdict, Option<u32>)),
    Closed(ReviewId),
    /// The run is over, and nothing is asked in it any more.
    Over,
}

/// What events change in the list, in order.
pub(crate) fn news(events: &[Event]) -> Vec<News> {
    events.iter().filter_map(one).collect()
}

fn one(event: &Event) -> Option<News> {
    Some(match event {
        Event::ReviewOpened(opened) => News::Opened(Box::new(opened.clone())),
        Event::ReviewClaimed(claimed) => News::Claimed(claimed.review, claimed.by.clone(), claimed.until),
        Event::ReviewReassigned(reassigned) => News::Reassigned(Box::new(reassigned.clone())),
        Event::ReviewSigned(signed) => News::Signed(signed.review, (signed.verdict, signed.content.map(|content| content.number))),
        Event::ReviewDecided(decided) => News::Closed(decided.review),
        Event::ReviewWithdrawn(withdrawn) => News::Closed(withdrawn.review),
        Event::RunDelivered(_) | Event::RunFailed(_) | Event::RunCancelled(_) => News::Over,
        // Nobody is asked, and nothing that was asked changes.
        Event::RunStarted(_)
        | Event::RunResumed(_)
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
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::GateRuled(_)
        | Event::RunDerived(_) => return None,
    })
}

/// What news written at one moment make of a run's open reviews: as the kernel folds them.
pub(crate) fn advance(open: &mut Vec<ReviewRow>, run: &RunRow, at: Micros, news: &News) {
    let find = |review: ReviewId| move |row: &&mut ReviewRow| row.review == review.0;
    match news {
        News::Opened(opened) => open.push(row(run, at, opened)),
        News::Claimed(review, by, until) => {
            if let Some(row) = open.iter_mut().find(find(*review)) {
                row.claim = Some((by.clone(), *until));
            }
        }
        News::Reassigned(reassigned) => {
            if let Some(row) = open.iter_mut().find(find(reassigned.review)) {
                (row.role, row.person) = (reassigned.role.clone(), reassigned.person.clone());
                (row.claim, row.proposal, row.signed) = (None, None, 0);
                row.due = row.due.filter(|_| reassigned.by.is_some()); // who is asked after its time has all the time they need
            }
        }
        News::Signed(review, proposal) => {
            if let Some(row) = open.iter_mut().find(find(*review)) {
                row.signed = if row.proposal == Some(*proposal) { row.signed + 1 } else { 1 };
                row.proposal = Some(*proposal);
            }
        }
        News::Closed(review) => open.retain(|row| row.review != review.0),
        News::Over => open.clear(),
    }
}

fn row(run: &RunRow, at: Micros, opened: &ReviewOpened) -> ReviewRow {
    let (subject, tool) = match &opened.subject {
        ReviewSubject::Run => (Asks::Run, None),
        ReviewSubject::Delivery => (Asks::Delivery, None),
        ReviewSubject::Effect { tool, .. } => (Asks::Effect, Some(tool.clone())),
    };
    let terms = &opened.terms;
    ReviewRow {
        run: run.number,
        id: run.id,
        plan: run.plan.clone(),
        review: opened.review.0,
        opened: at,
        due: terms.due,
        why: opened.why,
        subject,
        tool,
        role: terms.role.clone(),
        person: terms.person.clone(),
        approvals: terms.approvals,
        signed: 0,
        proposal: None,
        claim: None,
    }
}
