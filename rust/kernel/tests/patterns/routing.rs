//! Routing: the table decides where an intent goes, who stands in, and when a person is called.

use interlock_kernel::plan::NodeSpec;
use interlock_kernel::{Command, Escalation, Priority, RouteDecision, Target, outstanding};
use interlock_testkit::{NEVER, RelaySpec, ScriptedRules, raises, rule, says, states, step};

use crate::{routed, tells};

fn support() -> NodeSpec {
    RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech"), step("senior")]).node()
}

fn desk() -> NodeSpec {
    RelaySpec::routed("desk", [step("billing"), step("tech"), step("senior")]).node()
}

#[test]
fn an_intent_is_routed_by_the_table() {
    let table = [RouteDecision { priority: Priority::High, ..rule("dispute", "billing") }];
    let world = tells(
        routed(support(), &table, [states("dispute"), says("refunded")]),
        [
            "triage hears question",
            "says nothing about dispute",
            "routes dispute to billing",
            "Routed: billing gets question",
            "billing hears question",
            "says refunded",
            "delivered refunded",
        ],
    );
    let owed = outstanding(world.after(6));
    assert!(matches!(&owed[..], [Command::CallAgent(call), ..] if call.priority == Priority::High), "{owed:?}");
}

#[test]
fn an_intent_that_nobody_claims_goes_to_a_person() {
    tells(
        routed(support(), &[], [states("weather")]),
        ["triage hears question", "says nothing about weather", "routes weather to a person", "review of question: NoRoute"],
    );
}

#[test]
fn a_rule_may_send_its_task_to_a_person() {
    let table = [RouteDecision { target: Target::Review, ..rule("complaint", "") }];
    tells(
        routed(support(), &table, [says("angry").about("complaint")]),
        ["triage hears question", "says angry about complaint", "routes complaint to a person", "review of angry: Routed"],
    );
}

#[test]
fn a_speaker_that_the_table_confirms_has_answered() {
    let answer = says("paid on Monday").about("dispute");
    tells(
        routed(support(), &[rule("dispute", "triage")], [answer]),
        ["triage hears question", "says paid on Monday about dispute", "routes dispute to triage", "delivered paid on Monday"],
    );
}

#[test]
fn a_confirmed_speaker_that_said_nothing_is_asked_again() {
    tells(
        routed(support(), &[rule("dispute", "triage")], [states("dispute"), says("paid")]),
        [
            "triage hears question",
            "says nothing about dispute",
            "routes dispute to triage",
            "refused triage: Itself",
            "triage hears question again (2)",
            "says paid",
            "delivered paid",
        ],
    );
}

#[test]
fn a_relay_without_an_entry_is_opened_by_the_table() {
    let world = routed(desk(), &[rule("question", "tech")], [says("fixed")]);
    tells(world, ["routes question to tech", "tech hears question", "says fixed", "delivered fixed"]);
}

#[test]
fn the_neighbours_are_found_before_a_message_is_routed() {
    let mut world = routed(desk(), &[rule("question", "tech")], [says("fixed")]);
    world.shelf.rules = ScriptedRules { asks: true, ..world.shelf.rules };
    tells(world, ["needs Neighbours", "routes question to tech", "tech hears question", "says fixed", "delivered fixed"]);
}

#[test]
fn a_message_that_nobody_can_take_goes_to_a_person() {
    tells(routed(desk(), &[], []), ["routes question to a person", "review of question: NoRoute"]);
    tells(routed(desk(), &[rule("question", "gardener")], []), ["routes question to gardener", "review of question: NoRoute"]);
    let person = RouteDecision { target: Target::Review, ..rule("question", "") };
    tells(routed(desk(), &[person], []), ["routes question to a person", "review of question: Routed"]);
}

#[test]
fn the_fallback_of_a_rule_takes_over_once() {
    let table = [RouteDecision { fallback: vec![Target::Agent("senior".into())], ..rule("question", "tech") }];
    tells(
        routed(desk(), &table, [raises()]),
        [
            "routes question to tech",
            "tech hears question",
            "failed: raised boom",
            "Fallback: senior gets question",
            "senior hears question",
            "failed: raised boom",
            "review of question: StepFailed",
        ],
    );
}

