//! Effects whose end nobody knows: they are asked about, never guessed.

use interlock_kernel::plan::{Mode, ParallelSpec};
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Event, Input, Refusal, ReviewId, ReviewVerdict, State, TurnId};
use interlock_testkit::{NEVER, Script, World, panel, parallel, says, sequence, step, vote};

use crate::{goes_on, tells, told, until, word, world};

/// The process dies after the intent, and before the end.
fn dies(class: EffectClass) -> World {
    let hangs = says("paid").taking(500).doing(class, 0).lasting(NEVER);
    let mut world = until(world(step("teller"), [hangs, says("paid").doing(class, 0)]), "intends tool");
    world.crash(0).unwrap();
    world
}

fn pat(world: &mut World, review: u32, verdict: ReviewVerdict) {
    word(world, review, ("pat", &[]), verdict).unwrap();
}

fn unknown() -> World {
    let mut world = dies(EffectClass::EffectOnce);
    goes_on(&mut world, 3, ["resumed", "review of question: EffectUnknown", "paused"]);
    world
}

#[test]
fn what_may_be_repeated_is_repeated_under_its_key() {
    let mut world = dies(EffectClass::Effect);
    world.script = Script(vec![says("paid").doing(EffectClass::Effect, 0)]);
    goes_on(&mut world, 3, ["resumed", "intends tool", "completed tool", "says paid", "delivered paid"]);
}

#[test]
fn what_may_happen_once_only_runs_again_when_a_person_says_that_it_did_not() {
    let mut world = unknown();
    pat(&mut world, 0, ReviewVerdict::Approved);
    let rest = ["reviewer approves as it is", "teller hears question", "intends tool", "completed tool", "says paid", "delivered paid"];
    goes_on(&mut world, 6, rest);
}

#[test]
fn a_yes_is_for_one_call() {
    let mut world = unknown();
    world.script = Script(vec![says("paid").taking(500).doing(EffectClass::EffectOnce, 0).lasting(NEVER)]);
    pat(&mut world, 0, ReviewVerdict::Approved);
    let mut world = until(world, "intends tool");
    world.crash(0).unwrap();
    world.run().unwrap();
    assert_eq!(world.story()[9..], ["resumed", "review of question: EffectUnknown", "paused"]);
}

#[test]
fn a_yes_is_for_the_arguments_that_were_looked_at() {
    let mut world = unknown();
    let shown = world.open_review(ReviewId(0)).unwrap().about;
    pat(&mut world, 0, ReviewVerdict::Approved);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.approved.values().copied().collect::<Vec<_>>(), [Some(shown)]);
}

#[test]
fn what_a_person_found_out_is_its_result() {
    let mut world = unknown();
    pat(&mut world, 0, ReviewVerdict::Answered);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(running.effects.values().map(|result| world.papers().text(*result)).collect::<Vec<_>>(), ["a person's answer"]);
    assert!(running.intents.is_empty());
    goes_on(&mut world, 6, ["reviewer says a person's answer", "teller hears question", "says paid", "delivered paid"]);
}

#[test]
fn what_a_person_forbids_is_not_done_again() {
    let mut world = unknown();
    assert_eq!(
        word(&mut world, 0, ("pat", &[]), ReviewVerdict::Edited),
        Err(Refusal::NotPossible { review: ReviewId(0), verdict: ReviewVerdict::Edited }),
        "with other arguments it would be another effect"
    );
    pat(&mut world, 0, ReviewVerdict::Rejected);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!((running.denied.len(), running.intents.len()), (1, 0));
    goes_on(&mut world, 6, ["reviewer rejects", "teller hears question", "says paid", "delivered paid"]);
}

/// The process dies after the intent, and the turn does not repeat the call.
fn forgotten() -> World {
    let mut world = dies(EffectClass::Effect);
    world.script = Script(vec![says("sorry")]);
    goes_on(&mut world, 3, ["resumed", "says sorry", "review of question: EffectForgotten", "paused"]);
    let attached = &world.open_review(ReviewId(0)).unwrap().attached;
    assert_eq!(attached.iter().map(|said| world.papers().text(*said)).collect::<Vec<_>>(), ["sorry"], "what is to be released");
    world
}

#[test]
fn a_forgotten_effect_holds_the_answer_until_a_person_lets_it_be() {
    let mut world = forgotten();
    pat(&mut world, 0, ReviewVerdict::Approved);
    goes_on(&mut world, 7, ["reviewer approves as it is", "delivered sorry"]);
    assert!(matches!(&world.state, State::Ended(ended) if ended.effects == 0));
}

#[test]
fn a_forgotten_effect_has_the_result_that_a_person_gives() {
    let mut world = forgotten();
    pat(&mut world, 0, ReviewVerdict::Answered);
    goes_on(&mut world, 7, ["reviewer says a person's answer", "delivered sorry"]);
    assert!(matches!(&world.state, State::Ended(ended) if ended.effects == 1));
}

#[test]
fn a_forgotten_effect_that_a_person_rejects_ends_the_run() {
    let mut world = forgotten();
    pat(&mut world, 0, ReviewVerdict::Rejected);
    goes_on(&mut world, 7, ["reviewer rejects", "ended: Rejected"]);
}

