//! Reviews in branches: the others go on, and the run pauses when nothing can.

use interlock_kernel::plan::{DomainSpec, MethodSpec, Mode, NodeSpec, ParallelSpec};
use interlock_kernel::{BallotKey, Escalation, Event, Refusal, ReviewId, ReviewVerdict, RouteDecision, State, TermsSpec};
use interlock_testkit::{NEVER, RelaySpec, World, domain, panel, parallel, rule, says, sequence, step, vote, walled};

use crate::{anybody, goes_on, pays, routed, tells, until, word, world};

fn jury() -> ParallelSpec {
    panel("jury", [step("ann"), step("bob"), step("cyd")], [vote()])
}

/// Ann and bob ask, each for an effect of its own, while cyd works on.
fn two_open() -> World {
    let pay = || pays(&anybody());
    let mut world = world(parallel(jury()), [pay(), pay(), says("paid").taking(300), pay(), pay()]);
    while open(&world) < 2 || count(&world, "cyd hears question") == 0 {
        world.step().unwrap();
    }
    world
}

fn open(world: &World) -> usize {
    let State::Running(running) = &world.state else { return 0 };
    running.open.len()
}

fn yes(world: &mut World, review: u32) {
    word(world, review, ("pat", &[]), ReviewVerdict::Approved).unwrap();
}

fn count(world: &World, line: &str) -> usize {
    world.story().iter().filter(|told| *told == line).count()
}

#[test]
fn while_a_branch_is_at_work_the_run_is_not_paused() {
    for order in [[0, 1], [1, 0]] {
        let mut world = two_open();
        assert_eq!(world.state.adjective(), "forked");
        for review in order {
            yes(&mut world, review);
        }
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), "delivered paid");
        assert_eq!((count(&world, "paused"), count(&world, "completed tool")), (0, 2));
    }
}

#[test]
fn when_every_branch_waits_for_a_person_the_run_pauses_and_any_decision_moves_it() {
    for order in [[0, 1], [1, 0]] {
        let mut world = two_open();
        world.run().unwrap();
        assert_eq!(world.story()[world.journal.len() - 3..], ["says paid", "cyd ends with paid", "paused"]);
        yes(&mut world, order[0]);
        let since = world.journal.len();
        let name = ["ann", "bob"][order[0] as usize];
        let ends = format!("{name} ends with paid");
        let hears = format!("{name} hears question");
        goes_on(&mut world, since, [&hears, "intends tool", "completed tool", "says paid", &ends, "paused"]);
        yes(&mut world, order[1]);
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), "delivered paid");
        assert_eq!(count(&world, "paused"), 2);
    }
}

#[test]
fn a_branch_that_is_not_needed_any_more_takes_its_review_with_it() {
    let first = ParallelSpec { mode: Mode::FirstK(1), ..panel("jury", [step("ann"), step("bob")], [vote()]) };
    let plan = sequence("row", [parallel(first), step("cyd")]);
    let acts = [pays(&anybody()), says("yes").taking(50), says("last")];
    let mut world = until(world(plan, acts), "jury calls off the rest");
    assert_eq!(world.story()[world.journal.len() - 2], "review withdrawn");
    let late = word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved);
    assert_eq!(late, Err(Refusal::ReviewClosed { review: ReviewId(0), by: None }));
    let text = "review 0 was decided already, by nobody: its time ran out, or nothing hung on it any more";
    assert_eq!(late.unwrap_err().to_string(), text);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered last");
}

#[test]
fn a_branch_that_is_too_late_takes_the_reviews_below_it_along() {
    let inner = parallel(panel("inner", [step("ann"), step("bob")], [vote()]));
    let outer = ParallelSpec { branch_deadline_ms: Some(40), ..panel("outer", [inner, step("cyd")], [vote()]) };
    let mut world = world(parallel(outer), [says("yes"), pays(&anybody()), says("").taking(NEVER)]);
    world.run().unwrap();
    let end = ["review withdrawn", "inner is lost: BranchDeadline", "outer takes cyd (Won(1) [1000])", "delivered yes"];
    assert_eq!(world.story()[world.journal.len() - 4..], end);
}

#[test]
fn a_run_that_goes_to_a_person_asks_no_other() {
    let member = parallel(panel("jury", [step("ann"), step("bob")], [vote()]));
    let plan = RelaySpec::routed("desk", [member, step("spare")]).node();
    let table = [RouteDecision { escalation: Some(Escalation::AfterMs(50)), ..rule("question", "jury") }];
    let mut world = routed(plan, &table, [pays(&anybody()), says("").taking(NEVER)]);
    world.run().unwrap();
    let story = world.story();
    assert_eq!(story[story.len() - 2..], ["review withdrawn", "review of question: Escalated"]);
    assert_eq!(word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved), Err(Refusal::ReviewClosed { review: ReviewId(0), by: None }));
    word(&mut world, 1, ("pat", &[]), ReviewVerdict::Answered).unwrap();
    goes_on(&mut world, story.len(), ["reviewer says a person's answer", "delivered a person's answer"]);
}

