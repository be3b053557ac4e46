//! The cures of a failed attempt, in order: escalate, try again with the reason, the step's fallback, the rule's, a person.

use crate::limits::HANDOFF_RETRIES;
use crate::plan::OnFailure;
use crate::run::advance::{Attempt, start};
use crate::run::{Decision, Running, Turn, one, relay};
use crate::{
    Book, Escalation, Event, Failure, HandOffWhy, HandedOff, Micros, NodeId, Ref, RefusalWhy, ReviewId, ReviewOpened, ReviewWhy,
    RouteDecision, RunFailCode, RunFailed, Target,
};

pub(super) fn cure(running: &Running, turn: &Turn, failure: &Failure, book: &Book<'_>, now: Micros) -> Decision {
    if running.route().is_some_and(|route| is_spent(running, &route.decision)) {
        return ask(running, ReviewWhy::Escalated, turn.message);
    }
    let limit_reached = matches!(failure, Failure::HandOff(RefusalWhy::LimitReached));
    let step = running.plan.step(turn.node);
    let retries = match failure {
        Failure::HandOff(RefusalWhy::LimitReached) => 0, // trying again can't make room
        Failure::HandOff(RefusalWhy::UnknownTarget | RefusalWhy::Itself | RefusalWhy::Visited) => {
            step.map_or(0, |step| step.retries).max(HANDOFF_RETRIES)
        }
        Failure::Raised(_) | Failure::WrongType(_) | Failure::TimedOut { .. } | Failure::Unchecked(_) => {
            step.map_or(0, |step| step.retries)
        }
    };
    if turn.attempt <= retries {
        let again =
            Attempt { node: turn.node, agent: turn.agent.clone(), fallback: turn.fallback, count: turn.attempt + 1, visit: turn.visit };
        return start(running, again, turn.message, book, now);
    }
    if let (false, false, Some(fallback)) = (limit_reached, turn.fallback, step.and_then(|step| step.fallback.as_ref())) {
        let stand_in = Attempt { node: turn.node, agent: fallback.clone(), fallback: true, count: 1, visit: turn.visit };
        return start(running, stand_in, turn.message, book, now);
    }
    if let Some(decision) = rule_fallback(running, turn) {
        return decision;
    }
    give_up(running, turn, failure)
}

/// The routing rule under which the run stands may name a stand-in, once.
fn rule_fallback(running: &Running, turn: &Turn) -> Option<Decision> {
    let state = running.relays.iter().rev().find(|relay| relay.route.is_some())?;
    let route = state.route.as_ref().filter(|route| !route.fallback_used)?;
    match route.decision.fallback.as_ref()? {
        Target::Review => Some(ask(running, ReviewWhy::Fallback, turn.message)),
        Target::Agent(agent) => {
            let to = running.plan.member(state.node, agent).filter(|to| *to != state.member)?; // itself is no stand-in
            relay::may_pass(running, state.node, to).ok()?;
            let message = state.message;
            Some(one(Event::HandedOff(HandedOff { turn: turn.id, relay: state.node, to, why: HandOffWhy::Fallback, message })))
        }
    }
}

fn give_up(running: &Running, turn: &Turn, failure: &Failure) -> Decision {
    let (policy, why, code) = match failure {
        Failure::HandOff(why) => (on_limit(running, turn.node, *why), ReviewWhy::HandOffLimit, RunFailCode::HandOffLimit),
        Failure::Raised(_) | Failure::WrongType(_) | Failure::TimedOut { .. } | Failure::Unchecked(_) => {
            let policy = running.plan.step(turn.node).map_or(OnFailure::Review, |step| step.on_failure);
            (policy, ReviewWhy::StepFailed, RunFailCode::StepFailed)
        }
    };
    match policy {
        OnFailure::Review => ask(running, why, turn.message),
        OnFailure::Fail => one(Event::RunFailed(RunFailed { code })),
    }
}

/// The policy of the relay whose limit was reached, else of the nearest.
fn on_limit(running: &Running, node: NodeId, why: RefusalWhy) -> OnFailure {
    let is_full = |relay: NodeId| {
        running.relay(relay).zip(running.plan.relay(relay)).is_some_and(|(state, limits)| state.handoffs >= limits.max_handoffs)
    };
    let mut around = running.plan.relays_around(node).map(|(relay, _)| relay);
    let relay = if why == RefusalWhy::LimitReached { around.find(|relay| is_full(*relay)) } else { around.next() };
    relay.and_then(|relay| running.plan.relay(relay)).map_or(OnFailure::Review, |relay| relay.on_limit)
}

/// Open a review.
pub(super) fn ask(running: &Running, why: ReviewWhy, about: Ref) -> Decision {
    one(Event::ReviewOpened(ReviewOpened { review: ReviewId(running.reviews), why, about }))
}

pub(super) fn escalate(running: &Running) -> Decision {
    ask(running, ReviewWhy::Escalated, running.turn().map_or(running.message, |turn| turn.message))
}

/// Whether a rule's `escalation_after` is used up in attempts.
pub(super) fn is_spent(running: &Running, decision: &RouteDecision) -> bool {
    let spent = decision.evidence.rule.and_then(|(rule, _)| running.rule_turns.get(&rule)).copied().unwrap_or(0);
    match decision.escalation {
        Some(Escalation::Attempts(allowed)) => spent >= allowed,
        Some(Escalation::AfterMs(_)) | None => false,
    }
}

/// When the rule under which the run stands calls a person, if it counts time.
pub(super) fn escalates_at(running: &Running) -> Option<Micros> {
    let route = running.route()?;
    match route.decision.escalation {
        Some(Escalation::AfterMs(ms)) => Some(route.at.after_ms(ms)),
        Some(Escalation::Attempts(_)) | None => None,
    }
}
