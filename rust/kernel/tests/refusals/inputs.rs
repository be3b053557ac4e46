//! Each refusal, and the input that earns it. Nothing changes by being refused.

use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{
    BallotKey, Book, Check, CheckQuery, Confidence, Consulted, Content, Crossing, Digest, EffectClass, EffectKey, EffectOutcome, Fact,
    Failure, Input, Micros, Refusal, ReviewId, ReviewVerdict, Reviewer, RouteDecision, RouteQuery, Rules, RunId, State, TurnId, decide,
};
use interlock_testkit::{RelaySpec, Script, World, agent, bare, plan_of, raises, says, step};

use crate::{after_steps, nothing};

fn request() -> Input {
    Input::Requested { run: RunId(2), rules: None, message: nothing(), request: None, deadline: Micros(9) }
}

fn reply(turn: u32) -> Input {
    Input::Replied { turn: TurnId(turn), reply: bare(nothing()) }
}

fn effect_end(turn: u32, class: EffectClass) -> Input {
    let outcome = EffectOutcome::Returned(nothing());
    Input::EffectEnded {
        turn: TurnId(turn),
        key: EffectKey([1; 16]),
        tool: "tool".into(),
        class,
        arguments: nothing(),
        outcome,
        label: None,
        assigned: None,
    }
}

fn answer(review: u32) -> Input {
    let (by, verdict, content) = (Reviewer { name: "pat".into(), roles: vec![] }, ReviewVerdict::Answered, Some(nothing()));
    Input::ReviewAnswered { review: ReviewId(review), by, decision: nothing(), verdict, content, deadline: Micros(9) }
}

#[track_caller]
fn refused(world: &World, input: Input) -> Refusal {
    world.shelf.decide(&world.state, input, world.now).unwrap_err()
}

fn in_review() -> World {
    let mut world = after_steps(0, [raises()]);
    world.run().unwrap();
    assert!(matches!(world.state, State::InReview(_)));
    world
}

fn ended() -> World {
    let mut world = after_steps(0, [says("done")]);
    world.run().unwrap();
    assert!(world.state.is_over());
    world
}

#[test]
fn a_turn_that_was_never_started_is_unknown() {
    let failure = Input::AttemptFailed { turn: TurnId(7), failure: Failure::TimedOut { after_ms: 1 }, label: None };
    let begin = Input::EffectBegun {
        turn: TurnId(7),
        key: EffectKey([1; 16]),
        tool: "tool".into(),
        class: EffectClass::Effect,
        arguments: nothing(),
        approve: None,
        attached: Vec::new(),
    };
    let unknown = |started| Refusal::UnknownTurn { turn: TurnId(7), started };
    for (world, started) in [(after_steps(2, [says("draft")]), 1), (in_review(), 1), (ended(), 2)] {
        assert_eq!(refused(&world, reply(7)), unknown(started));
        assert_eq!(refused(&world, failure.clone()), unknown(started));
    }
    assert_eq!(refused(&after_steps(2, [says("draft")]), begin), unknown(1));
    assert_eq!(refused(&after_steps(2, [says("draft")]), effect_end(7, EffectClass::Pure)), unknown(1));
    assert_eq!(unknown(1).to_string(), "the run has no turn TurnId(7) (1 were started)");
}

#[test]
fn a_review_that_was_never_opened_is_unknown() {
    for world in [after_steps(2, [says("draft")]), in_review()] {
        assert_eq!(refused(&world, answer(3)), Refusal::UnknownReview { review: ReviewId(3) });
    }
}

#[test]
fn a_run_is_started_once() {
    for world in [after_steps(1, [says("draft")]), in_review(), ended()] {
        assert_eq!(refused(&world, request()), Refusal::AlreadyStarted);
    }
}

#[test]
fn nothing_but_a_request_reaches_a_run_that_was_not_started() {
    let world = after_steps(0, [says("draft")]);
    let inputs = [
        Input::Reopened { deadline: Micros(9) },
        Input::Advanced,
        reply(0),
        Input::NeighboursFound { ask: 0, neighbours: vec![], index: 1 },
        Input::AgreementFound { ask: 0, pairs: vec![] },
        Input::CrossingFound { ask: 0, crossing: Crossing::Refused { label: "secret".into() } },
        Input::FactFailed { ask: 0, why: nothing() },
        effect_end(0, EffectClass::Pure),
        answer(0),
        Input::TimePassed,
        Input::CancelRequested { reason: None },
    ];
    for input in inputs {
        assert_eq!(refused(&world, input), Refusal::NotStarted);
    }
}

#[test]
fn an_effect_that_passed_no_gate_is_refused() {
    let world = after_steps(2, [says("draft")]);
    assert_eq!(refused(&world, effect_end(0, EffectClass::Effect)), Refusal::NotAwaited);
}

/// Rules that ask for what they were given.
struct Insatiable;

impl Rules for Insatiable {
    fn route(&self, _: &RouteQuery<'_>) -> Consulted<RouteDecision> {
        Consulted::Needs(Fact::Neighbours)
    }

    fn check(&self, _: &Check, _: &CheckQuery<'_>) -> Result<(), String> {
        Ok(())
    }

    fn holds(&self, _: u16, _: &CheckQuery<'_>) -> Result<bool, String> {
        Ok(true)
    }

    fn ballot(&self, _: &BallotKey, _: Content<'_>) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn revision(&self) -> Option<Digest> {
        None
    }
}

#[test]
fn a_fact_that_still_does_not_decide_is_refused() {
    let plan = plan_of(RelaySpec::routed("desk", [step("clerk")]).node()).unwrap();
    let mut world = World::new(plan, Script(vec![]));
    world.shelf.rules.asks = true;
    for _ in 0..2 {
        world.step().unwrap();
    }
    assert_eq!(world.story()[1..], ["needs Neighbours"]);
    let book = Book { rules: &Insatiable, gates: &world.shelf.gates, payloads: &world.shelf.papers };
    let found = Input::NeighboursFound { ask: 0, neighbours: vec![], index: 1 };
    assert_eq!(decide(&world.state, found, &book, world.now), Err(Refusal::NotAwaited));
}

#[test]
fn a_payload_that_is_not_at_hand_is_named() {
    let checked = NodeSpec::Step(StepSpec { checks: vec![Check::MinConfidence { ppm: Confidence(1) }], ..agent("writer") });
    let desk = RelaySpec::routed("desk", [step("clerk")]).node();
    for (root, steps) in [(checked, 3), (desk, 1)] {
        let mut world = World::new(plan_of(root).unwrap(), Script(vec![says("draft")]));
        for _ in 0..steps {
            world.step().unwrap();
        }
        world.shelf.papers = interlock_testkit::Papers::default();
        assert!(matches!(refused(&world, Input::Advanced), Refusal::PayloadMissing { .. }));
    }
}
