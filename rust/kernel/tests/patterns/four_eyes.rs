//! Who may decide: roles, several people, claims, others in one's place, and time that runs out.

use interlock_kernel::{Expiry, Input, Micros, Refusal, ReviewId, ReviewVerdict, State, TermsSpec};
use interlock_testkit::{World, step};

use crate::{anybody, goes_on, pays, reviewer, tells, told, two_people, word, world};

fn asked(terms: &TermsSpec) -> World {
    let asked = ["teller hears question", "review of question: Approval", "paused"];
    tells(world(step("teller"), [pays(terms), pays(terms)]), asked)
}

const REVIEW: ReviewId = ReviewId(0);
const PAID: [&str; 5] = ["teller hears question", "intends tool", "completed tool", "says paid", "delivered paid"];

fn claim(world: &mut World, by: &str, until: Micros) -> Result<usize, Refusal> {
    told(world, Input::ReviewClaimed { review: REVIEW, by: reviewer(by, &[]), until })
}

fn reassign(world: &mut World, by: &str, role: Option<&str>, person: Option<&str>) -> Result<usize, Refusal> {
    let decision = world.shelf.papers.keep("ask them");
    let (by, role, person) = (reviewer(by, &[]), role.map(Into::into), person.map(Into::into));
    told(world, Input::ReviewReassigned { review: REVIEW, by, role, person, decision })
}

fn signed(world: &World) -> Vec<&str> {
    world.open_review(REVIEW).unwrap().signed.iter().map(|name| &**name).collect()
}

#[test]
fn two_different_people_must_say_yes() {
    let mut world = asked(&two_people());
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    assert_eq!(world.story().last().unwrap(), "pat signs Approved");
    let again = word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved);
    assert_eq!(again, Err(Refusal::SignedAlready { review: REVIEW, by: "pat".into() }));
    assert_eq!(again.unwrap_err().to_string(), "review 0 needs different people, and \"pat\" has signed already");
    word(&mut world, 0, ("kim", &[]), ReviewVerdict::Approved).unwrap();
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.closed[&REVIEW].as_deref(), Some("kim"));
    goes_on(&mut world, 6, PAID);
}

#[test]
fn one_no_is_enough() {
    let mut world = asked(&two_people());
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    word(&mut world, 0, ("kim", &[]), ReviewVerdict::Rejected).unwrap();
    goes_on(&mut world, 5, ["reviewer rejects", "teller hears question", "says paid", "delivered paid"]);
}

#[test]
fn a_change_resets_what_was_signed_and_a_yes_signs_the_change() {
    let mut world = asked(&two_people());
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    word(&mut world, 0, ("kim", &[]), ReviewVerdict::Edited).unwrap();
    assert_eq!(signed(&world), ["kim"]);
    assert!(word(&mut world, 0, ("kim", &[]), ReviewVerdict::Approved).is_err(), "kim has signed");
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    assert_eq!(world.story().last().unwrap(), "reviewer edits to a person's change");
    goes_on(&mut world, 7, PAID);
}

#[test]
fn the_same_word_again_is_no_second_signature() {
    let mut world = asked(&TermsSpec { approvals: 3, ..anybody() });
    let change = world.decision(REVIEW, reviewer("kim", &[]), ReviewVerdict::Edited);
    told(&mut world, change.clone()).unwrap();
    assert_eq!(told(&mut world, change), Err(Refusal::SignedAlready { review: REVIEW, by: "kim".into() }));
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    assert_eq!(signed(&world), ["kim", "pat"]);
}

#[test]
fn only_who_has_the_role_decides() {
    let mut world = asked(&TermsSpec { role: Some("manager".into()), ..anybody() });
    let refused = word(&mut world, 0, ("pat", &["clerk"]), ReviewVerdict::Approved).unwrap_err();
    assert_eq!(refused.to_string(), "review 0 is for role \"manager\", and \"pat\" is not among them");
    assert!(claim(&mut world, "pat", Micros(u64::MAX)).is_err() && reassign(&mut world, "pat", None, None).is_err());
    assert_eq!(word(&mut world, 0, ("kim", &["clerk", "manager"]), ReviewVerdict::Approved), Ok(1));
}

#[test]
fn what_somebody_claimed_nobody_else_decides_for_a_while() {
    let mut world = asked(&anybody());
    let until = world.now.after_ms(1_000);
    claim(&mut world, "kim", until).unwrap();
    let refused = word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved);
    assert_eq!(refused, Err(Refusal::Claimed { review: REVIEW, holder: "kim".into() }));
    assert_eq!(claim(&mut world, "pat", until), Err(Refusal::Claimed { review: REVIEW, holder: "kim".into() }));
    let mut later = world.clone();
    assert_eq!(word(&mut world, 0, ("kim", &[]), ReviewVerdict::Approved), Ok(1));
    later.now = Micros(until.0 - 1);
    assert!(word(&mut later, 0, ("pat", &[]), ReviewVerdict::Approved).is_err());
    later.now = until;
    assert_eq!(word(&mut later, 0, ("pat", &[]), ReviewVerdict::Approved), Ok(1));
}

#[test]
fn whoever_claimed_and_signed_lets_the_other_sign() {
    let mut world = asked(&two_people());
    claim(&mut world, "kim", Micros(u64::MAX)).unwrap();
    word(&mut world, 0, ("kim", &[]), ReviewVerdict::Approved).unwrap();
    assert_eq!(word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved), Ok(1));
}

#[test]
fn another_person_decides_in_ones_place() {
    let mut world = asked(&anybody());
    reassign(&mut world, "pat", None, Some("sam")).unwrap();
    let refused = word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap_err();
    assert_eq!(refused.to_string(), "review 0 is for \"sam\", and \"pat\" is not among them");
    assert_eq!(word(&mut world, 0, ("sam", &[]), ReviewVerdict::Approved), Ok(1));
    goes_on(&mut world, 6, PAID);
}

