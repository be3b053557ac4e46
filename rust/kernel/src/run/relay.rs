//! Handoffs, delegations and routing: who may get the turn next, and what they see.

use crate::plan::NodeKind;
use crate::run::advance::leave_turn;
use crate::run::here::Here;
use crate::run::{Decision, Phase, Turn, forum, join, missed, one};
use crate::{
    Consulted, Event, Floor, HandOffRefused, HandOffWhy, HandedOff, Name, Neighbour, NodeId, Ref, Refusal, RefusalWhy, ReviewWhy,
    RouteChosen, RouteDecision, RouteQuery, Said, Target, TurnReplied,
};

/// After a reply that passed: delegate, hand off, route its intent, or leave the node with it.
pub(super) fn pass_on(here: Here<'_>, turn: &Turn, reply: &TurnReplied) -> Decision {
    if let Some((first, _)) = reply.delegated.first() {
        let Some(led) = led(here, turn).find(|node| here.run.plan.forum(*node).is_some_and(|forum| forum.delegates)) else {
            return refused(turn, first, RefusalWhy::UnknownTarget);
        };
        return delegate(here, turn, led, &reply.delegated);
    }
    if let Some(target) = &reply.hand_off {
        return hand_off(here, turn, reply, target, HandOffWhy::Named);
    }
    // An intent means something only where there is somebody to route to; elsewhere it travels as a fact about the reply.
    let routes = routed_at(here, turn.node);
    if let (Some(intent), Some(relay)) = (&reply.intent, routes) {
        let about = here.strand.relay(relay).map_or(turn.message, |state| state.message);
        let query = RouteQuery {
            intent: Some(intent),
            confidence: reply.confidence,
            content: here.content(about)?,
            user: here.user_at(turn.node),
            neighbours: None,
            table: here.table_at(turn.node),
            claims: &[],
            has_router: false,
        };
        if let Consulted::Decided(decision) = here.book.rules.route(&query) {
            let (turn, message, at, strand) = (Some(turn.id), reply.reply, here.now, here.strand.id);
            return one(Event::RouteChosen(RouteChosen { turn, relay, message, at, decision, strand }));
        }
    }
    leave_turn(here, turn, reply)
}

/// The relay whose table takes a speaker's intent: the nearest, unless a forum stands between.
fn routed_at(here: Here<'_>, node: NodeId) -> Option<NodeId> {
    let plan = &here.run.plan;
    let group = plan.upwards_to(node, here.strand.root).skip(1).find(|above| plan.relay(*above).is_some() || plan.forum(*above).is_some());
    group.filter(|found| plan.relay(*found).is_some())
}

/// The forums that the speaker leads, innermost first.
fn led<'a>(here: Here<'a>, turn: &Turn) -> impl Iterator<Item = NodeId> + use<'a> {
    let (plan, root) = (&here.run.plan, here.strand.root);
    plan.upwards_to(turn.node, root).filter(move |member| *member != root).filter_map(move |member| {
        let parent = plan.node(member)?.parent?;
        plan.forum(parent).filter(|forum| forum.lead == Some(member)).map(|_| parent)
    })
}

fn refused(turn: &Turn, target: &Name, why: RefusalWhy) -> Decision {
    one(Event::HandOffRefused(HandOffRefused { turn: turn.id, target: target.clone(), why }))
}

/// A supervisor delegates to one or several members at once.
fn delegate(here: Here<'_>, turn: &Turn, node: NodeId, to: &[(Name, Option<Ref>)]) -> Decision {
    let (Some(spec), Some(state)) = (here.run.plan.forum(node), here.strand.forum(node)) else { return Err(Refusal::NotAwaited) };
    let mut teams = Vec::new();
    for (name, message) in to {
        let Some(team) = here.run.plan.member(node, name) else { return refused(turn, name, RefusalWhy::UnknownTarget) };
        if teams.iter().any(|(other, _)| *other == team) {
            return refused(turn, name, RefusalWhy::Twice);
        }
        teams.push((team, message.unwrap_or(state.message)));
    }
    if let (true, Some((name, _))) = (teams.len() > usize::from(spec.fan_out), to.get(usize::from(spec.fan_out))) {
        return refused(turn, name, RefusalWhy::FanOut);
    }
    set_to_work(here, node, teams)
}

