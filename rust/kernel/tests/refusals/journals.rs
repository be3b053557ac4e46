//! A journal that the kernel did not write is told by an error, with the event and the state in its text.

use interlock_kernel::{
    BranchEnd, BranchEnded, BranchStarted, CalledOff, Crossed, CrossingOutcome, EffectClass, EffectCompleted, EffectIntended, EffectKey,
    EffectOutcome, Event, Fact, FactFailed, FactNeeded, Failure, Floor, FloorPassed, Forked, HandOffRefused, HandOffWhy, HandedOff,
    JoinVerdict, Micros, NodeId, Priority, Reconciled, RefusalWhy, ReplyChecked, ReviewClaimed, ReviewDecided, ReviewId, ReviewOpened,
    ReviewReassigned, ReviewSigned, ReviewSubject, ReviewVerdict, ReviewWhy, ReviewWithdrawn, RouteChosen, RunCancelled, RunDelivered,
    RunDerived, RunFailCode, RunFailed, RunId, RunPaused, RunResumed, RunStarted, Spent, State, StrandId, Terms, TurnDropped, TurnFailed,
    TurnId, TurnReplied, TurnStarted, evolve,
};
use interlock_testkit::{fold, raises, rule, says};

use crate::{after_steps, nothing};

fn turn(number: u32) -> TurnStarted {
    TurnStarted {
        turn: TurnId(number),
        node: NodeId(1),
        agent: "writer".into(),
        fallback: false,
        attempt: 1,
        visit: 1,
        message: nothing(),
        due: Micros(9),
        priority: Priority::Medium,
        passages: vec![],
        strand: StrandId(0),
        hedge: false,
        hedge_at: None,
    }
}

fn reply(number: u32) -> Event {
    let (reply, confidence) = (nothing(), None);
    let (delegated, spent) = (vec![], Spent::default());
    Event::TurnReplied(TurnReplied {
        turn: TurnId(number),
        reply,
        empty: false,
        confidence,
        intent: None,
        hand_off: None,
        delegated,
        spent,
        label: None,
    })
}

fn opened(why: ReviewWhy, subject: ReviewSubject) -> ReviewOpened {
    let (review, strand, terms) = (ReviewId(0), StrandId(0), Terms::default());
    ReviewOpened { review, why, about: nothing(), attached: vec![], strand, subject, terms }
}

fn decided(review: u32) -> ReviewDecided {
    let (verdict, by, content) = (ReviewVerdict::Answered, Some("pat".into()), Some(nothing()));
    let (review, decision, passages) = (ReviewId(review), Some(nothing()), vec![]);
    ReviewDecided { review, decision, verdict, passages, by, content, at: Micros(1), deadline: Micros(9) }
}

