//! How a chat ends: at its limits, in a stalemate, by a checker that accepts, or with a member that fails.

use interlock_kernel::plan::{ForumSpec, NodeSpec, OnLimit};
use interlock_testkit::{ALWAYS, DONE, chat, forum, maker_checker, raises, says, sequence, step};

use crate::{attached, seen, tells, until, world};

fn pair() -> ForumSpec {
    chat("chat", [step("ann"), step("bob")])
}

#[test]
fn at_the_limit_a_person_gets_the_whole_thread() {
    let spec = ForumSpec { max_turns: 3, ..pair() };
    let mut world = world(forum(spec), [says("one"), says("two"), says("three")]);
    world.run().unwrap();
    assert_eq!(world.story()[world.journal.len() - 2..], ["chat: open, ForumLimit", "review of question: ForumLimit"]);
    assert_eq!(attached(&world), ["one", "two", "three"]);
}

#[test]
fn at_the_limit_the_surest_may_be_the_answer_and_of_two_the_earlier() {
    let spec = ForumSpec { max_turns: 3, on_limit: OnLimit::Confidence, ..pair() };
    let acts = [says("one").sure(5), says("two").sure(9), says("three").sure(9)];
    let mut sure = world(forum(spec.clone()), acts);
    sure.run().unwrap();
    assert_eq!(sure.story()[sure.journal.len() - 2..], ["chat: Surest with number 1", "delivered two"]);
    let mut unsure = world(forum(spec), [says("one"), says("two"), says("three")]);
    unsure.run().unwrap();
    assert_eq!(unsure.story().last().unwrap(), "review of question: ForumLimit");
}

#[test]
fn at_the_limit_a_supervisor_may_see_the_thread_and_answer() {
    let spec = ForumSpec { max_turns: 2, on_limit: OnLimit::Supervisor(Box::new(step("judge"))), ..pair() };
    let world = until(world(forum(spec), [says("one"), says("two"), says("verdict")]), "judge hears question");
    assert_eq!(seen(&world), ["task question", "ann: one", "bob: two"]);
    tells(
        world,
        [
            "ann hears question",
            "says one",
            "chat: bob gets one",
            "bob hears one",
            "says two",
            "chat: judge gets question",
            "judge hears question",
            "says verdict",
            "chat: Supervised with number 2",
            "delivered verdict",
        ],
    );
}

#[test]
fn at_the_limit_the_run_may_fail() {
    let spec = ForumSpec { max_turns: 1, on_limit: OnLimit::Fail, ..pair() };
    tells(world(forum(spec), [says("one")]), ["ann hears question", "says one", "chat: open, ForumLimit", "ended: ForumLimit"]);
}

#[test]
fn tokens_have_a_limit_too() {
    let spec = ForumSpec { max_tokens: Some(100), ..pair() };
    let mut world = world(forum(spec), [says("one").spending(60), says("two").spending(40)]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: ForumLimit");
    assert_eq!(attached(&world), ["one", "two"]);
}

#[test]
fn a_chat_in_which_everybody_repeats_themselves_is_a_stalemate() {
    let acts = [says("yes"), says("no"), says("Yes"), says("no")];
    tells(
        world(forum(pair()), acts),
        [
            "ann hears question",
            "says yes",
            "chat: bob gets yes",
            "bob hears yes",
            "says no",
            "chat: ann gets no",
            "ann hears no",
            "says Yes",
            "chat: bob gets Yes",
            "bob hears Yes",
            "says no",
            "chat: stalled; open, Stalemate",
            "review of question: Stalemate",
        ],
    );
}

#[test]
fn somebody_who_says_something_new_breaks_a_stalemate() {
    let spec = ForumSpec { until: Some(DONE), ..pair() };
    let mut world = world(forum(spec), [says("yes"), says("no"), says("yes"), says("maybe"), says("yes"), says("done")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered done");
}

#[test]
fn a_checker_that_accepts_ends_it_with_the_draft() {
    tells(
        world(forum(maker_checker("desk", "maker", "checker", 3)), [says("draft"), says("too long"), says("short draft"), says("accept")]),
        [
            "maker hears question",
            "says draft",
            "desk: checker gets draft",
            "checker hears draft",
            "says too long",
            "desk: maker gets too long",
            "maker hears too long",
            "says short draft",
            "desk: checker gets short draft",
            "checker hears short draft",
            "says accept",
            "desk: Accepted with number 2",
            "delivered short draft",
        ],
    );
}

#[test]
fn a_maker_that_says_the_word_accepts_nothing() {
    let mut world = world(forum(maker_checker("desk", "maker", "checker", 1)), [says("accept"), says("no")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of question: ForumLimit");
}

#[test]
fn a_member_that_fails_for_good_is_for_a_person() {
    let mut world = world(forum(pair()), [says("one"), raises()]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "review of one: StepFailed");
    assert_eq!(attached(&world), ["one"]);
}

#[test]
fn a_chat_inside_a_chat_begins_anew_each_time_it_has_the_floor() {
    let inner = forum(ForumSpec { name: "inner".into(), max_turns: 2, on_limit: OnLimit::Confidence, ..pair() });
    let outer = forum(ForumSpec { max_turns: 3, ..chat("outer", [step("cyd"), inner]) });
    let acts = [says("a"), says("b").sure(1), says("c").sure(2), says("d"), says("e").sure(1), says("f").sure(2)];
    let spec = sequence("both", [outer]);
    tells(
        world(spec, acts),
        [
            "cyd hears question",
            "says a",
            "outer: inner gets a",
            "ann hears a",
            "says b",
            "inner: bob gets b",
            "bob hears b",
            "says c",
            "inner: Surest with number 1",
            "outer: cyd gets c",
            "cyd hears c",
            "says d",
            "outer: open, ForumLimit",
            "review of question: ForumLimit",
        ],
    );
    let again = forum(ForumSpec { max_turns: 2, until: Some(DONE), ..chat("outer", [inner_of_one()]) });
    let mut world = world(again, [says("a"), says("done")]);
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered done");
}

fn inner_of_one() -> NodeSpec {
    forum(ForumSpec { max_turns: 1, until: Some(ALWAYS), ..chat("inner", [step("ann")]) })
}

#[test]
fn what_was_said_in_an_inner_chat_before_does_not_count_when_it_has_the_floor_again() {
    let inner = forum(ForumSpec { name: "inner".into(), max_turns: 2, on_limit: OnLimit::Confidence, ..pair() });
    let outer = forum(ForumSpec { max_turns: 3, ..chat("outer", [inner, step("cyd")]) });
    let acts = [says("a").sure(9), says("b").sure(8), says("c"), says("d").sure(1), says("e").sure(2)];
    tells(
        world(outer, acts),
        [
            "ann hears question",
            "says a",
            "inner: bob gets a",
            "bob hears a",
            "says b",
            "inner: Surest with number 0",
            "outer: cyd gets a",
            "cyd hears a",
            "says c",
            "outer: inner gets c",
            "ann hears c",
            "says d",
            "inner: bob gets d",
            "bob hears d",
            "says e",
            "inner: Surest with number 1",
            "outer: open, ForumLimit",
            "review of question: ForumLimit",
        ],
    );
}
