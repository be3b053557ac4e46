//! Where a decision is taken: one strand of a run, with the book and the time.

use std::ops::Deref;

use crate::plan::OnFailure;
use crate::run::{Decision, Phase, Running, Strand, Turn, effect, one, review};
use crate::{
    Book, BranchEnd, CheckQuery, Content, Event, Fact, FactNeeded, Failure, Micros, NodeId, Ref, Refusal, ReviewSubject, ReviewWhy,
    RunFailCode, RunFailed, Said, TurnReplied,
};

#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub run: &'a Running,
    pub strand: &'a Strand,
    pub book: &'a Book<'a>,
    pub now: Micros,
}

impl Deref for Here<'_> {
    type Target = Running;

    fn deref(&self) -> &Running {
        self.run
    }
}

impl<'a> Here<'a> {
    /// The relays around a node with the member that holds it, as far as the strand reaches.
    pub(super) fn relays_around(&self, node: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + use<'a> {
        self.run.plan.relays_within(node, self.strand.root)
    }

    pub(super) fn content(&self, message: Ref) -> Result<Content<'a>, Refusal> {
        self.book.content(message.number)
    }

    /// The strand can't go on without a fact.
    pub(super) fn needs(&self, fact: Fact, node: NodeId, message: Ref) -> Decision {
        one(Event::FactNeeded(FactNeeded { node, message, fact, strand: self.strand.id }))
    }

    pub(super) fn is_trunk(&self) -> bool {
        self.strand.parent.is_none()
    }

    /// The routing table in force at a node: that of the innermost domain that has one.
    pub(super) fn table_at(&self, node: NodeId) -> Option<u16> {
        self.run.plan.upwards(node).find_map(|above| self.run.plan.domain(above)?.table)
    }

    /// The user, where the walls around a node let that be known.
    pub(super) fn user_at(&self, node: NodeId) -> Option<&'a [u8]> {
        self.book.payloads.user().filter(|_| self.run.plan.shows_user(node))
    }

    /// What a condition of the plan sees, at a node, of something that was said.
    pub(super) fn query(&self, node: NodeId, said: Ref, confidence: Option<crate::Confidence>) -> Result<CheckQuery<'a>, Refusal> {
        Ok(CheckQuery { content: self.content(said)?, confidence, user: self.user_at(node), ..CheckQuery::default() })
    }

    /// Nothing helps: a person, or the end; a branch alone comes to nothing, and its fork decides.
    pub(super) fn give_up(&self, policy: OnFailure, why: ReviewWhy, code: RunFailCode, about: Ref, failure: Option<&Failure>) -> Decision {
        if !self.is_trunk() {
            let failure = failure.filter(|failure| !self.is_walled(failure)).cloned();
            return review::lost(self.run, self.strand.id, BranchEnd::Lost { why, failure });
        }
        if let Phase::Missed { .. } | Phase::Stuck { .. } = &self.strand.phase
            && let Some(asked) = effect::forgotten(*self, about)
        {
            return asked; // the run does not end before somebody says what became of it
        }
        match policy {
            OnFailure::Review => {
                let terms = review::terms(self.run, self.book);
                // Whoever decides says how the run ends, so nothing else hangs on anybody.
                let mut events = review::withdrawn(self.run, |_| true);
                events.push(review::open(self.run, self.strand, (why, about, self.attached()), ReviewSubject::Run, terms, self.now));
                Ok(events)
            }
            OnFailure::Fail => one(Event::RunFailed(RunFailed { code })),
        }
    }

    /// Whether the text of a failure was written inside a domain that the branch is to be seen from outside of.
    fn is_walled(&self, failure: &Failure) -> bool {
        let domain = |node: NodeId| self.run.plan.node(node).and_then(|found| found.domain);
        match failure {
            Failure::Raised(_) | Failure::WrongType(_) => {
                self.strand.phase.turn().is_some_and(|turn| domain(turn.node) != domain(self.strand.root))
            }
            Failure::TimedOut { .. } | Failure::Unchecked(_) | Failure::HandOff(_) | Failure::Unavailable(_) => false,
        }
    }

    /// Ask a person, whatever the policy.
    pub(super) fn ask(&self, why: ReviewWhy, about: Ref) -> Decision {
        self.give_up(OnFailure::Review, why, RunFailCode::StepFailed, about, None)
    }

    /// What was said around here, for the person who is asked: answers that conflict, else the innermost thread.
    fn attached(&self) -> Vec<Ref> {
        if let Phase::Stuck { attached, .. } = &self.strand.phase
            && !attached.is_empty()
        {
            return attached.clone();
        }
        let relay = self.strand.relays.last();
        // The deeper of two patterns around one place has the higher number.
        if let Some(forum) = self.strand.forums.last().filter(|forum| relay.is_none_or(|relay| relay.node < forum.node)) {
            return forum.said.iter().filter_map(|one| super::evolve_forum::said_of(&one.what)).map(|said| said.message).collect();
        }
        let last = match &self.strand.phase {
            Phase::Answered { reply, .. } | Phase::Routed { reply, .. } if !reply.empty => Some(reply.reply),
            Phase::Answered { .. }
            | Phase::Routed { .. }
            | Phase::Entering { .. }
            | Phase::AwaitingFact { .. }
            | Phase::InTurn(_)
            | Phase::Missed { .. }
            | Phase::Paused { .. }
            | Phase::Woken { .. }
            | Phase::Held { .. }
            | Phase::Stuck { .. }
            | Phase::Forked
            | Phase::Delegating { .. }
            | Phase::AtWall { .. }
            | Phase::Left { .. } => None,
        };
        relay.map(|relay| relay.said.iter().copied().chain(last).collect()).unwrap_or_default()
    }
}

/// A reply as something that was said.
pub(super) fn said(turn: &Turn, reply: &TurnReplied) -> Said {
    Said { message: reply.reply, turn: turn.id, agent: turn.agent.clone(), confidence: reply.confidence }
}