/// One event of each kind, of turn 0 and review 0.
fn every_event() -> Vec<Event> {
    let (turn_id, relay, message, to) = (TurnId(0), NodeId(0), nothing(), NodeId(1));
    let (key, tool, arguments, passages) = (EffectKey([1; 16]), "tool".into(), nothing(), vec![]);
    let outcome = EffectOutcome::Returned(nothing());
    vec![
        Event::RunStarted(RunStarted {
            run: RunId(1),
            plan: interlock_kernel::Digest([7; 32]),
            rules: None,
            message,
            request: None,
            deadline: Micros(9),
            passages: vec![],
        }),
        Event::RunResumed(RunResumed { at: Micros(1), deadline: Micros(9) }),
        Event::TurnStarted(turn(0)),
        reply(0),
        Event::TurnFailed(TurnFailed { turn: turn_id, failure: Failure::TimedOut { after_ms: 1 }, label: None }),
        Event::ReplyChecked(ReplyChecked { turn: turn_id, verdicts: vec![] }),
        Event::FactNeeded(FactNeeded { node: relay, message, fact: Fact::Neighbours, strand: StrandId(0) }),
        Event::RouteChosen(RouteChosen {
            turn: None,
            relay,
            message,
            at: Micros(1),
            decision: rule("question", "writer"),
            strand: StrandId(0),
        }),
        Event::HandedOff(HandedOff { turn: turn_id, relay, to, why: HandOffWhy::Named, message }),
        Event::HandOffRefused(HandOffRefused { turn: turn_id, target: "editor".into(), why: RefusalWhy::Visited }),
        Event::EffectIntended(EffectIntended { turn: turn_id, key, tool, arguments, passages, class: EffectClass::Effect }),
        Event::EffectCompleted(EffectCompleted {
            turn: turn_id,
            key,
            tool: "tool".into(),
            class: EffectClass::Effect,
            arguments,
            outcome,
            passages: vec![],
            label: None,
            assigned: None,
        }),
        Event::ReviewOpened(opened(ReviewWhy::StepFailed, ReviewSubject::Run)),
        Event::ReviewDecided(decided(0)),
        Event::ReviewClaimed(ReviewClaimed { review: ReviewId(0), by: "pat".into(), until: Micros(9) }),
        Event::ReviewReassigned(ReviewReassigned { review: ReviewId(0), by: None, role: None, person: None, decision: None }),
        Event::ReviewSigned(ReviewSigned {
            review: ReviewId(0),
            by: "pat".into(),
            verdict: ReviewVerdict::Approved,
            content: None,
            decision: None,
            passages: vec![],
        }),
        Event::ReviewWithdrawn(ReviewWithdrawn { review: ReviewId(0) }),
        Event::RunPaused(RunPaused { at: Micros(1) }),
        Event::RunDerived(RunDerived { from: RunId(1), seq: 1, at: Micros(1), deadline: Micros(9), message: None, origin: RunId(1) }),
        Event::RunDelivered(RunDelivered { message, passages: vec![] }),
        Event::RunFailed(RunFailed { code: RunFailCode::StepFailed }),
        Event::RunCancelled(RunCancelled { reason: None }),
        Event::TurnDropped(TurnDropped { turn: turn_id, spent: Spent::default() }),
    ]
    .into_iter()
    .chain(every_event_of_several())
    .collect()
}

/// Those of branches, forums and walls, all of node 0.
fn every_event_of_several() -> Vec<Event> {
    let (strand, node, message) = (StrandId(0), NodeId(0), nothing());
    let said = interlock_kernel::Said { message, turn: TurnId(0), agent: "writer".into(), confidence: None };
    let branches = vec![BranchStarted { strand: StrandId(1), node: NodeId(1), message }];
    let (next, outcome) = (Floor::Member { node: NodeId(1), message }, CrossingOutcome::Passed { message, dropped: 0 });
    vec![
        Event::Forked(Forked { strand, node, message, branches, due: None }),
        Event::BranchEnded(BranchEnded { strand: StrandId(1), end: BranchEnd::Answered(said) }),
        Event::CalledOff(CalledOff { strand, node }),
        Event::Reconciled(Reconciled { strand, node, tried: vec![], agreement: None, verdict: JoinVerdict::Chosen(0) }),
        Event::FloorPassed(FloorPassed {
            strand,
            forum: node,
            said: vec![],
            summary: None,
            considered: vec![],
            erred: None,
            stalled: false,
            next,
        }),
        Event::Crossed(Crossed { strand, domain: node, way: Fact::Import, from: message, outcome, until: None }),
        Event::FactFailed(FactFailed { strand, ask: 0, why: message }),
    ]
}

/// The kinds of events that may follow in a state.
fn takes(state: &State) -> Vec<&'static str> {
    every_event().iter().filter(|event| evolve(state.clone(), event).is_ok()).map(Event::name).collect()
}

/// What may happen to a run at any time.
const ALWAYS: [&str; 9] = [
    "run_resumed",
    "run_derived",
    "run_paused",
    "effect_intended",
    "effect_completed",
    "review_opened",
    "run_delivered",
    "run_failed",
    "run_cancelled",
];

