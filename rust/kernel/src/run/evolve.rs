//! Records what happened. It cannot choose: this is all that replay runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::Plan;
use crate::run::{Ended, EndedHow, InReview, Phase, RelayState, RouteState, Running, State, Turn, relay};
use crate::{
    Corrupt, EffectCompleted, EffectOutcome, Event, Failure, HandOffWhy, HandedOff, NodeId, Ref, RouteChosen, RunStarted, TurnId,
    TurnStarted,
};

/// The state after an event.
///
/// # Errors
/// `Corrupt` when the event can't follow: the journal was not written by this kernel.
pub fn evolve(state: State, event: &Event) -> Result<State, Corrupt> {
    match (state, event) {
        (State::Unstarted(plan), Event::RunStarted(started)) => start(plan, started),
        (State::Running(running), event) => evolve_running(running, event),
        (State::InReview(waiting), event) => evolve_in_review(waiting, event),
        (state @ (State::Unstarted(_) | State::Ended(_)), event) => Err(cannot(event, &state)),
    }
}

fn cannot(event: &Event, state: &State) -> Corrupt {
    Corrupt { event: event.name(), state: state.adjective() }
}

fn start(plan: Arc<Plan>, started: &RunStarted) -> Result<State, Corrupt> {
    if plan.digest != started.plan {
        return Err(Corrupt { event: "run_started under another plan", state: "unstarted" });
    }
    Ok(State::Running(Box::new(Running {
        plan,
        run: started.run,
        rules: started.rules,
        message: started.message,
        deadline: started.deadline,
        relays: Vec::new(),
        visits: BTreeMap::new(),
        rule_turns: BTreeMap::new(),
        effects: BTreeMap::new(),
        intents: BTreeMap::new(),
        raised: BTreeSet::new(),
        intended: BTreeSet::new(),
        turns: 0,
        handoffs: 0,
        asked: 0,
        reviews: 0,
        phase: Phase::Entering { node: NodeId(0), message: started.message },
    })))
}

/// Numbers follow each other, and nodes are the plan's: what else would be a journal of another run.
fn belongs(running: &Running, event: &Event) -> bool {
    let speaks = |turn: &TurnId| running.turn().is_some_and(|now| now.id == *turn);
    let started = |turn: &TurnId| turn.0 < running.turns;
    match event {
        Event::TurnStarted(turn) => turn.turn.0 == running.turns && running.plan.step(turn.node).is_some(),
        Event::TurnReplied(reply) => speaks(&reply.turn),
        Event::TurnFailed(failed) => speaks(&failed.turn),
        Event::ReplyChecked(checked) => speaks(&checked.turn),
        Event::HandedOff(passed) => {
            speaks(&passed.turn) && running.plan.relay(passed.relay).is_some_and(|relay| relay.members.contains(&passed.to))
        }
        Event::HandOffRefused(refused) => speaks(&refused.turn),
        Event::RouteChosen(chosen) => chosen.turn.as_ref().is_none_or(speaks) && running.plan.relay(chosen.relay).is_some(),
        Event::FactNeeded(needed) => running.plan.relay(needed.relay).is_some(),
        Event::EffectIntended(intended) => started(&intended.turn),
        Event::EffectCompleted(completed) => started(&completed.turn),
        Event::ReviewOpened(opened) => opened.review.0 == running.reviews,
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::ReviewDecided(_)
        | Event::RunDelivered(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_) => true,
    }
}

