//! Forking into branches, and joining them: when enough was heard, and what it comes to.

use crate::plan::{Mode, Parallel};
use crate::reconcile::{Answer, Panel, reconcile};
use crate::run::evolve_fork::said;
use crate::run::here::Here;
use crate::run::{Branch, Decision, Fork, Phase, Running, absorbed, effect, forum, one, review};
use crate::{
    BranchEnd, BranchStarted, CalledOff, Contributed, Contribution, Event, Fact, Floor, Forked, ForumEnd, JoinVerdict, NodeId, Reconciled,
    Ref, Refusal, ReviewWhy, StrandId, TriedOutcome,
};

/// All branches of a parallel start.
pub(super) fn fork(here: Here<'_>, node: NodeId, parallel: &Parallel, message: Ref) -> Decision {
    let due = parallel.branch_deadline_ms.map(|ms| here.now.after_ms(ms));
    let branches = parallel.branches.iter().map(|branch| (*branch, message));
    one(Event::Forked(Forked { strand: here.strand.id, node, message, branches: numbered(here, branches), due }))
}

/// The members to whom a supervisor delegates start.
pub(super) fn delegate(here: Here<'_>, node: NodeId, to: &[(NodeId, Ref)]) -> Decision {
    let message = here.strand.forum(node).map(|forum| forum.message).ok_or(Refusal::NotAwaited)?;
    one(Event::Forked(Forked { strand: here.strand.id, node, message, branches: numbered(here, to.iter().copied()), due: None }))
}

pub(super) fn numbered(here: Here<'_>, branches: impl Iterator<Item = (NodeId, Ref)>) -> Vec<BranchStarted> {
    (here.spawned..).zip(branches).map(|(number, (node, message))| BranchStarted { strand: StrandId(number), node, message }).collect()
}

/// Whether the fork that a strand waits for can be gone on with.
pub(super) fn is_ripe(running: &Running, fork: &Fork) -> bool {
    if fork.ask.is_some() {
        return false;
    }
    // What a branch that is over has begun must have its end before anybody builds on the others.
    if fork.branches.iter().all(|branch| branch.end.is_some()) { !effect::is_astray(running) } else { is_enough(running, fork) }
}

/// Whether what the branches came to so far is enough, although others still work.
fn is_enough(running: &Running, fork: &Fork) -> bool {
    let Some(parallel) = running.plan.parallel(fork.node) else { return false };
    let answered = fork.branches.iter().filter(|branch| said(branch.end.as_ref()).is_some()).count();
    match parallel.mode {
        Mode::WaitAll => false,
        Mode::FirstK(k) => answered >= usize::from(k),
        Mode::FailFast => fork.branches.iter().any(is_lost),
    }
}

fn is_lost(branch: &Branch) -> bool {
    matches!(branch.end, Some(BranchEnd::Lost { .. }))
}

/// The innermost fork of a strand: call off what is not needed, ask the comparator, reconcile, or report.
pub(super) fn next(here: Here<'_>) -> Decision {
    let Some(fork) = here.strand.forks.last() else { return Err(Refusal::NotAwaited) };
    if !is_ripe(here.run, fork) {
        return absorbed();
    }
    if fork.branches.iter().any(|branch| branch.end.is_none()) {
        let stopped = |strand| fork.branches.iter().any(|branch| branch.strand == strand && branch.end.is_none());
        let mut events = review::withdrawn(here.run, stopped);
        events.push(Event::CalledOff(CalledOff { strand: here.strand.id, node: fork.node }));
        return Ok(events);
    }
    if let Some(decision) = effect::lost(here) {
        return decision;
    }
    let Some(parallel) = here.run.plan.parallel(fork.node) else { return report(here, fork) };
    let answers = fork.branches.iter().filter(|branch| said(branch.end.as_ref()).is_some()).count();
    let compares = parallel.reconcile.as_ref().is_some_and(crate::plan::Policy::compares);
    let is_open = answers > 0 && !(parallel.mode == Mode::FailFast && fork.branches.iter().any(is_lost));
    if compares && is_open && answers > 1 {
        return here.needs(Fact::Agreement, fork.node, fork.message);
    }
    settle(here, fork, parallel, None)
}

/// The comparator has said which answers agree.
pub(super) fn on_agreement(here: Here<'_>, pairs: &[u32]) -> Decision {
    let (Phase::Forked, Some(fork)) = (&here.strand.phase, here.strand.forks.last()) else { return absorbed() };
    let Some(parallel) = here.run.plan.parallel(fork.node) else { return Err(Refusal::NotAwaited) };
    let answers = fork.branches.iter().filter(|branch| said(branch.end.as_ref()).is_some()).count();
    if pairs.len() != answers * answers.saturating_sub(1) / 2 {
        return Err(Refusal::WrongPairs { expected: answers * answers.saturating_sub(1) / 2, given: pairs.len() });
    }
    settle(here, fork, parallel, Some(pairs))
}

