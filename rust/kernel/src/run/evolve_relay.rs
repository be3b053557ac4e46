//! Records how the turn passes in a relay: the routing engine opens, a speaker hands on.

use std::sync::Arc;

use crate::run::evolve::strand_mut;
use crate::run::{Phase, RouteState, Running, delegators, inside, relay};
use crate::{Corrupt, HandOffWhy, HandedOff, NodeId, RouteChosen, StrandId, Target};

/// The routing engine chose who opens a relay.
pub(super) fn opened(running: &mut Running, id: StrandId, chosen: &RouteChosen) -> Result<Phase, Corrupt> {
    match relay::opened(&running.plan, chosen.relay, &chosen.decision) {
        Err(why) => {
            inside::go(running, id, chosen.relay, chosen.message)?;
            let policy = crate::plan::OnFailure::Review;
            Ok(Phase::Stuck { message: chosen.message, why, attached: Vec::new(), policy, culprit: None })
        }
        Ok(member) => {
            inside::go(running, id, member, chosen.message)?;
            let is_router = running.plan.relay(chosen.relay).is_some_and(|relay| relay.router == Some(member));
            if let Some(state) = strand_mut(running, id)?.relay_mut(chosen.relay) {
                state.route = (!is_router).then(|| route_of(chosen));
            }
            Ok(Phase::Entering { node: member, message: chosen.message })
        }
    }
}

pub(super) fn route_of(chosen: &RouteChosen) -> RouteState {
    RouteState { decision: chosen.decision.clone(), at: chosen.at, fallbacks_used: 0 }
}

pub(super) fn hand_over(running: &mut Running, id: StrandId, passed: &HandedOff, phase: Phase) -> Result<Phase, Corrupt> {
    let plan = Arc::clone(&running.plan);
    let (from, speaker, said, route) = match phase {
        Phase::Routed { turn, reply, route, .. } => (turn.node, Some(turn.agent), Some(reply.reply).filter(|_| !reply.empty), Some(route)),
        Phase::Answered { turn, reply, .. } => (turn.node, Some(turn.agent), Some(reply.reply).filter(|_| !reply.empty), None),
        Phase::Missed { turn, .. } => (turn.node, None, None, None),
        Phase::Left { node, said } => (node, None, Some(said.message), None),
        phase @ (Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::InTurn(_)
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Forked
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }) => return Err(Corrupt { event: "handed_off", state: phase.adjective() }),
    };
    let strand = strand_mut(running, id)?;
    let Some(place) = strand.relays.iter().rposition(|relay| relay.node == passed.relay) else {
        return Err(Corrupt { event: "handed_off in a relay that was not entered", state: "running" });
    };
    let speaking = speaker.map(|agent| delegators::speaking(&plan, strand, (from, &agent), passed.relay)).unwrap_or_default();
    strand.relays.truncate(place + 1); // whatever was open below it is left
    strand.forums.retain(|forum| plan.upwards(passed.relay).any(|above| above == forum.node));
    strand.forks.retain(|fork| plan.upwards(passed.relay).any(|above| above == fork.node));
    let state = &mut strand.relays[place];
    let is_opening = plan.relay(passed.relay).is_some_and(|relay| relay.router == Some(state.member));
    if !is_opening {
        delegators::pass(&mut state.delegators, passed.why, &speaking);
    }
    state.member = passed.to;
    state.handoffs += u16::from(!is_opening);
    state.visited.insert(passed.to);
    state.said.extend(said);
    match (passed.why, route) {
        (HandOffWhy::Routed, Some(route)) => state.route = Some(*route),
        (HandOffWhy::Fallback, _) => {
            if let Some(route) = &mut state.route {
                let name = plan.node(passed.to).map(|node| &node.name);
                let is_taken = |target: &Target| matches!(target, Target::Agent(agent) if Some(agent) == name);
                let used = usize::from(route.fallbacks_used);
                let skipped = route.decision.fallback.iter().skip(used).position(is_taken).unwrap_or(0);
                route.fallbacks_used = u16::try_from(used + skipped + 1).unwrap_or(u16::MAX);
            }
        }
        // A member that the speaker named, or that gets the turn back, does not stand under the rule of the one before.
        (HandOffWhy::Named | HandOffWhy::Returned | HandOffWhy::Routed, _) => state.route = None,
    }
    running.handoffs += u32::from(!is_opening);
    // What a member wrote leaves through the walls around it; what the relay itself was given is outside already.
    let written = said == Some(passed.message);
    let walls: Vec<NodeId> = if written { plan.walls(from, passed.relay).collect() } else { Vec::new() };
    Ok(inside::at_walls(running, walls, crate::Fact::Export, passed.message, crate::run::Then::Enter(passed.to)))
}
