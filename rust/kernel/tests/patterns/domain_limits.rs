//! What a domain keeps to, and what it keeps to itself: turns, time, views, guards, errors.

use interlock_kernel::plan::{DomainSpec, NodeSpec};
use interlock_kernel::{CrossingOutcome, Event, Gate, Input};
use interlock_testkit::{
    NEVER, World, delegates, domain, forum, hierarchy, panel, parallel, raises, says, sequence, step, tasks, vote, walled,
};

use crate::{attached, seen, tells, world};

fn bank(name: &str, agent: &str) -> NodeSpec {
    domain(walled(name, step(agent)))
}

#[test]
fn a_domain_has_so_many_turns_each_time_it_is_entered() {
    let node = sequence("row", [step("ann"), step("bob")]);
    let mut one = world(domain(DomainSpec { max_turns: Some(1), ..walled("bank", node.clone()) }), [says("a"), says("b")]);
    one.run().unwrap();
    assert_eq!(one.story()[one.journal.len() - 2..], ["says a", "review of a: DomainLimit"]);
    let mut two = world(domain(DomainSpec { max_turns: Some(2), ..walled("bank", node) }), [says("a"), says("b")]);
    two.run().unwrap();
    assert_eq!(two.story().last().unwrap(), "delivered b");
}

#[test]
fn a_domain_has_so_much_time_and_its_end_ends_the_turn_inside() {
    let spec = DomainSpec { deadline_ms: Some(80), ..walled("bank", step("ann")) };
    let world = tells(
        world(domain(spec), [says("").taking(NEVER)]),
        ["needs Import", "into bank: question", "ann hears question", "review of question: DomainLimit"],
    );
    assert!(world.now.0 < 1_000_000 + 100_000, "the turn's own limit is 30 s");
}

#[test]
fn nobody_inside_sees_what_lies_outside() {
    let chat = interlock_testkit::chat("chat", [step("bob"), bank("bank", "ann")]);
    let mut world = world(forum(chat), [says("in the open"), says("inside")]);
    while world.story().last().is_none_or(|line| line != "ann hears in the open") {
        world.step().unwrap();
    }
    assert_eq!(seen(&world), Vec::<String>::new());
}

#[test]
fn the_guards_are_told_in_which_domain_an_agent_acts() {
    use std::cell::RefCell;
    struct Listening(RefCell<Vec<(Gate, Option<String>)>>);
    impl interlock_kernel::Gates for Listening {
        fn pass(&self, gate: Gate, subject: interlock_kernel::Subject<'_>) -> interlock_kernel::Consulted<interlock_kernel::Passage> {
            self.0.borrow_mut().push((gate, subject.domain.map(ToString::to_string)));
            let verdict = interlock_kernel::Verdict::Passed;
            interlock_kernel::Consulted::Decided(interlock_kernel::Passage { gate, policy: 0, verdict })
        }
    }
    let mut world = world(bank("bank", "ann"), [says("paid")]);
    while world.story().last().is_none_or(|line| line != "into bank: question") {
        world.step().unwrap();
    }
    let gates = Listening(RefCell::default());
    let book = interlock_kernel::Book { rules: &world.shelf.rules, gates: &gates, payloads: &world.shelf.papers };
    interlock_kernel::decide(&world.state, Input::Advanced, &book, world.now).unwrap();
    let bank = Some("bank".to_owned());
    assert_eq!(*gates.0.borrow(), [(Gate::AgentToAgent, bank.clone()), (Gate::ModelContext, bank)]);
}

#[test]
fn what_a_supervisor_behind_a_wall_writes_to_its_teams_is_exported_first() {
    let firm = hierarchy("firm", bank("bank", "boss"), [step("legal"), step("risk")]);
    tells(
        world(forum(firm), [tasks(&[("legal", "read it"), ("risk", "rate it")]), says("fine"), says("low"), says("go")]),
        [
            "needs Import",
            "into bank: question",
            "boss hears question",
            "says nothing for legal and risk",
            "firm: legal gets read it, risk gets rate it",
            "out of bank: read it",
            "out of bank: rate it",
            "firm forks: legal gets read it, risk gets rate it",
            "legal hears read it",
            "risk hears rate it",
            "says fine",
            "legal ends with fine",
            "says low",
            "risk ends with low",
            "firm: bank gets question",
            "needs Import",
            "into bank: question",
            "boss hears question",
            "says go",
            "needs Export",
            "out of bank: go",
            "firm: Finished with number 2",
            "delivered go",
        ],
    );
}