const ENDS: [&str; 3] = ["run_delivered", "run_failed", "run_cancelled"];

#[track_caller]
pub(crate) fn takes_only(state: &State, kinds: &[&str]) {
    for kind in takes(state) {
        assert!(ALWAYS.contains(&kind) || kinds.contains(&kind), "{kind} follows in a run that is {}", state.adjective());
    }
}

#[test]
fn a_run_begins_with_its_start_and_nothing_follows_its_end() {
    assert_eq!(takes(&after_steps(0, [says("draft")]).state), ["run_started"]);
    let mut over = after_steps(0, [says("draft")]);
    over.run().unwrap();
    assert_eq!(takes(&over.state), [""; 0]);
}

#[test]
fn each_phase_takes_only_what_can_follow() {
    takes_only(&after_steps(1, [says("draft")]).state, &["turn_started", "fact_needed", "route_chosen"]);
    takes_only(&after_steps(2, [says("draft")]).state, &["turn_replied", "turn_failed"]);
    takes_only(&after_steps(3, [raises()]).state, &["turn_started"]);
    let next = ["turn_started", "fact_needed", "route_chosen", "hand_off_refused"];
    takes_only(&after_steps(3, [says("draft")]).state, &next);
    let said = after_steps(2, [says("draft")]).state;
    assert!(["turn_replied", "turn_failed"].iter().all(|kind| takes(&said).contains(kind)));
}

#[test]
fn a_review_takes_a_decision_an_end_and_what_an_effect_still_did() {
    let mut world = after_steps(0, [raises()]);
    world.run().unwrap();
    let talk = ["review_decided", "review_claimed", "review_reassigned", "review_signed", "run_derived"];
    for kind in takes(&world.state) {
        assert!(ENDS.contains(&kind) || talk.contains(&kind) || kind == "effect_completed", "{kind} follows in a run that is in review");
    }
    assert!(talk.iter().chain(&ENDS).all(|kind| takes(&world.state).contains(kind)));
}

#[test]
fn a_journal_of_another_plan_is_corrupt() {
    let plan = after_steps(0, [says("draft")]).plan;
    let mut events = every_event();
    let Event::RunStarted(started) = &mut events[0] else { panic!("{:?}", events[0]) };
    started.plan = interlock_kernel::Digest([8; 32]);
    assert!(fold(&plan, &events[..1]).unwrap_err().to_string().contains("another plan"));
}

#[test]
fn corruption_is_told_in_words() {
    let world = after_steps(2, [says("draft")]);
    let corrupt = evolve(world.state, &every_event()[0]).unwrap_err();
    assert_eq!(corrupt.to_string(), "run_started can't follow in a run that is in a turn");
}

#[test]
fn a_turn_with_another_number_is_corrupt() {
    let world = after_steps(2, [says("draft")]);
    let failed = Event::TurnFailed(TurnFailed { turn: TurnId(9), failure: Failure::TimedOut { after_ms: 1 }, label: None });
    for event in [reply(9), failed] {
        assert!(evolve(world.state.clone(), &event).is_err(), "{event:?} in turn 0");
    }
    let entering = after_steps(1, [says("draft")]).state;
    for number in [1, u32::MAX] {
        assert!(evolve(entering.clone(), &Event::TurnStarted(turn(number))).is_err(), "turn {number} comes first");
    }
}

#[test]
fn a_review_with_another_number_is_corrupt() {
    let mut world = after_steps(0, [raises()]);
    world.run().unwrap();
    assert!(evolve(world.state, &Event::ReviewDecided(decided(9))).is_err());
}

#[test]
fn a_node_that_the_plan_lacks_is_corrupt() {
    let entering = after_steps(1, [says("draft")]).state;
    assert!(evolve(entering, &Event::TurnStarted(TurnStarted { node: NodeId(99), ..turn(0) })).is_err());
}
