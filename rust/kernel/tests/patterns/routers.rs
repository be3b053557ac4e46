//! Who opens a relay, when no rule does: a router agent, or a member that claims the task. And chains of stand-ins.

use interlock_kernel::plan::{NodeSpec, OnFailure, StepSpec};
use interlock_kernel::{Event, RouteDecision, Stage, Target};
use interlock_testkit::{ALWAYS, RelaySpec, agent, hands_to, raises, rule, says, sequence, states, step};

use crate::{attached, routed, tells};

fn desk() -> RelaySpec {
    RelaySpec { router: Some(step("router")), ..RelaySpec::routed("desk", [step("billing"), step("tech"), step("senior")]) }
}

#[test]
fn a_router_states_the_intent_that_nothing_cheaper_found() {
    tells(
        routed(desk().node(), &[rule("outage", "tech")], [states("outage"), says("fixed")]),
        [
            "routes question to the router",
            "router hears question",
            "says nothing about outage",
            "routes outage to tech",
            "Routed: tech gets question",
            "tech hears question",
            "says fixed",
            "delivered fixed",
        ],
    );
}

#[test]
fn a_router_is_not_asked_where_a_rule_knows() {
    let world = routed(desk().node(), &[rule("question", "tech")], [says("fixed")]);
    tells(world, ["routes question to tech", "tech hears question", "says fixed", "delivered fixed"]);
}

#[test]
fn a_router_that_finds_no_intent_or_one_that_nobody_takes_is_for_a_person() {
    let world = tells(
        routed(desk().node(), &[], [says("no idea")]),
        ["routes question to the router", "router hears question", "says no idea", "review of question: NoRoute"],
    );
    assert_eq!(attached(&world), ["no idea"]);
    tells(
        routed(desk().node(), &[], [states("weather")]),
        [
            "routes question to the router",
            "router hears question",
            "says nothing about weather",
            "routes weather to a person",
            "review of question: NoRoute",
        ],
    );
}

#[test]
fn a_routers_choice_is_no_handoff() {
    let spec = RelaySpec { max_handoffs: Some(1), ..desk() };
    let mut world = routed(spec.node(), &[rule("outage", "tech")], [states("outage"), hands_to("senior"), hands_to("billing")]);
    world.run().unwrap();
    let story = world.story();
    assert_eq!(story[story.len() - 2..], ["refused billing: LimitReached", "review of question: HandOffLimit"]);
    let handed = world.journal.iter().filter(|event| matches!(event, Event::HandedOff(_))).count();
    assert_eq!(handed, 2, "one that opened the relay, and one handoff");
}

#[test]
fn a_router_of_several_steps_is_heard_to_its_end() {
    let router = sequence("router", [step("reader"), step("judge")]);
    let spec = RelaySpec { router: Some(router), ..desk() };
    tells(
        routed(spec.node(), &[rule("outage", "tech")], [says("about the network"), states("outage"), says("fixed")]),
        [
            "routes question to the router",
            "reader hears question",
            "says about the network",
            "judge hears about the network",
            "says nothing about outage",
            "routes outage to tech",
            "Routed: tech gets question",
            "tech hears question",
            "says fixed",
            "delivered fixed",
        ],
    );
}

#[test]
fn a_router_that_fails_has_its_own_policy() {
    let router = NodeSpec::Step(StepSpec { on_failure: OnFailure::Fail, ..agent("router") });
    let spec = RelaySpec { router: Some(router), ..desk() };
    let mut world = routed(spec.node(), &[], [raises()]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "ended: StepFailed");
}

#[test]
fn the_rules_are_told_what_the_members_claim() {
    let claims = |name: &str| NodeSpec::Step(StepSpec { claims: Some(ALWAYS), ..agent(name) });
    let plan = interlock_testkit::plan_of(RelaySpec::routed("desk", [step("billing"), claims("tech"), claims("senior")]).node()).unwrap();
    let relay = plan.relay(interlock_kernel::NodeId(0)).unwrap();
    assert_eq!(relay.claims, [("tech".into(), ALWAYS), ("senior".into(), ALWAYS)]);
    let claimed = RouteDecision { stage: Stage::Claims, ..rule("question", "tech") };
    let mut world = routed(RelaySpec::routed("desk", [step("billing"), claims("tech")]).node(), &[claimed], [says("fixed")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered fixed");
}

#[test]
fn stand_ins_take_over_in_their_order() {
    let chain = ["senior", "billing"].map(|name| Target::Agent(name.into())).into_iter().chain([Target::Review]).collect();
    let table = [RouteDecision { fallback: chain, ..rule("question", "tech") }];
    tells(
        routed(desk().node(), &table, [raises()]),
        [
            "routes question to tech",
            "tech hears question",
            "failed: raised boom",
            "Fallback: senior gets question",
            "senior hears question",
            "failed: raised boom",
            "Fallback: billing gets question",
            "billing hears question",
            "failed: raised boom",
            "review of question: Fallback",
        ],
    );
}

#[test]
fn a_stand_in_that_may_not_be_given_the_turn_is_passed_over() {
    let chain = ["wizard", "tech", "senior", "senior", "billing"].map(|name| Target::Agent(name.into())).into();
    let table = [RouteDecision { fallback: chain, ..rule("question", "tech") }];
    tells(
        routed(desk().node(), &table, [raises()]),
        [
            "routes question to tech",
            "tech hears question",
            "failed: raised boom",
            "Fallback: senior gets question", // nobody is called wizard, and tech has failed
            "senior hears question",
            "failed: raised boom",
            "Fallback: billing gets question", // senior spoke before
            "billing hears question",
            "failed: raised boom",
            "review of question: StepFailed",
        ],
    );
}

#[test]
fn a_person_in_the_chain_is_asked_when_no_handoff_is_left() {
    let chain = vec![Target::Agent("senior".into()), Target::Review];
    let table = [RouteDecision { fallback: chain, ..rule("question", "tech") }];
    let spec = RelaySpec { max_handoffs: Some(0), ..desk() };
    let mut world = routed(spec.node(), &table, [raises()]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: Fallback");
}
