//! Records what happens to branches: they start, end, are called off, and come to one answer.

use crate::plan::OnFailure;
use crate::run::evolve::{strand_mut, take};
use crate::run::{Branch, Fork, Phase, Running, Strand};
use crate::{BranchEnd, BranchEnded, CalledOff, Corrupt, Forked, JoinVerdict, Reconciled, StrandId};

fn wrong(event: &'static str, phase: &Phase) -> Corrupt {
    Corrupt { event, state: phase.adjective() }
}

pub(super) fn forked(running: &mut Running, forked: &Forked) -> Result<(), Corrupt> {
    let is_parallel = running.plan.parallel(forked.node).is_some();
    if is_parallel {
        super::inside::go(running, forked.strand, forked.node, forked.message)?;
    }
    let strand = strand_mut(running, forked.strand)?;
    match (take(strand), is_parallel) {
        (Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Left { .. }, true) => {}
        (Phase::Delegating { forum, .. }, false) if forum == forked.node => {}
        (phase, _) => return Err(wrong("forked", &phase)),
    }
    let branches = forked.branches.iter().map(|branch| Branch { strand: branch.strand, node: branch.node, end: None });
    let fork = Fork { node: forked.node, message: forked.message, branches: branches.collect(), ask: None, options: Vec::new() };
    strand.forks.retain(|fork| fork.node != forked.node); // an earlier delegation of the same forum has been reported
    strand.forks.push(fork);
    if let Some(forum) = strand.forum_mut(forked.node) {
        forum.delegated += u16::try_from(forked.branches.len()).unwrap_or(u16::MAX);
        forum.spoke.extend(forked.branches.iter().map(|branch| branch.node));
    }
    for branch in &forked.branches {
        running.strands.push(Strand::new(branch.strand, Some(forked.strand), branch.node, branch.message, forked.due));
        running.spawned += 1;
    }
    Ok(())
}

/// A strand is over, and whatever was forked from it.
fn remove(running: &mut Running, ended: StrandId) {
    let mut gone = vec![ended];
    // Children come after their parents, so one pass finds all of them.
    for strand in &running.strands {
        if strand.parent.is_some_and(|parent| gone.contains(&parent)) {
            gone.push(strand.id);
        }
    }
    running.strands.retain(|strand| !gone.contains(&strand.id));
}

pub(super) fn ended(running: &mut Running, ended: &BranchEnded) -> Result<(), Corrupt> {
    let parent = running.strand(ended.strand).and_then(|strand| strand.parent);
    let parent = parent.ok_or(Corrupt { event: "branch_ended", state: "not a branch" })?;
    remove(running, ended.strand);
    let strand = strand_mut(running, parent)?;
    let branch = strand.forks.iter_mut().rev().flat_map(|fork| &mut fork.branches).find(|branch| branch.strand == ended.strand);
    let branch = branch.ok_or(Corrupt { event: "branch_ended", state: "without that branch" })?;
    branch.end = Some(ended.end.clone());
    Ok(())
}

pub(super) fn called_off(running: &mut Running, called_off: &CalledOff) -> Result<(), Corrupt> {
    let fork = strand_mut(running, called_off.strand)?.forks.iter_mut().rev().find(|fork| fork.node == called_off.node);
    let fork = fork.ok_or(Corrupt { event: "called_off", state: "without that fork" })?;
    let mut stopped = Vec::new();
    for branch in fork.branches.iter_mut().filter(|branch| branch.end.is_none()) {
        branch.end = Some(BranchEnd::CalledOff);
        stopped.push(branch.strand);
    }
    for strand in stopped {
        remove(running, strand);
    }
    Ok(())
}

pub(super) fn reconciled(running: &mut Running, reconciled: &Reconciled) -> Result<(), Corrupt> {
    let parallel = running.plan.parallel(reconciled.node);
    let (synthesis, policy) = parallel.map_or((None, OnFailure::Review), |parallel| (parallel.synthesis, policy_of(parallel)));
    let strand = strand_mut(running, reconciled.strand)?;
    let phase = take(strand);
    if !matches!(phase, Phase::Forked) {
        return Err(wrong("reconciled", &phase));
    }
    let missing = Corrupt { event: "reconciled", state: "without that fork" };
    let fork = strand.forks.iter_mut().rev().find(|fork| fork.node == reconciled.node).ok_or(missing)?;
    fork.ask = None;
    // What the first vote found to agree is how the answers are told apart.
    fork.options = reconciled.tried.iter().find(|tried| !tried.votes.is_empty()).map(|tried| tried.votes.clone()).unwrap_or_default();
    let answers = || fork.branches.iter().filter_map(|branch| said(branch.end.as_ref()));
    let next = match reconciled.verdict {
        JoinVerdict::Chosen(place) => {
            let answer = fork.branches.get(usize::from(place)).and_then(|branch| said(branch.end.as_ref()));
            let said = answer.cloned().ok_or(Corrupt { event: "reconciled", state: "without that answer" })?;
            Phase::Left { node: reconciled.node, said }
        }
        JoinVerdict::Synthesis => {
            let node = synthesis.ok_or(Corrupt { event: "reconciled", state: "without a synthesis" })?;
            Phase::Entering { node, message: fork.message }
        }
        JoinVerdict::Open(why) => {
            let attached = answers().map(|said| said.message).collect();
            Phase::Stuck { message: fork.message, why, attached, policy, culprit: None }
        }
    };
    strand.phase = next;
    Ok(())
}

fn policy_of(parallel: &crate::plan::Parallel) -> OnFailure {
    match (&parallel.reconcile, parallel.on_failure) {
        (_, OnFailure::Fail) => OnFailure::Fail,
        (Some(policy), OnFailure::Review) => policy.on_unresolved,
        (None, OnFailure::Review) => OnFailure::Review,
    }
}

/// What a branch answered, if it did.
pub(super) fn said(end: Option<&BranchEnd>) -> Option<&crate::Said> {
    match end? {
        BranchEnd::Answered(said) => Some(said),
        BranchEnd::Lost { .. } | BranchEnd::CalledOff => None,
    }
}
