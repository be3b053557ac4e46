//! A journal that the kernel did not write is told by an error, with the event and the state in its text.

use interlock_kernel::{
    BranchEnd, BranchEnded, BranchStarted, CalledOff, Crossed, CrossingOutcome, EffectClass, EffectCompleted, EffectIntended, EffectKey,
    EffectOutcome, Event, Fact, FactFailed, FactNeeded, Failure, Floor, FloorPassed, Forked, HandOffRefused, HandOffWhy, HandedOff,
    JoinVerdict, Micros, NodeId, Priority, Reconciled, RefusalWhy, ReplyChecked, ReviewDecided, ReviewId, ReviewOpened, ReviewVerdict,
    ReviewWhy, RouteChosen, RunCancelled, RunDelivered, RunFailCode, RunFailed, RunId, RunResumed, RunStarted, Spent, State, StrandId,
    TurnDropped, TurnFailed, TurnId, TurnReplied, TurnStarted, evolve,
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
    })
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
        Event::TurnFailed(TurnFailed { turn: turn_id, failure: Failure::TimedOut { after_ms: 1 } }),
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
        Event::EffectIntended(EffectIntended { turn: turn_id, key, tool, arguments, passages }),
        Event::EffectCompleted(EffectCompleted {
            turn: turn_id,
            key,
            tool: "tool".into(),
            class: EffectClass::Effect,
            arguments,
            outcome,
            passages: vec![],
        }),
        Event::ReviewOpened(ReviewOpened { review: ReviewId(0), why: ReviewWhy::StepFailed, about: message, attached: vec![] }),
        Event::ReviewDecided(ReviewDecided { review: ReviewId(0), decision: message, verdict: ReviewVerdict::Answered, passages: vec![] }),
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
const ALWAYS: [&str; 7] =
    ["run_resumed", "effect_intended", "effect_completed", "review_opened", "run_delivered", "run_failed", "run_cancelled"];

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
    assert_eq!(takes(&world.state), ["effect_completed", "review_decided", "run_delivered", "run_failed", "run_cancelled"]);
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
    let failed = Event::TurnFailed(TurnFailed { turn: TurnId(9), failure: Failure::TimedOut { after_ms: 1 } });
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
    let verdict = ReviewVerdict::Answered;
    let decided = ReviewDecided { review: ReviewId(9), decision: nothing(), verdict, passages: vec![] };
    assert!(evolve(world.state, &Event::ReviewDecided(decided)).is_err());
}

#[test]
fn a_node_that_the_plan_lacks_is_corrupt() {
    let entering = after_steps(1, [says("draft")]).state;
    assert!(evolve(entering, &Event::TurnStarted(TurnStarted { node: NodeId(99), ..turn(0) })).is_err());
}
