//! Who handed a turn on until it was where it is. What that means for its rights is the guards' to say.
//!
//! A speaker delegates when its reply names the next one, or is routed to it, or sets members of a hierarchy to work, or when it is the manager
//! of a chat and names who has the floor. Nobody delegates where the plan itself goes on: to the next in a sequence, a fallback, the next speaker
//! of a chat by turn or by rules, back to a chat's manager, a relay's opening, or back to a relay's entry.

use crate::plan::{Forum, Plan};
use crate::run::{Running, Strand};
use crate::{Floor, FloorPassed, HandOffWhy, Name, NodeId};

/// The agents that handed on until a node had the turn, outermost pattern first, each once.
pub fn delegators(running: &Running, node: NodeId) -> Vec<Name> {
    let mut found = Vec::new();
    for strand in &running.strands {
        if running.plan.upwards(node).any(|above| above == strand.root) {
            within(&running.plan, strand, node, None, &mut found);
        }
    }
    found
}

/// The speaker with those who handed on to it below a pattern: they are the next one's delegators, beside the pattern's own.
pub(super) fn speaking(plan: &Plan, strand: &Strand, (node, agent): (NodeId, &Name), pattern: NodeId) -> Vec<Name> {
    let mut found = Vec::new();
    within(plan, strand, node, Some(pattern), &mut found);
    add(&mut found, agent);
    found
}

/// What becomes of a relay's delegators when the turn passes in it.
pub(super) fn pass(so_far: &mut Vec<Name>, why: HandOffWhy, speaking: &[Name]) {
    match why {
        HandOffWhy::Named | HandOffWhy::Routed => speaking.iter().for_each(|agent| add(so_far, agent)),
        HandOffWhy::Returned => so_far.clear(), // the entry has back what it began with
        HandOffWhy::Fallback => {}              // whoever failed has not chosen it
    }
}

/// What becomes of a forum's delegators when its floor passes. Those in `leading` are its lead, if that has spoken, and who handed on to it.
pub(super) fn give(so_far: &mut Vec<Name>, forum: &Forum, passed: &FloorPassed, leading: Vec<Name>) {
    if passed.summary.is_some() {
        return; // whoever hears it was chosen before
    }
    let is_chosen = match &passed.next {
        Floor::Delegates(_) => true,
        Floor::Member { node, .. } | Floor::Summary { next: node, .. } => forum.members.contains(node),
        Floor::Answer { .. } | Floor::Open(_) => false,
    };
    *so_far = if is_chosen { leading } else { Vec::new() };
}

/// Of the patterns that a strand is inside of, those around a node and below another.
fn within(plan: &Plan, strand: &Strand, node: NodeId, below: Option<NodeId>, found: &mut Vec<Name>) {
    let around: Vec<NodeId> = plan.upwards(node).skip(1).take_while(|above| Some(*above) != below).collect();
    for above in around.iter().rev() {
        let relay = strand.relay(*above).map(|relay| &relay.delegators);
        let forum = strand.forum(*above).map(|forum| &forum.delegators);
        relay.into_iter().chain(forum).flatten().for_each(|agent| add(found, agent));
    }
}

fn add(all: &mut Vec<Name>, agent: &Name) {
    if !all.contains(agent) {
        all.push(agent.clone());
    }
}
