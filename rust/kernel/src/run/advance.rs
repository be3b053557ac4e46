//! The steps that need nothing from outside: enter, check, pass on, deliver.

use crate::limits::MAX_TURNS;
use crate::plan::NodeKind;
use crate::run::here::{Here, said};
use crate::run::{Decision, InReview, Phase, Turn, absorbed, effect, forum, join, missed, one, relay, review, ruled, wall};
use crate::{
    Book, BranchEnd, BranchEnded, CheckQuery, CheckVerdict, Event, Fact, Gate, NodeId, Priority, Ref, Refusal, ReplyChecked, ReviewSubject,
    ReviewVerdict, ReviewWhy, Ruled, RunDelivered, RunFailCode, RunFailed, Said, Spent, Subject, TermsSpec, TurnDropped, TurnId,
    TurnReplied, TurnStarted,
};

/// The next step of a strand, if it needs nothing from outside.
pub(super) fn next(here: Here<'_>) -> Decision {
    match &here.strand.phase {
        Phase::Entering { node, message } => enter(here, *node, *message),
        Phase::Answered { turn, reply, checked: false } => one(Event::ReplyChecked(check(here, turn, reply)?)),
        Phase::Answered { turn, reply, checked: true } => match &here.strand.rival {
            Some(rival) => drop_rival(here, rival),
            None => effect::forgotten(here, reply.reply).unwrap_or_else(|| relay::pass_on(here, turn, reply)),
        },
        Phase::Routed { turn, reply, relay, route } => relay::follow_route(here, turn, reply, (*relay, &route.decision)),
        Phase::Missed { turn, failure } => missed::cure(here, turn, failure),
        Phase::Woken { turn } => {
            let (fallback, count, visit) = (turn.fallback, turn.attempt, turn.visit);
            start(here, &Attempt { node: turn.node, agent: &turn.agent, fallback, count, visit, hedge: false }, turn.message)
        }
        Phase::Stuck { message, why, policy, .. } => here.give_up(*policy, *why, code(*why), *message, None),
        Phase::Left { node, said } => leave(here, *node, said),
        Phase::Delegating { forum, to } => join::delegate(here, *forum, to),
        Phase::Forked => join::next(here),
        // Something outside is owed.
        Phase::InTurn(_) | Phase::AwaitingFact { .. } | Phase::AtWall { .. } | Phase::Paused { .. } | Phase::Held { .. } => absorbed(),
    }
}

/// How a run that nobody is asked about says why it failed.
fn code(why: ReviewWhy) -> RunFailCode {
    match why {
        ReviewWhy::Unresolved | ReviewWhy::Overridden | ReviewWhy::NoAnswers | ReviewWhy::BranchFailed => RunFailCode::Unresolved,
        ReviewWhy::ForumLimit | ReviewWhy::Stalemate => RunFailCode::ForumLimit,
        ReviewWhy::HandOffLimit => RunFailCode::HandOffLimit,
        ReviewWhy::StepFailed
        | ReviewWhy::NoRoute
        | ReviewWhy::Routed
        | ReviewWhy::Tied
        | ReviewWhy::Fallback
        | ReviewWhy::Escalated
        | ReviewWhy::TooManyTurns
        | ReviewWhy::BranchDeadline
        | ReviewWhy::Contract
        | ReviewWhy::DomainLimit
        | ReviewWhy::Approval
        | ReviewWhy::EffectUnknown
        | ReviewWhy::FactFailed => RunFailCode::StepFailed,
        ReviewWhy::Guarded => RunFailCode::Denied,
        ReviewWhy::EffectForgotten => RunFailCode::Rejected,
    }
}

/// Go down to the first agent of a node, or to what must be decided before one can be named.
pub(super) fn enter(here: Here<'_>, node: NodeId, message: Ref) -> Decision {
    let mut at = node;
    loop {
        match here.run.plan.kind(at) {
            None => return Err(Refusal::NotAwaited),
            Some(NodeKind::Step(step)) => {
                let visit = here.visits.get(&at).copied().unwrap_or(0).saturating_add(1);
                return start(here, &Attempt { node: at, agent: &step.agent, fallback: false, count: 1, visit, hedge: false }, message);
            }
            Some(NodeKind::Sequence { children }) => match children.first() {
                Some(child) => at = *child,
                None => return Err(Refusal::NotAwaited),
            },
            Some(NodeKind::Relay(relay)) => match relay.members.first() {
                Some(entry) if relay.has_entry => at = *entry,
                Some(_) | None => return relay::open(here, at, message),
            },
            Some(NodeKind::Parallel(parallel)) => return join::fork(here, at, parallel, message),
            Some(NodeKind::Forum(found)) => match forum::opener(found) {
                Some(first) => at = first,
                None => return forum::open(here, at, found, message),
            },
            Some(NodeKind::Domain(_)) => return here.needs(Fact::Import, at, message),
        }
    }
}

