//! Records how the floor of a forum passes, what is asked, and what crosses a wall.

use crate::plan::OnFailure;
use crate::run::evolve::{strand_mut, take};
use crate::run::{Phase, Running, Then, delegators, inside};
use crate::{
    Contributed, Corrupt, Crossed, CrossingOutcome, Fact, FactFailed, FactNeeded, Floor, FloorPassed, NodeId, Ref, ReviewWhy, Said,
};

pub(super) fn passed(running: &mut Running, passed: &FloorPassed) -> Result<(), Corrupt> {
    let plan = std::sync::Arc::clone(&running.plan);
    let forum = plan.forum(passed.forum).ok_or(Corrupt { event: "floor_passed", state: "not in a forum" })?;
    let strand = strand_mut(running, passed.strand)?;
    // Where the speaker stands, and what it wrote; and who delegates, if it leads.
    let mut speaking = Vec::new();
    let speaker = match take(strand) {
        Phase::Entering { message, .. } => open(running, passed, message)?,
        // The speaker before may have stood outside: a sibling whose answer is what the forum is given.
        Phase::Answered { turn, reply, .. } | Phase::Routed { turn, reply, .. } => {
            open(running, passed, reply.reply)?;
            let is_inside = plan.upwards(turn.node).any(|above| above == passed.forum);
            if plan.upwards(turn.node).any(|above| Some(above) == forum.lead) {
                let strand = strand_mut(running, passed.strand)?;
                speaking = delegators::speaking(&plan, strand, (turn.node, &turn.agent), passed.forum);
            }
            is_inside.then_some((turn.node, reply.reply))
        }
        Phase::Left { said, .. } => open(running, passed, said.message)?,
        Phase::Forked => None,
        phase @ (Phase::AwaitingFact { .. }
        | Phase::InTurn(_)
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }) => return Err(Corrupt { event: "floor_passed", state: phase.adjective() }),
    };
    let strand = strand_mut(running, passed.strand)?;
    let is_around = |node: crate::NodeId| plan.upwards(passed.forum).any(|above| above == node);
    strand.relays.retain(|relay| is_around(relay.node));
    strand.forums.retain(|forum| is_around(forum.node)); // a member that is a forum itself begins anew
    strand.forks.retain(|fork| fork.node != passed.forum && is_around(fork.node));
    let state = strand.forum_mut(passed.forum).ok_or(Corrupt { event: "floor_passed", state: "outside that forum" })?;
    for contribution in &passed.said {
        state.repeats = if contribution.repeats { state.repeats.saturating_add(1) } else { 0 };
        state.said.push(contribution.clone());
    }
    delegators::give(&mut state.delegators, forum, passed, speaking);
    if passed.summary.is_some() {
        state.summary = passed.summary;
        state.pending = None;
    }
    let attached = || state.said.iter().filter_map(|one| message_of(&one.what)).collect();
    let next = match &passed.next {
        Floor::Member { node, message } => towards(running, passed, speaker, *node, *message),
        Floor::Summary { next, message } => {
            state.pending = Some((*next, *message));
            let node = forum.summariser.ok_or(Corrupt { event: "floor_passed", state: "without a summariser" })?;
            towards(running, passed, speaker, node, *message)
        }
        Floor::Delegates(to) => match speaker {
            Some((from, _)) => inside::delegating(running, passed.forum, to.clone(), from, 0),
            None => Phase::Delegating { forum: passed.forum, to: to.clone() },
        },
        Floor::Answer { number, .. } => {
            let answer = state.said.get(usize::from(*number)).and_then(|one| said_of(&one.what));
            let said = answer.cloned().ok_or(Corrupt { event: "floor_passed", state: "without that answer" })?;
            Phase::Left { node: passed.forum, said }
        }
        Floor::Open(why) => Phase::Stuck { message: state.message, why: *why, attached: attached(), policy: forum.on_limit, culprit: None },
    };
    strand_mut(running, passed.strand)?.phase = next;
    Ok(())
}

/// To whom the floor goes; what a lead wrote leaves through the walls around it first.
fn towards(running: &mut Running, passed: &FloorPassed, speaker: Option<(NodeId, Ref)>, to: NodeId, message: Ref) -> Phase {
    let from = speaker.filter(|(_, written)| *written == message).map(|(node, _)| node);
    let walls = from.map(|node| running.plan.walls(node, passed.forum).collect()).unwrap_or_default();
    inside::at_walls(running, walls, Fact::Export, message, Then::Enter(to))
}

/// The forum is entered, unless the strand is inside already.
fn open(running: &mut Running, passed: &FloorPassed, message: Ref) -> Result<Option<(NodeId, Ref)>, Corrupt> {
    if strand_mut(running, passed.strand)?.forum(passed.forum).is_none() {
        inside::go(running, passed.strand, passed.forum, message)?;
        strand_mut(running, passed.strand)?.forums.push(crate::run::ForumState::new(passed.forum, message));
    }
    Ok(None)
}

pub(super) fn said_of(what: &Contributed) -> Option<&Said> {
    match what {
        Contributed::Said(said) => Some(said),
        Contributed::Lost { .. } => None,
    }
}

