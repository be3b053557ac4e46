//! The exact edges of panels, chats and walls. Each was found by a mutant that nobody noticed.

use std::cell::RefCell;

use interlock_kernel::plan::{Contract, DomainSpec, ForumSpec, MethodSpec, Mode, NodeSpec, OnLimit, OnTie, ParallelSpec, Quorum, StepSpec};
use interlock_kernel::{
    BallotKey, Book, BranchEnd, Check, CheckQuery, Confidence, Consulted, Content, Digest, Event, Fold, Input, Micros, Payloads, ReviewWhy,
    RouteDecision, RouteQuery, Rules, State, decide,
};
use interlock_testkit::{
    Act, NEVER, Papers, RelaySpec, Script, Whom, World, agent, chat, delegates, domain, forum, hands_to, hierarchy, panel, parallel,
    plan_of, raises, rule, says, sequence, states, step, summed_up, vote, walled,
};

use crate::{seen, until, world};

fn compared() -> MethodSpec {
    MethodSpec::Vote { key: BallotKey::Agreement { least_ppm: 900_000 }, quorum: None, weights: vec![], on_tie: OnTie::Next }
}

fn jury(method: MethodSpec) -> ParallelSpec {
    panel("jury", [step("ann"), step("bob"), step("cyd")], [method])
}

fn is_asked(mut world: World) -> bool {
    world.run().unwrap();
    world.story().iter().any(|line| line == "needs Agreement")
}

#[test]
fn one_answer_is_compared_with_nothing() {
    assert!(is_asked(world(parallel(jury(compared())), [says("a"), says("b"), raises()])));
    assert!(!is_asked(world(parallel(jury(compared())), [says("a"), raises(), raises()])));
}

#[test]
fn a_panel_that_one_failure_has_ended_is_not_compared() {
    let spec = || ParallelSpec { mode: Mode::FailFast, ..jury(compared()) };
    assert!(is_asked(world(parallel(spec()), [says("a"), says("b"), says("c")])));
    assert!(!is_asked(world(parallel(spec()), [says("a"), says("b"), raises()])));
}

#[test]
fn the_synthesis_has_the_last_word_on_a_clear_vote_too() {
    let spec =
        ParallelSpec { reconcile: jury(vote()).reconcile, ..summed_up("jury", [step("ann"), step("bob"), step("cyd")], step("clerk")) };
    let mut world = world(parallel(spec), [says("yes"), says("yes"), says("no"), says("yes, by two to one")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered yes, by two to one");
}

/// Rules that write down under which of the plan's tables they are asked.
#[derive(Default)]
struct Tables(RefCell<Vec<Option<u16>>>);

impl Rules for Tables {
    fn route(&self, query: &RouteQuery<'_>) -> Consulted<RouteDecision> {
        self.0.borrow_mut().push(query.table);
        Consulted::Decided(rule("question", "ann"))
    }

    fn check(&self, _: &Check, _: &CheckQuery<'_>) -> Result<(), String> {
        Ok(())
    }

    fn holds(&self, _: u16, _: &CheckQuery<'_>) -> Result<bool, String> {
        Ok(false)
    }

    fn ballot(&self, _: &BallotKey, _: Content<'_>) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn revision(&self) -> Option<Digest> {
        None
    }
}

#[test]
fn a_relay_inside_a_domain_routes_under_the_domains_table() {
    let desk = || RelaySpec::routed("desk", [step("ann"), step("bob")]).node();
    let support = || RelaySpec::opened_by(step("triage"), "support", [step("ann")]).node();
    let inside = |node| domain(DomainSpec { table: Some(0), ..walled("bank", node) });
    for (world, table) in [
        (until(world(inside(desk()), [says("paid")]), "into bank: question"), Some(0)),
        (until(world(desk(), [says("paid")]), "asked: question"), None),
        (until(world(inside(support()), [states("refund")]), "says nothing about refund"), Some(0)),
        (until(world(support(), [states("refund")]), "says nothing about refund"), None),
    ] {
        let rules = Tables::default();
        let book = Book { rules: &rules, gates: &world.shelf.gates, payloads: &world.shelf.papers };
        decide(&world.state, Input::Advanced, &book, world.now).unwrap();
        assert_eq!(*rules.0.borrow(), [table]);
    }
}

#[test]
fn only_the_manager_gives_the_floor_to_others() {
    let talk = ForumSpec { lead: Some(step("boss")), ..chat("talk", [step("ann"), step("bob")]) };
    let mut world = world(forum(talk), [hands_to("ann"), hands_to("bob"), says("then I say it")]);
    while !world.story().iter().any(|line| line == "says nothing to bob") {
        world.step().unwrap();
    }
    world.step().unwrap();
    assert_eq!(world.story().last().unwrap(), "refused bob: UnknownTarget");
}

#[test]
fn a_branch_that_never_answers_is_lost_at_its_deadline_and_not_when_its_turn_times_out() {
    let spec = ParallelSpec { branch_deadline_ms: Some(40), ..jury(vote()) };
    let mut world = world(parallel(spec), [says("yes"), says("").taking(NEVER), says("yes")]);
    world.run().unwrap();
    assert!(world.now < Micros(1_000_000).after_ms(45), "{:?}", world.now);
}

#[test]
fn of_two_domains_deadlines_the_first_one_counts() {
    for (outer, inner) in [(50, 5_000), (5_000, 50)] {
        let inside = DomainSpec { deadline_ms: Some(inner), ..walled("desk", step("ann")) };
        let spec = DomainSpec { deadline_ms: Some(outer), ..walled("bank", domain(inside)) };
        let mut world = world(domain(spec), [says("").taking(NEVER)]);
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), "review of question: DomainLimit");
        assert!(world.now < Micros(1_000_000).after_ms(60), "{outer} and {inner} ms: {:?}", world.now);
    }
}