/// Which agent gets the turn, and for the how-manieth time.
pub(super) struct Attempt<'a> {
    pub node: NodeId,
    pub agent: &'a crate::Name,
    pub fallback: bool,
    pub count: u16,
    pub visit: u16,
    /// Beside the step's own agent.
    pub hedge: bool,
}

pub(super) fn start(here: Here<'_>, next: &Attempt<'_>, message: Ref) -> Decision {
    if here.turns >= MAX_TURNS {
        return here.ask(ReviewWhy::TooManyTurns, message);
    }
    if wall::is_used_up(here, next.node) {
        return here.ask(ReviewWhy::DomainLimit, message);
    }
    let domain = here.run.plan.domain_name(next.node);
    let subject = Subject { agent: Some(next.agent), tool: None, content: Some(message), domain, node: Some(next.node) };
    let gates = [Gate::AgentToAgent, Gate::ModelContext];
    let objection = gates.into_iter().find_map(|gate| here.book.gates.objection(gate, subject));
    let passages = match objection {
        None => gates.into_iter().map(|gate| here.book.pass(gate, subject)).collect::<Result<_, _>>()?,
        Some(_) => Vec::new(),
    };
    let step = here.run.plan.step(next.node);
    let timeout = step.map_or(0, |step| step.timeout_ms);
    let hedge_at = step.filter(|_| !next.fallback && !next.hedge).and_then(|step| step.hedge_ms).map(|ms| here.now.after_ms(ms));
    let turn = TurnId(here.turns);
    let started = Event::TurnStarted(TurnStarted {
        turn,
        node: next.node,
        agent: next.agent.clone(),
        fallback: next.fallback,
        attempt: next.count,
        visit: next.visit,
        message,
        due: here.now.after_ms(timeout),
        priority: here.route_at(here.strand, next.node).map_or_else(Priority::default, |route| route.decision.priority),
        passages,
        strand: here.strand.id,
        hedge: next.hedge,
        hedge_at,
    });
    let Some(ruling) = objection else { return one(started) };
    Ok(vec![ruled::event(Some(turn), Some(next.agent.clone()), ruling, None), started, ruled::not_taken(turn)])
}

/// One of two agents on the same step has answered well: the other is not needed, and what it took is booked.
fn drop_rival(here: Here<'_>, rival: &Turn) -> Decision {
    let tokens = super::turn::estimate([here.content(rival.message)?]);
    one(Event::TurnDropped(TurnDropped { turn: rival.id, spent: Spent { tokens, estimated: true } }))
}

/// The reply against the checks of its step.
pub(super) fn check(here: Here<'_>, turn: &Turn, reply: &TurnReplied) -> Result<ReplyChecked, Refusal> {
    let query = CheckQuery { intent: reply.intent.as_deref(), ..here.query(turn.node, reply.reply, reply.confidence)? };
    let checks = here.run.plan.step(turn.node).map_or(&[][..], |step| &step.checks);
    let verdicts = (0_u16..)
        .zip(checks)
        .map(|(number, check)| CheckVerdict { check: number, failed: here.book.rules.check(check, &query).err() })
        .collect();
    Ok(ReplyChecked { turn: turn.id, verdicts })
}

/// A turn's reply is its step's answer.
pub(super) fn leave_turn(here: Here<'_>, turn: &Turn, reply: &TurnReplied) -> Decision {
    leave(here, turn.node, &said(turn, reply))
}

