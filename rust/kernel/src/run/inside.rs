//! What a strand is inside of: entering a node opens the relays and forums around it and closes those that are not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::plan::NodeKind;
use crate::run::evolve::strand_mut;
use crate::run::state::ForumState;
use crate::run::{Phase, RelayState, Running, Then};
use crate::{Corrupt, Fact, NodeId, Ref, StrandId};

/// Enter the relays and forums around a node and leave those that are not; forks stay until their node is left.
pub(super) fn go(running: &mut Running, id: StrandId, node: NodeId, message: Ref) -> Result<(), Corrupt> {
    let plan = Arc::clone(&running.plan);
    let strand = strand_mut(running, id)?;
    let root = strand.root;
    let is_around = |other: NodeId| other != node && plan.upwards_to(node, root).any(|above| above == other);
    strand.relays.retain(|relay| is_around(relay.node));
    strand.forums.retain(|forum| is_around(forum.node));
    strand.forks.retain(|fork| is_around(fork.node));
    let mut path: Vec<NodeId> = plan.upwards_to(node, root).collect();
    path.reverse(); // outermost first
    for pair in path.windows(2) {
        let [group, member] = *pair else { continue };
        match plan.kind(group) {
            Some(NodeKind::Relay(_)) if strand.relay(group).is_none() => {
                let visited = BTreeSet::from([member]);
                let (said, delegators) = (Vec::new(), Vec::new());
                strand.relays.push(RelayState { node: group, member, message, handoffs: 0, visited, said, route: None, delegators });
            }
            Some(NodeKind::Forum(_)) => {
                if strand.forum(group).is_none() {
                    strand.forums.push(ForumState::new(group, message));
                }
                if let Some(forum) = strand.forum_mut(group) {
                    forum.spoke.insert(member);
                }
            }
            Some(NodeKind::Relay(_) | NodeKind::Step(_) | NodeKind::Sequence { .. } | NodeKind::Parallel(_) | NodeKind::Domain(_))
            | None => {}
        }
    }
    Ok(())
}

impl ForumState {
    pub(super) fn new(node: NodeId, message: Ref) -> Self {
        Self {
            node,
            message,
            said: Vec::new(),
            spoke: BTreeSet::new(),
            delegated: 0,
            repeats: 0,
            tokens: 0,
            summary: None,
            pending: None,
            delegators: Vec::new(),
        }
    }
}

/// Book tokens to the run, and to every forum that the turn's node lies in.
pub(super) fn spend(running: &mut Running, (id, node): (StrandId, NodeId), tokens: u32) {
    running.tokens += u64::from(tokens);
    let plan = Arc::clone(&running.plan);
    let line: Vec<StrandId> = running.lineage(id).map(|strand| strand.id).collect();
    for strand in running.strands.iter_mut().filter(|strand| line.contains(&strand.id)) {
        for forum in &mut strand.forums {
            if plan.upwards(node).any(|above| above == forum.node) {
                forum.tokens += u64::from(tokens);
            }
        }
    }
}

/// A supervisor delegates. What it wrote, from this place on, leaves through the walls around it; what the forum was given is outside.
pub(super) fn delegating(running: &mut Running, forum: NodeId, to: Vec<(NodeId, Ref)>, from: NodeId, place: usize) -> Phase {
    let given = running.strands.iter().find_map(|strand| strand.forum(forum)).map(|state| state.message);
    let walls: Vec<NodeId> = running.plan.walls(from, forum).collect();
    match to.iter().skip(place).position(|(_, task)| Some(*task) != given) {
        Some(further) if !walls.is_empty() => {
            let (place, message) = (place + further, to[place + further].1);
            at_walls(running, walls, Fact::Export, message, Then::Delegate { from, forum, to, place })
        }
        Some(_) | None => Phase::Delegating { forum, to },
    }
}

/// Before the walls, if there are any; otherwise past them.
pub(super) fn at_walls(running: &mut Running, walls: Vec<NodeId>, way: Fact, message: Ref, then: Then) -> Phase {
    if !walls.is_empty() {
        running.asked += 1;
        return Phase::AtWall { walls, way, message, ask: running.asked - 1, then };
    }
    match then {
        Then::Enter(node) => Phase::Entering { node, message },
        Then::Leave(node, said) => Phase::Left { node, said: crate::Said { message, ..said } },
        Then::Delegate { from, forum, mut to, place } => {
            if let Some((_, task)) = to.get_mut(place) {
                *task = message;
            }
            delegating(running, forum, to, from, place + 1)
        }
    }
}
