//! Handoffs and routing: who may get the turn next, and what they see.

use crate::run::{Decision, Phase, Running, Turn, absorbed, advance, missed, one};
use crate::{
    Book, Consulted, Event, FactNeeded, HandOffRefused, HandOffWhy, HandedOff, Micros, Name, Neighbour, NodeId, Ref, RefusalWhy, ReviewWhy,
    RouteChosen, RouteDecision, RouteQuery, Stage, Target, TurnReplied,
};

/// After a reply that passed: hand off, route its intent, or leave the node with it.
pub(super) fn pass_on(running: &Running, turn: &Turn, reply: &TurnReplied, book: &Book<'_>, now: Micros) -> Decision {
    if let Some(target) = &reply.hand_off {
        return hand_off(running, turn, reply, target, HandOffWhy::Named);
    }
    // An intent means something only where there is somebody to route to; elsewhere it travels as a fact about the reply.
    if let (Some(intent), Some((relay, _))) = (&reply.intent, running.plan.relays_around(turn.node).next()) {
        let query = RouteQuery {
            intent: Some(intent),
            confidence: reply.confidence,
            content: book.content(running.relay(relay).map_or(turn.message, |state| state.message).number)?,
            user: book.payloads.user(),
            neighbours: None,
        };
        if let Consulted::Decided(decision) = book.rules.route(&query) {
            let event = RouteChosen { turn: Some(turn.id), relay, message: reply.reply, at: now, decision };
            return one(Event::RouteChosen(event));
        }
    }
    advance::leave(running, turn, reply.reply, book, now)
}

/// The routing table answered for a reply's intent.
pub(super) fn follow_route(
    running: &Running,
    turn: &Turn,
    reply: &TurnReplied,
    (relay, decision): (NodeId, &RouteDecision),
    book: &Book<'_>,
    now: Micros,
) -> Decision {
    if missed::is_spent(running, decision) {
        return missed::ask(running, ReviewWhy::Escalated, about(running, relay, reply));
    }
    match &decision.target {
        Target::Agent(agent) => {
            let itself = running.relay(relay).is_some_and(|state| running.plan.member(relay, agent) == Some(state.member));
            if itself && !reply.empty {
                // The table confirms the speaker, and the speaker has said something: that is the answer.
                return advance::leave(running, turn, reply.reply, book, now);
            }
            hand_off(running, turn, reply, agent, HandOffWhy::Routed)
        }
        Target::Review => {
            let why = if decision.evidence.rule.is_some() { ReviewWhy::Routed } else { ReviewWhy::NoRoute };
            missed::ask(running, why, about(running, relay, reply))
        }
    }
}

/// What the next one is given: what the speaker wrote for it, else what the relay was given.
fn about(running: &Running, relay: NodeId, reply: &TurnReplied) -> Ref {
    if reply.empty { running.relay(relay).map_or(reply.reply, |state| state.message) } else { reply.reply }
}

/// Pass the turn to a named member of the nearest relay that has it, if every limit allows.
fn hand_off(running: &Running, turn: &Turn, reply: &TurnReplied, target: &Name, why: HandOffWhy) -> Decision {
    let refused = |why| one(Event::HandOffRefused(HandOffRefused { turn: turn.id, target: target.clone(), why }));
    let plan = &running.plan;
    let found = plan.relays_around(turn.node).find_map(|(relay, member)| Some((relay, member, plan.member(relay, target)?)));
    let Some((relay, speaker, to)) = found else { return refused(RefusalWhy::UnknownTarget) };
    if speaker == to {
        return refused(RefusalWhy::Itself);
    }
    if let Err(reason) = may_pass(running, relay, to) {
        return refused(reason);
    }
    one(Event::HandedOff(HandedOff { turn: turn.id, relay, to, why, message: about(running, relay, reply) }))
}

/// Whether a relay's limits allow a handoff to a member.
pub(super) fn may_pass(running: &Running, relay: NodeId, to: NodeId) -> Result<(), RefusalWhy> {
    let (Some(limits), Some(state)) = (running.plan.relay(relay), running.relay(relay)) else { return Err(RefusalWhy::UnknownTarget) };
    if state.handoffs >= limits.max_handoffs {
        return Err(RefusalWhy::LimitReached);
    }
    if !limits.revisit && state.visited.contains(&to) {
        return Err(RefusalWhy::Visited);
    }
    Ok(())
}

/// A member answered in a relay that gives the turn back to its entry.
pub(super) fn give_back(running: &Running, turn: &Turn, relay: NodeId, member: NodeId, message: Ref) -> Option<Decision> {
    let rules = running.plan.relay(relay)?;
    let entry = *rules.members.first()?;
    let state = running.relay(relay)?;
    if !rules.returns || member == entry || state.handoffs >= rules.max_handoffs {
        return None; // nothing to return to, or no handoffs left: the answer stands
    }
    Some(one(Event::HandedOff(HandedOff { turn: turn.id, relay, to: entry, why: HandOffWhy::Returned, message })))
}

/// A relay without an entry: the routing engine opens.
pub(super) fn open(relay: NodeId, message: Ref, book: &Book<'_>, now: Micros) -> Decision {
    match route_message(relay, message, None, book, now)? {
        Consulted::Decided(event) => one(event),
        Consulted::Needs(fact) => one(Event::FactNeeded(FactNeeded { relay, message, fact })),
    }
}

/// The facts that a relay's opening waited for.
pub(super) fn on_neighbours(running: &Running, ask: u32, neighbours: &[Neighbour], index: u64, book: &Book<'_>, now: Micros) -> Decision {
    match &running.phase {
        Phase::AwaitingFact { relay, message, ask: open } if *open == ask => {
            match route_message(*relay, *message, Some((neighbours, index)), book, now)? {
                Consulted::Decided(event) => one(event),
                Consulted::Needs(_) => Err(crate::Refusal::NotAwaited), // rules that ask again for what they were given
            }
        }
        Phase::AwaitingFact { .. }
        | Phase::Entering { .. }
        | Phase::InTurn(_)
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Unroutable { .. } => absorbed(), // found twice: the first was taken
    }
}

fn route_message(
    relay: NodeId,
    message: Ref,
    neighbours: Option<(&[Neighbour], u64)>,
    book: &Book<'_>,
    now: Micros,
) -> Result<Consulted<Event>, crate::Refusal> {
    let content = book.content(message.number)?;
    let query = RouteQuery { intent: None, confidence: None, content, user: book.payloads.user(), neighbours };
    Ok(match book.rules.route(&query) {
        Consulted::Needs(fact) => Consulted::Needs(fact),
        Consulted::Decided(decision) => {
            Consulted::Decided(Event::RouteChosen(RouteChosen { turn: None, relay, message, at: now, decision }))
        }
    })
}

/// The member that a relay's opening was routed to, or why there is none.
pub(super) fn opened(running: &Running, relay: NodeId, decision: &RouteDecision) -> Result<NodeId, ReviewWhy> {
    match &decision.target {
        Target::Review if decision.stage == Stage::Unknown && decision.evidence.rule.is_none() => Err(ReviewWhy::NoRoute),
        Target::Review => Err(ReviewWhy::Routed),
        Target::Agent(agent) => running.plan.member(relay, agent).ok_or(ReviewWhy::NoRoute),
    }
}
