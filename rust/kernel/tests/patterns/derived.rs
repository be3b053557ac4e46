//! A run that begins as a copy of another one's first frames: it goes on by itself, with another message where one was being given.

use interlock_kernel::{EffectClass, Event, Input, Micros, Refusal, RunId, State, calls, limits};
use interlock_testkit::{RelaySpec, World, hands_to, raises, says, sequence, step};

use crate::{goes_on, told, until, world};

fn row() -> World {
    world(sequence("row", [step("ann"), step("bob")]), [says("a"), says("b")])
}

fn derive(world: &mut World, message: Option<&str>) -> Result<usize, Refusal> {
    let message = message.map(|text| world.shelf.papers.keep(text));
    let (seq, deadline) = (u32::try_from(world.journal.len()).unwrap(), world.now.after_ms(limits::RUN_DEADLINE_MS));
    told(world, Input::Derived { from: RunId(1), seq, deadline, message })
}

#[test]
fn another_message_reaches_the_agent_that_was_being_given_one() {
    let mut at_work = until(row(), "bob hears a");
    derive(&mut at_work, Some("another")).unwrap();
    let call = &calls(&at_work.state, |_| true)[0];
    assert_eq!((at_work.papers().text(call.message), call.turn.0), ("another", 1));
    goes_on(&mut at_work, 4, ["derived", "says b", "delivered b"]);
    let mut about_to = until(row(), "asked: question");
    derive(&mut about_to, Some("another")).unwrap();
    goes_on(&mut about_to, 1, ["derived", "ann hears another", "says a", "bob hears a", "says b", "delivered b"]);
    let mut failed = until(world(sequence("row", [step("ann"), step("bob")]), [raises()]), "failed: raised boom");
    assert_eq!(derive(&mut failed, Some("another")), Ok(1));
    goes_on(&mut failed, 3, ["derived", "review of another: StepFailed"]);
}

#[test]
fn the_pattern_around_whoever_had_the_turn_gives_on_the_other_message() {
    let desk = RelaySpec::opened_by(step("ann"), "desk", [step("bob")]).node();
    let mut world = until(world(desk, [hands_to("bob"), says("b")]), "ann hears question");
    derive(&mut world, Some("another")).unwrap();
    world.run().unwrap();
    assert!(world.story().iter().any(|line| line == "bob hears another"), "{:?}", world.story());
}

#[test]
fn where_no_message_is_being_given_none_is_put_in_its_place() {
    let mut said = until(row(), "says a");
    let refused = derive(&mut said, Some("another"));
    assert_eq!(refused, Err(Refusal::NoMessageThere));
    assert_eq!(refused.unwrap_err().to_string(), "no message was being given at that frame, so none can be put in its place");
    assert_eq!(derive(&mut said, None), Ok(1));
    goes_on(&mut said, 3, ["derived", "bob hears a", "says b", "delivered b"]);
    let mut asked = world(step("ann"), [raises()]);
    asked.run().unwrap();
    assert_eq!(derive(&mut asked, Some("another")), Err(Refusal::NoMessageThere));
    assert_eq!(derive(&mut asked, None), Ok(1));
}

#[test]
fn nothing_is_derived_from_an_end() {
    let mut over = row();
    over.run().unwrap();
    let refused = derive(&mut over, None);
    assert_eq!(refused, Err(Refusal::Over));
    assert_eq!(refused.unwrap_err().to_string(), "the run is over, and nothing can be derived from its end");
}

#[test]
fn a_derived_run_has_its_own_deadline_and_the_copied_runs_keys() {
    let mut world = until(world(step("ann"), [says("paid").doing(EffectClass::Effect, 0)]), "completed tool");
    world.now = world.now.after_ms(9_000_000);
    derive(&mut world, None).unwrap();
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.deadline, world.now.after_ms(limits::RUN_DEADLINE_MS));
    assert!(running.turns_at_work().all(|(_, turn)| turn.due > world.now), "its turns have their time anew");
    let Some(Event::RunDerived(derived)) = world.journal.last() else { panic!("it is the last") };
    assert_eq!((derived.from, derived.origin, derived.at), (RunId(1), RunId(1), world.now));
    goes_on(&mut world, 4, ["derived", "says paid", "delivered paid"]);
}

#[test]
fn the_origin_of_a_derived_runs_copy_is_the_first_run() {
    let mut world = until(row(), "ann hears question");
    derive(&mut world, None).unwrap();
    let State::Running(running) = &mut world.state else { panic!("it goes on") };
    (running.run, running.origin) = (RunId(2), RunId(1));
    let again = Input::Derived { from: RunId(2), seq: 9, deadline: Micros(u64::MAX), message: None };
    told(&mut world, again).unwrap();
    let Some(Event::RunDerived(derived)) = world.journal.last() else { panic!("it is the last") };
    assert_eq!((derived.from, derived.origin), (RunId(2), RunId(1)));
}
