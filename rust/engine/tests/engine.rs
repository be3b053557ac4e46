//! The engine by its own door, with a clock that only the test moves.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that unwraps says what it expects")]

use interlock_engine::{Answer, Clock, Engine, EngineError, Limits, Owed, Request, Started, Status, Step};
use interlock_kernel::Micros;

const START: Micros = Micros(1_700_000_000_000_000);
const RULES: &str = r#"{"rules":[
    {"line":1,"intent":"fire","agent":"brigade","priority":"critical"},
    {"line":2,"intent":"cat","agent":"rescue","priority":"low"}
]}"#;

fn pair() -> &'static str {
    r#"{"name":"pair","root":{"kind":"sequence","name":"pair","nodes":[
        {"kind":"step","agent":"first","timeout_ms":1000},{"kind":"step","agent":"second","timeout_ms":1000}]}}"#
}

fn desk() -> &'static str {
    r#"{"name":"desk","root":{"kind":"relay","name":"desk","entry":{"kind":"step","agent":"triage"},
        "members":[{"kind":"step","agent":"brigade"},{"kind":"step","agent":"rescue"}],"max_handoffs":null}}"#
}

fn engine(limits: Limits) -> Engine {
    Engine::open(None, limits, Clock::manual(START)).unwrap()
}

fn start(engine: &Engine, plan: usize, text: &str) -> (u64, Step) {
    match engine.start(plan, Request { text: text.into(), ..Request::default() }).unwrap() {
        Started::New { run, step, .. } => (run, step),
        other => panic!("{other:?}"),
    }
}

fn says(text: &str) -> Answer {
    Answer { text: text.into(), ..Answer::default() }
}

fn states(intent: &str) -> Answer {
    Answer { intent: Some(intent.into()), ..Answer::default() }
}

fn agent(step: &Step) -> &str {
    match &step.owed {
        Owed::Call(call) => &call.agent,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sequence_passes_each_answer_on_and_delivers_the_last() {
    let engine = engine(Limits::default());
    let plan = engine.add_plan(pair()).unwrap();
    let (run, step) = start(&engine, plan, "hello");
    assert_eq!(agent(&step), "first");
    let step = engine.replied(run, 0, says("one")).unwrap();
    let Owed::Call(call) = &step.owed else { panic!("{step:?}") };
    assert_eq!((&*call.agent, &*call.text, call.sender.as_deref()), ("second", "one", Some("first")));
    let step = engine.replied(run, 1, says("two")).unwrap();
    let Owed::Settled(settled) = step.owed else { panic!("{step:?}") };
    assert_eq!((settled.status, &*settled.text, settled.turns), (Status::Delivered, "two", 2));
}

#[test]
fn a_turn_that_does_not_answer_in_time_goes_to_review_and_its_late_answer_is_counted() {
    let engine = engine(Limits::default());
    let plan = engine.add_plan(pair()).unwrap();
    let (run, step) = start(&engine, plan, "hello");
    assert_eq!(step.wake, Some(Micros(START.0 + 1_000_000)));
    assert!(engine.expire().unwrap().steps.is_empty());
    engine.clock().set(Micros(START.0 + 1_000_001));
    let expired = engine.expire().unwrap().steps;
    assert_eq!(expired.len(), 1);
    let Owed::Settled(settled) = &expired[0].1.owed else { panic!("{expired:?}") };
    assert_eq!(settled.status, Status::InReview);
    assert!(settled.reason.as_ref().unwrap().contains("did not answer within 1000 ms"));
    assert!(matches!(engine.replied(run, 0, says("late")).unwrap().owed, Owed::Nothing));
    assert_eq!(engine.stats().unwrap().absorbed, 1);
}

#[test]
fn a_run_that_nobody_started_is_unknown() {
    let engine = engine(Limits::default());
    assert!(matches!(engine.replied(7, 0, says("?")), Err(EngineError::UnknownRun { .. })));
}

#[test]
fn the_more_urgent_rule_gets_the_next_free_slot() {
    let engine = engine(Limits { max_turns: 1, ..Limits::default() });
    let plan = engine.add_plan(desk()).unwrap();
    engine.set_rules(RULES).unwrap();
    let (cat, step) = start(&engine, plan, "a cat in a tree");
    assert_eq!(agent(&step), "triage");
    let (fire, step) = start(&engine, plan, "a fire");
    assert!(matches!(step.owed, Owed::Queued));
    // The cat's next turn has low priority, so it queues behind the fire's triage, which waits since before.
    let step = engine.replied(cat, 0, states("cat")).unwrap();
    assert!(matches!(step.owed, Owed::Queued));
    assert_eq!(step.granted, [(fire, 0)]);
    assert!(matches!(engine.take(fire, 0).unwrap(), Owed::Call(_)));
    // Now the fire's specialist (critical) competes with the cat's (low) and a newcomer (medium), and overtakes both.
    let (other, step) = start(&engine, plan, "a question");
    assert!(matches!(step.owed, Owed::Queued));
    let step = engine.replied(fire, 0, states("fire")).unwrap();
    assert_eq!(agent(&step), "brigade");
    let step = engine.replied(fire, 1, says("on our way")).unwrap();
    assert_eq!(step.granted, [(other, 0)]);
}

#[test]
fn a_full_engine_says_when_to_come_back_and_starts_nothing() {
    let engine = engine(Limits { max_runs: 1, ..Limits::default() });
    let plan = engine.add_plan(pair()).unwrap();
    start(&engine, plan, "one");
    let refused = engine.start(plan, Request { text: "two".into(), ..Request::default() });
    assert!(matches!(refused, Err(EngineError::Overloaded { retry_after_ms: 1.., limit: 1, .. })));
    assert_eq!(engine.stats().unwrap().started, 1);
}

#[test]
fn a_rule_for_an_agent_that_no_plan_has_is_refused_with_its_place() {
    let engine = engine(Limits::default());
    engine.add_plan(pair()).unwrap();
    let error = engine.set_rules(RULES).unwrap_err();
    assert!(error.to_string().starts_with("routing_rules[0].agent (line 1) names \"brigade\""), "{error}");
    assert_eq!(error.code(), "config.unknown-agent");
}

#[test]
fn an_unfinished_run_comes_back_with_what_it_owes_and_waits_for_agents_that_are_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let id = {
        let engine = Engine::open(Some(&path), Limits::default(), Clock::manual(START)).unwrap();
        let plan = engine.add_plan(pair()).unwrap();
        let Started::New { run, id, .. } = engine.start(plan, Request { text: "hello".into(), ..Request::default() }).unwrap() else {
            panic!("not new")
        };
        engine.replied(run, 0, says("one")).unwrap();
        engine.close().unwrap();
        id
    };
    let engine = Engine::open(Some(&path), Limits::default(), Clock::manual(START)).unwrap();
    assert!(engine.resume_all(&["first".into()]).unwrap().is_empty());
    assert_eq!(engine.waiting().unwrap()[0].1.needs, "plan \"pair\" and agent \"second\"");
    let (_, settled) = engine.look_up(id).unwrap();
    assert_eq!(settled.unwrap().status, Status::Waiting);
    engine.add_plan(pair()).unwrap();
    let mut resumed = engine.resume_all(&["first".into(), "second".into()]).unwrap();
    let back = resumed.remove(0);
    assert_eq!((back.id, agent(&back.step)), (id, "second"));
    let step = engine.replied(back.run, 1, says("two")).unwrap();
    assert!(matches!(step.owed, Owed::Settled(settled) if settled.text == "two"));
}
