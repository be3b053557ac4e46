//! Handoff: the speaker names the next, who must exist, be another, be new, and fit the limit.

use interlock_kernel::plan::{NodeSpec, OnFailure, StepSpec};
use interlock_testkit::{RelaySpec, agent, hands_to, raises, says, sequence, step};

use crate::{tells, world};

fn support() -> RelaySpec {
    RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech")])
}

#[test]
fn a_handoff_gives_the_turn_to_the_named_member() {
    tells(
        world(support().node(), [hands_to("billing"), says("refunded")]),
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
fn what_the_speaker_wrote_is_what_the_next_one_hears() {
    let note = says("charged twice").to(interlock_testkit::Whom::Named("billing".into()));
    tells(
        world(support().node(), [note, says("refunded")]),
        [
            "triage hears question",
            "says charged twice to billing",
            "Named: billing gets charged twice",
            "billing hears charged twice",
            "says refunded",
            "delivered refunded",
        ],
    );
}

#[test]
fn an_invented_target_is_refused_and_tried_again_with_the_reason() {
    tells(
        world(support().node(), [hands_to("wizard"), hands_to("tech"), says("fixed")]),
        [
            "triage hears question",
            "says nothing to wizard",
            "refused wizard: UnknownTarget",
            "triage hears question again (2)",
            "says nothing to tech",
            "Named: tech gets question",
            "tech hears question",
            "says fixed",
            "delivered fixed",
        ],
    );
}

#[test]
fn a_handoff_to_itself_is_refused() {
    tells(
        world(support().node(), [hands_to("triage"), says("my own answer")]),
        [
            "triage hears question",
            "says nothing to triage",
            "refused triage: Itself",
            "triage hears question again (2)",
            "says my own answer",
            "delivered my own answer",
        ],
    );
}

#[test]
fn a_refused_handoff_comes_to_the_fallback_of_the_step() {
    let stubborn = NodeSpec::Step(StepSpec { fallback: Some("senior".into()), ..agent("triage") });
    let plan = RelaySpec::opened_by(stubborn, "support", [step("billing")]).node();
    tells(
        world(plan, [hands_to("wizard"), hands_to("wizard"), says("done")]),
        [
            "triage hears question",
            "says nothing to wizard",
            "refused wizard: UnknownTarget",
            "triage hears question again (2)",
            "says nothing to wizard",
            "refused wizard: UnknownTarget",
            "senior hears question as the fallback",
            "says done",
            "delivered done",
        ],
    );
}

#[test]
fn a_member_that_fails_is_handled_by_its_own_cures() {
    let careful = NodeSpec::Step(StepSpec { retries: 1, on_failure: OnFailure::Fail, ..agent("billing") });
    let plan = RelaySpec::opened_by(step("triage"), "support", [careful]).node();
    tells(
        world(plan, [hands_to("billing"), raises(), raises()]),
        [
            "triage hears question",
            "says nothing to billing",
            "Named: billing gets question",
            "billing hears question",
            "failed: raised boom",
            "billing hears question again (2)",
            "failed: raised boom",
            "ended: StepFailed",
        ],
    );
}

#[test]
fn a_handoff_outside_of_any_relay_leads_nowhere() {
    let plan = sequence("report", [step("finder"), step("writer")]);
    tells(
        world(plan, [hands_to("writer"), hands_to("writer")]),
        [
            "finder hears question",
            "says nothing to writer",
            "refused writer: UnknownTarget",
            "finder hears question again (2)",
            "says nothing to writer",
            "refused writer: UnknownTarget",
            "review of question: HandOffLimit",
        ],
    );
}
