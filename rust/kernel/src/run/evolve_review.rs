//! Records what people are asked and decide, and what stands still until then.

use std::sync::Arc;

use crate::plan::{OnFailure, Plan};
use crate::run::evolve::{strand_mut, take};
use crate::run::{Decided, InReview, OpenReview, Phase, Running, State, Strand, Turn};
use crate::{
    Corrupt, Event, Micros, Ref, ReviewDecided, ReviewId, ReviewOpened, ReviewReassigned, ReviewSigned, ReviewSubject, ReviewVerdict,
    ReviewWhy, RunDerived, StrandId,
};

/// A review of the run, or of its answer, is a state of its own; one of an effect stops what it hangs on.
pub(super) fn opened(mut running: Box<Running>, opened: &ReviewOpened) -> Result<State, Corrupt> {
    running.reviews += 1;
    let (review, open) = (opened.review, OpenReview::of(opened));
    match &opened.subject {
        ReviewSubject::Run | ReviewSubject::Delivery => {
            return Ok(State::InReview(Box::new(InReview { running: *running, review, open, decided: None })));
        }
        ReviewSubject::Effect { turn: of, .. } => {
            let strand = strand_mut(&mut running, opened.strand)?;
            strand.phase = match (take(strand), opened.why == ReviewWhy::EffectForgotten) {
                (Phase::InTurn(turn), false) if turn.id == *of => Phase::Paused { turn, review },
                (then @ (Phase::Answered { .. } | Phase::Forked | Phase::Missed { .. } | Phase::Stuck { .. }), true) => {
                    Phase::Held { then: Box::new(then), review }
                }
                (phase, _) => return Err(Corrupt { event: "review_opened", state: phase.adjective() }),
            };
        }
    }
    running.open.insert(review, open);
    Ok(State::Running(running))
}

/// A person decided about an effect: what hung on it goes on.
pub(super) fn decided(running: &mut Running, decided: &ReviewDecided) -> Result<(), Corrupt> {
    let missing = Corrupt { event: "review_decided", state: "without that review" };
    let open = running.open.remove(&decided.review).ok_or(missing.clone())?;
    running.closed.insert(decided.review, decided.by.clone());
    let ReviewSubject::Effect { key, .. } = open.subject else { return Err(missing) };
    let begun = running.intents.remove(&key).map(|intent| intent.arguments);
    match decided.verdict {
        ReviewVerdict::Answered => {
            if let Some(content) = decided.content {
                running.effects.entry(key).or_insert(content); // what the tool itself returned stands
            }
        }
        ReviewVerdict::Approved | ReviewVerdict::Edited if open.why != ReviewWhy::EffectForgotten => {
            running.approved.insert(key, decided.content.or(begun)); // what was looked at, and nothing else
        }
        ReviewVerdict::Approved | ReviewVerdict::Edited => {} // it is let be
        ReviewVerdict::Rejected => {
            running.denied.insert(key, decided.decision);
        }
    }
    let strand = strand_mut(running, open.strand)?;
    strand.phase = go_on(take(strand));
    if decided.verdict == ReviewVerdict::Rejected && open.why == ReviewWhy::EffectForgotten {
        let (message, why, attached, policy) = (open.about, open.why, open.attached, OnFailure::Fail);
        strand.phase = Phase::Stuck { message, why, attached, policy, culprit: None };
    }
    if std::mem::take(&mut running.paused) {
        afresh(running, decided.at, decided.deadline);
    } else {
        branch_afresh(running, open.strand, decided.at)?;
    }
    Ok(())
}

/// What stood still for a person goes on.
fn go_on(phase: Phase) -> Phase {
    match phase {
        Phase::Paused { turn, .. } => Phase::Woken { turn },
        Phase::Held { then, .. } => *then,
        phase @ (Phase::Entering { .. }
        | Phase::AwaitingFact { .. }
        | Phase::InTurn(_)
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Woken { .. }
        | Phase::Stuck { .. }
        | Phase::Forked
        | Phase::Delegating { .. }
        | Phase::AtWall { .. }
        | Phase::Left { .. }) => phase,
    }
}

/// As `decided`, for a review of the run or of its answer.
pub(super) fn concluded(waiting: &mut InReview, decided: &ReviewDecided) {
    let ReviewDecided { verdict, content, decision, ref by, .. } = *decided;
    waiting.decided = Some(Decided { by: by.clone(), verdict, content, decision });
}

/// What is said about a review that stays open.
pub(super) fn talked(open: &mut OpenReview, event: &Event) -> Result<(), Corrupt> {
    if let Event::ReviewClaimed(claimed) = event {
        open.claim = Some((claimed.by.clone(), claimed.until));
    } else if let Event::ReviewReassigned(ReviewReassigned { by, role, person, .. }) = event {
        (open.terms.role, open.terms.person) = (role.clone(), person.clone());
        (open.claim, open.proposal) = (None, None);
        open.signed.clear();
        if by.is_none() {
            open.terms.due = None; // it was due, and those who are asked now have all the time they need
        }
    } else if let Event::ReviewSigned(ReviewSigned { by, verdict, content, .. }) = event {
        let proposal = Some((*verdict, *content));
        if open.proposal != proposal {
            open.signed.clear();
        }
        open.proposal = proposal;
        open.signed.push(by.clone());
        open.claim = None; // whoever signed is done, and somebody else must sign
    } else {
        return Err(Corrupt { event: event.name(), state: "in review" });
    }
    Ok(())
}

