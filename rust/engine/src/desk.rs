//! What people are shown of reviews, and what is told of them. It reads; it decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use interlock_journal::{Frame, PayloadKind, Reader, ReviewFilter, ReviewRow};
use interlock_kernel::{Event, Micros, Name, OpenReview, Ref, Refusal, ReviewId, ReviewSubject, ReviewVerdict, RunId, State};
use interlock_rules::RuleBook;
use interlock_vault::Vault;

use crate::engine::{Core, Engine};
use crate::fold::{Told, document, refold};
use crate::guarding::Guards;
use crate::live::Live;
use crate::plans::compile_plan;
use crate::step::{Settled, Shown};
use crate::{EngineError, settle};

/// Reviews that are looked at together for a tenant's.
const PAGE: usize = 256;

/// A review as the person who decides is shown it.
#[derive(Debug)]
pub struct ReviewShown {
    pub run: RunId,
    pub plan: Name,
    pub review: u32,
    pub opened: Micros,
    pub why: &'static str,
    pub open: OpenReview,
    /// The reply, or the message; for an effect its arguments are in `arguments`.
    pub about: Shown,
    pub arguments: Option<String>,
    /// What those who have signed want in its place: a message, or JSON.
    pub proposed: Option<(Shown, Option<String>)>,
    pub attached: Vec<Shown>,
    /// What was said in the run, in order.
    pub said: Vec<Shown>,
    pub user: Option<Vec<u8>>,
    pub closed: Option<Closed>,
}

/// What became of a review that is not open any more.
#[derive(Debug, Clone)]
pub struct Closed {
    /// `decided`, `expired`, or `withdrawn` when nothing hung on it any more.
    pub how: &'static str,
    pub verdict: Option<ReviewVerdict>,
    pub by: Option<Name>,
    pub reason: Option<String>,
    pub at: Micros,
}

/// Something that happened to a review, for whoever wants to be told.
#[derive(Debug, Clone)]
pub struct ReviewNews {
    pub run: u64,
    pub review: u32,
    /// The frame that says it. A review that ended with its run shares it with others of the run.
    pub seq: u32,
    pub what: &'static str,
    /// Tell it when the journal has committed this far.
    pub ticket: u64,
}

impl Engine {
    /// A review of a run, open or not; without a number the one that is open.
    ///
    /// # Errors
    /// `NotInReview` when nothing is open, `WhichReview` when several are and none was named, `Refused` when there is no such review.
    pub fn show_review(&self, run: u64, number: Option<u32>) -> Result<ReviewShown, EngineError> {
        drop(self.journal.frames(run)?); // waits for what is queued of it, before anybody else waits for the lock
        let core = self.lock()?;
        shown(&self.journal, run, number, |end| core.fold_until(&self.journal, run, end))
    }

    /// Open reviews, oldest first. With a tenant, only those of runs whose users are of it, or of none.
    ///
    /// # Errors
    /// The journal can't be read, or a run's request can't be read from it.
    pub fn open_reviews(&self, filter: &ReviewFilter, tenant: Option<&str>) -> Result<Vec<ReviewRow>, EngineError> {
        listed(&self.journal, filter, tenant)
    }

    /// From now on, keep what happens to reviews until `review_news` is asked for it.
    pub fn tell_of_reviews(&self) -> Result<(), EngineError> {
        self.lock()?.tells = true;
        Ok(())
    }

    /// What happened to reviews since the last call.
    pub fn review_news(&self) -> Result<Vec<ReviewNews>, EngineError> {
        Ok(std::mem::take(&mut self.lock()?.told))
    }

    /// How a run stands now, also when it is under way in this process.
    pub fn stand(&self, run: u64) -> Result<Settled, EngineError> {
        let core = self.lock()?;
        match core.live.get(&run) {
            Some(live) => {
                let mut settled = settle::settled(live.state.clone(), &live.held, live.ticket);
                settled.unmask(&live.guarding)?;
                Ok(settled)
            }
            None => core.look_up(&self.journal, run),
        }
    }
}

