//! What a turn may see of the pattern around it, and what it may reach.

use std::sync::Arc;

use crate::run::evolve_fork::said;
use crate::run::{Running, Strand, Turn};
use crate::{BranchEnd, Contributed, Failure, Name, NodeId, Ref, ReviewWhy, Said};

/// One thing that a turn sees of the pattern around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// What the pattern was given.
    Task(Ref),
    /// The sum of what is not shown.
    Summary(Ref),
    Said {
        by: NodeId,
        said: &'a Said,
        option: Option<u16>,
    },
    Lost {
        by: NodeId,
        why: ReviewWhy,
        failure: Option<&'a Failure>,
    },
}

/// The thread of the innermost chat, the reports of a hierarchy, or the answers that a synthesis agent reads. The task comes first.
/// A domain's wall is a wall here too.
pub fn view<'a>(running: &'a Running, strand: &'a Strand, turn: &Turn) -> Vec<Heard<'a>> {
    for above in running.plan.upwards_to(turn.node, strand.root).skip(1) {
        if running.plan.domain(above).is_some() {
            return Vec::new();
        }
        if let Some(forum) = strand.forum(above) {
            let window = running.plan.forum(above).map_or(usize::MAX, |spec| usize::from(spec.window));
            let lead = running.plan.forum(above).and_then(|spec| spec.summariser);
            let sums_up = running.plan.upwards_to(turn.node, above).any(|node| Some(node) == lead);
            let from = if sums_up { 0 } else { forum.said.len().saturating_sub(window) };
            let summary = forum.summary.filter(|_| from > 0).map(Heard::Summary);
            let heard = forum.said[from..].iter().map(|one| match &one.what {
                Contributed::Said(said) => Heard::Said { by: one.member, said, option: None },
                Contributed::Lost { why, failure } => Heard::Lost { by: one.member, why: *why, failure: failure.as_ref() },
            });
            return std::iter::once(Heard::Task(forum.message)).chain(summary).chain(heard).collect();
        }
        let fork = strand.forks.iter().rev().find(|fork| fork.node == above && running.plan.parallel(above).is_some());
        if let Some(fork) = fork {
            let heard = fork.branches.iter().enumerate().filter_map(|(place, branch)| match branch.end.as_ref()? {
                BranchEnd::Answered(_) => {
                    let option = fork.options.get(place).copied().flatten();
                    said(branch.end.as_ref()).map(|said| Heard::Said { by: branch.node, said, option })
                }
                BranchEnd::Lost { why, failure } => Some(Heard::Lost { by: branch.node, why: *why, failure: failure.as_ref() }),
                BranchEnd::CalledOff => None,
            });
            return std::iter::once(Heard::Task(fork.message)).chain(heard).collect();
        }
    }
    Vec::new()
}

/// What a turn's agent may reach.
pub fn scopes(running: &Running, turn: &Turn) -> Arc<[Name]> {
    let step = running.plan.step(turn.node);
    step.map_or_else(|| Arc::from([]), |step| Arc::clone(if turn.fallback { &step.fallback_scopes } else { &step.scopes }))
}
