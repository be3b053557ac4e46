//! A relay can't run in circles: visited members, the handoff limit, the return policy.

use interlock_kernel::limits::MAX_TURNS;
use interlock_kernel::plan::OnFailure;
use interlock_kernel::{Event, ReviewWhy};
use interlock_testkit::{RelaySpec, hands_to, says, step};

use crate::{tells, world};

fn support() -> RelaySpec {
    RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech")])
}

#[test]
fn a_visited_member_is_refused_tried_again_once_and_then_a_person_is_asked() {
    let back = || hands_to("triage");
    tells(
        world(support().node(), [hands_to("billing"), back(), back()]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says nothing to triage",
            "refused triage: Visited",
            "billing hears question again (2)",
            "says nothing to triage",
            "refused triage: Visited",
            "review of question: HandOffLimit",
        ],
    );
}

#[test]
fn on_limit_may_fail_the_run_instead() {
    let plan = RelaySpec { on_limit: OnFailure::Fail, ..support() }.node();
    let last = tells(
        world(plan, [hands_to("billing"), hands_to("triage"), hands_to("triage")]).clone(),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says nothing to triage",
            "refused triage: Visited",
            "billing hears question again (2)",
            "says nothing to triage",
            "refused triage: Visited",
            "ended: HandOffLimit",
        ],
    );
    assert!(last.state.is_over());
}

#[test]
fn the_handoff_limit_is_not_tried_again() {
    let plan = RelaySpec { max_handoffs: Some(1), ..support() }.node();
    tells(
        world(plan, [hands_to("billing"), hands_to("tech")]),
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
fn members_and_one_more_is_the_usual_limit() {
    let plan = RelaySpec { revisit: true, ..support() }.node();
    let mut world = world(plan, [hands_to("billing"), hands_to("triage")]);
    world.run().unwrap();
    assert_eq!(world.journal.iter().filter(|event| matches!(event, Event::HandedOff(_))).count(), 4);
    assert_eq!(world.story()[world.journal.len() - 2..], ["refused billing: LimitReached", "review of question: HandOffLimit"]);
}

#[test]
fn where_revisits_are_allowed_the_turn_may_come_back() {
    let plan = RelaySpec { revisit: true, ..support() }.node();
    tells(
        world(plan, [hands_to("billing"), hands_to("triage"), says("done")]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says nothing to triage",
            "Named: triage gets question",
            "triage hears question",
            "says done",
            "delivered done",
        ],
    );
}

#[test]
fn a_relay_that_returns_gives_every_answer_back_to_its_entry() {
    let plan = RelaySpec { returns: true, ..support() }.node();
    tells(
        world(plan, [hands_to("billing"), says("refunded"), hands_to("tech"), says("fixed"), says("all done")]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says refunded",
            "Returned: triage gets refunded",
            "triage hears refunded",
            "says nothing to tech",
            "Named: tech gets question",
            "tech hears question",
            "says fixed",
            "Returned: triage gets fixed",
            "triage hears fixed",
            "says all done",
            "delivered all done",
        ],
    );
}

#[test]
fn an_answer_stands_when_no_handoff_is_left_to_return_it() {
    let plan = RelaySpec { returns: true, max_handoffs: Some(1), ..support() }.node();
    tells(
        world(plan, [hands_to("billing"), says("refunded")]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "says refunded",
            "delivered refunded",
        ],
    );
}

#[test]
fn no_run_takes_more_turns_than_any_run_may() {
    let plan = RelaySpec { revisit: true, max_handoffs: Some(u16::MAX), ..support() }.node();
    let mut world = world(plan, [hands_to("billing").taking(0), hands_to("triage").taking(0)]);
    world.run().unwrap();
    assert_eq!(world.journal.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count(), MAX_TURNS as usize);
    assert!(matches!(world.journal.last(), Some(Event::ReviewOpened(opened)) if opened.why == ReviewWhy::TooManyTurns));
}