/// As `Engine::show_review`, for whoever only reads the journal.
pub fn show_review(reader: &Reader, run: u64, number: Option<u32>) -> Result<ReviewShown, EngineError> {
    let (guards, kills) = (Guards::default_set(Arc::new(Vault::memory()?))?, Arc::default());
    shown(reader, run, number, |end| {
        refold(reader, run, end, false, (&guards, &kills), |started| {
            let entry = compile_plan(&document(reader, started.plan)?)?;
            Ok((entry.plan, RuleBook::new(None, entry.checks)))
        })
    })
}

/// As `Engine::open_reviews`, for whoever only reads the journal.
pub fn open_reviews(reader: &Reader, filter: &ReviewFilter, tenant: Option<&str>) -> Result<Vec<ReviewRow>, EngineError> {
    listed(reader, filter, tenant)
}

/// The list knows no tenants: a run's request does, which may be sealed. So it is read a page at a time until there are enough.
fn listed(journal: &impl Told, filter: &ReviewFilter, tenant: Option<&str>) -> Result<Vec<ReviewRow>, EngineError> {
    let Some(tenant) = tenant else { return Ok(journal.reviews(filter)?) };
    let most = filter.limit.unwrap_or(usize::MAX);
    let mut page = ReviewFilter { limit: Some(PAGE), ..filter.clone() };
    let (mut found, mut known) = (Vec::new(), BTreeMap::new());
    while found.len() < most {
        let rows = journal.reviews(&page)?;
        let (is_last, last) = (rows.len() < PAGE, rows.last().map(|row| (row.opened, row.id, row.review)));
        for row in rows {
            let theirs = match known.get(&row.run) {
                Some(theirs) => *theirs,
                None => *known.entry(row.run).or_insert(is_open_to(journal, row.run, tenant)?),
            };
            if theirs && found.len() < most {
                found.push(row);
            }
        }
        if is_last {
            break;
        }
        page.after = last;
    }
    Ok(found)
}

/// Whether a run's user is of this tenant, or of none.
fn is_open_to(journal: &impl Told, run: u64, tenant: &str) -> Result<bool, EngineError> {
    let payloads = journal.payloads(run)?;
    let Some(request) = payloads.iter().rev().find(|payload| payload.kind == PayloadKind::Request) else { return Ok(true) };
    let asked: serde_json::Value = serde_json::from_slice(&request.bytes)?;
    Ok(asked["user"]["tenant"].as_str().is_none_or(|theirs| theirs == tenant))
}

fn shown(
    journal: &impl Told,
    run: u64,
    number: Option<u32>,
    fold: impl Fn(u32) -> Result<Live, EngineError>,
) -> Result<ReviewShown, EngineError> {
    let review = match number {
        Some(number) => ReviewId(number),
        None => fold(u32::MAX)?.which(None)?,
    };
    let frames = journal.frames(run)?;
    let opening = frames.iter().find(|frame| matches!(frame.event(), Some(Event::ReviewOpened(opened)) if opened.review == review));
    let Some(opening) = opening else { return Err(EngineError::Refused { run, refusal: Refusal::UnknownReview { review } }) };
    let closing = frames.iter().skip(opening.seq as usize + 1).find_map(|frame| Some((frame, closes(frame, review)?)));
    let live = fold(closing.as_ref().map_or(u32::MAX, |(frame, _)| frame.seq))?;
    let closed = closing.map(|(_, (closed, reason))| Closed { reason: reason.and_then(|said| live.held.text(said.number)), ..closed });
    let open = live.open_reviews().into_iter().find(|(id, _)| *id == review).map(|(_, open)| open.clone());
    let open = open.ok_or(EngineError::Internal("a review is open that the run does not know"))?;
    Ok(live.review(review, open, opening.at, closed))
}

