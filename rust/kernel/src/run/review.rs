//! What people decide: who may, what can be said, how many must agree, and what follows when nobody does.

use crate::run::{Decision, InReview, OpenReview, Running, State, Strand, absorbed, one};
use crate::{
    Book, BranchEnd, BranchEnded, Event, Expiry, Gate, Input, Micros, Ref, Refusal, ReviewClaimed, ReviewDecided, ReviewId, ReviewOpened,
    ReviewReassigned, ReviewSigned, ReviewSubject, ReviewVerdict, ReviewWhy, ReviewWithdrawn, Reviewer, StrandId, Subject, TermsSpec,
};

/// The terms for what the run itself asks a person: the plan's, else those of the configuration.
pub(super) fn terms<'a>(running: &'a Running, book: &'a Book<'a>) -> Option<&'a TermsSpec> {
    running.plan.review.as_ref().or_else(|| book.rules.terms())
}

/// The event that asks. One question a call: what it hangs on stands still until then.
pub(super) fn open(
    running: &Running,
    strand: &Strand,
    (why, about, attached): (ReviewWhy, Ref, Vec<Ref>),
    subject: ReviewSubject,
    terms: Option<&TermsSpec>,
    now: Micros,
) -> Event {
    let terms = terms.map(|terms| terms.from(now)).unwrap_or_default();
    Event::ReviewOpened(ReviewOpened { review: ReviewId(running.reviews), why, about, attached, strand: strand.id, subject, terms })
}

impl OpenReview {
    pub(super) fn of(opened: &ReviewOpened) -> Self {
        Self {
            why: opened.why,
            about: opened.about,
            attached: opened.attached.clone(),
            strand: opened.strand,
            subject: opened.subject.clone(),
            terms: opened.terms.clone(),
            claim: None,
            proposal: None,
            signed: Vec::new(),
        }
    }

    /// Whether this can be said about the subject at all. An effect that the turn did not repeat can't be done again.
    pub fn admits(&self, verdict: ReviewVerdict) -> bool {
        match (verdict, &self.subject) {
            (ReviewVerdict::Answered | ReviewVerdict::Rejected, _) => true,
            (ReviewVerdict::Approved, subject) => *subject != ReviewSubject::Run,
            (ReviewVerdict::Edited, ReviewSubject::Effect { .. }) => self.why == ReviewWhy::Approval,
            (ReviewVerdict::Edited, subject) => *subject == ReviewSubject::Delivery,
        }
    }

    fn check(&self, review: ReviewId, by: &Reviewer, now: Micros) -> Result<(), Refusal> {
        let terms = &self.terms;
        let is_one = terms.person.as_ref().is_none_or(|person| *person == by.name);
        if !is_one || terms.role.as_ref().is_some_and(|role| !by.roles.contains(role)) {
            let role = terms.role.as_ref().map(|role| format!("role {role:?}"));
            let who = terms.person.as_ref().map(|person| format!("{person:?}")).into_iter().chain(role).collect::<Vec<_>>().join(" in ");
            return Err(Refusal::NotYours { review, by: by.name.clone(), who });
        }
        match &self.claim {
            Some((holder, until)) if *holder != by.name && now < *until => Err(Refusal::Claimed { review, holder: holder.clone() }),
            Some(_) | None => Ok(()),
        }
    }
}

/// The reviews that a run waits for, whichever they are about.
pub(super) fn awaited(state: &State) -> Vec<(ReviewId, &OpenReview)> {
    match state {
        State::InReview(waiting) if waiting.decided.is_none() => vec![(waiting.review, &waiting.open)],
        State::Running(running) => running.open.iter().map(|(id, open)| (*id, open)).collect(),
        State::Unstarted(_) | State::InReview(_) | State::Ended(_) => Vec::new(),
    }
}

/// The next moment at which nobody may decide any more.
pub fn due(state: &State) -> Option<Micros> {
    awaited(state).into_iter().filter_map(|(_, open)| open.terms.due).min()
}

