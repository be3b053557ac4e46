//! Records what happened. It cannot choose: this is all that replay runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::Plan;
use crate::run::{
    Ended, EndedHow, InReview, Intent, Phase, RelayState, Running, State, Strand, Turn, belongs, evolve_fork, evolve_forum, evolve_relay,
    evolve_review, inside,
};
use crate::{
    Corrupt, EffectClass, EffectCompleted, EffectIntended, EffectOutcome, Event, Failure, NodeId, ReviewClaimed, ReviewReassigned,
    ReviewSigned, RunStarted, StrandId, TurnFailed, TurnReplied, TurnStarted,
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
        strands: vec![Strand::new(StrandId(0), None, NodeId(0), started.message, None)],
        spawned: 1,
        visits: BTreeMap::new(),
        rule_turns: BTreeMap::new(),
        domains: BTreeMap::new(),
        effects: BTreeMap::new(),
        intents: BTreeMap::new(),
        raised: BTreeSet::new(),
        raised_once: BTreeMap::new(),
        approved: BTreeMap::new(),
        denied: BTreeMap::new(),
        intended: BTreeSet::new(),
        turns: 0,
        handoffs: 0,
        tokens: 0,
        asked: 0,
        reviews: 0,
        open: BTreeMap::new(),
        closed: BTreeMap::new(),
        paused: false,
        origin: started.run,
    })))
}

fn evolve_running(mut running: Box<Running>, event: &Event) -> Result<State, Corrupt> {
    if !belongs::belongs(&running, event) {
        return Err(cannot(event, &State::Running(running)));
    }
    match event {
        Event::RunResumed(resumed) => evolve_review::resumed(&mut running, resumed.at, resumed.deadline),
        Event::RunDerived(derived) => evolve_review::derived(&mut running, derived),
        Event::RunPaused(_) => running.paused = true,
        Event::EffectIntended(intended) => intend(&mut running, intended)?,
        Event::EffectCompleted(completed) => complete(&mut running, completed),
        Event::ReviewOpened(opened) => return evolve_review::opened(running, opened),
        Event::ReviewDecided(decided) => evolve_review::decided(&mut running, decided)?,
        Event::ReviewClaimed(ReviewClaimed { review, .. })
        | Event::ReviewReassigned(ReviewReassigned { review, .. })
        | Event::ReviewSigned(ReviewSigned { review, .. }) => {
            let missing = Corrupt { event: event.name(), state: "without that review" };
            evolve_review::talked(running.open.get_mut(review).ok_or(missing)?, event)?;
        }
        Event::ReviewWithdrawn(withdrawn) => evolve_review::withdrawn(&mut running, withdrawn.review)?,
        // What it kept back was never there, and what follows from it has events of its own.
        Event::GateRuled(_) => {}
        Event::RunDelivered(delivered) => return Ok(end(&running, EndedHow::Delivered { message: delivered.message })),
        Event::RunFailed(failed) => {
            let missed = running.trunk().and_then(|trunk| match &trunk.phase {
                Phase::Missed { turn, failure } => Some((turn.agent.clone(), failure.clone())),
                Phase::Entering { .. }
                | Phase::AwaitingFact { .. }
                | Phase::InTurn(_)
                | Phase::Answered { .. }
                | Phase::Routed { .. }
                | Phase::Paused { .. }
                | Phase::Woken { .. }
                | Phase::Held { .. }
                | Phase::Stuck { .. }
                | Phase::Forked
                | Phase::Delegating { .. }
                | Phase::AtWall { .. }
                | Phase::Left { .. } => None,
            });
            return Ok(end(&running, EndedHow::Failed { code: failed.code, missed, said: None }));
        }
        Event::RunCancelled(cancelled) => return Ok(end(&running, EndedHow::Cancelled { reason: cancelled.reason })),
        Event::RunStarted(_) => return Err(cannot(event, &State::Running(running))),
        Event::TurnStarted(started) => begin(&mut running, started)?,
        Event::TurnReplied(reply) => replied(&mut running, reply)?,
        Event::TurnFailed(failed) => attempt_failed(&mut running, failed)?,
        Event::TurnDropped(dropped) => {
            let strand = strand_of(&mut running, dropped.turn, event)?;
            let at = strand.rival.take().filter(|rival| rival.id == dropped.turn).map(|rival| (strand.id, rival.node));
            let at = at.ok_or(Corrupt { event: "turn_dropped", state: "without a turn beside" })?;
            inside::spend(&mut running, at, dropped.spent.tokens);
        }
        Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::FactFailed(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_) => evolve_strand(&mut running, event)?,
        Event::Forked(forked) => evolve_fork::forked(&mut running, forked)?,
        Event::BranchEnded(ended) => evolve_fork::ended(&mut running, ended)?,
        Event::CalledOff(called_off) => evolve_fork::called_off(&mut running, called_off)?,
        Event::Reconciled(reconciled) => evolve_fork::reconciled(&mut running, reconciled)?,
        Event::FloorPassed(passed) => evolve_forum::passed(&mut running, passed)?,
        Event::Crossed(crossed) => evolve_forum::crossed(&mut running, crossed)?,
    }
    Ok(State::Running(running))
}

