//! The exact edges: what the last millisecond, the last handoff and the last stand-in do. Each was found by a mutant that nobody noticed.

use interlock_kernel::limits::MAX_TURNS;
use interlock_kernel::plan::{NodeSpec, StepSpec};
use interlock_kernel::{Escalation, Event, Input, Micros, RouteDecision, Spent, State, Target};
use interlock_testkit::{
    Act, NEVER, RelaySpec, Script, Whom, World, agent, chat, forum, hands_to, hedged, plan_of, raises, rule, says, states, step,
};

use crate::{attached, routed, tells, until, world};

#[test]
fn a_turn_is_due_when_the_plan_says_to_the_microsecond() {
    let slow = StepSpec { timeout_ms: Some(50), ..agent("slow") };
    let mut world = world(NodeSpec::Step(slow), [says("").taking(NEVER)]);
    world.run().unwrap();
    let started = world.journal.iter().position(|event| matches!(event, Event::TurnStarted(_))).unwrap();
    let Event::TurnStarted(turn) = &world.journal[started] else { panic!("it was one") };
    assert_eq!(turn.due, world.passed[started].at.after_ms(50));
}

#[test]
fn where_no_handoff_is_left_no_fallback_is_asked_either() {
    let billing = NodeSpec::Step(StepSpec { fallback: Some("clerk".into()), ..agent("billing") });
    let plan = RelaySpec { max_handoffs: Some(1), ..RelaySpec::opened_by(step("triage"), "support", [billing, step("tech")]) };
    tells(
        world(plan.node(), [hands_to("billing"), hands_to("tech"), says("never heard")]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says nothing to tech",
            "refused tech: LimitReached",
            "review of question: HandOffLimit",
        ],
    );
}

#[test]
fn a_rules_stand_ins_have_one_chance_each_even_where_revisits_are_allowed() {
    let plan = RelaySpec { revisit: true, max_handoffs: Some(9), ..RelaySpec::routed("desk", [step("ann"), step("bob"), step("cat")]) };
    // Those that are no members are passed over.
    for chain in [&["bob", "cat"][..], &["nobody", "no one", "bob", "cat"]] {
        let fallback = chain.iter().map(|name| Target::Agent((*name).into())).collect();
        let table = [RouteDecision { fallback, ..rule("question", "ann") }];
        let mut world = routed(plan.clone().node(), &table, [raises(), raises(), raises(), says("a second chance")]);
        world.run().unwrap();
        let heard: Vec<String> = world.story().into_iter().filter(|line| line.contains(" hears ")).collect();
        assert_eq!(heard, ["ann hears question", "bob hears question", "cat hears question"]);
    }
}

#[test]
fn a_person_is_called_when_the_rules_time_is_over_to_the_microsecond() {
    let table = [RouteDecision { escalation: Some(Escalation::AfterMs(50)), ..rule("question", "ann") }];
    let plan = RelaySpec::routed("desk", [step("ann"), step("bob")]).node();
    let mut world = routed(plan, &table, [says("").taking(NEVER)]);
    world.run().unwrap();
    let chosen = world.journal.iter().find_map(|event| if let Event::RouteChosen(chosen) = event { Some(chosen.at) } else { None });
    assert_eq!(world.story().last().unwrap(), "review of question: Escalated");
    assert_eq!(world.passed.last().unwrap().at, chosen.unwrap().after_ms(50));
}

#[test]
fn the_inner_rules_stand_in_comes_before_the_outer_ones() {
    let inner = RelaySpec::opened_by(step("clerk"), "inner", [step("ann"), step("bob")]).node();
    let outer = RelaySpec::opened_by(step("triage"), "outer", [inner, step("spare")]).node();
    let stands_in = |name: &str| vec![Target::Agent(name.into())];
    let table = [
        RouteDecision { fallback: stands_in("spare"), ..rule("cancel", "inner") },
        RouteDecision { fallback: stands_in("bob"), ..rule("refund", "ann") },
    ];
    let mut world = routed(outer, &table, [states("cancel"), states("refund"), raises(), says("refunded")]);
    world.run().unwrap();
    let heard: Vec<String> = world.story().into_iter().filter(|line| line.contains(" hears ")).collect();
    assert_eq!(heard, ["triage hears question", "clerk hears question", "ann hears question", "bob hears question"]);
}

#[test]
fn an_intent_stated_in_a_chat_is_no_way_out_of_it() {
    let talk = forum(chat("talk", [step("ann"), step("bob")]));
    let plan = RelaySpec::opened_by(step("triage"), "support", [talk, step("spare")]).node();
    let mut world = routed(plan, &[rule("refund", "spare")], [hands_to("talk"), says("one").about("refund"), says("two"), raises()]);
    world.run().unwrap();
    let heard: Vec<String> = world.story().into_iter().filter(|line| line.contains(" hears ")).collect();
    assert_eq!(heard, ["triage hears question", "ann hears question", "bob hears one", "ann hears two"]);
}

