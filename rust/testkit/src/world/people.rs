//! What people do with the reviews that they are asked for.

use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::{Input, Name, OpenReview, ReviewId, ReviewVerdict, Reviewer, State};

use super::shell::Flight;
use super::{Reviews, World};
use crate::rules::scatter;

const PEOPLE: [&str; 4] = ["pat", "kim", "sam", "lee"];

impl World {
    /// What somebody will say about an open review, and when.
    pub(super) fn ask_people(&mut self, review: ReviewId) -> Option<Flight> {
        let open = self.open_review(review)?.clone();
        let has_proposal = open.proposal.is_some();
        let verdict = match self.faults.reviews {
            Reviews::Await => return None,
            Reviews::Wild(seed) => return Some(self.wild(review, &open, scatter(seed ^ scatter(self.steps as u64)))),
            Reviews::Reject => ReviewVerdict::Rejected,
            Reviews::Answer | Reviews::Approve if has_proposal => ReviewVerdict::Approved,
            Reviews::Approve if open.admits(ReviewVerdict::Approved) => ReviewVerdict::Approved,
            Reviews::Answer | Reviews::Approve => ReviewVerdict::Answered,
        };
        // Different people, one after another, and each of them may.
        let next = PEOPLE[open.signed.len() % PEOPLE.len()].into();
        let by = Reviewer { name: open.terms.person.clone().unwrap_or(next), roles: open.terms.role.clone().into_iter().collect() };
        Some(Flight { ready: Some(self.now), answer: self.decision(review, by, verdict) })
    }

    /// The review with this number, if it is open.
    pub fn open_review(&self, review: ReviewId) -> Option<&OpenReview> {
        match &self.state {
            State::InReview(waiting) if waiting.review == review => Some(&waiting.open),
            State::Running(running) => running.open.get(&review),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
        }
    }

    /// A person's word, with a content where one is needed.
    pub fn decision(&mut self, review: ReviewId, by: Reviewer, verdict: ReviewVerdict) -> Input {
        let content = match verdict {
            ReviewVerdict::Answered => Some(self.shelf.papers.keep("a person's answer")),
            ReviewVerdict::Edited => Some(self.shelf.papers.keep("a person's change")),
            ReviewVerdict::Approved | ReviewVerdict::Rejected => None,
        };
        let decision = self.shelf.papers.keep("a person's reason");
        Input::ReviewAnswered { review, by, decision, verdict, content, deadline: self.now.after_ms(RUN_DEADLINE_MS) }
    }

    fn wild(&mut self, review: ReviewId, open: &OpenReview, chance: u64) -> Flight {
        let pick = |shift: u32, of: u64| (chance >> shift) % of;
        let some = |shift: u32| Name::from(PEOPLE[usize::try_from(pick(shift, 4)).unwrap_or(0)]);
        // Mostly those who may.
        let may = |fit: Option<&Name>, shift: u32| fit.filter(|_| pick(shift, 8) > 0).cloned();
        let holder = open.claim.as_ref().map(|(holder, _)| holder);
        let name = may(open.terms.person.as_ref(), 3).or_else(|| may(holder, 6)).unwrap_or_else(|| some(9));
        let by = Reviewer { name, roles: may(open.terms.role.as_ref(), 12).into_iter().collect() };
        let late = match pick(15, 8) {
            0..4 => 0,
            4..7 => pick(18, 500),
            _ => pick(18, 20_000),
        };
        let answer = match pick(33, 12) {
            0 => Input::ReviewClaimed { review, by, until: self.now.after_ms(late + pick(37, 400)) },
            1 => {
                let role = (pick(41, 3) == 0).then(|| "chief".into());
                let person = (pick(43, 3) == 0).then(|| some(45));
                let decision = self.shelf.papers.keep("ask them");
                Input::ReviewReassigned { review, by, role, person, decision }
            }
            _ => {
                let verdict = match pick(47, 10) {
                    _ if open.proposal.is_some() && pick(51, 4) > 0 => ReviewVerdict::Approved,
                    0..2 => ReviewVerdict::Rejected,
                    2..6 if open.admits(ReviewVerdict::Approved) => ReviewVerdict::Approved,
                    6..8 if open.admits(ReviewVerdict::Edited) => ReviewVerdict::Edited,
                    _ => ReviewVerdict::Answered,
                };
                self.decision(review, by, verdict)
            }
        };
        Flight { ready: Some(self.now.after_ms(late)), answer }
    }
}