#[test]
fn a_persons_time_is_not_the_branchs() {
    let spec = ParallelSpec { branch_deadline_ms: Some(400), ..panel("jury", [step("ann"), step("bob")], [vote()]) };
    let mut world = world(parallel(spec), [pays(&anybody()), says("paid"), pays(&anybody()).taking(300)]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "paused");
    world.now = world.now.after_ms(5_000_000);
    yes(&mut world, 0);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered paid", "{}", world.story().join("\n"));
}

#[test]
fn a_branch_whose_review_is_decided_while_others_work_has_its_time_anew() {
    let spec = ParallelSpec { branch_deadline_ms: Some(400), ..panel("jury", [step("ann"), step("bob")], [vote()]) };
    let acts = [pays(&anybody()), says("paid").taking(390), pays(&anybody()).taking(300)];
    let mut world = until(world(parallel(spec), acts), "bob hears question");
    world.step().unwrap();
    world.now = world.now.after_ms(350);
    yes(&mut world, 0);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered paid", "{}", world.story().join("\n"));
    assert!(!world.story().contains(&"ann is lost: BranchDeadline".to_owned()));
}

#[test]
fn a_branch_outlives_its_deadline_while_a_person_is_asked() {
    let spec = ParallelSpec { branch_deadline_ms: Some(400), ..panel("jury", [step("ann"), step("bob")], [vote()]) };
    let mut world = world(parallel(spec), [pays(&anybody()), says("").taking(NEVER), pays(&anybody())]);
    world.run().unwrap();
    assert_eq!(world.story()[world.journal.len() - 2..], ["bob is lost: BranchDeadline", "paused"]);
    yes(&mut world, 0);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered paid");
}

#[test]
fn a_review_runs_out_of_time_while_others_work() {
    let terms = TermsSpec { due_ms: Some(500), ..anybody() };
    let acts = [pays(&terms), says("slow").taking(2_000), says("sorry")];
    let mut world = world(parallel(panel("jury", [step("ann"), step("bob")], [vote()])), acts);
    world.run().unwrap();
    let place = |line: &str| world.story().iter().position(|told| told == line);
    assert!(place("time rejects") < place("says slow"), "{}", world.story().join("\n"));
    assert_eq!(place("paused"), None);
}

#[test]
fn a_run_that_still_asks_for_a_fact_is_not_paused() {
    let compared = MethodSpec::Vote {
        key: BallotKey::Agreement { least_ppm: 500_000 },
        quorum: None,
        weights: Vec::new(),
        on_tie: interlock_kernel::plan::OnTie::Next,
    };
    let inner = parallel(panel("inner", [step("bob"), step("cyd")], [compared]));
    let plan = parallel(panel("outer", [step("ann"), inner], [vote()]));
    let mut world = world(plan, [pays(&anybody()), says("yes"), says("yes")]);
    world.run().unwrap();
    let rest = ["needs Agreement", "inner takes bob (Won(0) [2000])", "inner ends with yes", "paused"];
    assert_eq!(world.story()[world.journal.len() - 4..], rest, "{}", world.story().join("\n"));
}

#[test]
fn a_persons_time_is_not_the_domains() {
    let bank = domain(DomainSpec { deadline_ms: Some(100), ..walled("bank", step("ann")) });
    let acts = [says("paid").taking(900), pays(&anybody()), pays(&anybody()).taking(50)];
    let mut world = until(world(parallel(panel("jury", [bank, step("bob")], [vote()])), acts), "review of question: Approval");
    world.now = world.now.after_ms(500);
    yes(&mut world, 0);
    world.run().unwrap();
    assert_eq!(count(&world, "completed tool"), 1, "{}", world.story().join("\n"));
    assert!(!world.story().contains(&"bank is lost: DomainLimit".to_owned()), "{}", world.story().join("\n"));
}

#[test]
fn no_rule_calls_a_second_person_while_one_is_asked() {
    let plan = RelaySpec::routed("desk", [step("ann"), step("bob")]).node();
    let table = [RouteDecision { escalation: Some(Escalation::AfterMs(50)), ..rule("question", "ann") }];
    let mut world = routed(plan, &table, [pays(&anybody()), pays(&anybody()).taking(40)]);
    world.run().unwrap();
    world.now = world.now.after_ms(60_000);
    yes(&mut world, 0);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered paid", "{}", world.story().join("\n"));
}

#[test]
fn a_decision_gives_a_paused_run_a_new_deadline() {
    let mut world = tells(
        world(NodeSpec::Step(interlock_testkit::agent("teller")), [pays(&anybody()), pays(&anybody())]),
        ["teller hears question", "review of question: Approval", "paused"],
    );
    world.now = world.now.after_ms(9_000_000);
    yes(&mut world, 0);
    let Some(Event::ReviewDecided(decided)) = world.journal.last() else { panic!("it was decided") };
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!((running.deadline, decided.at), (decided.deadline, world.now));
    assert!(!running.paused);
}

#[test]
fn a_decision_leaves_the_deadline_of_a_run_that_was_not_paused() {
    let mut world = two_open();
    let State::Running(running) = &world.state else { panic!("it goes on") };
    let deadline = running.deadline;
    world.now = world.now.after_ms(100);
    yes(&mut world, 0);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.deadline, deadline);
}
