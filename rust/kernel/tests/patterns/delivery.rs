//! Answers that need a person's yes before they are released.

use interlock_kernel::plan::{Plan, PlanSpec};
use interlock_kernel::{ApproveSpec, Digest, Expiry, ReviewSubject, ReviewVerdict, State, TermsSpec};
use interlock_testkit::{ALWAYS, ERRS, Script, World, panel, parallel, says, spec_of, step, vote, word as said};

use crate::{anybody, goes_on, tells, word};

fn writer(when: Option<u16>, terms: TermsSpec, says_what: &str) -> World {
    let spec = PlanSpec { approve: Some(ApproveSpec { when, terms }), ..spec_of(step("writer")) };
    World::new(Plan::build(&spec, Digest([7; 32])).unwrap(), Script(vec![says(says_what)]))
}

fn asked(world: World) -> World {
    let world = tells(world, ["writer hears question", "says yes", "review of yes: Approval"]);
    assert!(matches!(&world.state, State::InReview(waiting) if waiting.open.subject == ReviewSubject::Delivery));
    world
}

#[test]
fn each_verdict_says_what_is_released() {
    for (verdict, says, end) in [
        (ReviewVerdict::Approved, "reviewer approves as it is", "delivered yes"),
        (ReviewVerdict::Edited, "reviewer edits to a person's change", "delivered a person's change"),
        (ReviewVerdict::Answered, "reviewer says a person's answer", "delivered a person's answer"),
        (ReviewVerdict::Rejected, "reviewer rejects", "ended: Rejected"),
    ] {
        let mut world = asked(writer(None, anybody(), "yes"));
        word(&mut world, 0, ("pat", &[]), verdict).unwrap();
        goes_on(&mut world, 4, [says, end]);
    }
}

#[test]
fn a_condition_says_which_answers_need_a_yes() {
    for when in [said("yes"), ALWAYS, ERRS] {
        asked(writer(Some(when), anybody(), "yes")); // a condition that can't be evaluated asks
    }
    tells(writer(Some(said("yes")), anybody(), "no"), ["writer hears question", "says no", "delivered no"]);
}

#[test]
fn nobody_in_time_says_no_or_yes_as_the_plan_says() {
    for (on_expiry, end) in
        [(Expiry::Reject, ["time rejects", "ended: Rejected"]), (Expiry::Approve, ["time approves as it is", "delivered yes"])]
    {
        let mut world = writer(None, TermsSpec { due_ms: Some(700), on_expiry, ..anybody() }, "yes");
        world.run().unwrap();
        assert_eq!(world.story()[4..], end);
    }
}

#[test]
fn two_people_release_one_proposal() {
    let mut world = asked(writer(None, crate::two_people(), "yes"));
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Edited).unwrap();
    word(&mut world, 0, ("kim", &[]), ReviewVerdict::Approved).unwrap();
    goes_on(&mut world, 4, ["pat signs Edited", "reviewer edits to a person's change", "delivered a person's change"]);
}

#[test]
fn only_the_runs_own_answer_needs_the_yes() {
    let jury = parallel(panel("jury", [step("ann"), step("bob")], [vote()]));
    let spec = PlanSpec { approve: Some(ApproveSpec { when: None, terms: anybody() }), ..spec_of(jury) };
    let mut world = World::new(Plan::build(&spec, Digest([7; 32])).unwrap(), Script(vec![says("yes")]));
    world.run().unwrap();
    let reviews = world.story().iter().filter(|line| line.starts_with("review of")).count();
    assert_eq!((reviews, world.story().last().unwrap().as_str()), (1, "review of yes: Approval"));
    assert!(world.story().contains(&"bob ends with yes".to_owned()), "its branches have answered\n{}", world.story().join("\n"));
}
