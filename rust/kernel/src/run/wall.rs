//! Domain walls: what crosses is what the contract names, and what works inside keeps to the domain's limits.

use crate::run::here::Here;
use crate::run::{Decision, Phase, Running, absorbed, one};
use crate::{Crossed, Crossing, CrossingOutcome, Event, Fact, Micros, NodeId, StrandId};

/// Whether the turns or the time of a domain around a node are used up.
pub(super) fn is_used_up(here: Here<'_>, node: NodeId) -> bool {
    // A turn that is taken again after a person's decision was counted before.
    let is_counted = matches!(here.strand.phase, Phase::Woken { .. });
    !(is_counted || has_room(here.run, node)) || closes_at(here.run, node).is_some_and(|until| here.now >= until)
}

/// Whether every domain around a node has a turn left.
pub(super) fn has_room(running: &Running, node: NodeId) -> bool {
    running.plan.upwards(node).all(|above| {
        let (Some(domain), Some(state)) = (running.plan.domain(above), running.domains.get(&above)) else { return true };
        domain.max_turns.is_none_or(|most| state.turns < most)
    })
}

/// When the first of the domains around a node must be over.
pub(super) fn closes_at(running: &Running, node: NodeId) -> Option<Micros> {
    if running.domains.is_empty() {
        return None; // asked for every turn at work after every feed
    }
    running.plan.upwards(node).filter_map(|above| running.domains.get(&above)?.until).min()
}

/// The strand that stands at a wall with this question.
pub(super) fn asked(running: &Running, ask: u32) -> Option<StrandId> {
    let waits = |phase: &Phase| matches!(phase, Phase::AtWall { ask: open, .. } if *open == ask);
    running.strands.iter().find(|strand| waits(&strand.phase)).map(|strand| strand.id)
}

/// What the contract leaves of the message is known.
pub(super) fn on_crossing(here: Here<'_>, crossing: Crossing) -> Decision {
    let Phase::AtWall { walls, way, message, .. } = &here.strand.phase else { return absorbed() };
    let Some(domain) = walls.first().copied() else { return absorbed() };
    let outcome = match crossing {
        Crossing::Passes { message, dropped } => CrossingOutcome::Passed { message, dropped },
        Crossing::Refused { label } => CrossingOutcome::Refused { label },
    };
    let limit = here.run.plan.domain(domain).and_then(|domain| domain.deadline_ms).filter(|_| *way == Fact::Import);
    let until = limit.map(|ms| here.now.after_ms(ms));
    one(Event::Crossed(Crossed { strand: here.strand.id, domain, way: *way, from: *message, outcome, until }))
}
