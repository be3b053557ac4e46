//! Domains: a wall with a contract in each direction, and nothing that crosses it unasked.

use interlock_kernel::plan::{Contract, DomainSpec, NodeSpec};
use interlock_kernel::{Command, Event, Fact, Input, outstanding};
use interlock_testkit::{Act, RelaySpec, Whom, domain, hands_to, says, sequence, step, walled};

use crate::{tells, world};

fn bank(name: &str, agent: &str) -> NodeSpec {
    domain(walled(name, step(agent)))
}

fn closed(spec: DomainSpec) -> DomainSpec {
    DomainSpec { exports: Contract::default(), ..spec }
}

/// Two banks, each behind its wall: a speaker in one hands off to the other.
fn federation() -> NodeSpec {
    RelaySpec::opened_by(bank("bank_a", "ann"), "federation", [bank("bank_b", "bob")]).node()
}

fn note(text: &str, to: &str) -> Act {
    says(text).to(Whom::Named(to.into()))
}

#[test]
fn a_message_crosses_the_wall_both_ways() {
    tells(
        world(bank("bank", "ann"), [says("paid")]),
        ["needs Import", "into bank: question", "ann hears question", "says paid", "needs Export", "out of bank: paid", "delivered paid"],
    );
}

#[test]
fn a_handoff_from_inside_crosses_both_walls() {
    tells(
        world(federation(), [note("score 7", "bank_b"), says("granted")]),
        [
            "needs Import",
            "into bank_a: question",
            "ann hears question",
            "says score 7 to bank_b",
            "Named: bank_b gets score 7",
            "out of bank_a: score 7",
            "needs Import",
            "into bank_b: score 7",
            "bob hears score 7",
            "says granted",
            "needs Export",
            "out of bank_b: granted",
            "delivered granted",
        ],
    );
}

#[test]
fn a_handoff_without_words_gives_on_what_the_pattern_was_given() {
    let world = tells(
        world(federation(), [hands_to("bank_b"), says("granted")]),
        [
            "needs Import",
            "into bank_a: question",
            "ann hears question",
            "says nothing to bank_b",
            "Named: bank_b gets question",
            "needs Import",
            "into bank_b: question",
            "bob hears question",
            "says granted",
            "needs Export",
            "out of bank_b: granted",
            "delivered granted",
        ],
    );
    let Event::HandedOff(passed) = &world.journal[5] else { panic!("{:?}", world.journal[5]) };
    assert_eq!(passed.message.number, 0, "the question itself, not what crossed into the first bank");
}

#[test]
fn text_that_no_contract_names_stays_behind() {
    let spec = closed(walled("bank", step("ann")));
    let mut world = world(domain(spec), [says("a free text")]);
    world.run().unwrap();
    assert_eq!(world.story()[world.journal.len() - 2..], ["out of bank: ", "delivered "]);
}

#[test]
fn a_label_that_the_contract_does_not_name_stops_the_message_and_a_person_decides() {
    tells(
        world(bank("bank", "ann"), [says("secret plan")]),
        [
            "needs Import",
            "into bank: question",
            "ann hears question",
            "says secret plan",
            "needs Export",
            "out of bank: nothing, for secret",
            "review of secret plan: Contract",
        ],
    );
    let shareable = Contract { text: true, labels: vec!["secret".into()], ..Contract::default() };
    let mut open = world(domain(DomainSpec { exports: shareable, ..walled("bank", step("ann")) }), [says("secret plan")]);
    open.run().unwrap();
    assert_eq!(open.story().last().unwrap(), "delivered secret plan");
}

#[test]
fn a_message_may_be_stopped_on_its_way_in() {
    let mut world = world(sequence("row", [step("ann"), bank("bank", "bob")]), [says("secret plan")]);
    world.run().unwrap();
    let last = ["needs Import", "into bank: nothing, for secret", "review of secret plan: Contract"];
    assert_eq!(world.story()[world.journal.len() - 3..], last);
}

#[test]
fn nested_walls_are_crossed_one_by_one() {
    let inner = domain(walled("desk", step("ann")));
    let outer = RelaySpec::opened_by(domain(walled("bank", inner)), "federation", [step("bob")]).node();
    tells(
        world(outer, [note("score 7", "bob"), says("granted")]),
        [
            "needs Import",
            "into bank: question",
            "needs Import",
            "into desk: question",
            "ann hears question",
            "says score 7 to bob",
            "Named: bob gets score 7",
            "out of desk: score 7",
            "out of bank: score 7",
            "bob hears score 7",
            "says granted",
            "delivered granted",
        ],
    );
}

#[test]
fn the_shell_is_told_which_wall_and_which_way() {
    let mut world = world(bank("bank", "ann"), [says("paid")]);
    for _ in 0..2 {
        world.step().unwrap();
    }
    let owed = outstanding(&world.state);
    assert!(matches!(&owed[..], [Command::FindFact { fact: Fact::Import, node, .. }, Command::WakeAt(_)] if node.0 == 0), "{owed:?}");
}

#[test]
fn what_a_wall_makes_of_a_message_may_not_be_known() {
    let mut world = world(bank("bank", "ann"), [says("paid")]);
    for _ in 0..2 {
        world.step().unwrap();
    }
    let why = world.shelf.papers.keep("no redactor");
    world.tell(Input::FactFailed { ask: 0, why }).unwrap();
    tells(world, ["needs Import", "no fact: no redactor", "review of question: FactFailed"]);
}
