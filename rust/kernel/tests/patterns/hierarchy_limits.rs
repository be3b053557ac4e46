//! What a hierarchy keeps to: breadth, number, tokens, and authority that only narrows.

use interlock_kernel::plan::{ForumSpec, NodeSpec, OnLimit, StepSpec};
use interlock_kernel::{Name, State, scopes};
use interlock_testkit::{ALWAYS, World, agent, delegates, forum, goes_to, hierarchy, says, sequence, step};

use crate::{attached, world};

fn firm() -> ForumSpec {
    hierarchy("firm", step("boss"), [step("legal"), step("risk"), step("sales")])
}

#[test]
fn more_at_once_than_the_fan_out_is_refused_and_so_is_the_same_team_twice() {
    for (act, refused) in [
        (delegates(&["legal", "risk", "sales"]), "refused sales: FanOut"),
        (delegates(&["legal", "legal"]), "refused legal: Twice"),
        (delegates(&["wizard"]), "refused wizard: UnknownTarget"),
    ] {
        let mut world = world(forum(firm()), [act, says("myself")]);
        world.run().unwrap();
        let last = [refused, "boss hears question again (2)", "says myself", "firm: Finished with number 0", "delivered myself"];
        assert_eq!(world.story()[world.journal.len() - 5..], last);
    }
}

#[test]
fn who_leads_nobody_delegates_to_nobody() {
    let mut world = world(sequence("row", [step("ann"), step("bob")]), [delegates(&["bob"]), delegates(&["bob"])]);
    world.run().unwrap();
    assert_eq!(world.story()[world.journal.len() - 2..], ["refused bob: UnknownTarget", "review of question: HandOffLimit"]);
}

#[test]
fn at_the_limit_a_supervisor_may_conclude_but_not_delegate_further() {
    let spec = ForumSpec { max_turns: 1, ..firm() };
    let mut concludes = world(forum(spec.clone()), [delegates(&["legal"]), says("fine"), says("go")]);
    concludes.run().unwrap();
    assert_eq!(concludes.story().last().unwrap(), "delivered go");
    let mut goes_on = world(forum(spec), [delegates(&["legal"]), says("fine"), delegates(&["risk"])]);
    goes_on.run().unwrap();
    assert_eq!(goes_on.story()[goes_on.journal.len() - 2..], ["firm: open, ForumLimit", "review of question: ForumLimit"]);
    assert_eq!(attached(&goes_on), ["fine"]);
}

#[test]
fn at_the_limit_of_tokens_not_even_the_supervisor_goes_on() {
    let spec = ForumSpec { max_tokens: Some(50), on_limit: OnLimit::Supervisor(Box::new(step("judge"))), ..firm() };
    let mut world = world(forum(spec), [delegates(&["legal"]).spending(0), says("fine").spending(50), says("verdict")]);
    world.run().unwrap();
    assert_eq!(
        world.story()[world.journal.len() - 5..],
        ["firm: judge gets question", "judge hears question", "says verdict", "firm: Supervised with number 1", "delivered verdict"]
    );
}

#[test]
fn the_surest_report_may_be_the_answer_at_the_limit_and_the_run_may_fail() {
    let acts = || [delegates(&["legal", "risk"]), says("fine").sure(3), says("low").sure(5), delegates(&["sales"])];
    for (on_limit, last) in [(OnLimit::Confidence, "delivered low"), (OnLimit::Fail, "ended: ForumLimit")] {
        let mut world = world(forum(ForumSpec { max_turns: 2, on_limit, ..firm() }), acts());
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), last);
    }
}

#[test]
fn rules_that_delegate_for_ever_end_at_the_limit() {
    let rules = vec![goes_to(ALWAYS, &["legal"])];
    let spec = ForumSpec { lead: None, rules, max_turns: 3, ..hierarchy("firm", step("boss"), [step("legal")]) };
    let mut world = world(forum(spec), [says("a"), says("b"), says("c")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: ForumLimit");
    assert_eq!(attached(&world), ["a", "b", "c"]);
}

fn scoped(name: &str, all: &[&str]) -> NodeSpec {
    NodeSpec::Step(StepSpec { scopes: all.iter().map(|scope| Name::from(*scope)).collect(), ..agent(name) })
}

/// What the agent that was started last may reach.
fn reach(world: &World) -> Vec<Name> {
    let State::Running(running) = &world.state else { panic!("it is over") };
    let (_, turn) = running.turns_at_work().max_by_key(|(_, turn)| turn.id).unwrap();
    scopes(running, turn).to_vec()
}

#[test]
fn authority_only_narrows_on_the_way_down() {
    let inner = forum(hierarchy("inner", scoped("counsel", &["read", "pay"]), [scoped("clerk", &["read", "write", "pay"])]));
    let outer = forum(hierarchy("outer", scoped("boss", &["read", "write"]), [inner]));
    let mut world = world(outer, [delegates(&["inner"]), delegates(&["clerk"]), says("done")]);
    for (line, may) in
        [("boss hears question", &["read", "write"][..]), ("counsel hears question", &["read"]), ("clerk hears question", &["read"])]
    {
        while world.story().last().is_none_or(|last| last != line) {
            world.step().unwrap();
        }
        assert_eq!(reach(&world).iter().map(|name| &**name).collect::<Vec<_>>(), may, "{line}");
    }
}
