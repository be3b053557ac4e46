//! By way of whom a turn came: who handed on, delegated or stated an intent, and not those whom the plan merely put before it.

use interlock_kernel::plan::{ForumSpec, NodeSpec, StepSpec};
use interlock_kernel::{Event, State, delegators};
use interlock_testkit::{Act, RelaySpec, agent, chat, delegates, forum, hands_to, hierarchy, raises, says, sequence, step};

use crate::world;

/// Each turn of a run to its end, with its delegators.
fn turns<const N: usize>(root: NodeSpec, acts: [Act; N]) -> Vec<String> {
    let mut world = world(root, acts);
    world.run().unwrap();
    let told = (1..).zip(&world.journal).filter_map(|(events, event)| {
        let (Event::TurnStarted(started), State::Running(running)) = (event, world.after(events)) else { return None };
        let by: Vec<String> = delegators(running, started.node).iter().map(ToString::to_string).collect();
        Some(format!("{} by way of [{}]", started.agent, by.join(", ")))
    });
    told.collect()
}

#[test]
fn each_who_hands_on_is_added_and_a_return_clears_them() {
    let relay = RelaySpec::opened_by(step("a"), "r", [step("b"), step("c")]);
    let relay = RelaySpec { returns: true, revisit: true, max_handoffs: Some(9), ..relay };
    let told = turns(relay.node(), [hands_to("b"), hands_to("c"), says("found"), hands_to("c"), says("more"), says("done")]);
    assert_eq!(told, ["a by way of []", "b by way of [a]", "c by way of [a, b]", "a by way of []", "c by way of [a]", "a by way of []"]);
}

#[test]
fn who_gets_the_turn_back_from_another_has_it_by_way_of_the_other() {
    let relay = RelaySpec { revisit: true, max_handoffs: Some(9), ..RelaySpec::opened_by(step("a"), "r", [step("b")]) };
    let told = turns(relay.node(), [hands_to("b"), hands_to("a"), says("done")]);
    assert_eq!(told, ["a by way of []", "b by way of [a]", "a by way of [a, b]"]);
}

#[test]
fn who_fails_or_comes_before_in_a_sequence_has_not_handed_on() {
    let stand_in = StepSpec { fallback: Some("c".into()), ..agent("b") };
    let told = turns(sequence("row", [step("a"), NodeSpec::Step(stand_in)]), [says("first"), raises(), says("done")]);
    assert_eq!(told, ["a by way of []", "b by way of []", "c by way of []"]);
}

#[test]
fn a_supervisor_delegates_with_all_who_handed_on_to_it_and_hears_the_report_without_them() {
    let heads = RelaySpec::opened_by(step("a"), "heads", [step("b")]).node();
    let firm = forum(hierarchy("firm", heads, [step("clerk")]));
    let told = turns(firm, [hands_to("b"), delegates(&["clerk"]), says("report"), says("done")]);
    assert_eq!(told, ["a by way of []", "b by way of [a]", "clerk by way of [a, b]", "a by way of []"]);
}

#[test]
fn what_a_relay_inside_was_handed_through_counts_outside_of_it() {
    let inner = RelaySpec::opened_by(step("a"), "inner", [step("b")]).node();
    let outer = RelaySpec::opened_by(inner, "outer", [step("c")]).node();
    let told = turns(outer, [hands_to("b"), hands_to("c"), says("done")]);
    assert_eq!(told, ["a by way of []", "b by way of [a]", "c by way of [a, b]"]);
}

#[test]
fn who_is_given_the_floor_by_a_manager_has_it_by_way_of_the_manager_which_has_it_back_as_it_began() {
    let heads = RelaySpec::opened_by(step("a"), "heads", [step("b")]).node();
    let talk = forum(ForumSpec { lead: Some(heads), ..chat("talk", [step("x"), step("y")]) });
    let acts = [hands_to("b"), hands_to("x"), says("one"), hands_to("y"), says("two"), says("done")];
    let told = turns(talk, acts);
    let expected = ["a by way of []", "b by way of [a]", "x by way of [a, b]", "a by way of []", "y by way of [a]", "a by way of []"];
    assert_eq!(told, expected);
}

#[test]
fn who_hears_a_summary_first_was_chosen_before_it() {
    let members = [step("x"), step("y")];
    let talk = forum(ForumSpec { lead: Some(step("boss")), summariser: Some(step("clerk")), window: 1, ..chat("talk", members) });
    let acts = [hands_to("x"), says("one"), hands_to("x"), says("two"), hands_to("y"), says("in short"), says("three"), says("done")];
    let told = turns(talk, acts);
    assert_eq!(told[4..7], ["boss by way of []", "clerk by way of [boss]", "y by way of [boss]"]);
}

#[test]
fn who_speaks_in_turn_was_chosen_by_nobody() {
    let talk = forum(ForumSpec { max_turns: 2, ..chat("talk", [step("x"), step("y")]) });
    assert_eq!(turns(talk, [says("one"), says("two")]), ["x by way of []", "y by way of []"]);
}