#[test]
fn a_review_that_is_passed_on_begins_anew() {
    let mut world = asked(&two_people());
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    let until = world.now.after_ms(9_000);
    claim(&mut world, "pat", until).unwrap();
    reassign(&mut world, "pat", Some("manager"), None).unwrap();
    let open = world.open_review(REVIEW).unwrap();
    assert_eq!((open.signed.len(), &open.claim, &open.proposal), (0, &None, &None));
    assert_eq!(word(&mut world, 0, ("kim", &["manager"]), ReviewVerdict::Approved), Ok(1));
    assert_eq!(word(&mut world, 0, ("pat", &["manager"]), ReviewVerdict::Approved), Ok(1));
    goes_on(&mut world, 8, ["reviewer approves as it is"].into_iter().chain(PAID).collect::<Vec<_>>().try_into().unwrap_or([""; 6]));
}

#[test]
fn what_needs_several_people_is_not_given_to_one() {
    let mut world = asked(&two_people());
    let refused = reassign(&mut world, "pat", None, Some("sam"));
    assert_eq!(refused, Err(Refusal::OneForSeveral { review: REVIEW, approvals: 2 }));
    assert_eq!(refused.unwrap_err().to_string(), "review 0 needs 2 different people, so it can't be given to one");
}

fn expiring(on_expiry: Expiry) -> World {
    let terms = TermsSpec { due_ms: Some(500), on_expiry, ..anybody() };
    let mut world = world(step("teller"), [pays(&terms), pays(&terms)]);
    world.run().unwrap();
    world
}

#[test]
fn nobody_who_decides_in_time_is_a_no_a_yes_or_a_question_to_others() {
    let world = expiring(Expiry::Reject);
    assert_eq!(world.story()[4..], ["time rejects", "teller hears question", "says paid", "delivered paid"]);
    let world = expiring(Expiry::Approve);
    assert_eq!(world.story()[4], "time approves as it is");
    assert_eq!(world.story()[5..], PAID);
    let mut world = expiring(Expiry::Reassign("chief".into()));
    assert_eq!(world.story()[4..], ["time reassigns to chief"]);
    assert_eq!(interlock_kernel::due(&world.state), None, "they have all the time they need");
    assert!(word(&mut world, 0, ("pat", &["manager"]), ReviewVerdict::Approved).is_err());
    assert_eq!(word(&mut world, 0, ("pat", &["chief"]), ReviewVerdict::Approved), Ok(1));
    goes_on(&mut world, 6, PAID);
}

#[test]
fn time_runs_out_to_the_microsecond_and_only_then() {
    let terms = TermsSpec { due_ms: Some(500), ..anybody() };
    let mut world = world(step("teller"), [pays(&terms), pays(&terms)]);
    while world.story().last().is_none_or(|line| line != "paused") {
        world.step().unwrap();
    }
    let due = interlock_kernel::due(&world.state).unwrap();
    assert_eq!(due, world.passed[2].at.after_ms(500), "from the opening on");
    world.now = Micros(due.0 - 1);
    assert_eq!(told(&mut world, Input::TimePassed), Ok(0));
    world.now = due;
    assert_eq!(told(&mut world, Input::TimePassed), Ok(1));
    assert_eq!(world.story().last().unwrap(), "time rejects");
}

#[test]
fn the_terms_of_the_plan_are_those_of_a_run_that_got_stuck() {
    use interlock_kernel::plan::{Plan, PlanSpec};
    let review = Some(TermsSpec { role: Some("manager".into()), approvals: 2, due_ms: Some(900), on_expiry: Expiry::Reject });
    let spec = PlanSpec { review, ..interlock_testkit::spec_of(step("teller")) };
    let plan = Plan::build(&spec, interlock_kernel::Digest([7; 32])).unwrap();
    let raises = interlock_testkit::Script(vec![interlock_testkit::raises()]);
    let mut world = until_asked(World::new(plan.clone(), raises.clone()));
    assert!(word(&mut world, 0, ("pat", &[]), ReviewVerdict::Answered).is_err());
    assert_eq!(
        word(&mut world, 0, ("pat", &["manager"]), ReviewVerdict::Approved),
        Err(Refusal::NotPossible { review: REVIEW, verdict: ReviewVerdict::Approved })
    );
    word(&mut world, 0, ("pat", &["manager"]), ReviewVerdict::Answered).unwrap();
    word(&mut world, 0, ("kim", &["manager"]), ReviewVerdict::Approved).unwrap();
    goes_on(&mut world, 4, ["pat signs Answered", "reviewer says a person's answer", "delivered a person's answer"]);
    let mut alone = World::new(plan, raises);
    alone.run().unwrap();
    assert_eq!(alone.story()[4..], ["time rejects", "ended: Rejected"]);
}

#[test]
fn where_the_plan_has_no_terms_those_of_the_configuration_hold() {
    let mut world =
        World::new(interlock_testkit::plan_of(step("teller")).unwrap(), interlock_testkit::Script(vec![interlock_testkit::raises()]));
    world.shelf.rules.terms = Some(TermsSpec { role: Some("manager".into()), ..anybody() });
    let mut world = until_asked(world);
    assert!(word(&mut world, 0, ("pat", &[]), ReviewVerdict::Answered).is_err());
    assert_eq!(word(&mut world, 0, ("pat", &["manager"]), ReviewVerdict::Answered), Ok(1));
}

fn until_asked(world: World) -> World {
    crate::until(world, "review of question: StepFailed")
}