#[test]
fn no_turn_starts_in_a_domain_at_the_moment_at_which_it_closes() {
    let spec = DomainSpec { deadline_ms: Some(50), ..walled("bank", sequence("row", [step("ann"), step("bob")])) };
    let world = until(world(domain(spec), [says("draft"), says("text")]), "says draft");
    let State::Running(running) = &world.state else { panic!("it goes on") };
    let closes = running.domains.values().next().unwrap().until.unwrap();
    let next = |at| world.shelf.decide(&world.state, Input::Advanced, at).unwrap();
    assert!(matches!(next(Micros(closes.0 - 1))[..], [Event::TurnStarted(_)]));
    assert!(matches!(&next(closes)[..], [Event::ReviewOpened(opened)] if opened.why == ReviewWhy::DomainLimit));
}

#[test]
fn a_supervisor_with_its_tokens_used_up_to_the_last_does_not_delegate() {
    for (spent, forks) in [(9, 1), (10, 0)] {
        let firm = ForumSpec { max_tokens: Some(10), ..hierarchy("firm", step("boss"), [step("ann"), step("bob")]) };
        let mut world = world(forum(firm), [delegates(&["ann"]).spending(spent), says("done").spending(1)]);
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), "review of question: ForumLimit");
        assert_eq!(world.story().iter().filter(|line| line.contains(" forks: ")).count(), forks, "{}", world.story().join("\n"));
    }
}