/// Members of a hierarchy start, if its limits allow.
fn set_to_work(here: Here<'_>, node: NodeId, teams: Vec<(NodeId, Ref)>) -> Decision {
    let (Some(spec), Some(state)) = (here.run.plan.forum(node), here.strand.forum(node)) else { return Err(Refusal::NotAwaited) };
    let mut passed = forum::passing(here, node);
    passed.next = if join::may_delegate(spec, state, teams.len()) {
        Floor::Delegates(teams)
    } else {
        forum::at_limit(spec, state, &[], ReviewWhy::ForumLimit)
    };
    one(Event::FloorPassed(passed))
}

/// A manager gives the floor of its chat to a member, or a supervisor sets one to work.
fn give_floor(here: Here<'_>, reply: &TurnReplied, (node, to): (NodeId, NodeId)) -> Decision {
    let (Some(spec), Some(state)) = (here.run.plan.forum(node), here.strand.forum(node)) else { return Err(Refusal::NotAwaited) };
    if spec.delegates {
        return set_to_work(here, node, vec![(to, if reply.empty { state.message } else { reply.reply })]);
    }
    let last = state.said.iter().rev().find_map(|one| super::evolve_forum::said_of(&one.what)).map_or(state.message, |said| said.message);
    let message = if reply.empty { last } else { reply.reply };
    let mut passed = forum::passing(here, node);
    let turns = u32::try_from(state.said.len()).unwrap_or(u32::MAX);
    passed.next = forum::with_summary(spec, state, to, message, turns);
    one(Event::FloorPassed(passed))
}

/// The routing table answered for a reply's intent.
pub(super) fn follow_route(here: Here<'_>, turn: &Turn, reply: &TurnReplied, (relay, decision): (NodeId, &RouteDecision)) -> Decision {
    if missed::is_spent(here, relay, decision) {
        return here.ask(ReviewWhy::Escalated, about(here, relay, reply));
    }
    match &decision.target {
        Target::Agent(agent) => {
            let itself = here.strand.relay(relay).is_some_and(|state| here.run.plan.member(relay, agent) == Some(state.member));
            if itself && !reply.empty {
                // The table confirms the speaker, and the speaker has said something: that is the answer.
                return leave_turn(here, turn, reply);
            }
            hand_off(here, turn, reply, agent, HandOffWhy::Routed)
        }
        Target::Review | Target::Router => here.ask(why_a_person(decision), about(here, relay, reply)),
    }
}

/// What the next one is given: what the speaker wrote for it, else what the relay was given.
fn about(here: Here<'_>, relay: NodeId, reply: &TurnReplied) -> Ref {
    if reply.empty { here.strand.relay(relay).map_or(reply.reply, |state| state.message) } else { reply.reply }
}

/// Pass the turn to a named member of the nearest relay that has it, or of the nearest forum that the speaker leads.
fn hand_off(here: Here<'_>, turn: &Turn, reply: &TurnReplied, target: &Name, why: HandOffWhy) -> Decision {
    let plan = &here.run.plan;
    let mut speaker = turn.node;
    for above in plan.upwards_to(turn.node, here.strand.root).skip(1) {
        let found = plan.member(above, target);
        match (plan.kind(above), found) {
            (Some(NodeKind::Relay(_)), Some(to)) => {
                if speaker == to {
                    return refused(turn, target, RefusalWhy::Itself);
                }
                if let Err(reason) = may_pass(here, above, to) {
                    return refused(turn, target, reason);
                }
                let message = about(here, above, reply);
                return one(Event::HandedOff(HandedOff { turn: turn.id, relay: above, to, why, message }));
            }
            (Some(NodeKind::Forum(forum)), Some(to)) if forum.lead == Some(speaker) => return give_floor(here, reply, (above, to)),
            (
                Some(
                    NodeKind::Relay(_)
                    | NodeKind::Forum(_)
                    | NodeKind::Step(_)
                    | NodeKind::Sequence { .. }
                    | NodeKind::Parallel(_)
                    | NodeKind::Domain(_),
                )
                | None,
                _,
            ) => {}
        }
        speaker = above;
    }
    refused(turn, target, RefusalWhy::UnknownTarget)
}

