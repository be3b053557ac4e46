//! Sequential: each gets what the one before said, and what is wrong does not travel on.

use interlock_kernel::plan::{NodeSpec, OnFailure, StepSpec};
use interlock_kernel::{Check, Command, Confidence, Failure, outstanding};
use interlock_testkit::{NEVER, agent, answers_wrongly, raises, says, sequence, step};

use crate::{tells, world};

fn sure_writer() -> StepSpec {
    StepSpec { checks: vec![Check::MinConfidence { ppm: Confidence(800_000) }], ..agent("writer") }
}

fn only(step: StepSpec) -> NodeSpec {
    sequence("report", [NodeSpec::Step(step)])
}

#[test]
fn a_sequence_passes_each_reply_on() {
    let plan = sequence("report", [step("finder"), step("writer"), step("editor")]);
    tells(
        world(plan, [says("facts"), says("draft"), says("article")]),
        [
            "finder hears question",
            "says facts",
            "writer hears facts",
            "says draft",
            "editor hears draft",
            "says article",
            "delivered article",
        ],
    );
}

#[test]
fn a_plan_may_be_one_agent() {
    tells(world(step("ann"), [says("hello")]), ["ann hears question", "says hello", "delivered hello"]);
}

#[test]
fn a_reply_that_passes_its_checks_goes_on() {
    let plan = sequence("report", [NodeSpec::Step(sure_writer()), step("editor")]);
    tells(
        world(plan, [says("draft").sure(800_000), says("article")]),
        ["writer hears question", "says draft", "checked", "editor hears draft", "says article", "delivered article"],
    );
}

#[test]
fn a_failed_check_is_tried_again_then_by_the_fallback_then_by_a_person() {
    let plan = only(StepSpec { retries: 1, fallback: Some("senior".into()), ..sure_writer() });
    tells(
        world(plan, [says("a").sure(1), says("b"), says("c").sure(2), says("d").sure(3)]),
        [
            "writer hears question",
            "says a",
            "unchecked: 0",
            "writer hears question again (2)",
            "says b",
            "unchecked: 0",
            "senior hears question as the fallback",
            "says c",
            "unchecked: 0",
            "senior hears question as the fallback again (2)",
            "says d",
            "unchecked: 0",
            "review of question: StepFailed",
        ],
    );
}

#[test]
fn every_check_has_a_verdict_and_one_that_fails_is_enough() {
    let checks = vec![Check::MinConfidence { ppm: Confidence(1) }, Check::Schema { number: 0 }, Check::Expression { number: 0 }];
    let plan = only(StepSpec { checks, on_failure: OnFailure::Fail, ..agent("writer") });
    tells(world(plan, [says("bad").sure(5)]), ["writer hears question", "says bad", "unchecked: 1, 2", "ended: StepFailed"]);
}

#[test]
fn the_next_attempt_is_told_why_the_last_came_to_nothing() {
    let mut world = world(only(StepSpec { retries: 1, ..sure_writer() }), [says("a").sure(1), says("b").sure(900_000)]);
    while !matches!(&outstanding(&world.state)[..], [Command::CallAgent(call), ..] if call.attempt == 2) {
        world.step().unwrap();
    }
    let owed = outstanding(&world.state);
    let [Command::CallAgent(call), Command::WakeAt(_)] = &owed[..] else { panic!("{owed:?}") };
    let Some(Failure::Unchecked(verdicts)) = &call.feedback else { panic!("{call:?}") };
    assert_eq!(verdicts.len(), 1);
    assert!(verdicts[0].failed.as_ref().is_some_and(|why| why.contains("800000")), "{verdicts:?}");
    assert_eq!(call.message, owed_message(&world), "the attempts hear the same");
}

fn owed_message(world: &interlock_testkit::World) -> interlock_kernel::Ref {
    let interlock_kernel::State::Running(running) = &world.state else { panic!("{:?}", world.state) };
    running.message
}

#[test]
fn an_agent_that_raises_is_tried_again() {
    let plan = only(StepSpec { retries: 2, ..agent("writer") });
    tells(
        world(plan, [raises(), answers_wrongly(), says("done")]),
        [
            "writer hears question",
            "failed: raised boom",
            "writer hears question again (2)",
            "failed: wrong type int",
            "writer hears question again (3)",
            "says done",
            "delivered done",
        ],
    );
}

#[test]
fn a_step_that_failed_for_good_may_fail_the_run() {
    let plan = only(StepSpec { on_failure: OnFailure::Fail, ..agent("writer") });
    let world = tells(world(plan, [raises()]), ["writer hears question", "failed: raised boom", "ended: StepFailed"]);
    let interlock_kernel::State::Ended(ended) = &world.state else { panic!("{:?}", world.state) };
    assert!(matches!(ended.how, interlock_kernel::EndedHow::Failed { missed: Some(_), .. }), "the error's text is at hand");
}

#[test]
fn an_agent_that_takes_too_long_has_failed_and_its_late_answer_is_not_heard() {
    let plan = only(StepSpec { timeout_ms: Some(50), retries: 1, ..agent("writer") });
    tells(
        world(plan, [says("late").taking(80), says("in time")]),
        ["writer hears question", "failed: timed out after 50 ms", "writer hears question again (2)", "says in time", "delivered in time"],
    );
}

#[test]
fn an_agent_that_never_answers_is_replaced_by_its_fallback() {
    let plan = only(StepSpec { fallback: Some("senior".into()), ..agent("writer") });
    tells(
        world(plan, [says("").taking(NEVER), says("done")]),
        [
            "writer hears question",
            "failed: timed out after 30000 ms",
            "senior hears question as the fallback",
            "says done",
            "delivered done",
        ],
    );
}