fn evolve_running(mut running: Box<Running>, event: &Event) -> Result<State, Corrupt> {
    if !belongs(&running, event) {
        return Err(cannot(event, &State::Running(running)));
    }
    let phase = std::mem::replace(&mut running.phase, Phase::Entering { node: NodeId(0), message: running.message });
    running.phase = match (event, phase) {
        (Event::RunResumed(resumed), Phase::InTurn(mut turn)) => {
            running.deadline = resumed.deadline;
            turn.due = resumed.at.after_ms(running.plan.step(turn.node).map_or(0, |step| step.timeout_ms));
            Phase::InTurn(turn)
        }
        (Event::RunResumed(resumed), phase) => {
            running.deadline = resumed.deadline;
            phase
        }
        (Event::TurnStarted(started), Phase::Missed { turn, failure }) => begin(&mut running, started, Some((turn.node, failure))),
        (Event::TurnStarted(started), Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. }) => {
            begin(&mut running, started, None)
        }
        (Event::TurnReplied(reply), Phase::InTurn(turn)) => {
            let checked = running.plan.step(turn.node).is_none_or(|step| step.checks.is_empty());
            Phase::Answered { turn, reply: reply.clone(), checked }
        }
        (Event::TurnFailed(failed), Phase::InTurn(turn)) => Phase::Missed { turn, failure: failed.failure.clone() },
        (Event::ReplyChecked(checks), Phase::Answered { turn, reply, checked: false }) => {
            if checks.verdicts.iter().all(|verdict| verdict.failed.is_none()) {
                Phase::Answered { turn, reply, checked: true }
            } else {
                Phase::Missed { turn, failure: Failure::Unchecked(checks.verdicts.clone()) }
            }
        }
        (Event::FactNeeded(needed), Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. }) => {
            go_inside(&mut running, needed.relay, needed.message);
            running.asked += 1;
            Phase::AwaitingFact { relay: needed.relay, message: needed.message, ask: running.asked - 1 }
        }
        (Event::RouteChosen(chosen), Phase::Answered { turn, reply, checked: true }) if chosen.turn == Some(turn.id) => {
            Phase::Routed { turn, reply, relay: chosen.relay, route: Box::new(route_of(chosen)) }
        }
        (
            Event::RouteChosen(chosen),
            Phase::Entering { .. } | Phase::AwaitingFact { .. } | Phase::Answered { .. } | Phase::Routed { .. },
        ) => match relay::opened(&running, chosen.relay, &chosen.decision) {
            Err(why) => {
                go_inside(&mut running, chosen.relay, chosen.message);
                Phase::Unroutable { message: chosen.message, why }
            }
            Ok(member) => {
                go_inside(&mut running, member, chosen.message);
                if let Some(state) = running.relay_mut(chosen.relay) {
                    state.route = Some(route_of(chosen));
                }
                Phase::Entering { node: member, message: chosen.message }
            }
        },
        (Event::HandedOff(passed), phase @ (Phase::Answered { .. } | Phase::Routed { .. } | Phase::Missed { .. })) => {
            hand_over(&mut running, passed, phase)?
        }
        (Event::HandOffRefused(refused), Phase::Answered { turn, .. } | Phase::Routed { turn, .. }) => {
            Phase::Missed { turn, failure: Failure::HandOff(refused.why) }
        }
        (Event::EffectIntended(intended), phase) => {
            running.intents.insert(intended.key, intended.arguments);
            running.intended.insert(intended.key);
            phase
        }
        (Event::EffectCompleted(completed), phase) => {
            complete(&mut running, completed);
            phase
        }
        (Event::ReviewOpened(opened), phase) => {
            running.phase = phase;
            running.reviews += 1;
            let (review, why, about) = (opened.review, opened.why, opened.about);
            return Ok(State::InReview(Box::new(InReview { running: *running, review, why, about, decided: None })));
        }
        (Event::RunDelivered(delivered), _) => return Ok(end(&running, EndedHow::Delivered { message: delivered.message })),
        (Event::RunFailed(failed), phase) => {
            let missed = match phase {
                Phase::Missed { turn, failure } => Some((turn.agent, failure)),
                Phase::Entering { .. }
                | Phase::AwaitingFact { .. }
                | Phase::InTurn(_)
                | Phase::Answered { .. }
                | Phase::Routed { .. }
                | Phase::Unroutable { .. } => None,
            };
            return Ok(end(&running, EndedHow::Failed { code: failed.code, missed, said: None }));
        }
        (Event::RunCancelled(cancelled), _) => return Ok(end(&running, EndedHow::Cancelled { reason: cancelled.reason })),
        (event, phase) => {
            running.phase = phase;
            return Err(cannot(event, &State::Running(running)));
        }
    };
    Ok(State::Running(running))
}

fn complete(running: &mut Running, completed: &EffectCompleted) {
    running.intents.remove(&completed.key);
    match completed.outcome {
        EffectOutcome::Returned(result) => {
            running.effects.insert(completed.key, result);
        }
        EffectOutcome::Raised(_) => {
            running.raised.insert((completed.turn, completed.key));
        }
    }
}