#[test]
fn the_text_of_an_error_inside_does_not_leave_with_a_lost_branch() {
    let spec = hierarchy("firm", step("boss"), [bank("bank", "ann"), step("bob")]);
    let mut world = world(forum(spec), [delegates(&["bank", "bob"]), raises(), raises(), says("go")]);
    world.run().unwrap();
    let failures: Vec<bool> = world
        .journal
        .iter()
        .filter_map(|event| if let Event::BranchEnded(ended) = event { Some(ended) } else { None })
        .map(|ended| matches!(&ended.end, interlock_kernel::BranchEnd::Lost { failure: Some(_), .. }))
        .collect();
    assert_eq!(failures.iter().filter(|told| **told).count(), 1, "bob's is told, and ann's is not\n{}", world.story().join("\n"));
}

#[test]
fn a_refused_export_of_a_branch_loses_the_branch() {
    let spec = panel("panel", [bank("bank", "ann"), step("bob")], [vote()]);
    let mut world = world(parallel(spec), [says("yes"), says("secret plan")]);
    world.run().unwrap();
    assert!(world.story().iter().any(|line| line == "bank is lost: Contract"), "{:?}", world.story());
    assert_eq!(world.story().last().unwrap(), "delivered yes");
    let refused = |event: &Event| matches!(event, Event::Crossed(one) if matches!(one.outcome, CrossingOutcome::Refused { .. }));
    assert!(world.journal.iter().any(refused));
}

#[test]
fn a_person_gets_the_thread_of_the_innermost_pattern() {
    let chat = interlock_testkit::chat("chat", [step("ann"), step("bob")]);
    let mut stuck: World = world(domain(walled("bank", forum(chat))), [says("one"), says("two"), raises()]);
    stuck.run().unwrap();
    assert_eq!(attached(&stuck), ["one", "two"]);
}

/// The rules as they are, but for the user, whom they write down.
struct Nosy {
    told: std::cell::RefCell<Vec<bool>>,
}

impl interlock_kernel::Rules for Nosy {
    fn route(&self, _: &interlock_kernel::RouteQuery<'_>) -> interlock_kernel::Consulted<interlock_kernel::RouteDecision> {
        interlock_kernel::Consulted::Decided(interlock_testkit::rule("question", "ann"))
    }

    fn check(&self, _: &interlock_kernel::Check, query: &interlock_kernel::CheckQuery<'_>) -> Result<(), String> {
        self.told.borrow_mut().push(query.user.is_some());
        Ok(())
    }

    fn holds(&self, _: u16, _: &interlock_kernel::CheckQuery<'_>) -> Result<bool, String> {
        Ok(false)
    }

    fn ballot(&self, _: &interlock_kernel::BallotKey, _: interlock_kernel::Content<'_>) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn revision(&self) -> Option<interlock_kernel::Digest> {
        None
    }
}

#[test]
fn the_user_is_known_inside_only_where_every_contract_says_so() {
    let checks = vec![interlock_kernel::Check::Expression { number: 0 }];
    let ann = || NodeSpec::Step(interlock_kernel::plan::StepSpec { checks: checks.clone(), ..interlock_testkit::agent("ann") });
    let hidden = |node| {
        let spec = walled("bank", node);
        domain(DomainSpec { imports: interlock_kernel::plan::Contract { user: false, ..spec.imports.clone() }, ..spec })
    };
    let shown = |node| domain(walled("desk", node));
    for (root, known) in
        [(ann(), true), (shown(ann()), true), (hidden(ann()), false), (shown(hidden(ann())), false), (hidden(shown(ann())), false)]
    {
        let mut world = world(root, [says("paid")]);
        while world.story().last().is_none_or(|line| line != "says paid") {
            world.step().unwrap();
        }
        let nosy = Nosy { told: std::cell::RefCell::default() };
        let book = interlock_kernel::Book { rules: &nosy, gates: &world.shelf.gates, payloads: &world.shelf.papers };
        interlock_kernel::decide(&world.state, Input::Advanced, &book, world.now).unwrap();
        assert_eq!(*nosy.told.borrow(), [known]);
    }
}
