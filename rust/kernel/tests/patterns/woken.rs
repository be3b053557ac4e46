//! A turn that is taken again after a person's decision is the one that was counted.

use interlock_kernel::plan::{DomainSpec, NodeSpec, StepSpec};
use interlock_kernel::{
    EffectClass, EffectKey, Escalation, Event, Failure, Input, Refusal, ReviewVerdict, RouteDecision, State, TurnId, TurnStarted, calls,
};
use interlock_testkit::{RelaySpec, agent, domain, hedged, raises, rule, says, step, walled};

use crate::{anybody, approving, goes_on, pays, routed, tells, told, word, world};

fn started(world: &interlock_testkit::World) -> Vec<&TurnStarted> {
    world.journal.iter().filter_map(|event| if let Event::TurnStarted(turn) = event { Some(turn) } else { None }).collect()
}

#[test]
fn it_does_not_count_against_the_turns_of_a_domain() {
    let bank = domain(DomainSpec { max_turns: Some(1), ..walled("bank", step("teller")) });
    let mut world = approving(world(bank, [pays(&anybody()), pays(&anybody())]));
    world.run().unwrap();
    assert!(world.story().iter().any(|line| line == "completed tool"), "{}", world.story().join("\n"));
    assert!(world.story().last().unwrap().starts_with("delivered "), "{}", world.story().join("\n"));
}

#[test]
fn it_does_not_count_against_the_attempts_of_a_rule() {
    let ann = NodeSpec::Step(StepSpec { retries: 1, ..agent("ann") });
    let table = [RouteDecision { escalation: Some(Escalation::Attempts(2)), ..rule("question", "ann") }];
    let acts = [pays(&anybody()), raises(), says("done")];
    let world = tells(
        approving(routed(RelaySpec::routed("desk", [ann, step("bob")]).node(), &table, acts)),
        [
            "routes question to ann",
            "ann hears question",
            "review of question: Approval",
            "paused",
            "reviewer approves as it is",
            "ann hears question",
            "failed: raised boom",
            "ann hears question again (2)",
            "says done",
            "delivered done",
        ],
    );
    let visits: Vec<_> = started(&world).iter().map(|turn| (turn.turn.0, turn.attempt, turn.visit)).collect();
    assert_eq!(visits, [(0, 1, 1), (1, 1, 1), (2, 2, 1)]);
}

#[test]
fn it_knows_what_it_knew_before() {
    let teller = NodeSpec::Step(StepSpec { retries: 1, ..agent("teller") });
    let mut world = world(teller, [raises(), pays(&anybody()), pays(&anybody())]);
    world.run().unwrap();
    word(&mut world, 0, ("pat", &[]), ReviewVerdict::Approved).unwrap();
    while started(&world).len() < 3 {
        world.step().unwrap();
    }
    let call = calls(&world.state, |turn| turn.id == TurnId(2));
    assert!(matches!(&call[0].feedback, Some(Failure::Raised(text)) if world.papers().text(*text) == "boom"));
    let again = started(&world);
    assert_eq!((again[2].attempt, again[2].visit, again[2].message), (again[1].attempt, again[1].visit, again[1].message));
}

#[test]
fn a_fallback_that_is_woken_is_still_the_fallback() {
    let teller = NodeSpec::Step(StepSpec { fallback: Some("clerk".into()), ..agent("teller") });
    let mut world = approving(world(teller, [raises(), pays(&anybody()), pays(&anybody())]));
    world.run().unwrap();
    let hears: Vec<String> = world.story().into_iter().filter(|line| line.contains(" hears ")).collect();
    assert_eq!(hears, ["teller hears question", "clerk hears question as the fallback", "clerk hears question as the fallback"]);
}

#[test]
fn of_two_agents_on_one_step_neither_acts() {
    let mut world = world(NodeSpec::Step(hedged("ann", "bob", 50)), [says("slow").taking(500), says("quick").taking(200)]);
    while world.story().last().is_none_or(|line| line != "bob hears question beside") {
        world.step().unwrap();
    }
    let arguments = world.shelf.papers.keep("arguments");
    for turn in [TurnId(0), TurnId(1)] {
        for approve in [None, Some(anybody())] {
            let (key, class) = (EffectKey([5; 16]), EffectClass::Effect);
            let begin = Input::EffectBegun { turn, key, tool: "tool".into(), class, arguments, approve, attached: Vec::new() };
            assert_eq!(told(&mut world, begin), Err(Refusal::TwoAtWork { turn }));
        }
    }
    let since = world.journal.len();
    goes_on(&mut world, since, ["says quick", "drops ann", "delivered quick"]);
    assert!(matches!(world.state, State::Ended(_)));
}