#[test]
fn a_rule_whose_attempts_are_used_up_does_not_route_again() {
    let table = [RouteDecision { escalation: Some(Escalation::Attempts(1)), ..rule("refund", "billing") }];
    let plan = RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech")]).node();
    let mut world = routed(plan, &table, [states("refund"), says("paid").about("refund")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of paid: Escalated");
}

/// A desk inside another, each with a rule of its own.
fn desks(outer: Escalation, inner: Option<Escalation>) -> (NodeSpec, [RouteDecision; 2]) {
    let inside = RelaySpec::opened_by(step("clerk"), "inner", [step("ann"), step("bob")]).node();
    let plan = RelaySpec::opened_by(step("triage"), "outer", [inside, step("spare")]).node();
    let cancel = RouteDecision { escalation: Some(outer), ..rule("cancel", "inner") };
    (plan, [cancel, RouteDecision { escalation: inner, ..rule("refund", "ann") }])
}

#[test]
fn the_attempts_of_the_outer_rule_count_inside_too() {
    let (plan, table) = desks(Escalation::Attempts(2), None);
    let mut world = routed(plan, &table, [states("cancel"), states("refund"), raises()]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: Escalated");
}

#[test]
fn of_two_rules_times_the_first_one_calls_a_person() {
    for (outer, inner) in [(50, 5_000), (5_000, 50)] {
        let (plan, table) = desks(Escalation::AfterMs(outer), Some(Escalation::AfterMs(inner)));
        let mut world = routed(plan, &table, [states("cancel"), states("refund"), says("").taking(NEVER)]);
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), "review of question: Escalated");
        assert!(world.now < Micros(1_000_000).after_ms(100), "{outer} and {inner} ms: it is {:?}", world.now);
    }
}

#[test]
fn a_stand_in_that_came_to_nothing_beside_the_agent_is_not_asked_again() {
    let plan = NodeSpec::Step(hedged("ann", "bob", 50));
    let mut world = world(plan, [raises().taking(200), raises(), says("never heard")]);
    world.run().unwrap();
    let heard: Vec<String> = world.story().into_iter().filter(|line| line.contains(" hears ")).collect();
    assert_eq!(heard, ["ann hears question", "bob hears question beside"]);
}

#[test]
fn the_routers_word_opens_a_relay_in_which_no_handoff_is_allowed() {
    let router = Some(step("router"));
    let plan = RelaySpec { router, max_handoffs: Some(0), ..RelaySpec::routed("desk", [step("billing"), step("tech")]) }.node();
    let asks = RouteDecision { target: Target::Router, ..rule("question", "") };
    let mut world = routed(plan, &[asks, rule("refund", "billing")], [states("refund"), says("paid")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered paid", "{}", world.story().join("\n"));
}

#[test]
fn the_last_turn_that_any_run_may_have_is_not_hedged() {
    let plan = RelaySpec {
        revisit: true,
        max_handoffs: Some(u16::MAX),
        ..RelaySpec::opened_by(step("triage"), "support", [step("billing"), NodeSpec::Step(hedged("ann", "bob", 50))])
    };
    let last = MAX_TURNS as usize - 1;
    let passes = |turn: usize| if turn + 1 == last { "ann" } else { ["billing", "triage"][turn % 2] };
    let mut acts: Vec<Act> = (0..last).map(|turn| hands_to(passes(turn)).taking(0)).collect();
    acts.push(says("at last").taking(200));
    let mut world = World::new(plan_of(plan.node()).unwrap(), Script(acts));
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered at last");
}

#[test]
fn a_resumed_run_has_the_time_that_it_was_given_anew() {
    let mut world = until(world(step("ann"), [says("done")]), "ann hears question");
    let deadline = world.now.after_ms(7_777);
    world.tell(Input::Reopened { deadline }).unwrap();
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.deadline, deadline);
}

#[test]
fn four_bytes_are_a_token_and_what_is_left_is_one_more() {
    for (answer, tokens) in [("abcd", 3), ("abcde", 4), ("abcdefgh", 4)] {
        let mut world = world(step("ann"), [says(answer)]);
        world.run().unwrap();
        let spent = world.journal.iter().find_map(|event| if let Event::TurnReplied(reply) = event { Some(reply.spent) } else { None });
        assert_eq!(spent, Some(Spent { tokens, estimated: true }), "`question` and `{answer}`");
    }
}

#[test]
fn what_a_person_is_shown_is_the_thread_of_the_chat_inside_the_relay() {
    let talk = forum(chat("talk", [step("ann"), step("bob")]));
    let plan = RelaySpec::opened_by(step("triage"), "support", [talk, step("spare")]).node();
    let mut stuck = world(plan, [says("please look").to(Whom::Named("talk".into())), says("one"), raises()]);
    stuck.run().unwrap();
    assert_eq!(attached(&stuck), ["one"]);
}

#[test]
fn a_person_is_shown_no_empty_words() {
    let plan = RelaySpec::opened_by(step("triage"), "support", [step("billing")]).node();
    let mut stuck = world(plan, [hands_to("nobody"), says("try him").to(Whom::Named("nobody".into())), raises()]);
    stuck.run().unwrap();
    assert_eq!(attached(&stuck), ["try him"]);
}

#[test]
fn the_routers_word_is_not_counted_among_the_runs_handoffs() {
    let plan = RelaySpec { router: Some(step("router")), ..RelaySpec::routed("desk", [step("billing"), step("tech")]) };
    let table = [RouteDecision { target: Target::Router, ..rule("question", "") }, rule("refund", "billing")];
    for (second, handoffs) in [(says("paid"), 0), (hands_to("tech"), 1)] {
        let mut world = routed(plan.clone().node(), &table, [states("refund"), second, says("paid")]);
        world.run().unwrap();
        let State::Ended(ended) = &world.state else { panic!("it is over") };
        assert_eq!(ended.handoffs, handoffs);
    }
}

#[test]
fn a_member_that_the_speaker_named_has_no_stand_in_of_the_rule_before() {
    let plan = RelaySpec::routed("desk", [step("ann"), step("bob"), step("cat")]).node();
    let table = [RouteDecision { fallback: vec![Target::Agent("cat".into())], ..rule("question", "ann") }];
    let mut world = routed(plan, &table, [hands_to("bob"), raises(), says("never heard")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: StepFailed");
}