#[test]
fn a_chat_pays_for_the_chat_inside_it() {
    let inner = ForumSpec { max_turns: 1, on_limit: OnLimit::Confidence, ..chat("inner", [step("ann"), step("bob")]) };
    let outer = ForumSpec { max_tokens: Some(10), ..chat("outer", [forum(inner), step("cyd")]) };
    let mut world = world(forum(outer), [says("one").sure(1).spending(10), says("two")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: ForumLimit");
}

#[test]
fn a_delegation_is_no_answer_and_not_held_against_the_checks_of_one() {
    let boss = StepSpec { checks: vec![Check::MinConfidence { ppm: Confidence(500_000) }], ..agent("boss") };
    let firm = hierarchy("firm", NodeSpec::Step(boss), [step("ann"), step("bob")]);
    let mut world = world(forum(firm), [delegates(&["ann"]), says("done"), says("go").sure(900_000)]);
    world.run().unwrap();
    assert_eq!(world.story().iter().filter(|line| line.contains("checked")).count(), 1, "the answer, once");
    assert_eq!(world.story().last().unwrap(), "delivered go");
}

#[test]
fn a_managers_floor_puts_no_stalemate_off() {
    let talk = ForumSpec { lead: Some(step("boss")), ..chat("talk", [step("ann"), step("bob")]) };
    let round = || [hands_to("ann"), says("a"), hands_to("bob"), says("b")];
    let acts: Vec<Act> = round().into_iter().chain(round()).chain(round()).collect();
    let mut world = World::new(plan_of(forum(talk)).unwrap(), Script(acts));
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: Stalemate");
    assert_eq!(world.story().iter().filter(|line| line.starts_with("says ")).count(), 8, "each said it twice");
}

#[test]
fn a_repetition_is_of_what_one_said_last() {
    let talk = forum(chat("talk", [step("ann"), step("bob")]));
    let mut world = world(talk, [says("x"), says("1"), says("y"), says("2"), says("y"), says("2"), says("z")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: Stalemate");
    assert_eq!(world.story().iter().filter(|line| line.starts_with("says ")).count(), 6);
}

/// Papers of which each has data of its own.
struct Numbered<'a>(&'a Papers, Vec<[u8; 1]>);

impl Payloads for Numbered<'_> {
    fn content(&self, number: u32) -> Option<Content<'_>> {
        Some(Content { data: self.1.get(number as usize).map(|digit| &digit[..]), ..self.0.content(number)? })
    }

    fn user(&self) -> Option<&[u8]> {
        None
    }
}

#[test]
fn the_same_words_with_other_data_are_no_repetition() {
    let talk = forum(chat("talk", [step("ann"), step("bob")]));
    let mut world = world(talk, [says("yes"), says("no"), says("Yes ")]);
    while world.story().last().is_none_or(|line| line != "says Yes ") {
        world.step().unwrap();
    }
    let repeats = |payloads: &dyn Payloads| {
        let book = Book { rules: &world.shelf.rules, gates: &world.shelf.gates, payloads };
        let events = decide(&world.state, Input::Advanced, &book, world.now).unwrap();
        matches!(&events[..], [Event::FloorPassed(passed)] if passed.said[0].repeats)
    };
    assert!(repeats(&world.shelf.papers), "letter case and spaces make no difference");
    assert!(!repeats(&Numbered(&world.shelf.papers, (b'0'..=b'9').map(|digit| [digit]).collect())));
}

#[test]
fn the_text_of_an_error_is_told_to_those_in_the_same_domain_only() {
    let bank = || domain(walled("bank", step("ann")));
    let firm = |teams: [NodeSpec; 2]| forum(hierarchy("firm", step("boss"), teams));
    for (root, told) in [
        (firm([bank(), step("bob")]), false),
        (firm([step("bob"), step("cyd")]), true),
        (domain(walled("house", firm([step("bob"), step("cyd")]))), true),
        (domain(walled("house", firm([bank(), step("bob")]))), false),
    ] {
        let first = if told { "bob" } else { "bank" };
        let mut world = world(root, [delegates(&[first]), raises(), says("go")]);
        world.run().unwrap();
        let lost = |event: &Event| {
            let Event::BranchEnded(ended) = event else { return None };
            Some(matches!(&ended.end, BranchEnd::Lost { failure: Some(_), .. }))
        };
        assert_eq!(world.journal.iter().find_map(lost), Some(told), "{}", world.story().join("\n"));
    }
}

#[test]
fn the_first_vote_tells_the_answers_apart_for_the_synthesis() {
    let by_field = BallotKey::Field { path: "verdict".into(), fold: Fold::Exact };
    let count = |key, quorum| MethodSpec::Vote { key, quorum, weights: vec![], on_tie: OnTie::Next };
    let methods = [count(BallotKey::Text, Some(Quorum::Count(3))), count(by_field, None)];
    let members = || [step("ann"), step("bob"), step("cyd")];
    let spec = ParallelSpec { synthesis: Some(step("clerk")), ..panel("jury", members(), methods) };
    let world = until(world(parallel(spec), [says("yes a"), says("no"), says("yes b"), says("mostly yes")]), "clerk hears question");
    assert_eq!(seen(&world), ["task question", "ann: yes a (option 0)", "bob: no (option 1)", "cyd: yes b (option 2)"]);
}

#[test]
fn who_joins_late_hears_of_a_managers_words_what_crossed() {
    let open = walled("bank", step("boss"));
    let boss = domain(DomainSpec { exports: Contract { text: false, ..open.exports.clone() }, ..open });
    let members = [step("ann"), step("bob")];
    let talk = ForumSpec { lead: Some(boss), summariser: Some(step("clerk")), window: 1, ..chat("talk", members) };
    let named = says("inside words").to(Whom::Named("bob".into()));
    let acts = [hands_to("ann"), says("one"), hands_to("ann"), says("two"), named, says("in short"), says("three")];
    let world = until(world(forum(talk), acts), "says in short");
    let heard = until(world, "bob hears ");
    assert!(!heard.story().iter().any(|line| line == "bob hears inside words"));
}
