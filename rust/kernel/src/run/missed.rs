//! The cures of a failed attempt, in order: escalate, try again with the reason, the step's fallback, the rule's, a person.

use crate::limits::HANDOFF_RETRIES;
use crate::plan::OnFailure;
use crate::run::advance::{Attempt, start};
use crate::run::here::Here;
use crate::run::{Decision, Strand, Turn, one, relay};
use crate::{
    Escalation, Event, Failure, HandOffWhy, HandedOff, Micros, NodeId, RefusalWhy, ReviewWhy, RouteDecision, RunFailCode, Target,
    UnavailableWhy,
};

pub(super) fn cure(here: Here<'_>, turn: &Turn, failure: &Failure) -> Decision {
    if here.strand.relays.iter().any(|relay| relay.route.as_ref().is_some_and(|route| is_spent(here, relay.node, &route.decision))) {
        return here.give_up(OnFailure::Review, ReviewWhy::Escalated, RunFailCode::StepFailed, turn.message, Some(failure));
    }
    if matches!(failure, Failure::Unavailable(UnavailableWhy::Short)) {
        return here.give_up(OnFailure::Review, ReviewWhy::Guarded, RunFailCode::Denied, turn.message, Some(failure));
    }
    let limit_reached = matches!(failure, Failure::HandOff(RefusalWhy::LimitReached));
    let step = here.run.plan.step(turn.node);
    if turn.attempt <= retries(failure, step.map_or(0, |step| step.retries)) {
        let (count, visit) = (turn.attempt + 1, turn.visit);
        let again = Attempt { node: turn.node, agent: &turn.agent, fallback: turn.fallback, count, visit, hedge: false };
        return start(here, &again, turn.message);
    }
    if let (false, false, Some(fallback)) = (limit_reached, turn.fallback || turn.stood_in, step.and_then(|step| step.fallback.as_ref())) {
        let stand_in = Attempt { node: turn.node, agent: fallback, fallback: true, count: 1, visit: turn.visit, hedge: false };
        return start(here, &stand_in, turn.message);
    }
    if let Some(decision) = rule_fallback(here, turn, failure) {
        return decision;
    }
    give_up(here, turn, failure)
}

fn retries(failure: &Failure, allowed: u16) -> u16 {
    match failure {
        // Trying again can't make room, and an agent that is not called now would not be called in a moment.
        Failure::HandOff(RefusalWhy::LimitReached) | Failure::Unavailable(_) => 0,
        Failure::HandOff(RefusalWhy::UnknownTarget | RefusalWhy::Itself | RefusalWhy::Visited | RefusalWhy::FanOut | RefusalWhy::Twice) => {
            allowed.max(HANDOFF_RETRIES)
        }
        Failure::Raised(_) | Failure::WrongType(_) | Failure::TimedOut { .. } | Failure::Unchecked(_) => allowed,
    }
}

/// The routing rule under which the strand stands may name stand-ins, each for once.
fn rule_fallback(here: Here<'_>, turn: &Turn, failure: &Failure) -> Option<Decision> {
    let state = here.strand.relays.iter().rev().find(|relay| relay.route.is_some())?;
    let route = state.route.as_ref()?;
    // One that is no member, or may not be given the turn, is passed over for the next.
    route.decision.fallback.iter().skip(usize::from(route.fallbacks_used)).find_map(|target| match target {
        Target::Router => None, // it is asked at the opening only
        Target::Review => Some(here.give_up(OnFailure::Review, ReviewWhy::Fallback, RunFailCode::StepFailed, turn.message, Some(failure))),
        Target::Agent(agent) => {
            let to = here.run.plan.member(state.node, agent).filter(|to| *to != state.member)?; // itself is no stand-in
            relay::may_pass(here, state.node, to).ok()?;
            let message = state.message;
            Some(one(Event::HandedOff(HandedOff { turn: turn.id, relay: state.node, to, why: HandOffWhy::Fallback, message })))
        }
    })
}

fn give_up(here: Here<'_>, turn: &Turn, failure: &Failure) -> Decision {
    let (policy, why, code) = match failure {
        Failure::HandOff(why) => (on_limit(here, turn.node, *why), ReviewWhy::HandOffLimit, RunFailCode::HandOffLimit),
        Failure::Raised(_) | Failure::WrongType(_) | Failure::TimedOut { .. } | Failure::Unchecked(_) | Failure::Unavailable(_) => {
            let policy = here.run.plan.step(turn.node).map_or(OnFailure::Review, |step| step.on_failure);
            (policy, ReviewWhy::StepFailed, RunFailCode::StepFailed)
        }
    };
    here.give_up(policy, why, code, turn.message, Some(failure))
}

/// The policy of the relay whose limit was reached, else of the nearest.
fn on_limit(here: Here<'_>, node: NodeId, why: RefusalWhy) -> OnFailure {
    let is_full = |relay: NodeId| {
        here.strand.relay(relay).zip(here.run.plan.relay(relay)).is_some_and(|(state, limits)| state.handoffs >= limits.max_handoffs)
    };
    let mut around = here.relays_around(node).map(|(relay, _)| relay);
    let relay = if why == RefusalWhy::LimitReached { around.find(|relay| is_full(*relay)) } else { around.next() };
    relay.and_then(|relay| here.run.plan.relay(relay)).map_or(OnFailure::Review, |relay| relay.on_limit)
}

pub(super) fn escalate(here: Here<'_>) -> Decision {
    here.ask(ReviewWhy::Escalated, here.strand.phase.turn().map_or(here.message, |turn| turn.message))
}

/// Whether a rule's `escalation_after` is used up in attempts.
pub(super) fn is_spent(here: Here<'_>, relay: NodeId, decision: &RouteDecision) -> bool {
    let spent = decision.evidence.rule.and_then(|(rule, _)| here.rule_turns.get(&(relay, rule))).copied().unwrap_or(0);
    match decision.escalation {
        Some(Escalation::Attempts(allowed)) => spent >= allowed,
        Some(Escalation::AfterMs(_)) | None => false,
    }
}

/// When the first of the rules under which a strand itself stands calls a person, of those that count time.
pub(super) fn escalates_at(strand: &Strand) -> Option<Micros> {
    if strand.awaits_person() {
        return None; // one is called already
    }
    let times = strand.relays.iter().filter_map(|relay| relay.route.as_ref()).filter_map(|route| match route.decision.escalation {
        Some(Escalation::AfterMs(ms)) => Some(route.at.after_ms(ms)),
        Some(Escalation::Attempts(_)) | None => None,
    });
    times.min()
}