pub(super) fn strand_mut(running: &mut Running, id: StrandId) -> Result<&mut Strand, Corrupt> {
    let place = running.strands.binary_search_by_key(&id, |strand| strand.id);
    let found = place.ok().and_then(|place| running.strands.get_mut(place));
    found.ok_or(Corrupt { event: "an event of a branch that is over", state: "running" })
}

fn strand_of<'a>(running: &'a mut Running, turn: crate::TurnId, event: &Event) -> Result<&'a mut Strand, Corrupt> {
    let found = running.strands.iter_mut().find(|strand| strand.turn(turn).is_some());
    found.ok_or(Corrupt { event: event.name(), state: "without that turn" })
}

/// Take the phase out of a strand, to put another in its place.
pub(super) fn take(strand: &mut Strand) -> Phase {
    std::mem::replace(&mut strand.phase, Phase::Forked)
}

/// Events that move one strand from one phase to the next.
fn evolve_strand(running: &mut Running, event: &Event) -> Result<(), Corrupt> {
    let of_turn = || belongs::turn_of(event).and_then(|turn| running.strand_of(turn)).map(|strand| strand.id);
    let id = belongs::strand_named(event).or_else(of_turn).ok_or(Corrupt { event: event.name(), state: "without that turn" })?;
    let phase = take(strand_mut(running, id)?);
    let next = step(running, id, event, phase)?;
    strand_mut(running, id)?.phase = next;
    Ok(())
}