fn route_of(chosen: &RouteChosen) -> RouteState {
    RouteState { decision: chosen.decision.clone(), at: chosen.at, fallback_used: false }
}

/// Enter the relays around a node and leave those that are not.
fn go_inside(running: &mut Running, node: NodeId, message: Ref) {
    let plan = Arc::clone(&running.plan);
    running.relays.retain(|relay| plan.upwards(node).skip(1).any(|above| above == relay.node));
    let mut around: Vec<(NodeId, NodeId)> = plan.relays_around(node).collect();
    around.reverse();
    for (relay, member) in around.into_iter().skip(running.relays.len()) {
        let visited = BTreeSet::from([member]);
        running.relays.push(RelayState { node: relay, member, message, handoffs: 0, visited, route: None });
    }
}

fn begin(running: &mut Running, started: &TurnStarted, missed: Option<(NodeId, Failure)>) -> Phase {
    go_inside(running, started.node, started.message);
    running.turns = started.turn.0 + 1;
    running.visits.insert(started.node, started.visit);
    if let Some((rule, _)) = running.route().and_then(|route| route.decision.evidence.rule) {
        *running.rule_turns.entry(rule).or_insert(0) += 1;
    }
    Phase::InTurn(Turn {
        id: started.turn,
        node: started.node,
        agent: started.agent.clone(),
        fallback: started.fallback,
        attempt: started.attempt,
        visit: started.visit,
        message: started.message,
        due: started.due,
        feedback: missed.filter(|(node, _)| *node == started.node).map(|(_, failure)| failure),
    })
}

fn hand_over(running: &mut Running, passed: &HandedOff, phase: Phase) -> Result<Phase, Corrupt> {
    let Some(place) = running.relays.iter().rposition(|relay| relay.node == passed.relay) else {
        return Err(Corrupt { event: "handed_off in a relay that was not entered", state: "running" });
    };
    running.relays.truncate(place + 1); // whatever was open below it is left
    let state = &mut running.relays[place];
    state.member = passed.to;
    state.handoffs += 1;
    state.visited.insert(passed.to);
    match (passed.why, phase) {
        (HandOffWhy::Routed, Phase::Routed { route, .. }) => state.route = Some(*route),
        (HandOffWhy::Fallback, _) => {
            if let Some(route) = &mut state.route {
                route.fallback_used = true;
            }
        }
        // A member that the speaker named, or that gets the turn back, does not stand under the rule of the one before.
        (HandOffWhy::Named | HandOffWhy::Returned | HandOffWhy::Routed, _) => state.route = None,
    }
    running.handoffs += 1;
    Ok(Phase::Entering { node: passed.to, message: passed.message })
}

fn evolve_in_review(mut waiting: Box<InReview>, event: &Event) -> Result<State, Corrupt> {
    match event {
        Event::ReviewDecided(decided) if decided.review == waiting.review => {
            waiting.decided = Some((decided.verdict, decided.decision));
            Ok(State::InReview(waiting))
        }
        Event::EffectCompleted(completed) => {
            complete(&mut waiting.running, completed);
            Ok(State::InReview(waiting))
        }
        Event::RunDelivered(delivered) => Ok(end(&waiting.running, EndedHow::Delivered { message: delivered.message })),
        Event::RunFailed(failed) => Ok(end(
            &waiting.running,
            EndedHow::Failed { code: failed.code, missed: None, said: waiting.decided.map(|(_, decision)| decision) },
        )),
        Event::RunCancelled(cancelled) => Ok(end(&waiting.running, EndedHow::Cancelled { reason: cancelled.reason })),
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::TurnStarted(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::EffectIntended(_)
        | Event::ReviewDecided(_)
        | Event::ReviewOpened(_) => Err(cannot(event, &State::InReview(waiting))),
    }
}

fn end(running: &Running, how: EndedHow) -> State {
    State::Ended(Box::new(Ended {
        run: running.run,
        plan: Arc::clone(&running.plan),
        turns: running.turns,
        handoffs: running.handoffs,
        effects: u32::try_from(running.effects.len()).unwrap_or(u32::MAX),
        how,
    }))
}