#[test]
fn nothing_that_was_let_be_happens_once_more_without_a_person() {
    let mut world = dies(EffectClass::EffectOnce);
    world.script =
        Script(vec![says("sorry").to(interlock_testkit::Whom::Named("nobody".into())), says("paid").doing(EffectClass::EffectOnce, 0)]);
    goes_on(&mut world, 3, ["resumed", "says sorry to nobody", "review of question: EffectForgotten", "paused"]);
    pat(&mut world, 0, ReviewVerdict::Approved);
    let again = ["teller hears question again (2)", "review of question: EffectUnknown", "paused"];
    goes_on(&mut world, 7, ["reviewer approves as it is", "refused nobody: UnknownTarget", again[0], again[1], again[2]]);
}

/// Ann's effect is under way when bob's answer is enough.
fn astray(lasting: u64) -> World {
    let first = ParallelSpec { mode: Mode::FirstK(1), ..panel("jury", [step("ann"), step("bob")], [vote()]) };
    let pays = says("paid").taking(500).doing(EffectClass::Effect, 0).lasting(lasting);
    until(world(sequence("row", [parallel(first), step("cyd")]), [pays, says("yes"), says("last")]), "jury calls off the rest")
}

#[test]
fn an_effect_of_a_branch_that_is_over_ends_before_anybody_builds_on_the_others() {
    let mut world = astray(200);
    let since = world.journal.len();
    goes_on(&mut world, since, ["completed tool", "jury takes bob (Won(1) [1000])", "cyd hears yes", "says last", "delivered last"]);
}

#[test]
fn an_effect_of_a_branch_that_is_over_is_asked_about_when_its_process_is_gone() {
    for (verdict, end) in [
        (ReviewVerdict::Approved, "delivered last"),
        (ReviewVerdict::Answered, "delivered last"),
        (ReviewVerdict::Rejected, "ended: Rejected"),
    ] {
        let mut world = astray(NEVER);
        let since = world.journal.len();
        world.crash(0).unwrap();
        goes_on(&mut world, since, ["resumed", "review of question: EffectForgotten", "paused"]);
        assert_eq!(world.state.adjective(), "paused");
        pat(&mut world, 0, verdict);
        world.run().unwrap();
        assert_eq!(world.story().last().unwrap(), end);
    }
}

#[test]
fn a_reply_waits_for_an_effect_that_is_under_way() {
    tells(
        world(step("teller"), [says("paid").doing(EffectClass::Effect, 0).lasting(200)]),
        ["teller hears question", "intends tool", "says paid", "completed tool", "delivered paid"],
    );
}

#[test]
fn an_effect_that_never_ends_holds_its_reply_until_the_run_is_out_of_time() {
    let world = tells(
        world(step("teller"), [says("paid").doing(EffectClass::Effect, 0).lasting(NEVER)]),
        ["teller hears question", "intends tool", "says paid", "ended: DeadlinePassed"],
    );
    assert_eq!(world.now, interlock_kernel::Micros(1_000_000).after_ms(interlock_kernel::limits::RUN_DEADLINE_MS));
}

fn end(world: &mut World, key: EffectKey) -> Result<usize, Refusal> {
    let (arguments, result) = (world.shelf.papers.keep("arguments"), world.shelf.papers.keep("result"));
    let (class, outcome) = (EffectClass::EffectOnce, EffectOutcome::Returned(result));
    told(world, Input::EffectEnded { turn: TurnId(0), key, tool: "tool".into(), class, arguments, outcome, label: None, assigned: None })
}

#[test]
fn an_end_that_comes_after_the_decision_changes_nothing() {
    let mut world = unknown();
    let State::Running(running) = &world.state else { panic!("it is paused") };
    let key = *running.intents.keys().next().unwrap();
    pat(&mut world, 0, ReviewVerdict::Answered);
    assert_eq!(end(&mut world, key), Ok(0));
    assert_eq!(end(&mut world, EffectKey([9; 16])), Err(Refusal::NotAwaited), "that one was never intended");
}

#[test]
fn what_the_tool_itself_returned_stands_against_what_a_person_thinks() {
    let mut world = unknown();
    let State::Running(running) = &world.state else { panic!("it is paused") };
    let key = *running.intents.keys().next().unwrap();
    assert_eq!(end(&mut world, key), Ok(1));
    pat(&mut world, 0, ReviewVerdict::Answered);
    let State::Running(running) = &world.state else { panic!("it goes on") };
    assert_eq!(world.papers().text(running.effects[&key]), "result");
}

#[test]
fn after_a_crash_an_effect_keeps_the_arguments_that_it_was_begun_with() {
    for (class, line) in [(EffectClass::Effect, "intends tool"), (EffectClass::EffectOnce, "review of question: EffectUnknown")] {
        let mut world = dies(class);
        let State::Running(running) = &world.state else { panic!("it was resumed") };
        let key = *running.intents.keys().next().unwrap();
        let arguments = world.shelf.papers.keep("other arguments");
        let begin = Input::EffectBegun { turn: TurnId(0), key, tool: "tool".into(), class, arguments, approve: None, attached: Vec::new() };
        assert_eq!(told(&mut world, begin), Ok(1));
        assert_eq!(world.story().last().unwrap(), line);
        if let Some(Event::EffectIntended(intended)) = world.journal.last() {
            assert_eq!(world.papers().text(intended.arguments), "question");
        }
    }
}