fn step(running: &mut Running, id: StrandId, event: &Event, phase: Phase) -> Result<Phase, Corrupt> {
    Ok(match (event, phase) {
        (Event::ReplyChecked(checks), Phase::Answered { turn, reply, checked: false }) => {
            if checks.verdicts.iter().all(|verdict| verdict.failed.is_none()) {
                Phase::Answered { turn, reply, checked: true }
            } else {
                missed_or_rival(running, id, turn, Failure::Unchecked(checks.verdicts.clone()))?
            }
        }
        (Event::FactNeeded(needed), phase) => evolve_forum::fact_needed(running, needed, phase)?,
        (Event::FactFailed(failed), phase) => evolve_forum::fact_failed(running, failed, &phase)?,
        (Event::RouteChosen(chosen), Phase::Answered { turn, reply, checked: true }) if chosen.turn == Some(turn.id) => {
            Phase::Routed { turn, reply, relay: chosen.relay, route: Box::new(evolve_relay::route_of(chosen)) }
        }
        (
            Event::RouteChosen(chosen),
            Phase::Entering { .. } | Phase::AwaitingFact { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Left { .. },
        ) => evolve_relay::opened(running, id, chosen)?,
        (Event::HandedOff(passed), phase @ (Phase::Answered { .. } | Phase::Routed { .. } | Phase::Missed { .. } | Phase::Left { .. })) => {
            evolve_relay::hand_over(running, id, passed, phase)?
        }
        (Event::HandOffRefused(refused), Phase::Answered { turn, reply, .. } | Phase::Routed { turn, reply, .. }) => {
            // It was said, whatever became of it, and belongs to the thread that a person may get to see.
            if let Some(relay) = strand_mut(running, id)?.relays.last_mut().filter(|_| !reply.empty) {
                relay.said.push(reply.reply);
            }
            Phase::Missed { turn, failure: Failure::HandOff(refused.why) }
        }
        (event, phase) => return Err(Corrupt { event: event.name(), state: phase.adjective() }),
    })
}

fn intend(running: &mut Running, intended: &EffectIntended) -> Result<(), Corrupt> {
    let EffectIntended { turn, key, ref tool, class, arguments, .. } = *intended;
    let missing = Corrupt { event: "effect_intended", state: "without that turn" };
    let strand = running.strand_of(turn).map(|strand| strand.id).ok_or(missing)?;
    running.intents.insert(key, Intent { turn, strand, tool: tool.clone(), class, arguments, orphaned: false });
    running.intended.insert(key);
    if class == EffectClass::EffectOnce {
        running.approved.remove(&key); // a yes is for one call
    }
    Ok(())
}

fn complete(running: &mut Running, completed: &EffectCompleted) {
    running.intents.remove(&completed.key);
    match completed.outcome {
        EffectOutcome::Returned(result) => {
            running.effects.insert(completed.key, result);
        }
        EffectOutcome::Raised(text) => {
            running.raised.insert((completed.turn, completed.key));
            if completed.class == EffectClass::EffectOnce {
                running.raised_once.insert(completed.key, text);
            }
        }
    }
}

fn begin(running: &mut Running, started: &TurnStarted) -> Result<(), Corrupt> {
    let id = started.strand;
    inside::go(running, id, started.node, started.message)?;
    running.turns = started.turn.0 + 1;
    // A turn that is taken again after a person's decision is the one that was counted.
    if !running.strand(id).is_some_and(|strand| matches!(strand.phase, Phase::Woken { .. })) {
        count(running, started);
    }
    let strand = strand_mut(running, id)?;
    let mut turn = Turn {
        id: started.turn,
        node: started.node,
        agent: started.agent.clone(),
        fallback: started.fallback,
        attempt: started.attempt,
        visit: started.visit,
        message: started.message,
        due: started.due,
        hedge_at: started.hedge_at,
        stood_in: false,
        feedback: None,
    };
    match (take(strand), started.hedge) {
        (Phase::InTurn(first), true) if strand.rival.is_none() && first.node == turn.node => {
            strand.phase = Phase::InTurn(Turn { hedge_at: None, ..first });
            strand.rival = Some(turn);
        }
        (Phase::Missed { turn: before, failure }, false) => {
            turn.feedback = (before.node == started.node).then_some(failure);
            strand.phase = Phase::InTurn(turn);
        }
        (Phase::Woken { turn: before }, false) => {
            turn.feedback = before.feedback;
            turn.stood_in = before.stood_in;
            strand.phase = Phase::InTurn(turn);
        }
        (Phase::Entering { .. } | Phase::Answered { .. } | Phase::Routed { .. } | Phase::Left { .. }, false) => {
            strand.phase = Phase::InTurn(turn);
        }
        (phase, _) => return Err(Corrupt { event: "turn_started", state: phase.adjective() }),
    }
    Ok(())
}

/// Visits, turns inside domains, and turns under routing rules.
fn count(running: &mut Running, started: &TurnStarted) {
    running.visits.insert(started.node, started.visit);
    for domain in running.plan.upwards(started.node).filter(|at| running.plan.domain(*at).is_some()) {
        running.domains.entry(domain).or_default().turns += 1;
    }
    let routes = |relay: &RelayState| Some((relay.node, relay.route.as_ref()?.decision.evidence.rule?.0));
    let strand = running.strand(started.strand);
    for rule in strand.map(|strand| strand.relays.iter().filter_map(routes).collect::<Vec<_>>()).unwrap_or_default() {
        *running.rule_turns.entry(rule).or_insert(0) += 1;
    }
}

fn replied(running: &mut Running, reply: &TurnReplied) -> Result<(), Corrupt> {
    let plan = Arc::clone(&running.plan);
    let event = Corrupt { event: "turn_replied", state: "without that turn" };
    let strand = running.strands.iter_mut().find(|strand| strand.turns().any(|turn| turn.id == reply.turn)).ok_or(event)?;
    let (turn, rival) = match (take(strand), strand.rival.take()) {
        (Phase::InTurn(first), Some(second)) if second.id == reply.turn => (second, Some(first)),
        (Phase::InTurn(first), rival) => (first, rival),
        (phase, _) => return Err(Corrupt { event: "turn_replied", state: phase.adjective() }),
    };
    strand.rival = rival;
    // A handoff or a delegation is no answer, so there is nothing to hold against the checks.
    let passes_on = reply.hand_off.is_some() || !reply.delegated.is_empty();
    let checked = passes_on || plan.step(turn.node).is_none_or(|step| step.checks.is_empty());
    let (id, node) = (strand.id, turn.node);
    strand.phase = Phase::Answered { turn, reply: reply.clone(), checked };
    inside::spend(running, (id, node), reply.spent.tokens);
    Ok(())
}

fn attempt_failed(running: &mut Running, failed: &TurnFailed) -> Result<(), Corrupt> {
    if let Failure::TimedOut { .. } = failed.failure {
        cut_off(running, failed.turn);
    }
    let event = Corrupt { event: "turn_failed", state: "without that turn" };
    let strand = running.strands.iter_mut().find(|strand| strand.turns().any(|turn| turn.id == failed.turn)).ok_or(event)?;
    if strand.rival.as_ref().is_some_and(|rival| rival.id == failed.turn) {
        let rival = strand.rival.take(); // the other one goes on
        if let Phase::InTurn(turn) = &mut strand.phase {
            turn.stood_in |= rival.is_some_and(|rival| rival.fallback);
        }
        return Ok(());
    }
    let id = strand.id;
    let Phase::InTurn(turn) = take(strand) else { return Err(Corrupt { event: "turn_failed", state: "not in a turn" }) };
    let next = missed_or_rival(running, id, turn, failed.failure.clone())?;
    strand_mut(running, id)?.phase = next;
    Ok(())
}

/// A turn that took too long is stopped with what it has begun, except what may happen once only: that is waited for.
fn cut_off(running: &mut Running, turn: crate::TurnId) {
    for intent in running.intents.values_mut().filter(|intent| intent.turn == turn) {
        intent.orphaned |= intent.class == EffectClass::Effect;
    }
}

/// An attempt came to nothing: the one beside it goes on, if there is one.
fn missed_or_rival(running: &mut Running, id: StrandId, turn: Turn, failure: Failure) -> Result<Phase, Corrupt> {
    let rival = strand_mut(running, id)?.rival.take();
    Ok(match rival {
        Some(other) => Phase::InTurn(Turn { stood_in: other.stood_in || turn.fallback, ..other }),
        None => Phase::Missed { turn, failure },
    })
}

fn evolve_in_review(mut waiting: Box<InReview>, event: &Event) -> Result<State, Corrupt> {
    match event {
        Event::ReviewDecided(decided) if decided.review == waiting.review => {
            evolve_review::concluded(&mut waiting, decided);
            Ok(State::InReview(waiting))
        }
        Event::ReviewClaimed(ReviewClaimed { review, .. })
        | Event::ReviewReassigned(ReviewReassigned { review, .. })
        | Event::ReviewSigned(ReviewSigned { review, .. })
            if *review == waiting.review =>
        {
            evolve_review::talked(&mut waiting.open, event)?;
            Ok(State::InReview(waiting))
        }
        Event::RunDerived(derived) => {
            evolve_review::derived(&mut waiting.running, derived);
            Ok(State::InReview(waiting))
        }
        Event::EffectCompleted(completed) => {
            complete(&mut waiting.running, completed);
            Ok(State::InReview(waiting))
        }
        Event::GateRuled(_) => Ok(State::InReview(waiting)),
        Event::RunDelivered(delivered) => Ok(end(&waiting.running, EndedHow::Delivered { message: delivered.message })),
        Event::RunFailed(failed) => Ok(end(
            &waiting.running,
            EndedHow::Failed { code: failed.code, missed: None, said: waiting.decided.as_ref().and_then(|decided| decided.decision) },
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
        | Event::ReviewOpened(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::Crossed(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewSigned(_)
        | Event::ReviewWithdrawn(_) => Err(cannot(event, &State::InReview(waiting))),
    }
}

fn end(running: &Running, how: EndedHow) -> State {
    State::Ended(Box::new(Ended {
        run: running.run,
        plan: Arc::clone(&running.plan),
        turns: running.turns,
        handoffs: running.handoffs,
        effects: u32::try_from(running.effects.len()).unwrap_or(u32::MAX),
        tokens: running.tokens,
        how,
    }))
}
