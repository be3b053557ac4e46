//! The steps that need nothing from outside: enter, check, pass on, deliver.

use crate::limits::MAX_TURNS;
use crate::plan::NodeKind;
use crate::run::{Decision, InReview, Phase, Running, Turn, absorbed, missed, one, relay};
use crate::{
    Book, CheckQuery, CheckVerdict, Event, Gate, NodeId, Priority, Ref, Refusal, ReplyChecked, ReviewVerdict, ReviewWhy, RunDelivered,
    RunFailCode, RunFailed, Subject, TurnReplied, TurnStarted,
};
use crate::{Micros, TurnId};

/// The next step of a run, if it needs nothing from outside.
pub(super) fn next(running: &Running, book: &Book<'_>, now: Micros) -> Decision {
    match &running.phase {
        Phase::Entering { node, message } => enter(running, *node, *message, book, now),
        Phase::Answered { turn, reply, checked: false } => check(running, turn, reply, book),
        Phase::Answered { turn, reply, checked: true } => relay::pass_on(running, turn, reply, book, now),
        Phase::Routed { turn, reply, relay, route } => relay::follow_route(running, turn, reply, (*relay, &route.decision), book, now),
        Phase::Missed { turn, failure } => missed::cure(running, turn, failure, book, now),
        Phase::Unroutable { message, why } => missed::ask(running, *why, *message),
        Phase::InTurn(_) | Phase::AwaitingFact { .. } => absorbed(), // something outside is owed
    }
}

/// Go down to the first agent of a node, or ask the routing engine at a relay without an entry.
pub(super) fn enter(running: &Running, node: NodeId, message: Ref, book: &Book<'_>, now: Micros) -> Decision {
    let mut at = node;
    loop {
        let Some(found) = running.plan.node(at) else { return Err(Refusal::NotAwaited) };
        match &found.kind {
            NodeKind::Step(step) => {
                let visit = running.visits.get(&at).copied().unwrap_or(0).saturating_add(1);
                let next = Attempt { node: at, agent: step.agent.clone(), fallback: false, count: 1, visit };
                return start(running, next, message, book, now);
            }
            NodeKind::Sequence { children } => match children.first() {
                Some(child) => at = *child,
                None => return Err(Refusal::NotAwaited),
            },
            NodeKind::Relay(relay) => match relay.members.first() {
                Some(entry) if relay.has_entry => at = *entry,
                Some(_) | None => return relay::open(at, message, book, now),
            },
        }
    }
}

/// Which agent gets the turn, and for the how-manieth time.
pub(super) struct Attempt {
    pub node: NodeId,
    pub agent: crate::Name,
    pub fallback: bool,
    pub count: u16,
    pub visit: u16,
}

pub(super) fn start(running: &Running, next: Attempt, message: Ref, book: &Book<'_>, now: Micros) -> Decision {
    if running.turns >= MAX_TURNS {
        return missed::ask(running, ReviewWhy::TooManyTurns, message);
    }
    let subject = Subject { agent: Some(&next.agent), tool: None, content: Some(&message.commitment) };
    let passages = vec![book.pass(Gate::AgentToAgent, subject)?, book.pass(Gate::ModelContext, subject)?];
    let timeout = running.plan.step(next.node).map_or(0, |step| step.timeout_ms);
    one(Event::TurnStarted(TurnStarted {
        turn: TurnId(running.turns),
        node: next.node,
        agent: next.agent,
        fallback: next.fallback,
        attempt: next.count,
        visit: next.visit,
        message,
        due: now.after_ms(timeout),
        priority: running.route_at(next.node).map_or_else(Priority::default, |route| route.decision.priority),
        passages,
    }))
}

fn check(running: &Running, turn: &Turn, reply: &TurnReplied, book: &Book<'_>) -> Decision {
    let query = CheckQuery {
        content: book.content(reply.reply.number)?,
        confidence: reply.confidence,
        intent: reply.intent.as_deref(),
        user: book.payloads.user(),
    };
    let checks = running.plan.step(turn.node).map_or(&[][..], |step| &step.checks);
    let verdicts = (0_u16..)
        .zip(checks)
        .map(|(number, check)| CheckVerdict { check: number, failed: book.rules.check(check, &query).err() })
        .collect();
    one(Event::ReplyChecked(ReplyChecked { turn: turn.id, verdicts }))
}

/// A node is finished with a message: climb to what comes next, or deliver.
pub(super) fn leave(running: &Running, turn: &Turn, message: Ref, book: &Book<'_>, now: Micros) -> Decision {
    let plan = &running.plan;
    let mut done = turn.node;
    while let Some((parent, place)) = plan.node(done).and_then(|node| Some((node.parent?, node.place))) {
        match plan.node(parent).map(|node| &node.kind) {
            Some(NodeKind::Sequence { children }) => {
                if let Some(sibling) = children.get(place + 1) {
                    return enter(running, *sibling, message, book, now);
                }
            }
            Some(NodeKind::Relay(_)) => {
                if let Some(returned) = relay::give_back(running, turn, parent, done, message) {
                    return returned;
                }
            }
            Some(NodeKind::Step(_)) | None => return Err(Refusal::NotAwaited), // a step has no children
        }
        done = parent;
    }
    deliver(message, Some(&turn.agent), book)
}

fn deliver(message: Ref, agent: Option<&crate::Name>, book: &Book<'_>) -> Decision {
    let subject = Subject { agent, tool: None, content: Some(&message.commitment) };
    let passages = vec![book.pass(Gate::Unmask, subject)?, book.pass(Gate::Egress, subject)?];
    one(Event::RunDelivered(RunDelivered { message, passages }))
}

/// A person has decided: release their answer, or end.
pub(super) fn conclude_review(waiting: &InReview, book: &Book<'_>) -> Decision {
    match waiting.decided {
        None => absorbed(),
        Some((ReviewVerdict::Answered, decision)) => deliver(decision, None, book),
        Some((ReviewVerdict::Rejected, _)) => one(Event::RunFailed(RunFailed { code: RunFailCode::Rejected })),
    }
}
