//! Effects: recorded once, shared by every attempt, never forgotten.

use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Event, Gate, Input, Passage, State, TurnId};
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
        .tell(Input::EffectBegun {
            turn: TurnId(0),
            key: KEY,
            tool: "tool".into(),
            class: EffectClass::Effect,
            arguments,
            approve: None,
            attached: Vec::new(),
        })
        .unwrap()
}

fn end(world: &mut World) -> usize {
    let arguments = world.shelf.papers.keep("arguments");
    let outcome = EffectOutcome::Returned(world.shelf.papers.keep("result"));
    let class = EffectClass::Effect;
    world
        .tell(Input::EffectEnded { turn: TurnId(0), key: KEY, tool: "tool".into(), class, arguments, outcome, label: None, assigned: None })
        .unwrap()
}

#[test]
fn what_reaches_the_memory_passes_its_gate_both_ways_and_what_is_only_called_alike_does_not() {
    for (tool, expected) in [("memory.recall", [Gate::Memory; 3]), ("memory", [Gate::ToolCall, Gate::ToolCall, Gate::ToolResult])] {
        let mut world = world(NodeSpec::Step(agent("teller")), [says("done")]);
        while world.story().last().is_none_or(|line| line != "teller hears question") {
            world.step().unwrap();
        }
        let (arguments, result) = (world.shelf.papers.keep("arguments"), world.shelf.papers.keep("result"));
        let class = EffectClass::Effect;
        world
            .tell(Input::EffectBegun {
                turn: TurnId(0),
                key: KEY,
                tool: tool.into(),
                class,
                arguments,
                approve: None,
                attached: Vec::new(),
            })
            .unwrap();
        let (turn, outcome) = (TurnId(0), EffectOutcome::Returned(result));
        world
            .tell(Input::EffectEnded { turn, key: KEY, tool: tool.into(), class, arguments, outcome, label: None, assigned: None })
            .unwrap();
        let pure = EffectKey([6; 16]);
        world
            .tell(Input::EffectEnded {
                turn,
                key: pure,
                tool: tool.into(),
                class: EffectClass::Pure,
                arguments,
                outcome,
                label: None,
                assigned: None,
            })
            .unwrap();
        let gates = |passages: &[Passage]| passages.iter().map(|passage| passage.gate).collect::<Vec<_>>();
        let begun = world.journal.iter().filter_map(|event| if let Event::EffectIntended(begun) = event { Some(begun) } else { None });
        let done = world.journal.iter().filter_map(|event| if let Event::EffectCompleted(done) = event { Some(done) } else { None });
        let passed: Vec<_> = begun.map(|begun| gates(&begun.passages)).chain(done.map(|done| gates(&done.passages))).collect();
        let [call, _, end] = expected;
        assert_eq!(passed, [vec![call], vec![end], vec![call, end]], "{tool}");
    }
}
