//! Concurrent: branches get the same message at once, and one answer is made of many, with every ballot kept.

use interlock_kernel::plan::{NodeSpec, OnFailure, ParallelSpec, StepSpec};
use interlock_kernel::{BranchEnd, Command, Event, ReviewWhy, State, outstanding};
use interlock_testkit::{World, agent, hands_to, panel, parallel, raises, says, sequence, step, surest, vote};

use crate::{attached, tells, world};

fn jury() -> ParallelSpec {
    panel("jury", [step("ann"), step("bob"), step("cyd")], [vote()])
}

#[test]
fn all_branches_hear_the_question_at_once_and_the_vote_decides() {
    tells(
        world(parallel(jury()), [says("no"), says("yes"), says("yes")]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "says no",
            "ann ends with no",
            "says yes",
            "bob ends with yes",
            "says yes",
            "cyd ends with yes",
            "jury takes bob (Won(1) [1000, 2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn several_calls_are_owed_at_once() {
    let mut world = world(parallel(jury()), [says("no"), says("yes"), says("yes")]);
    while world.story().last().is_none_or(|line| line != "cyd hears question") {
        world.step().unwrap();
    }
    let calls = outstanding(&world.state).into_iter().filter(|command| matches!(command, Command::CallAgent(_))).count();
    assert_eq!(calls, 3);
}

#[test]
fn an_answer_may_overtake_another() {
    tells(
        world(parallel(panel("pair", [step("ann"), step("bob")], [vote()])), [says("yes").taking(90), says("yes").taking(5)]),
        [
            "pair forks: ann gets question, bob gets question",
            "ann hears question",
            "bob hears question",
            "says yes",
            "bob ends with yes",
            "says yes",
            "ann ends with yes",
            "pair takes ann (Won(0) [2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn what_comes_of_them_goes_on_to_the_next_of_a_sequence() {
    let plan = sequence("report", [parallel(jury()), step("writer")]);
    let world = tells(
        world(plan, [says("no"), says("yes"), says("yes"), says("it is yes")]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "says no",
            "ann ends with no",
            "says yes",
            "bob ends with yes",
            "says yes",
            "cyd ends with yes",
            "jury takes bob (Won(1) [1000, 2000])",
            "writer hears yes",
            "says it is yes",
            "delivered it is yes",
        ],
    );
    assert!(world.state.is_over());
}

#[test]
fn a_branch_that_fails_leaves_the_others_to_decide() {
    tells(
        world(parallel(jury()), [raises(), says("yes"), says("yes")]),
        [
            "jury forks: ann gets question, bob gets question, cyd gets question",
            "ann hears question",
            "bob hears question",
            "cyd hears question",
            "failed: raised boom",
            "ann is lost: StepFailed",
            "says yes",
            "bob ends with yes",
            "says yes",
            "cyd ends with yes",
            "jury takes bob (Won(1) [2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn a_branch_has_the_cures_of_its_step_before_it_is_lost() {
    let careful = NodeSpec::Step(StepSpec { retries: 1, fallback: Some("senior".into()), ..agent("ann") });
    tells(
        world(parallel(panel("pair", [careful, step("bob")], [vote()])), [raises(), says("yes"), raises(), says("yes")]),
        [
            "pair forks: ann gets question, bob gets question",
            "ann hears question",
            "bob hears question",
            "failed: raised boom",
            "ann hears question again (2)",
            "says yes",
            "bob ends with yes",
            "failed: raised boom",
            "senior hears question as the fallback",
            "says yes",
            "ann ends with yes",
            "pair takes ann (Won(0) [2000])",
            "delivered yes",
        ],
    );
}

#[test]
fn branches_that_all_come_to_nothing_are_for_a_person() {
    let fails = ParallelSpec { on_failure: OnFailure::Fail, ..jury() };
    for (spec, last) in [(jury(), "review of question: NoAnswers"), (fails, "ended: Unresolved")] {
        let mut world = world(parallel(spec), [raises()]);
        world.run().unwrap();
        assert_eq!(world.story()[world.journal.len() - 2..], ["jury takes open, NoAnswers ()", last]);
    }
}

#[test]
fn an_unresolved_vote_goes_to_a_person_with_every_answer() {
    let mut world = world(parallel(jury()), [says("a"), says("b"), says("c")]);
    world.run().unwrap();
    let last = ["jury takes open, Unresolved (Tied [1000, 1000, 1000])", "review of question: Unresolved"];
    assert_eq!(world.story()[world.journal.len() - 2..], last);
    assert_eq!(attached(&world), ["a", "b", "c"]);
}

#[test]
fn a_branch_may_be_any_pattern_and_a_handoff_does_not_leave_it() {
    let inner = panel("inner", [step("bob"), step("cyd")], [surest(0)]);
    let plan = parallel(panel("outer", [step("ann"), parallel(inner)], [vote()]));
    let acts = [says("yes"), says("yes").sure(9), says("no").sure(3)];
    let world = tells(
        world(plan, acts),
        [
            "outer forks: ann gets question, inner gets question",
            "ann hears question",
            "inner forks: bob gets question, cyd gets question",
            "bob hears question",
            "cyd hears question",
            "says yes",
            "ann ends with yes",
            "says yes",
            "bob ends with yes",
            "says no",
            "cyd ends with no",
            "inner takes bob (Won(0) [])",
            "inner ends with yes",
            "outer takes inner (Won(1) [2000])", // it says how sure it is
            "delivered yes",
        ],
    );
    assert!(world.state.is_over());
    let mut stuck =
        crate::world(parallel(panel("pair", [step("ann"), step("bob")], [vote()])), [hands_to("bob"), says("yes"), hands_to("bob")]);
    stuck.run().unwrap();
    let lost = |event: &Event| matches!(event, Event::BranchEnded(ended) if matches!(ended.end, BranchEnd::Lost { why: ReviewWhy::HandOffLimit, .. }));
    assert!(stuck.journal.iter().any(lost), "{:?}", stuck.story());
}

#[test]
fn a_run_that_is_called_off_calls_off_its_branches() {
    let mut world: World = world(parallel(jury()), [says("yes").taking(900)]);
    for _ in 0..5 {
        world.step().unwrap();
    }
    world.tell(interlock_kernel::Input::CancelRequested { reason: None }).unwrap();
    assert!(matches!(world.state, State::Ended(_)));
    assert_eq!(outstanding(&world.state), []);
}
