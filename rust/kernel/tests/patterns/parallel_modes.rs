//! When a parallel has heard enough, and who has the last word.

use interlock_kernel::plan::{Mode, ParallelSpec};
use interlock_testkit::{NEVER, panel, parallel, raises, says, step, summed_up, vote};

use crate::{attached, seen, tells, world};

fn jury() -> ParallelSpec {
    panel("jury", [step("ann"), step("bob"), step("cyd")], [vote()])
}

#[test]
fn the_first_k_answers_are_enough_and_the_others_are_called_off() {
    let spec = ParallelSpec { mode: Mode::FirstK(2), ..jury() };
    tells(
        world(parallel(spec), [says("yes"), says("slow").taking(500), says("yes")]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "says yes",
            "ann ends with yes",
            "says yes",
            "cyd ends with yes",
            "jury calls off the rest",
            "jury takes ann (Won(0) [2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn where_one_failure_is_enough_the_others_are_called_off() {
    let spec = ParallelSpec { mode: Mode::FailFast, ..jury() };
    let world = tells(
        world(parallel(spec), [says("yes"), raises(), says("yes").taking(50)]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "says yes",
            "ann ends with yes",
            "failed: raised boom",
            "bob is lost: StepFailed",
            "jury calls off the rest",
            "jury takes open, BranchFailed ()",
            "review of question: BranchFailed",
        ],
    );
    assert_eq!(attached(&world), ["yes"], "what was said until then");
}

#[test]
fn a_branch_has_its_own_deadline() {
    let spec = ParallelSpec { branch_deadline_ms: Some(40), ..jury() };
    tells(
        world(parallel(spec), [says("yes"), says("").taking(NEVER), says("yes")]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "says yes",
            "ann ends with yes",
            "says yes",
            "cyd ends with yes",
            "bob is lost: BranchDeadline",
            "jury takes ann (Won(0) [2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn a_restart_gives_a_branch_its_time_anew() {
    let spec = ParallelSpec { branch_deadline_ms: Some(40), ..panel("pair", [step("ann"), step("bob")], [vote()]) };
    let mut world = world(parallel(spec), [says("yes").taking(30), says("yes").taking(30)]);
    while world.story().last().is_none_or(|line| line != "bob hears question") {
        world.step().unwrap();
    }
    world.crash(0).unwrap();
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered yes");
}

#[test]
fn a_synthesis_agent_has_the_last_word_and_sees_every_answer() {
    let spec = summed_up("panel", [step("ann"), step("bob")], step("editor"));
    let mut world = world(parallel(spec), [says("a"), says("b"), says("a, and b")]);
    while world.story().last().is_none_or(|line| line != "editor hears question") {
        world.step().unwrap();
    }
    assert_eq!(seen(&world), ["task question", "ann: a", "bob: b"]);
    world.run().unwrap();
    let last = ["panel takes the synthesis ()", "editor hears question", "says a, and b", "delivered a, and b"];
    assert_eq!(world.story()[world.journal.len() - 4..], last);
}

#[test]
fn a_synthesis_agent_sees_who_is_missing_and_how_the_answers_differ() {
    let spec = ParallelSpec { synthesis: Some(step("editor")), ..jury() };
    let mut world = world(parallel(spec), [says("yes"), raises(), says("no"), says("both")]);
    while world.story().last().is_none_or(|line| line != "editor hears question") {
        world.step().unwrap();
    }
    assert_eq!(seen(&world), ["task question", "ann: yes (option 0)", "bob is missing (StepFailed)", "cyd: no (option 1)"]);
}
