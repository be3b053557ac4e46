//! Hierarchy: a supervisor delegates, an agent or rules; teams work apart, and report.

use interlock_kernel::plan::ForumSpec;
use interlock_testkit::{Whom, delegates, forum, goes_to, hands_to, hierarchy, panel, parallel, raises, says, step, tasks, vote, word};

use crate::{seen, tells, world};

fn firm() -> ForumSpec {
    hierarchy("firm", step("boss"), [step("legal"), step("risk"), step("sales")])
}

fn ruled(spec: ForumSpec) -> ForumSpec {
    let rules = vec![goes_to(word("question"), &["legal", "risk"]), goes_to(word("next"), &["sales"])];
    ForumSpec { lead: None, rules, ..spec }
}

#[test]
fn a_supervisor_delegates_hears_the_report_and_answers() {
    tells(
        world(forum(firm()), [delegates(&["legal"]), says("fine"), says("go")]),
        [
            "boss hears question",
            "says nothing for legal",
            "firm: legal gets question",
            "firm forks: legal gets question",
            "legal hears question",
            "says fine",
            "legal ends with fine",
            "firm: boss gets question",
            "boss hears question",
            "says go",
            "firm: Finished with number 1",
            "delivered go",
        ],
    );
}

#[test]
fn teams_that_are_named_together_work_at_once_on_what_is_written_to_each() {
    let mut world =
        world(forum(firm()), [tasks(&[("legal", "read it"), ("risk", "rate it")]), says("fine").taking(30), says("low"), says("go")]);
    while world.story().last().is_none_or(|line| line != "firm: boss gets question") {
        world.step().unwrap();
    }
    world.step().unwrap();
    assert_eq!(seen(&world), ["task question", "legal: fine", "risk: low"], "reports stand in the order of the delegation");
    tells(
        world,
        [
            "boss hears question",
            "says nothing for legal and risk",
            "firm: legal gets read it, risk gets rate it",
            "firm forks: legal gets read it, risk gets rate it",
            "legal hears read it",
            "risk hears rate it",
            "says low",
            "risk ends with low",
            "says fine",
            "legal ends with fine",
            "firm: boss gets question",
            "boss hears question",
            "says go",
            "firm: Finished with number 2",
            "delivered go",
        ],
    );
}

#[test]
fn a_handoff_to_a_team_delegates_to_it() {
    let note = says("read it").to(Whom::Named("legal".into()));
    for (act, heard) in [(hands_to("legal"), "legal hears question"), (note, "legal hears read it")] {
        let mut world = world(forum(firm()), [act, says("fine"), says("go")]);
        world.run().unwrap();
        assert!(world.story().iter().any(|line| line == heard), "{:?}", world.story());
        assert_eq!(world.story().last().unwrap(), "delivered go");
    }
}

#[test]
fn a_team_that_fails_is_reported_with_the_reason() {
    let mut world = world(forum(firm()), [delegates(&["legal", "risk"]), raises(), says("low"), says("go")]);
    while world.story().last().is_none_or(|line| !line.starts_with("firm: legal is missing")) {
        world.step().unwrap();
    }
    assert_eq!(world.story().last().unwrap(), "firm: legal is missing (StepFailed); boss gets question");
    world.step().unwrap();
    assert_eq!(seen(&world), ["task question", "legal is missing (StepFailed)", "risk: low"]);
}

#[test]
fn a_team_works_apart_and_sees_nothing_of_the_others() {
    let mut world = world(forum(firm()), [delegates(&["legal"]), says("fine"), delegates(&["risk"])]);
    while world.story().last().is_none_or(|line| line != "risk hears question") {
        world.step().unwrap();
    }
    assert_eq!(seen(&world), Vec::<String>::new());
}

#[test]
fn rules_may_supervise_and_the_last_report_is_the_answer() {
    tells(
        world(forum(ruled(firm())), [says("fine"), says("next"), says("sold")]),
        [
            "firm: legal gets question, risk gets question",
            "firm forks: legal gets question, risk gets question",
            "legal hears question",
            "risk hears question",
            "says fine",
            "legal ends with fine",
            "says next",
            "risk ends with next",
            "firm: sales gets next",
            "firm forks: sales gets next",
            "sales hears next",
            "says sold",
            "sales ends with sold",
            "firm: Finished with number 2",
            "delivered sold",
        ],
    );
}

#[test]
fn rules_of_which_none_holds_find_nobody_and_teams_that_all_fail_have_no_answer() {
    let nobody = ForumSpec { rules: vec![goes_to(word("reject"), &["legal"])], ..ruled(hierarchy("firm", step("boss"), [step("legal")])) };
    tells(world(forum(nobody), [says("")]), ["firm: open, NoRoute", "review of question: NoRoute"]);
    let mut failed = world(forum(ruled(firm())), [raises()]);
    failed.run().unwrap();
    assert_eq!(failed.story().last().unwrap(), "review of question: NoAnswers");
}

#[test]
fn a_team_may_be_a_hierarchy_or_a_panel_itself() {
    let court = parallel(panel("court", [step("ann"), step("bob")], [vote()]));
    let legal = forum(hierarchy("legal", step("counsel"), [step("clerk"), court]));
    let firm = forum(hierarchy("firm", step("boss"), [legal, step("risk")]));
    let acts = [delegates(&["legal"]), delegates(&["clerk", "court"]), says("filed"), says("yes"), says("yes"), says("fine"), says("go")];
    tells(
        world(firm, acts),
        [
            "boss hears question",
            "says nothing for legal",
            "firm: legal gets question",
            "firm forks: legal gets question",
            "counsel hears question",
            "says nothing for clerk and court",
            "legal: clerk gets question, court gets question",
            "legal forks: clerk gets question, court gets question",
            "clerk hears question",
            "court forks: ann gets question, bob gets question",
            "ann hears question",
            "bob hears question",
            "says filed",
            "clerk ends with filed",
            "says yes",
            "ann ends with yes",
            "says yes",
            "bob ends with yes",
            "court takes ann (Won(0) [2000])",
            "court ends with yes",
            "legal: counsel gets question",
            "counsel hears question",
            "says fine",
            "legal: Finished with number 2",
            "legal ends with fine",
            "firm: boss gets question",
            "boss hears question",
            "says go",
            "firm: Finished with number 1",
            "delivered go",
        ],
    );
}
