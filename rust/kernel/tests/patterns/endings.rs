//! Never silent: an answer, a failure, a person, or the caller's own no.

use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::plan::{NodeSpec, OnFailure, StepSpec};
use interlock_kernel::{EndedHow, Input, State};
use interlock_testkit::{Faults, NEVER, Reviews, World, agent, raises, says, sequence, step};

use crate::{tells, world};

fn stuck() -> World {
    world(sequence("report", [step("writer"), step("editor")]), [raises()])
}

fn reviewed(reviews: Reviews) -> World {
    stuck().with_faults(Faults { reviews, ..Faults::default() })
}

#[test]
fn a_persons_answer_is_delivered() {
    let world = tells(
        reviewed(Reviews::Answer),
        [
            "writer hears question",
            "failed: raised boom",
            "review of question: StepFailed",
            "reviewer says a person's answer",
            "delivered a person's answer",
        ],
    );
    assert!(matches!(&world.state, State::Ended(ended) if matches!(ended.how, EndedHow::Delivered { .. })));
}

#[test]
fn a_persons_no_ends_the_run() {
    tells(
        reviewed(Reviews::Reject),
        ["writer hears question", "failed: raised boom", "review of question: StepFailed", "reviewer rejects", "ended: Rejected"],
    );
}

#[test]
fn a_person_has_all_the_time_in_the_world() {
    let mut world = stuck();
    world.run().unwrap();
    world.now = world.now.after_ms(10 * RUN_DEADLINE_MS);
    assert_eq!(world.tell(Input::TimePassed), Ok(0));
    world.faults.reviews = Reviews::Answer;
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered a person's answer");
}

#[test]
fn a_run_ends_at_its_deadline() {
    let patient = NodeSpec::Step(StepSpec { timeout_ms: Some(10 * RUN_DEADLINE_MS), ..agent("writer") });
    let world = tells(world(patient, [says("").taking(NEVER)]), ["writer hears question", "ended: DeadlinePassed"]);
    assert_eq!(world.now.0, 1_000_000 + RUN_DEADLINE_MS * 1_000);
}

#[test]
fn a_caller_may_call_a_run_off_at_any_time() {
    let mut world = world(step("writer"), [says("done")]);
    for _ in 0..2 {
        world.step().unwrap();
    }
    world.tell(Input::CancelRequested { reason: None }).unwrap();
    tells(world, ["writer hears question", "cancelled"]);
}

#[test]
fn a_run_that_waits_for_a_person_may_be_called_off_too() {
    let mut world = stuck();
    world.run().unwrap();
    world.tell(Input::CancelRequested { reason: None }).unwrap();
    tells(world, ["writer hears question", "failed: raised boom", "review of question: StepFailed", "cancelled"]);
}

#[test]
fn a_restart_asks_the_same_agent_again_with_time_anew() {
    let mut world = world(
        NodeSpec::Step(StepSpec { timeout_ms: Some(500), on_failure: OnFailure::Fail, ..agent("writer") }),
        [says("done").taking(400)],
    );
    for _ in 0..2 {
        world.step().unwrap();
    }
    world.crash(0).unwrap();
    tells(world, ["writer hears question", "resumed", "says done", "delivered done"]);
}

#[test]
fn a_crash_forgets_no_more_than_what_was_not_committed() {
    let mut world = world(sequence("report", [step("writer"), step("editor")]), [says("draft")]);
    while world.story().last().is_none_or(|line| line != "editor hears draft") {
        world.step().unwrap();
    }
    world.crash(3).unwrap();
    tells(world, ["resumed", "writer hears question", "says draft", "editor hears draft", "says draft", "delivered draft"]);
}
