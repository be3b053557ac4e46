//! A journal in plain words, one line an event, so that a test's expectation reads as a story.

use std::collections::BTreeMap;

use interlock_kernel::plan::Plan;
use interlock_kernel::{
    BranchEnd, CheckVerdict, Contributed, CrossingOutcome, Event, Fact, Failure, Floor, FloorPassed, JoinVerdict, Name, NodeId, Reconciled,
    Ref, ReviewDecided, ReviewVerdict, StrandId, Target, TurnId, TurnReplied, TurnStarted,
};

use crate::Papers;

/// What happened, line by line.
pub fn story(plan: &Plan, papers: &Papers, journal: &[Event]) -> Vec<String> {
    let mut teller = Teller { plan, papers, strands: BTreeMap::new(), turns: BTreeMap::new() };
    journal.iter().map(|event| teller.line(event)).collect()
}

/// Knows who is who.
struct Teller<'a> {
    plan: &'a Plan,
    papers: &'a Papers,
    strands: BTreeMap<StrandId, NodeId>,
    turns: BTreeMap<TurnId, Name>,
}

impl Teller<'_> {
    fn line(&mut self, event: &Event) -> String {
        match event {
            Event::RunStarted(started) => format!("asked: {}", self.text(started.message)),
            Event::RunResumed(_) => "resumed".into(),
            Event::TurnStarted(started) => {
                self.turns.insert(started.turn, started.agent.clone());
                self.turn(started)
            }
            Event::TurnReplied(reply) => self.said(reply),
            Event::TurnFailed(failed) => format!("failed: {}", self.reason(&failed.failure)),
            Event::ReplyChecked(checked) => match failures(&checked.verdicts) {
                none if none.is_empty() => "checked".into(),
                some => format!("unchecked: {some}"),
            },
            Event::FactNeeded(needed) => format!("needs {:?}", needed.fact),
            Event::RouteChosen(chosen) => format!("routes {} to {}", chosen.decision.intent, whom(&chosen.decision.target)),
            Event::HandedOff(passed) => format!("{:?}: {} gets {}", passed.why, self.name(passed.to), self.text(passed.message)),
            Event::HandOffRefused(refused) => format!("refused {}: {:?}", refused.target, refused.why),
            Event::EffectIntended(intended) => format!("intends {}", intended.tool),
            Event::EffectCompleted(completed) => format!("completed {}", completed.tool),
            Event::ReviewOpened(opened) => format!("review of {}: {:?}", self.text(opened.about), opened.why),
            Event::ReviewDecided(decided) => self.decided(decided),
            Event::ReviewClaimed(claimed) => format!("{} claims the review", claimed.by),
            Event::ReviewReassigned(reassigned) => {
                let to = reassigned.person.as_ref().or(reassigned.role.as_ref()).map_or("anybody", |name| name);
                format!("{} reassigns to {to}", reassigned.by.as_deref().unwrap_or("time"))
            }
            Event::ReviewSigned(signed) => format!("{} signs {:?}", signed.by, signed.verdict),
            Event::ReviewWithdrawn(_) => "review withdrawn".into(),
            Event::GateRuled(ruled) => format!("{} says {:?}", ruled.ruling.gate.code(), ruled.ruling.verdict),
            Event::RunPaused(_) => "paused".into(),
            Event::RunDerived(_) => "derived".into(),
            Event::RunDelivered(delivered) => format!("delivered {}", self.text(delivered.message)),
            Event::RunFailed(failed) => format!("ended: {:?}", failed.code),
            Event::RunCancelled(_) => "cancelled".into(),
            Event::Forked(forked) => {
                self.strands.extend(forked.branches.iter().map(|branch| (branch.strand, branch.node)));
                let gets = forked.branches.iter().map(|branch| (branch.node, branch.message));
                format!("{} forks: {}", self.name(forked.node), self.each_gets(gets))
            }
            Event::BranchEnded(ended) => match &ended.end {
                BranchEnd::Answered(said) => format!("{} ends with {}", self.branch(ended.strand), self.text(said.message)),
                BranchEnd::Lost { why, .. } => format!("{} is lost: {why:?}", self.branch(ended.strand)),
                BranchEnd::CalledOff => format!("{} is called off", self.branch(ended.strand)),
            },
            Event::CalledOff(called_off) => format!("{} calls off the rest", self.name(called_off.node)),
            Event::Reconciled(reconciled) => self.reconciled(reconciled),
            Event::FloorPassed(passed) => self.floor(passed),
            Event::Crossed(crossed) => {
                let way = if crossed.way == Fact::Import { "into" } else { "out of" };
                let what = match &crossed.outcome {
                    CrossingOutcome::Passed { message, .. } => self.text(*message).to_owned(),
                    CrossingOutcome::Refused { label } => format!("nothing, for {label}"),
                };
                format!("{way} {}: {what}", self.name(crossed.domain))
            }
            Event::TurnDropped(dropped) => format!("drops {}", self.turns.get(&dropped.turn).map_or("(nobody)", |name| &**name)),
            Event::FactFailed(failed) => format!("no fact: {}", self.text(failed.why)),
        }
    }

    fn text(&self, message: Ref) -> &str {
        self.papers.text(message)
    }

    fn name(&self, id: NodeId) -> &str {
        self.plan.node(id).map_or("(no node)", |node| &node.name)
    }

    fn branch(&self, strand: StrandId) -> &str {
        self.strands.get(&strand).map_or("(no branch)", |node| self.name(*node))
    }

    fn each_gets(&self, gets: impl Iterator<Item = (NodeId, Ref)>) -> String {
        gets.map(|(node, message)| format!("{} gets {}", self.name(node), self.text(message))).collect::<Vec<_>>().join(", ")
    }

    fn turn(&self, started: &TurnStarted) -> String {
        let how = match (started.hedge, started.fallback) {
            (true, _) => " beside",
            (false, true) => " as the fallback",
            (false, false) => "",
        };
        let again = if started.attempt > 1 { format!(" again ({})", started.attempt) } else { String::new() };
        format!("{} hears {}{how}{again}", started.agent, self.text(started.message))
    }

    fn said(&self, reply: &TurnReplied) -> String {
        let text = if reply.empty { "nothing" } else { self.text(reply.reply) };
        let intent = reply.intent.as_ref().map_or_else(String::new, |intent| format!(" about {intent}"));
        let target = reply.hand_off.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
        let to: Vec<&str> = reply.delegated.iter().map(|(name, _)| &**name).collect();
        let tasks = if to.is_empty() { String::new() } else { format!(" for {}", to.join(" and ")) };
        format!("says {text}{intent}{target}{tasks}")
    }

    fn decided(&self, decided: &ReviewDecided) -> String {
        let content = decided.content.map_or("as it is", |content| self.text(content));
        let who = if decided.by.is_some() { "reviewer" } else { "time" };
        match decided.verdict {
            ReviewVerdict::Answered => format!("{who} says {content}"),
            ReviewVerdict::Rejected => format!("{who} rejects"),
            ReviewVerdict::Approved => format!("{who} approves {content}"),
            ReviewVerdict::Edited => format!("{who} edits to {content}"),
        }
    }

    /// Each method that was tried, and what came of it.
    fn reconciled(&self, reconciled: &Reconciled) -> String {
        let tried: Vec<String> = reconciled.tried.iter().map(|tried| format!("{:?} {:?}", tried.outcome, tried.tally)).collect();
        let verdict = match reconciled.verdict {
            JoinVerdict::Chosen(place) => {
                self.plan.members(reconciled.node).get(usize::from(place)).map_or("nobody", |id| self.name(*id)).into()
            }
            JoinVerdict::Synthesis => "the synthesis".into(),
            JoinVerdict::Open(why) => format!("open, {why:?}"),
        };
        format!("{} takes {verdict} ({})", self.name(reconciled.node), tried.join(", "))
    }

    fn floor(&self, passed: &FloorPassed) -> String {
        let lost = |member, what: &Contributed| match what {
            Contributed::Said(_) => None,
            Contributed::Lost { why, .. } => Some(format!("{} is missing ({why:?}); ", self.name(member))),
        };
        let lost: String = passed.said.iter().filter_map(|one| lost(one.member, &one.what)).collect();
        let stalled = if passed.stalled { "stalled; " } else { "" };
        let erred = if passed.erred.is_some() { "a condition erred; " } else { "" };
        let next = match &passed.next {
            Floor::Member { node, message } => format!("{} gets {}", self.name(*node), self.text(*message)),
            Floor::Summary { next, .. } => format!("a summary for {}", self.name(*next)),
            Floor::Delegates(to) => self.each_gets(to.iter().copied()),
            Floor::Answer { number, why } => format!("{why:?} with number {number}"),
            Floor::Open(why) => format!("open, {why:?}"),
        };
        format!("{}: {lost}{stalled}{erred}{next}", self.name(passed.forum))
    }

    fn reason(&self, failure: &Failure) -> String {
        match failure {
            Failure::Raised(text) => format!("raised {}", self.text(*text)),
            Failure::WrongType(text) => format!("wrong type {}", self.text(*text)),
            Failure::TimedOut { after_ms } => format!("timed out after {after_ms} ms"),
            Failure::Unchecked(verdicts) => format!("unchecked: {}", failures(verdicts)),
            Failure::HandOff(why) => format!("handoff {why:?}"),
            Failure::Unavailable(why) => format!("unavailable {why:?}"),
        }
    }
}

fn failures(verdicts: &[CheckVerdict]) -> String {
    verdicts.iter().filter(|verdict| verdict.failed.is_some()).map(|verdict| verdict.check.to_string()).collect::<Vec<_>>().join(", ")
}

fn whom(target: &Target) -> &str {
    match target {
        Target::Agent(agent) => agent,
        Target::Review => "a person",
        Target::Router => "the router",
    }
}