/// A person's word on one review, in a run that is in review or goes on beside it.
pub(super) fn on_input(running: &Running, waiting: Option<&InReview>, input: Input, book: &Book<'_>, now: Micros) -> Decision {
    let find = |review: ReviewId| {
        let own = waiting.filter(|waiting| waiting.review == review && waiting.decided.is_none()).map(|waiting| &waiting.open);
        own.or_else(|| running.open.get(&review)).ok_or_else(|| closed(running, waiting, review))
    };
    match input {
        Input::ReviewAnswered { review, by, decision, verdict, content, deadline } => {
            let open = find(review)?;
            open.check(review, &by, now)?;
            // A yes, or the same word again, signs what others have proposed; anything else that lets it happen is a proposal of its own.
            let (verdict, content, signed) = match open.proposal {
                Some(proposal) if verdict == ReviewVerdict::Approved || proposal == (verdict, content) => {
                    (proposal.0, proposal.1, open.signed.len())
                }
                Some(_) | None => (verdict, content, 0),
            };
            if !open.admits(verdict) {
                return Err(Refusal::NotPossible { review, verdict });
            }
            if content.is_none() && matches!(verdict, ReviewVerdict::Answered | ReviewVerdict::Edited) {
                return Err(Refusal::NoContent { review, verdict });
            }
            if signed > 0 && open.signed.contains(&by.name) {
                return Err(Refusal::SignedAlready { review, by: by.name });
            }
            let said = content.unwrap_or(decision);
            let subject = Subject { agent: None, tool: None, content: Some(said), domain: None, node: None };
            let passages = vec![book.pass(Gate::ReviewDecision, subject)?];
            let is_enough = verdict == ReviewVerdict::Rejected || signed + 1 >= usize::from(open.terms.approvals);
            let (decision, by) = (Some(decision), by.name);
            if !is_enough {
                return one(Event::ReviewSigned(ReviewSigned { review, by, verdict, content, decision, passages }));
            }
            one(Event::ReviewDecided(ReviewDecided { review, decision, verdict, passages, by: Some(by), content, at: now, deadline }))
        }
        Input::ReviewClaimed { review, by, until } => {
            find(review)?.check(review, &by, now)?;
            one(Event::ReviewClaimed(ReviewClaimed { review, by: by.name, until }))
        }
        Input::ReviewReassigned { review, by, role, person, decision } => {
            let open = find(review)?;
            open.check(review, &by, now)?;
            let approvals = open.terms.approvals;
            if person.is_some() && approvals > 1 {
                return Err(Refusal::OneForSeveral { review, approvals });
            }
            one(Event::ReviewReassigned(ReviewReassigned { review, by: Some(by.name), role, person, decision: Some(decision) }))
        }
        Input::Requested { .. }
        | Input::Reopened { .. }
        | Input::Advanced
        | Input::Replied { .. }
        | Input::AttemptFailed { .. }
        | Input::NeighboursFound { .. }
        | Input::AgreementFound { .. }
        | Input::CrossingFound { .. }
        | Input::FactFailed { .. }
        | Input::EffectBegun { .. }
        | Input::EffectEnded { .. }
        | Input::TimePassed
        | Input::Derived { .. }
        | Input::Ruled { .. }
        | Input::CancelRequested { .. } => absorbed(), // no person said it
    }
}

/// Why a review can't be decided any more.
fn closed(running: &Running, waiting: Option<&InReview>, review: ReviewId) -> Refusal {
    if review.0 >= running.reviews {
        return Refusal::UnknownReview { review };
    }
    let just = waiting.filter(|waiting| waiting.review == review).and_then(|waiting| waiting.decided.as_ref());
    let by = just.map_or_else(|| running.closed.get(&review).cloned().flatten(), |decided| decided.by.clone());
    Refusal::ReviewClosed { review, by }
}

/// The time of a review has run out: what its terms say then. `deadline` is what the run gets if it goes on.
pub(super) fn on_time(state: &State, now: Micros) -> Decision {
    let late = awaited(state).into_iter().find(|(_, open)| open.terms.due.is_some_and(|due| now >= due));
    let Some((review, open)) = late else { return absorbed() };
    let verdict = match &open.terms.on_expiry {
        Expiry::Reassign(role) => {
            let role = Some(role.clone());
            return one(Event::ReviewReassigned(ReviewReassigned { review, by: None, role, person: None, decision: None }));
        }
        // That nobody came says nothing of what became of an effect.
        Expiry::Approve if open.admits(ReviewVerdict::Approved) && open.why != ReviewWhy::EffectUnknown => ReviewVerdict::Approved,
        Expiry::Approve | Expiry::Reject => ReviewVerdict::Rejected,
    };
    let deadline = now.after_ms(crate::limits::RUN_DEADLINE_MS);
    let (decision, by, content, passages) = (None, None, None, Vec::new());
    one(Event::ReviewDecided(ReviewDecided { review, decision, verdict, passages, by, content, at: now, deadline }))
}

/// Nothing hangs any more on the reviews of a strand that is called off, and of those that were forked from it.
pub(super) fn withdrawn(running: &Running, stopped: impl Fn(StrandId) -> bool) -> Vec<Event> {
    let below = |open: &OpenReview| running.lineage(open.strand).any(|strand| stopped(strand.id));
    let gone = running.open.iter().filter(|(_, open)| below(open));
    gone.map(|(review, _)| Event::ReviewWithdrawn(ReviewWithdrawn { review: *review })).collect()
}

/// A branch comes to nothing, and what people were asked in it with it.
#[expect(clippy::unnecessary_wraps, reason = "the value of a decision, at the end of functions that may refuse")]
pub(super) fn lost(running: &Running, strand: StrandId, end: BranchEnd) -> Decision {
    let mut events = withdrawn(running, |stopped| stopped == strand);
    events.push(Event::BranchEnded(BranchEnded { strand, end }));
    Ok(events)
}