fn message_of(what: &Contributed) -> Option<crate::Ref> {
    said_of(what).map(|said| said.message)
}

pub(super) fn fact_needed(running: &mut Running, needed: &FactNeeded, phase: Phase) -> Result<Phase, Corrupt> {
    match (needed.fact, phase) {
        (Fact::Neighbours, Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Left { .. }) => {
            inside::go(running, needed.strand, needed.node, needed.message)?;
            running.asked += 1;
            Ok(Phase::AwaitingFact { relay: needed.node, message: needed.message, ask: running.asked - 1 })
        }
        (Fact::Agreement, phase @ Phase::Forked) => {
            running.asked += 1;
            let ask = running.asked - 1;
            let forks = &mut strand_mut(running, needed.strand)?.forks;
            let fork = forks.iter_mut().rev().find(|fork| fork.node == needed.node);
            fork.ok_or(Corrupt { event: "fact_needed", state: "without that fork" })?.ask = Some(ask);
            Ok(phase)
        }
        (Fact::Import, Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Left { .. }) => {
            let domain = running.plan.domain(needed.node).ok_or(Corrupt { event: "fact_needed", state: "not at a wall" })?;
            let then = Then::Enter(domain.child);
            // What stands around the domain is given what came to the wall, not what crosses it.
            inside::go(running, needed.strand, needed.node, needed.message)?;
            Ok(inside::at_walls(running, vec![needed.node], Fact::Import, needed.message, then))
        }
        (Fact::Export, Phase::Answered { turn, reply, .. } | Phase::Routed { turn, reply, .. }) => {
            leave(running, needed, super::here::said(&turn, &reply))
        }
        (Fact::Export, Phase::Left { said, .. }) => leave(running, needed, said),
        (Fact::Neighbours | Fact::Agreement | Fact::Import | Fact::Export, phase) => {
            Err(Corrupt { event: "fact_needed", state: phase.adjective() })
        }
    }
}

/// An answer stands before the wall of its domain; what it was found in has been left.
fn leave(running: &mut Running, needed: &FactNeeded, said: Said) -> Result<Phase, Corrupt> {
    inside::go(running, needed.strand, needed.node, needed.message)?;
    let then = Then::Leave(needed.node, said);
    Ok(inside::at_walls(running, vec![needed.node], Fact::Export, needed.message, then))
}

pub(super) fn fact_failed(running: &mut Running, failed: &FactFailed, phase: &Phase) -> Result<Phase, Corrupt> {
    let strand = strand_mut(running, failed.strand)?;
    let (message, attached) = match phase {
        Phase::AwaitingFact { message, .. } | Phase::AtWall { message, .. } => (*message, Vec::new()),
        Phase::Forked => {
            let asked = strand.forks.iter_mut().rev().find(|fork| fork.ask == Some(failed.ask));
            let fork = asked.ok_or(Corrupt { event: "fact_failed", state: "not asked" })?;
            fork.ask = None;
            let answers = fork.branches.iter().filter_map(|branch| super::evolve_fork::said(branch.end.as_ref()));
            (fork.message, answers.map(|said| said.message).collect())
        }
        phase @ (Phase::Entering { .. }
        | Phase::InTurn(_)
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Delegating { .. }
        | Phase::Left { .. }) => return Err(Corrupt { event: "fact_failed", state: phase.adjective() }),
    };
    Ok(Phase::Stuck { message, why: ReviewWhy::FactFailed, attached, policy: OnFailure::Review, culprit: None })
}

pub(super) fn crossed(running: &mut Running, crossed: &Crossed) -> Result<(), Corrupt> {
    let (walls, way, then) = match take(strand_mut(running, crossed.strand)?) {
        Phase::AtWall { walls, way, then, .. } if walls.first() == Some(&crossed.domain) => (walls, way, then),
        phase @ (Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::InTurn(_)
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Forked
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }
        | Phase::Left { .. }) => return Err(Corrupt { event: "crossed", state: phase.adjective() }),
    };
    let next = match &crossed.outcome {
        CrossingOutcome::Refused { label } => Phase::Stuck {
            message: crossed.from,
            why: ReviewWhy::Contract,
            attached: Vec::new(),
            policy: OnFailure::Review,
            culprit: Some(label.clone()),
        },
        CrossingOutcome::Passed { message, .. } => {
            if way == Fact::Import {
                // Inside, the clock of the domain starts anew.
                running.domains.insert(crossed.domain, crate::run::state::DomainState { turns: 0, until: crossed.until });
            }
            if way == Fact::Export {
                // Whom the summariser sums up for hears what crossed, not what was written inside.
                for forum in &mut strand_mut(running, crossed.strand)?.forums {
                    forum.pending = forum.pending.map(|(next, given)| (next, if given == crossed.from { *message } else { given }));
                }
            }
            inside::at_walls(running, walls[1..].to_vec(), way, *message, then)
        }
    };
    strand_mut(running, crossed.strand)?.phase = next;
    Ok(())
}
