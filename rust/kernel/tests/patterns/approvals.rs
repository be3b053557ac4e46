//! A tool that asks a person first: nothing happens before, and what was decided is what happens.

use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{EffectClass, EffectKey, Event, Input, Refusal, ReviewId, ReviewSubject, ReviewVerdict, State, TurnId, outstanding};
use interlock_testkit::{World, agent, says, step};

use crate::{anybody, approving, goes_on, pays, tells, told, word, world};

const ASKED: [&str; 3] = ["teller hears question", "review of question: Approval", "paused"];

/// A teller that may pay, once a person has been asked and does not come.
fn asked() -> World {
    tells(world(step("teller"), [pays(&anybody()), pays(&anybody())]), ASKED)
}

fn pat(world: &mut World, verdict: ReviewVerdict) {
    word(world, 0, ("pat", &[]), verdict).unwrap();
}

/// What the tool was called with.
fn arguments(world: &World) -> &str {
    let intended = world.journal.iter().find_map(|event| if let Event::EffectIntended(one) = event { Some(one) } else { None });
    world.papers().text(intended.unwrap().arguments)
}

#[test]
fn an_approved_effect_happens_as_it_was_asked_for() {
    let mut world = asked();
    pat(&mut world, ReviewVerdict::Approved);
    let rest = ["reviewer approves as it is", "teller hears question", "intends tool", "completed tool", "says paid", "delivered paid"];
    goes_on(&mut world, 4, rest);
    assert_eq!(arguments(&world), "question");
}

#[test]
fn edited_arguments_are_those_that_reach_the_tool() {
    let mut world = asked();
    pat(&mut world, ReviewVerdict::Edited);
    world.run().unwrap();
    assert_eq!(arguments(&world), "a person's change");
    assert_eq!(world.story().last().unwrap(), "delivered paid");
}

#[test]
fn a_result_that_a_person_gives_stands_in_the_place_of_the_call() {
    let mut world = asked();
    pat(&mut world, ReviewVerdict::Answered);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.effects.values().map(|result| world.papers().text(*result)).collect::<Vec<_>>(), ["a person's answer"]);
    assert!(running.approved.is_empty() && running.denied.is_empty());
    goes_on(&mut world, 4, ["reviewer says a person's answer", "teller hears question", "says paid", "delivered paid"]);
}

#[test]
fn a_rejected_effect_is_denied_in_the_turn_that_is_taken_again() {
    let mut world = asked();
    pat(&mut world, ReviewVerdict::Rejected);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.denied.values().flatten().map(|why| world.papers().text(*why)).collect::<Vec<_>>(), ["a person's reason"]);
    assert!(running.effects.is_empty() && running.approved.is_empty());
    goes_on(&mut world, 4, ["reviewer rejects", "teller hears question", "says paid", "delivered paid"]);
}

#[test]
fn while_a_person_is_asked_the_turn_stands_still_and_only_the_person_is_owed() {
    let mut world = asked();
    let State::Running(running) = &world.state else { panic!("it is paused") };
    assert_eq!(world.state.adjective(), "paused");
    assert!(running.intents.is_empty() && running.turns_at_work().next().is_none());
    let open = &running.open[&ReviewId(0)];
    assert_eq!((world.papers().text(open.about), open.terms.due), ("question", None));
    assert!(matches!(&open.subject, ReviewSubject::Effect { turn: TurnId(0), tool, .. } if &**tool == "tool"));
    assert_eq!(outstanding(&world.state), [interlock_kernel::Command::AwaitReview { review: ReviewId(0) }]);
    world.now = world.now.after_ms(1_000_000_000);
    assert_eq!(told(&mut world, Input::TimePassed), Ok(0), "no limit of the run counts a person's time");
    pat(&mut world, ReviewVerdict::Approved);
    goes_on(&mut world, 5, ["teller hears question", "intends tool", "completed tool", "says paid", "delivered paid"]);
}

#[test]
fn a_decided_review_is_closed_by_who_decided() {
    let mut world = asked();
    pat(&mut world, ReviewVerdict::Approved);
    let late = word(&mut world, 0, ("kim", &[]), ReviewVerdict::Rejected);
    assert_eq!(late, Err(Refusal::ReviewClosed { review: ReviewId(0), by: Some("pat".into()) }));
    assert_eq!(late.unwrap_err().to_string(), "review 0 was decided already, by pat");
    let never = word(&mut world, 1, ("kim", &[]), ReviewVerdict::Rejected);
    assert_eq!(never, Err(Refusal::UnknownReview { review: ReviewId(1) }));
}

#[test]
fn an_answer_and_a_change_need_a_content() {
    let mut world = asked();
    for verdict in [ReviewVerdict::Answered, ReviewVerdict::Edited] {
        let by = crate::reviewer("pat", &[]);
        let Input::ReviewAnswered { review, by, decision, deadline, .. } = world.decision(ReviewId(0), by, verdict) else {
            panic!("it is")
        };
        let empty = Input::ReviewAnswered { review, by, decision, verdict, content: None, deadline };
        assert_eq!(told(&mut world, empty), Err(Refusal::NoContent { review: ReviewId(0), verdict }));
    }
}

#[test]
fn a_yes_to_a_tool_that_may_be_repeated_holds_for_the_next_attempt() {
    let plan = NodeSpec::Step(StepSpec { retries: 1, ..agent("teller") });
    let fails = || interlock_testkit::Act { said: interlock_testkit::Said::Raised, ..pays(&anybody()).failing() };
    let world = tells(
        approving(world(plan, [fails(), fails(), pays(&anybody())])),
        [
            "teller hears question",
            "review of question: Approval",
            "paused",
            "reviewer approves as it is",
            "teller hears question",
            "intends tool",
            "completed tool",
            "failed: raised boom",
            "teller hears question again (2)",
            "intends tool",
            "completed tool",
            "says paid",
            "delivered paid",
        ],
    );
    assert!(world.state.is_over());
}

#[test]
fn what_raised_and_may_happen_once_only_is_not_tried_again() {
    let plan = NodeSpec::Step(StepSpec { retries: 1, ..agent("teller") });
    let once = || says("paid").doing(EffectClass::EffectOnce, 0).failing();
    let fails = interlock_testkit::Act { said: interlock_testkit::Said::Raised, ..once() };
    tells(
        world(plan, [fails, once()]),
        [
            "teller hears question",
            "intends tool",
            "completed tool",
            "failed: raised boom",
            "teller hears question again (2)",
            "says paid",
            "delivered paid",
        ],
    );
}

#[test]
fn an_effect_that_a_person_is_asked_about_is_begun_by_no_late_message() {
    let mut world = asked();
    let begin = Input::EffectBegun {
        turn: TurnId(0),
        key: EffectKey([9; 16]),
        tool: "tool".into(),
        class: EffectClass::Effect,
        arguments: world.shelf.papers.keep("arguments"),
        approve: None,
        attached: Vec::new(),
    };
    assert_eq!(told(&mut world, begin), Ok(0));
}