/// Whether a frame ends a review, and with which words.
fn closes(frame: &Frame, review: ReviewId) -> Option<(Closed, Option<Ref>)> {
    let at = frame.at;
    let withdrawn = Closed { how: "withdrawn", verdict: None, by: None, reason: None, at };
    let event = frame.event()?;
    if let Event::ReviewDecided(decided) = event {
        let how = if decided.decision.is_none() { "expired" } else { "decided" };
        let (verdict, by) = (Some(decided.verdict), decided.by.clone());
        return (decided.review == review).then_some((Closed { how, verdict, by, reason: None, at }, decided.decision));
    }
    let is_gone = matches!(event, Event::ReviewWithdrawn(gone) if gone.review == review);
    (is_gone || is_end(event)).then_some((withdrawn, None))
}

/// Whether the run is over.
fn is_end(event: &Event) -> bool {
    matches!(event, Event::RunDelivered(_) | Event::RunFailed(_) | Event::RunCancelled(_))
}

/// What an event says of one review, in a word.
fn word(event: &Event) -> Option<(ReviewId, &'static str)> {
    if let Event::ReviewOpened(opened) = event {
        Some((opened.review, "opened"))
    } else if let Event::ReviewClaimed(claimed) = event {
        Some((claimed.review, "claimed"))
    } else if let Event::ReviewReassigned(reassigned) = event {
        Some((reassigned.review, if reassigned.by.is_none() { "escalated" } else { "reassigned" }))
    } else if let Event::ReviewSigned(signed) = event {
        Some((signed.review, "signed"))
    } else if let Event::ReviewDecided(decided) = event {
        Some((decided.review, if decided.decision.is_none() { "expired" } else { "decided" }))
    } else if let Event::ReviewWithdrawn(withdrawn) = event {
        Some((withdrawn.review, "withdrawn"))
    } else {
        None
    }
}

impl Live {
    fn review(&self, review: ReviewId, open: OpenReview, opened: Micros, closed: Option<Closed>) -> ReviewShown {
        let is_effect = matches!(open.subject, ReviewSubject::Effect { .. });
        let shown = |message: Ref| {
            if is_effect { (Shown::default(), self.held.text(message.number)) } else { (self.held.shown(message), None) }
        };
        let (about, arguments) = shown(open.about);
        let proposed = open.proposal.and_then(|(_, content)| content).map(shown);
        let attached = match &self.state {
            State::InReview(waiting) => self.held.for_a_person(waiting),
            State::Unstarted(_) | State::Running(_) | State::Ended(_) => {
                open.attached.iter().map(|message| self.held.attached(*message)).collect()
            }
        };
        ReviewShown {
            run: self.id,
            plan: settle::plan_of(&self.state).name.clone(),
            review: review.0,
            opened,
            why: settle::in_short(open.why),
            about,
            arguments,
            proposed,
            attached,
            said: self.held.all_said(),
            user: self.held.user.clone(),
            open,
            closed,
        }
    }
}

impl Core {
    /// Keep what events say of a run's reviews; `open` are those that were open before.
    pub(crate) fn tell_of(&mut self, run: u64, open: Vec<ReviewId>, first_seq: u32, events: &[Event], ticket: u64) {
        let mut open = open;
        for (seq, event) in (first_seq..).zip(events) {
            let mut tell = |review: ReviewId, what| self.told.push(ReviewNews { run, review: review.0, seq, what, ticket });
            if let Some((review, what)) = word(event) {
                tell(review, what);
                match what {
                    "opened" => open.push(review),
                    "decided" | "expired" | "withdrawn" => open.retain(|other| *other != review),
                    _ => {} // it stays open
                }
            } else if is_end(event) {
                open.drain(..).for_each(|review| tell(review, "withdrawn"));
            }
        }
    }

    /// The reviews that a run began with are open in it too.
    pub(crate) fn tell_of_copied(&mut self, run: u64) {
        let Some(live) = self.live.get(&run).filter(|_| self.tells) else { return };
        let (seq, ticket) = (live.seq.saturating_sub(1), live.ticket);
        let open: Vec<ReviewId> = live.open_reviews().into_iter().map(|(review, _)| review).collect();
        self.told.extend(open.into_iter().map(|review| ReviewNews { run, review: review.0, seq, what: "opened", ticket }));
    }
}