/// A node has its answer: climb to what comes next, or deliver.
pub(super) fn leave(here: Here<'_>, node: NodeId, said: &Said) -> Decision {
    let plan = &here.run.plan;
    let mut done = node;
    while done != here.strand.root {
        let Some((parent, place)) = plan.node(done).and_then(|node| Some((node.parent?, node.place))) else {
            return Err(Refusal::NotAwaited);
        };
        match plan.kind(parent) {
            Some(NodeKind::Sequence { children }) => {
                if let Some(sibling) = children.get(place + 1) {
                    return enter(here, *sibling, said.message);
                }
            }
            Some(NodeKind::Relay(relay)) => {
                if relay.router == Some(done) {
                    // It was asked for an intent, and has none.
                    return here.ask(ReviewWhy::NoRoute, here.strand.relay(parent).map_or(said.message, |state| state.message));
                }
                if let Some(returned) = relay::give_back(here, said, parent, done) {
                    return returned;
                }
            }
            Some(NodeKind::Parallel(_)) => {} // its synthesis agent has the last word
            Some(NodeKind::Forum(forum)) => return forum::heard(here, parent, forum, done, said),
            Some(NodeKind::Domain(_)) => return here.needs(Fact::Export, parent, said.message),
            Some(NodeKind::Step(_)) | None => return Err(Refusal::NotAwaited), // a step has no children
        }
        done = parent;
    }
    if here.is_trunk() {
        return match needs_approval(here, said)? {
            Some(terms) => {
                let about = (ReviewWhy::Approval, said.message, Vec::new());
                one(review::open(here.run, here.strand, about, ReviewSubject::Delivery, Some(terms), here.now))
            }
            None => release(here, said),
        };
    }
    one(Event::BranchEnded(BranchEnded { strand: here.strand.id, end: BranchEnd::Answered(said.clone()) }))
}

/// The answer goes to the user, unless a gate objects: then a person looks at it, or the run ends.
fn release(here: Here<'_>, said: &Said) -> Decision {
    let subject = Subject { agent: Some(&said.agent), tool: None, content: Some(said.message), domain: None, node: None };
    let gates = [Gate::Unmask, Gate::Egress];
    let Some(ruling) = gates.into_iter().find_map(|gate| here.book.gates.objection(gate, subject)) else {
        return deliver(said.message, Some(&said.agent), here.book);
    };
    let asks = ruling.verdict == Ruled::Reviewed;
    let ruled = ruled::event(Some(said.turn), Some(said.agent.clone()), ruling, None);
    if !asks {
        return Ok(vec![ruled, Event::RunFailed(RunFailed { code: RunFailCode::Denied })]);
    }
    let terms = review::terms(here.run, here.book);
    let about = (ReviewWhy::Guarded, said.message, Vec::new());
    Ok(vec![ruled, review::open(here.run, here.strand, about, ReviewSubject::Delivery, terms, here.now)])
}

/// A person's approval stands in for the gates' own: they are asked, and what they say is recorded, but they do not object again.
fn deliver(message: Ref, agent: Option<&crate::Name>, book: &Book<'_>) -> Decision {
    let subject = Subject { agent, tool: None, content: Some(message), domain: None, node: None };
    let passages = vec![book.pass(Gate::Unmask, subject)?, book.pass(Gate::Egress, subject)?];
    one(Event::RunDelivered(RunDelivered { message, passages }))
}

/// The terms on which a person must let the answer pass, if one must. A condition that can't be evaluated asks.
fn needs_approval<'a>(here: Here<'a>, said: &Said) -> Result<Option<&'a TermsSpec>, Refusal> {
    let Some(approve) = &here.run.plan.approve else { return Ok(None) };
    let Some(when) = approve.when else { return Ok(Some(&approve.terms)) };
    let query = CheckQuery { speaker: Some(&said.agent), ..here.query(NodeId(0), said.message, said.confidence)? };
    Ok(here.book.rules.holds(when, &query).unwrap_or(true).then_some(&approve.terms))
}

/// A person has decided: release the answer, or end.
pub(super) fn conclude_review(waiting: &InReview, book: &Book<'_>) -> Decision {
    let Some(decided) = &waiting.decided else { return absorbed() };
    match (decided.verdict, decided.content) {
        (ReviewVerdict::Rejected, _) => one(Event::RunFailed(RunFailed { code: RunFailCode::Rejected })),
        (ReviewVerdict::Answered | ReviewVerdict::Edited, Some(content)) => deliver(content, None, book),
        (ReviewVerdict::Approved | ReviewVerdict::Answered | ReviewVerdict::Edited, _) => deliver(waiting.open.about, None, book),
    }
}