/// The strand that waits for a comparator with this question.
pub(super) fn asked(running: &Running, ask: u32) -> Option<StrandId> {
    let waits = |fork: &Fork| fork.ask == Some(ask);
    running.strands.iter().find(|strand| strand.forks.iter().any(waits)).map(|strand| strand.id)
}

fn settle(here: Here<'_>, fork: &Fork, parallel: &Parallel, agreement: Option<&[u32]>) -> Decision {
    let closed = |tried, verdict| {
        let (strand, node) = (here.strand.id, fork.node);
        one(Event::Reconciled(Reconciled { strand, node, tried, agreement: agreement.map(<[u32]>::to_vec), verdict }))
    };
    if parallel.mode == Mode::FailFast && fork.branches.iter().any(is_lost) {
        return closed(Vec::new(), JoinVerdict::Open(ReviewWhy::BranchFailed));
    }
    let mut answers = Vec::new();
    for branch in &fork.branches {
        let answer = said(branch.end.as_ref());
        let content = answer.map(|said| here.content(said.message)).transpose()?;
        let name = here.run.plan.node(branch.node).map_or("", |node| &*node.name);
        answers.push(Answer { name, content, confidence: answer.and_then(|said| said.confidence) });
    }
    if answers.iter().all(|answer| answer.content.is_none()) {
        return closed(Vec::new(), JoinVerdict::Open(ReviewWhy::NoAnswers));
    }
    let task = here.query(fork.node, fork.message, None)?;
    let panel = Panel { answers: &answers, agreement, task };
    let (tried, chosen) =
        parallel.reconcile.as_ref().map_or_else(|| (Vec::new(), None), |policy| reconcile(policy, &panel, here.book.rules));
    let verdict = match chosen {
        _ if parallel.synthesis.is_some() => JoinVerdict::Synthesis,
        Some(place) => JoinVerdict::Chosen(place),
        None if tried.last().is_some_and(|last| last.outcome == TriedOutcome::Review && !last.considered.is_empty()) => {
            JoinVerdict::Open(ReviewWhy::Overridden)
        }
        None => JoinVerdict::Open(ReviewWhy::Unresolved),
    };
    closed(tried, verdict)
}

/// The delegates of a hierarchy have ended: their reports go to whoever delegated.
fn report(here: Here<'_>, fork: &Fork) -> Decision {
    let (Some(spec), Some(state)) = (here.run.plan.forum(fork.node), here.strand.forum(fork.node)) else { return Err(Refusal::NotAwaited) };
    let mut passed = forum::passing(here, fork.node);
    for branch in &fork.branches {
        let what = match &branch.end {
            Some(BranchEnd::Answered(said)) => Contributed::Said(said.clone()),
            Some(BranchEnd::Lost { why, failure }) => Contributed::Lost { why: *why, failure: failure.clone() },
            Some(BranchEnd::CalledOff) | None => continue, // a delegation waits for all
        };
        passed.said.push(Contribution { member: branch.node, what, repeats: false });
    }
    let tokens = spec.max_tokens.is_some_and(|most| state.tokens >= most);
    passed.next = match spec.lead {
        // At the limit the lead may still conclude from what it has; it may not delegate further.
        Some(lead) if !tokens => Floor::Member { node: lead, message: state.message },
        Some(_) => forum::at_limit(spec, state, &passed.said, ReviewWhy::ForumLimit),
        None => by_rules(here, spec, state, &mut passed)?,
    };
    one(Event::FloorPassed(passed))
}

/// Rules look at the last report; when none holds, it is the answer.
fn by_rules(
    here: Here<'_>,
    spec: &crate::plan::Forum,
    state: &crate::run::ForumState,
    passed: &mut crate::FloorPassed,
) -> Result<Floor, Refusal> {
    let reports = state.said.len() + passed.said.len();
    let all = || (0_u16..).zip(state.said.iter().chain(&passed.said));
    let last =
        all().filter_map(|(number, one)| super::evolve_forum::said_of(&one.what).map(|said| (number, one.member, said.clone()))).last();
    let Some((number, member, said)) = last else { return Ok(Floor::Open(ReviewWhy::NoAnswers)) };
    let speaker = here.run.plan.node(member).map(|node| &*node.name);
    let turns = u32::try_from(reports).unwrap_or(u32::MAX);
    let heard = forum::Heard { forum: state.node, content: said.message, confidence: said.confidence, speaker, turns };
    let mut considered = Vec::new();
    let next = forum::choose(here, spec, &heard, None, said.message, &mut considered)?;
    passed.considered = considered;
    Ok(match next {
        None => Floor::Answer { number, why: ForumEnd::Finished },
        Some(Floor::Delegates(to)) if !may_delegate(spec, state, to.len()) => {
            forum::at_limit(spec, state, &passed.said, ReviewWhy::ForumLimit)
        }
        Some(floor) => floor,
    })
}

/// Whether the limits allow so many further delegations.
pub(super) fn may_delegate(spec: &crate::plan::Forum, state: &crate::run::ForumState, more: usize) -> bool {
    let within = usize::from(state.delegated) + more <= usize::from(spec.max_turns);
    within && spec.max_tokens.is_none_or(|most| state.tokens < most)
}
