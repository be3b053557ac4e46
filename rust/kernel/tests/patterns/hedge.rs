//! Hedged requests: a stand-in starts beside an agent that takes long, and the first good answer stands.

use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{Check, Confidence, Event, Failure, Input, Reply, TurnId};
use interlock_testkit::{Act, NEVER, World, bare, hedged, raises, says, walled};

use crate::{tells, world};

fn quick() -> StepSpec {
    hedged("ann", "bob", 50)
}

fn checked() -> NodeSpec {
    NodeSpec::Step(StepSpec { checks: vec![Check::MinConfidence { ppm: Confidence(500) }], ..quick() })
}

fn hedge<const N: usize>(acts: [Act; N]) -> World {
    world(NodeSpec::Step(quick()), acts)
}

#[test]
fn who_answers_in_time_has_nobody_beside() {
    tells(hedge([says("fast").taking(49)]), ["ann hears question", "says fast", "delivered fast"]);
}

#[test]
fn the_stand_in_that_answers_first_is_heard_and_the_other_is_dropped() {
    tells(
        hedge([says("slow").taking(500), says("fast")]),
        ["ann hears question", "bob hears question beside", "says fast", "drops ann", "delivered fast"],
    );
}

#[test]
fn the_agent_that_still_answers_first_is_heard() {
    tells(
        hedge([says("slow").taking(80), says("slower").taking(500)]),
        ["ann hears question", "bob hears question beside", "says slow", "drops bob", "delivered slow"],
    );
}

#[test]
fn when_one_of_the_two_fails_the_other_goes_on() {
    tells(
        hedge([raises().taking(60), says("done").taking(40)]),
        ["ann hears question", "bob hears question beside", "failed: raised boom", "says done", "delivered done"],
    );
    tells(
        hedge([says("done").taking(90), raises()]),
        ["ann hears question", "bob hears question beside", "failed: raised boom", "says done", "delivered done"],
    );
}

#[test]
fn when_both_fail_the_step_has_failed() {
    tells(
        hedge([raises().taking(60), raises().taking(40)]),
        ["ann hears question", "bob hears question beside", "failed: raised boom", "failed: raised boom", "review of question: StepFailed"],
    );
}

#[test]
fn both_may_run_out_of_time() {
    let spec = StepSpec { timeout_ms: Some(70), ..quick() };
    tells(
        world(NodeSpec::Step(spec), [says("").taking(NEVER)]),
        [
            "ann hears question",
            "bob hears question beside",
            "failed: timed out after 70 ms",
            "failed: timed out after 70 ms",
            "review of question: StepFailed",
        ],
    );
}

#[test]
fn an_answer_that_does_not_pass_leaves_the_floor_to_the_other() {
    tells(
        world(checked(), [says("unsure").sure(1).taking(60), says("sure").sure(900).taking(40)]),
        ["ann hears question", "bob hears question beside", "says unsure", "unchecked: 0", "says sure", "checked", "delivered sure"],
    );
}

/// Both answers come before the run has taken a step of its own.
fn both_at_once(root: NodeSpec, acts: [Act; 2]) -> World {
    let mut world = world(root, acts.map(|act| act.taking(NEVER)));
    while world.story().last().is_none_or(|line| line != "bob hears question beside") {
        world.step().unwrap();
    }
    world
}

fn reply(world: &mut World, turn: u32, text: &str, ppm: u32) {
    let content = world.shelf.papers.keep(text);
    let reply = Reply { confidence: Some(Confidence(ppm)), ..bare(content) };
    world.tell(Input::Replied { turn: TurnId(turn), reply }).unwrap();
}

#[test]
fn of_two_answers_at_the_same_moment_the_first_stands() {
    let mut world = both_at_once(NodeSpec::Step(quick()), [says(""), says("")]);
    reply(&mut world, 0, "first", 900);
    reply(&mut world, 1, "second", 900);
    tells(world, ["ann hears question", "bob hears question beside", "says first", "drops bob", "delivered first"]);
}

#[test]
fn of_two_answers_at_the_same_moment_the_second_is_heard_if_the_first_does_not_pass() {
    let mut world = both_at_once(checked(), [says(""), says("")]);
    reply(&mut world, 0, "first", 1);
    reply(&mut world, 1, "second", 900);
    tells(
        world,
        ["ann hears question", "bob hears question beside", "says first", "unchecked: 0", "says second", "checked", "delivered second"],
    );
    let mut world = both_at_once(checked(), [says(""), says("")]);
    reply(&mut world, 1, "first", 900);
    reply(&mut world, 0, "second", 900);
    tells(world, ["ann hears question", "bob hears question beside", "says first", "checked", "drops ann", "delivered first"]);
}

#[test]
fn a_failure_after_the_other_has_answered_changes_nothing() {
    let mut world = both_at_once(NodeSpec::Step(quick()), [says(""), says("")]);
    reply(&mut world, 0, "first", 900);
    world.tell(Input::AttemptFailed { turn: TurnId(1), failure: Failure::TimedOut { after_ms: 1 }, label: None }).unwrap();
    tells(world, ["ann hears question", "bob hears question beside", "says first", "failed: timed out after 1 ms", "delivered first"]);
}

#[test]
fn what_the_dropped_one_took_is_booked() {
    let mut world = hedge([says("slow").taking(500), says("fast").spending(10)]);
    world.run().unwrap();
    let interlock_kernel::State::Ended(ended) = &world.state else { panic!("{:?}", world.state) };
    let dropped = world.journal.iter().find_map(|event| if let Event::TurnDropped(one) = event { Some(one.spent) } else { None }).unwrap();
    assert_eq!(ended.tokens, 10 + u64::from(dropped.tokens));
    assert!(dropped.tokens > 0 && dropped.estimated);
}

#[test]
fn no_stand_in_starts_where_no_turn_is_left_for_it() {
    let spec = interlock_kernel::plan::DomainSpec { max_turns: Some(1), ..walled("bank", NodeSpec::Step(quick())) };
    let mut world = world(interlock_testkit::domain(spec), [says("slow").taking(400)]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered slow");
}

#[test]
fn a_retry_knows_why_and_may_have_a_stand_in_beside_it_too() {
    let spec = StepSpec { retries: 1, ..quick() };
    tells(
        world(NodeSpec::Step(spec), [raises().taking(10), says("slow").taking(400), says("fast")]),
        [
            "ann hears question",
            "failed: raised boom",
            "ann hears question again (2)",
            "bob hears question beside",
            "says fast",
            "drops ann",
            "delivered fast",
        ],
    );
}
