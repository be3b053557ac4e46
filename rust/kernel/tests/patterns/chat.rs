//! Group chat: a shared thread, what each sees of it, and whose turn it is.

use interlock_kernel::plan::ForumSpec;
use interlock_kernel::{Event, RuleOutcome};
use interlock_testkit::{ALWAYS, DONE, ERRS, Whom, chat, forum, goes_to, hands_to, says, step, word};

use crate::{seen, tells, until, world};

fn round() -> ForumSpec {
    chat("chat", [step("ann"), step("bob"), step("cyd")])
}

fn pair() -> ForumSpec {
    chat("chat", [step("ann"), step("bob")])
}

fn led() -> ForumSpec {
    ForumSpec { lead: Some(step("boss")), ..pair() }
}

#[test]
fn members_speak_in_turn_until_the_condition_holds() {
    let spec = ForumSpec { until: Some(DONE), ..round() };
    tells(
        world(forum(spec), [says("one"), says("two"), says("three"), says("done")]),
        [
            "ann hears question",
            "says one",
            "chat: bob gets one",
            "bob hears one",
            "says two",
            "chat: cyd gets two",
            "cyd hears two",
            "says three",
            "chat: ann gets three",
            "ann hears three",
            "says done",
            "chat: Until with number 3",
            "delivered done",
        ],
    );
}

#[test]
fn a_speaker_sees_the_task_and_the_thread_as_far_as_the_window_reaches() {
    let acts = || [says("one"), says("two"), says("three"), says("four")];
    let full = until(world(forum(round()), acts()), "ann hears three");
    assert_eq!(seen(&full), ["task question", "ann: one", "bob: two", "cyd: three"]);
    let narrow = until(world(forum(ForumSpec { window: 2, ..round() }), acts()), "ann hears three");
    assert_eq!(seen(&narrow), ["task question", "bob: two", "cyd: three"]);
}

#[test]
fn who_joins_late_hears_a_summary_of_what_lies_before_the_window() {
    // bob and ann go on for a while before cyd joins.
    let rules = vec![goes_to(word("next"), &["cyd"]), goes_to(word("yes"), &["bob"]), goes_to(ALWAYS, &["ann"])];
    let spec = ForumSpec { rules, window: 1, summariser: Some(step("scribe")), until: Some(DONE), ..round() };
    let acts = [says("yes"), says("no"), says("next"), says("so far"), says("done")];
    let world = until(world(forum(spec), acts), "scribe hears next");
    assert_eq!(seen(&world), ["task question", "ann: yes", "bob: no", "ann: next"], "who sums up sees everything");
    let world = until(world, "cyd hears next");
    assert_eq!(seen(&world), ["task question", "summary so far", "ann: next"]);
    tells(
        world,
        [
            "chat: ann gets question",
            "ann hears question",
            "says yes",
            "chat: bob gets yes",
            "bob hears yes",
            "says no",
            "chat: ann gets no",
            "ann hears no",
            "says next",
            "chat: a summary for cyd",
            "scribe hears next",
            "says so far",
            "chat: cyd gets next",
            "cyd hears next",
            "says done",
            "chat: Until with number 3",
            "delivered done",
        ],
    );
}

#[test]
fn rules_say_who_is_next_and_a_rule_that_errs_is_on_record() {
    let rules = vec![goes_to(ERRS, &["cyd"]), goes_to(word("yes"), &["ann"])];
    let spec = ForumSpec { rules, until: Some(DONE), ..round() };
    let world = tells(
        world(forum(spec), [says("yes"), says("no"), says("done")]),
        [
            "chat: ann gets question",
            "ann hears question",
            "says yes",
            "chat: ann gets yes",
            "ann hears yes",
            "says no",
            "chat: bob gets no",
            "bob hears no",
            "says done",
            "chat: Until with number 2",
            "delivered done",
        ],
    );
    let Event::FloorPassed(passed) = &world.journal[1] else { panic!("{:?}", world.journal[1]) };
    assert!(matches!(passed.considered[0].outcome, RuleOutcome::Erred(_)));
}

#[test]
fn a_condition_that_errs_ends_nothing_and_is_on_record() {
    let spec = ForumSpec { until: Some(ERRS), max_turns: 1, ..pair() };
    tells(
        world(forum(spec), [says("one")]),
        ["ann hears question", "says one", "chat: a condition erred; open, ForumLimit", "review of question: ForumLimit"],
    );
}

#[test]
fn a_manager_names_the_next_and_ends_it_by_answering() {
    let acts = [hands_to("bob"), says("one"), says("and you?").to(Whom::Named("ann".into())), says("two"), says("so it is")];
    tells(
        world(forum(led()), acts),
        [
            "boss hears question",
            "says nothing to bob",
            "chat: bob gets question",
            "bob hears question",
            "says one",
            "chat: boss gets one",
            "boss hears one",
            "says and you? to ann",
            "chat: ann gets and you?",
            "ann hears and you?",
            "says two",
            "chat: boss gets two",
            "boss hears two",
            "says so it is",
            "chat: Finished with number 2",
            "delivered so it is",
        ],
    );
}

#[test]
fn a_manager_that_names_nobody_known_is_told() {
    tells(
        world(forum(led()), [hands_to("wizard"), says("myself")]),
        [
            "boss hears question",
            "says nothing to wizard",
            "refused wizard: UnknownTarget",
            "boss hears question again (2)",
            "says myself",
            "chat: Finished with number 0",
            "delivered myself",
        ],
    );
}

#[test]
fn a_member_of_a_chat_does_not_choose_the_next() {
    let acts = [hands_to("bob"), hands_to("bob")];
    tells(
        world(forum(pair()), acts),
        [
            "ann hears question",
            "says nothing to bob",
            "refused bob: UnknownTarget",
            "ann hears question again (2)",
            "says nothing to bob",
            "refused bob: UnknownTarget",
            "review of question: HandOffLimit",
        ],
    );
}
