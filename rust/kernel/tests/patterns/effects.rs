//! Effects: recorded once, shared by every attempt, never forgotten.

use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Event, Gate, Input, State, TurnId};
use interlock_testkit::{Deed, World, agent, raises, says};

use crate::{tells, world};

fn persistent() -> NodeSpec {
    NodeSpec::Step(StepSpec { retries: 1, ..agent("teller") })
}

fn late(class: EffectClass) -> Deed {
    Deed { number: 0, class, raises: false, takes_ms: Some(2), approve: None }
}

#[test]
fn an_effect_is_intended_first_and_not_done_again_by_the_next_attempt() {
    let pays = || says("paid").doing(EffectClass::Effect, 0);
    let fails = interlock_testkit::Act { said: interlock_testkit::Said::Raised, ..pays() };
    let world = tells(
        world(persistent(), [fails, pays()]),
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
    assert!(matches!(&world.state, State::Ended(ended) if ended.effects == 1));
}

#[test]
fn a_pure_effect_is_recorded_once_with_both_gates() {
    let looks = says("found").doing(EffectClass::Pure, 0).doing(EffectClass::Pure, 0);
    let world = tells(world(persistent(), [looks]), ["teller hears question", "completed tool", "says found", "delivered found"]);
    let Event::EffectCompleted(done) = &world.journal[2] else { panic!("{:?}", world.journal[2]) };
    assert_eq!(done.passages.iter().map(|passage| passage.gate).collect::<Vec<_>>(), [Gate::ToolCall, Gate::ToolResult]);
}

#[test]
fn an_effect_that_raised_may_be_tried_by_the_next_attempt() {
    let mut fails = raises().doing(EffectClass::Effect, 0);
    fails.deeds[0].raises = true;
    tells(
        world(persistent(), [fails, says("paid").doing(EffectClass::Effect, 0)]),
        [
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
}

#[test]
fn an_effect_that_ends_after_its_turn_is_still_recorded() {
    let mut act = raises();
    act.deeds.push(late(EffectClass::Effect));
    tells(
        world(persistent(), [act, says("sorry")]),
        [
            "teller hears question",
            "intends tool",
            "failed: raised boom",
            "teller hears question again (2)",
            "completed tool",
            "says sorry",
            "delivered sorry",
        ],
    );
}

#[test]
fn an_effect_that_ends_while_a_person_is_asked_is_recorded_too() {
    let mut world = world(NodeSpec::Step(agent("teller")), [raises()]);
    for _ in 0..2 {
        world.step().unwrap();
    }
    begin(&mut world);
    world.run().unwrap();
    assert!(matches!(world.state, State::InReview(_)));
    end(&mut world);
    assert_eq!(world.story().last().unwrap(), "completed tool");
}

#[test]
fn a_turn_that_is_over_begins_no_effect() {
    let mut world = world(persistent(), [raises(), says("done")]);
    while world.story().last().is_none_or(|line| line != "failed: raised boom") {
        world.step().unwrap();
    }
    assert_eq!(begin(&mut world), 0);
}

const KEY: EffectKey = EffectKey([5; 16]);

fn begin(world: &mut World) -> usize {
    let arguments = world.shelf.papers.keep("arguments");
    world
        .tell(Input::EffectBegun { turn: TurnId(0), key: KEY, tool: "tool".into(), class: EffectClass::Effect, arguments, approve: None })
        .unwrap()
}

fn end(world: &mut World) -> usize {
    let arguments = world.shelf.papers.keep("arguments");
    let outcome = EffectOutcome::Returned(world.shelf.papers.keep("result"));
    let class = EffectClass::Effect;
    world.tell(Input::EffectEnded { turn: TurnId(0), key: KEY, tool: "tool".into(), class, arguments, outcome }).unwrap()
}
