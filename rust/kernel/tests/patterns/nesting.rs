//! Any pattern in any other: a relay in a sequence in a relay, and ways out of it.

use interlock_kernel::plan::{NodeSpec, OnFailure};
use interlock_testkit::{RelaySpec, hands_to, rule, says, sequence, states, step};

use crate::{routed, tells, world};

/// support: triage, then refunds (checker, then a desk of clerk and boss), or tech.
fn support() -> NodeSpec {
    let desk = RelaySpec::opened_by(step("clerk"), "desk", [step("boss")]).node();
    let refunds = sequence("refunds", [step("checker"), desk]);
    RelaySpec::opened_by(step("triage"), "support", [refunds, step("tech")]).node()
}

#[test]
fn a_relay_in_a_sequence_in_a_relay_is_entered_and_left() {
    tells(
        world(support(), [hands_to("refunds"), says("eligible"), hands_to("boss"), says("granted")]),
        [
            "triage hears question",
            "says nothing to refunds",
            "Named: refunds gets question",
            "checker hears question",
            "says eligible",
            "clerk hears eligible",
            "says nothing to boss",
            "Named: boss gets eligible",
            "boss hears eligible",
            "says granted",
            "delivered granted",
        ],
    );
}

#[test]
fn an_inner_agent_may_hand_off_to_an_outer_member() {
    tells(
        world(support(), [hands_to("refunds"), says("eligible"), hands_to("tech"), says("fixed")]),
        [
            "triage hears question",
            "says nothing to refunds",
            "Named: refunds gets question",
            "checker hears question",
            "says eligible",
            "clerk hears eligible",
            "says nothing to tech",
            "Named: tech gets question",
            "tech hears question",
            "says fixed",
            "delivered fixed",
        ],
    );
}

#[test]
fn an_outer_agent_cannot_reach_into_an_inner_pattern() {
    tells(
        world(support(), [hands_to("boss"), says("myself")]),
        [
            "triage hears question",
            "says nothing to boss",
            "refused boss: UnknownTarget",
            "triage hears question again (2)",
            "says myself",
            "delivered myself",
        ],
    );
}

#[test]
fn a_handoff_to_the_pattern_that_one_stands_in_is_one_to_itself() {
    tells(
        world(support(), [hands_to("refunds"), hands_to("refunds"), says("no"), says("sorry")]),
        [
            "triage hears question",
            "says nothing to refunds",
            "Named: refunds gets question",
            "checker hears question",
            "says nothing to refunds",
            "refused refunds: Itself",
            "checker hears question again (2)",
            "says no",
            "clerk hears no",
            "says sorry",
            "delivered sorry",
        ],
    );
}

#[test]
fn an_inner_intent_is_routed_by_the_nearest_relay_and_may_lead_outside() {
    let acts = [hands_to("refunds"), says("eligible"), states("outage"), says("fixed")];
    tells(
        routed(support(), &[rule("outage", "tech")], acts),
        [
            "triage hears question",
            "says nothing to refunds",
            "Named: refunds gets question",
            "checker hears question",
            "says eligible",
            "clerk hears eligible",
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
fn each_entry_of_an_inner_relay_counts_its_handoffs_anew() {
    let desk = RelaySpec { max_handoffs: Some(1), ..RelaySpec::opened_by(step("clerk"), "desk", [step("boss")]) }.node();
    let plan = RelaySpec { returns: true, revisit: true, max_handoffs: Some(9), ..RelaySpec::opened_by(step("triage"), "support", [desk]) };
    let acts = [hands_to("desk"), hands_to("boss"), says("granted"), hands_to("desk"), hands_to("boss"), says("again"), says("done")];
    let world = tells(
        world(plan.node(), acts),
        [
            "triage hears question",
            "says nothing to desk",
            "Named: desk gets question",
            "clerk hears question",
            "says nothing to boss",
            "Named: boss gets question",
            "boss hears question",
            "says granted",
            "Returned: triage gets granted",
            "triage hears granted",
            "says nothing to desk",
            "Named: desk gets question",
            "clerk hears question",
            "says nothing to boss",
            "Named: boss gets question",
            "boss hears question",
            "says again",
            "Returned: triage gets again",
            "triage hears again",
            "says done",
            "delivered done",
        ],
    );
    let visits: Vec<u16> = world
        .journal
        .iter()
        .filter_map(|event| if let interlock_kernel::Event::TurnStarted(turn) = event { Some(turn.visit) } else { None })
        .collect();
    assert_eq!(visits, [1, 1, 1, 2, 2, 2, 3]);
}

#[test]
fn the_relay_whose_limit_was_reached_says_what_then_happens() {
    let desk = RelaySpec::opened_by(step("clerk"), "desk", [step("boss")]).node();
    let outer = RelaySpec {
        max_handoffs: Some(1),
        on_limit: OnFailure::Fail,
        ..RelaySpec::opened_by(step("triage"), "support", [desk, step("tech")])
    };
    tells(
        world(outer.node(), [hands_to("desk"), hands_to("tech")]),
        [
            "triage hears question",
            "says nothing to desk",
            "Named: desk gets question",
            "clerk hears question",
            "says nothing to tech",
            "refused tech: LimitReached",
            "ended: HandOffLimit",
        ],
    );
}