#[test]
fn the_fallback_of_a_rule_may_be_a_person() {
    let table = [RouteDecision { fallback: vec![Target::Review], ..rule("question", "tech") }];
    tells(
        routed(desk(), &table, [raises()]),
        ["routes question to tech", "tech hears question", "failed: raised boom", "review of question: Fallback"],
    );
}

#[test]
fn nobody_is_the_fallback_of_itself() {
    let table = [RouteDecision { fallback: vec![Target::Agent("tech".into())], ..rule("question", "tech") }];
    let plan = RelaySpec { revisit: true, ..RelaySpec::routed("desk", [step("tech")]) }.node();
    tells(
        routed(plan, &table, [raises()]),
        ["routes question to tech", "tech hears question", "failed: raised boom", "review of question: StepFailed"],
    );
}

#[test]
fn a_task_escalates_after_so_many_attempts() {
    let two = Some(Escalation::Attempts(2));
    let table = [RouteDecision { escalation: two, fallback: vec![Target::Agent("senior".into())], ..rule("question", "tech") }];
    tells(
        routed(desk(), &table, [raises()]),
        [
            "routes question to tech",
            "tech hears question",
            "failed: raised boom",
            "Fallback: senior gets question",
            "senior hears question",
            "failed: raised boom",
            "review of question: Escalated",
        ],
    );
}

#[test]
fn a_task_escalates_after_a_time() {
    let table = [RouteDecision { escalation: Some(Escalation::AfterMs(200)), ..rule("question", "tech") }];
    let world = routed(desk(), &table, [says("").taking(NEVER)]);
    let world = tells(world, ["routes question to tech", "tech hears question", "review of question: Escalated"]);
    assert!(world.now.0 < 1_000_000 + 250_000, "the turn's own limit is 30 s");
}

#[test]
fn a_rule_that_is_left_no_longer_calls_a_person_nor_gives_priority() {
    let table = [RouteDecision { priority: Priority::Critical, escalation: Some(Escalation::AfterMs(200)), ..rule("question", "tech") }];
    let plan = interlock_testkit::sequence("both", [RelaySpec::routed("desk", [step("tech")]).node(), step("editor")]);
    let world = tells(
        routed(plan, &table, [says("fixed"), says("polished").taking(900)]),
        ["routes question to tech", "tech hears question", "says fixed", "editor hears fixed", "says polished", "delivered polished"],
    );
    let interlock_kernel::Event::TurnStarted(editor) = &world.journal[4] else { panic!("{:?}", world.journal[4]) };
    assert_eq!(editor.priority, Priority::Medium);
}

#[test]
fn a_search_for_the_next_desk_does_not_escalate_for_the_last_one() {
    let table = [RouteDecision { escalation: Some(Escalation::AfterMs(200)), ..rule("question", "tech") }, rule("fixed", "billing")];
    let plan = interlock_testkit::sequence(
        "both",
        [RelaySpec::routed("desk", [step("tech")]).node(), RelaySpec::routed("counter", [step("billing")]).node()],
    );
    let mut world = routed(plan, &table, [says("fixed"), says("paid")]);
    world.shelf.rules.asks = true;
    while world.story().last().is_none_or(|line| line != "says fixed") {
        world.step().unwrap();
    }
    world.step().unwrap();
    assert_eq!(world.story().last().unwrap(), "needs Neighbours");
    world.now = world.now.after_ms(500); // the index is slow today
    world.tell(interlock_kernel::Input::TimePassed).unwrap();
    assert_eq!(world.story().last().unwrap(), "needs Neighbours");
}

#[test]
fn rules_that_nothing_decides_between_call_a_person_who_is_told_so() {
    let mut table = [RouteDecision { target: Target::Review, ..rule("question", "") }];
    table[0].evidence.tied = vec![0, 3];
    tells(routed(desk(), &table, []), ["routes question to a person", "review of question: Tied"]);
}

#[test]
fn a_step_may_have_a_name_of_its_own_by_which_it_is_called() {
    let named =
        |name: &str| NodeSpec::Step(interlock_kernel::plan::StepSpec { name: Some(name.into()), ..interlock_testkit::agent("model") });
    let plan = RelaySpec::opened_by(named("front"), "support", [named("back")]).node();
    tells(
        crate::world(plan, [interlock_testkit::hands_to("back"), says("fixed")]),
        [
            "model hears question",
            "says nothing to back",
            "Named: back gets question",
            "model hears question",
            "says fixed",
            "delivered fixed",
        ],
    );
}