/// Whether a relay's limits allow a handoff to a member.
pub(super) fn may_pass(here: Here<'_>, relay: NodeId, to: NodeId) -> Result<(), RefusalWhy> {
    let (Some(limits), Some(state)) = (here.run.plan.relay(relay), here.strand.relay(relay)) else { return Err(RefusalWhy::UnknownTarget) };
    // What the router says opens the relay, which is no handoff.
    if state.handoffs >= limits.max_handoffs && limits.router != Some(state.member) {
        return Err(RefusalWhy::LimitReached);
    }
    if !limits.revisit && state.visited.contains(&to) {
        return Err(RefusalWhy::Visited);
    }
    Ok(())
}

/// A member answered in a relay that gives the turn back to its entry.
pub(super) fn give_back(here: Here<'_>, said: &Said, relay: NodeId, member: NodeId) -> Option<Decision> {
    let rules = here.run.plan.relay(relay)?;
    let entry = *rules.members.first()?;
    let state = here.strand.relay(relay)?;
    if !rules.returns || member == entry || state.handoffs >= rules.max_handoffs {
        return None; // nothing to return to, or no handoffs left: the answer stands
    }
    let (turn, message) = (said.turn, said.message);
    Some(one(Event::HandedOff(HandedOff { turn, relay, to: entry, why: HandOffWhy::Returned, message })))
}

/// A relay without an entry: the routing engine opens.
pub(super) fn open(here: Here<'_>, relay: NodeId, message: Ref) -> Decision {
    match route_message(here, relay, message, None)? {
        Consulted::Decided(event) => one(event),
        Consulted::Needs(fact) => here.needs(fact, relay, message),
    }
}

/// The facts that a relay's opening waited for.
pub(super) fn on_neighbours(here: Here<'_>, neighbours: &[Neighbour], index: u64) -> Decision {
    let Phase::AwaitingFact { relay, message, .. } = &here.strand.phase else { return Err(Refusal::NotAwaited) };
    match route_message(here, *relay, *message, Some((neighbours, index)))? {
        Consulted::Decided(event) => one(event),
        Consulted::Needs(_) => Err(Refusal::NotAwaited), // rules that ask again for what they were given
    }
}

fn route_message(
    here: Here<'_>,
    relay: NodeId,
    message: Ref,
    neighbours: Option<(&[Neighbour], u64)>,
) -> Result<Consulted<Event>, Refusal> {
    let found = here.run.plan.relay(relay).ok_or(Refusal::NotAwaited)?;
    let query = RouteQuery {
        intent: None,
        confidence: None,
        content: here.content(message)?,
        user: here.user_at(relay),
        neighbours,
        table: here.table_at(relay),
        claims: &found.claims,
        has_router: found.router.is_some(),
    };
    Ok(match here.book.rules.route(&query) {
        Consulted::Needs(fact) => Consulted::Needs(fact),
        Consulted::Decided(decision) => {
            let (at, strand) = (here.now, here.strand.id);
            Consulted::Decided(Event::RouteChosen(RouteChosen { turn: None, relay, message, at, decision, strand }))
        }
    })
}

/// Why the table sends a task to a person.
fn why_a_person(decision: &RouteDecision) -> ReviewWhy {
    match decision.evidence.rule {
        _ if !decision.evidence.tied.is_empty() => ReviewWhy::Tied,
        Some(_) => ReviewWhy::Routed,
        None => ReviewWhy::NoRoute,
    }
}

/// The member that a relay's opening was routed to, or why there is none.
pub(super) fn opened(plan: &crate::plan::Plan, relay: NodeId, decision: &RouteDecision) -> Result<NodeId, ReviewWhy> {
    match &decision.target {
        Target::Review => Err(why_a_person(decision)),
        Target::Agent(agent) => plan.member(relay, agent).ok_or(ReviewWhy::NoRoute),
        Target::Router => plan.relay(relay).and_then(|found| found.router).ok_or(ReviewWhy::NoRoute),
    }
}