/// The strand is about to end. Should that not have been written any more, it takes its turn again.
pub(super) fn withdrawn(running: &mut Running, review: ReviewId) -> Result<(), Corrupt> {
    let open = running.open.remove(&review).ok_or(Corrupt { event: "review_withdrawn", state: "without that review" })?;
    running.closed.insert(review, None);
    let strand = strand_mut(running, open.strand)?;
    strand.phase = go_on(take(strand));
    Ok(())
}

/// The process that worked on it is gone: its effects are orphans, and every limit starts anew.
pub(super) fn resumed(running: &mut Running, at: Micros, deadline: Micros) {
    for intent in running.intents.values_mut() {
        intent.orphaned = true;
    }
    running.raised.clear(); // its turns begin anew, and so do the calls that raised in them
    afresh(running, at, deadline);
}

/// The frames so far are another run's.
pub(super) fn derived(running: &mut Running, derived: &RunDerived) {
    running.origin = derived.origin;
    resumed(running, derived.at, derived.deadline);
    if let Some(message) = derived.message {
        replace(running, message);
    }
}

fn replace(running: &mut Running, with: Ref) {
    let mut replaced = Vec::new();
    for strand in &mut running.strands {
        match &mut strand.phase {
            Phase::Entering { message, .. }
            | Phase::InTurn(Turn { message, .. })
            | Phase::Missed { turn: Turn { message, .. }, .. }
            | Phase::Woken { turn: Turn { message, .. } } => replaced.push(std::mem::replace(message, with)),
            Phase::AwaitingFact { .. }
            | Phase::Answered { .. }
            | Phase::Routed { .. }
            | Phase::Paused { .. }
            | Phase::Held { .. }
            | Phase::Stuck { .. }
            | Phase::Forked
            | Phase::Delegating { .. }
            | Phase::AtWall { .. }
            | Phase::Left { .. } => {} // nobody is being given a message here
        }
    }
    // The patterns around it were given the same, and would give it on.
    let given = running.strands.iter_mut().flat_map(|strand| {
        let relays = strand.relays.iter_mut().map(|relay| &mut relay.message);
        relays.chain(strand.forums.iter_mut().map(|forum| &mut forum.message))
    });
    for message in given.chain([&mut running.message]).filter(|message| replaced.contains(message)) {
        *message = with;
    }
}

/// Deadlines count from now on.
fn afresh(running: &mut Running, at: Micros, deadline: Micros) {
    running.deadline = deadline;
    let plan = Arc::clone(&running.plan);
    for (domain, state) in &mut running.domains {
        let limit = plan.domain(*domain).and_then(|domain| domain.deadline_ms);
        state.until = state.until.and(limit).map(|ms| at.after_ms(ms));
    }
    let timeout = |turn: &Turn, plan: &Plan| at.after_ms(plan.step(turn.node).map_or(0, |step| step.timeout_ms));
    for strand in &mut running.strands {
        strand_afresh(&plan, strand, at);
        if let Phase::InTurn(turn) = &mut strand.phase {
            turn.due = timeout(turn, &plan);
        }
        if let Some(turn) = &mut strand.rival {
            turn.due = timeout(turn, &plan);
        }
    }
}

/// The time that a person took is not the branch's, nor that of the domains that its turn stands in.
fn branch_afresh(running: &mut Running, id: StrandId, at: Micros) -> Result<(), Corrupt> {
    let plan = Arc::clone(&running.plan);
    let strand = strand_mut(running, id)?;
    strand_afresh(&plan, strand, at);
    let node = strand.phase.turn().map(|turn| turn.node);
    for domain in node.into_iter().flat_map(|node| plan.upwards(node)) {
        let limit = plan.domain(domain).and_then(|found| found.deadline_ms);
        if let Some(state) = running.domains.get_mut(&domain) {
            state.until = state.until.and(limit).map(|ms| at.after_ms(ms));
        }
    }
    Ok(())
}

/// A branch's deadline, and the time after which a routing rule calls a person.
fn strand_afresh(plan: &Plan, strand: &mut Strand, at: Micros) {
    let parallel = plan.node(strand.root).and_then(|root| plan.parallel(root.parent?));
    let limit = parallel.and_then(|parallel| parallel.branch_deadline_ms);
    strand.due = strand.due.and(limit).map(|ms| at.after_ms(ms));
    for route in strand.relays.iter_mut().filter_map(|relay| relay.route.as_mut()) {
        route.at = at;
    }
}
