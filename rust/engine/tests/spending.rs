//! Budgets by the engine's own door, with a clock that only the test moves.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that unwraps says what it expects")]

use std::path::Path;

use interlock_engine::{
    Answer, Clock, Effect, EffectStart, Engine, Limits, ModelCall, ModelStart, ModelUsed, Owed, Request, Started, Status, Step,
};
use interlock_guard::Off;
use interlock_guard::budget::Per;
use interlock_kernel::{EffectClass, EffectKey, Micros};

const START: Micros = Micros(1_700_000_000_000_000);
const HOUR_US: u64 = 3_600_000_000;

fn engine(path: Option<&Path>, at: Micros, limits: &str) -> (Engine, usize) {
    let engine = Engine::open(path, Limits::default(), Clock::manual(at)).unwrap();
    engine.set_guards(&format!(r#"{{"budgets":{limits}}}"#), Off::default()).unwrap();
    let pair = r#"{"name":"pair","root":{"kind":"sequence","name":"pair","nodes":[
        {"kind":"step","agent":"first","timeout_ms":1000},{"kind":"step","agent":"second","timeout_ms":1000}]}}"#;
    let plan = engine.add_plan(pair).unwrap();
    engine.resume_all(&["first".into(), "second".into()]).unwrap();
    (engine, plan)
}

fn start(engine: &Engine, plan: usize) -> (u64, Step) {
    let user = Some(br#"{"id":"ada","tenant":"acme"}"#.to_vec());
    match engine.start(plan, Request { text: "hello, you".into(), user, ..Request::default() }).unwrap() {
        Started::New { run, step, .. } => (run, step),
        other => panic!("{other:?}"),
    }
}

fn says(engine: &Engine, run: u64, turn: u32, tokens: u32) -> Step {
    engine.replied(run, turn, Answer { text: "done".into(), tokens: Some(tokens), ..Answer::default() }).unwrap()
}

fn is_called(step: &Step) -> bool {
    matches!(step.owed, Owed::Call(_))
}

fn status(step: &Step) -> Status {
    match &step.owed {
        Owed::Settled(settled) => settled.status,
        other => panic!("{other:?}"),
    }
}

/// Of each limited sum of the user and the tenant: spent and reserved.
fn standing(engine: &Engine) -> Vec<(u64, u64)> {
    let text = engine.budget(&[(Per::User, "ada"), (Per::Tenant, "acme")]).unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    rows.iter().map(|row| (row["spent"].as_u64().unwrap(), row["reserved"].as_u64().unwrap())).collect()
}

fn think(engine: &Engine, run: u64, turn: u32, tokens: u64) -> Option<EffectKey> {
    let call = ModelCall { model: "m".into(), input_tokens: tokens, output_tokens: 0, cost_micro: 7 };
    match engine.model_begun(run, turn, &call).unwrap() {
        ModelStart::Goes { key, .. } => Some(key),
        ModelStart::Short(_) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_window_that_rolls_over_lets_turns_be_taken_again() {
    let (engine, plan) = engine(None, START, r#"[{"per":"tenant","turns":2,"every":"hour"}]"#);
    let (run, step) = start(&engine, plan);
    assert!(is_called(&step));
    assert_eq!(standing(&engine), [(0, 1)]);
    assert!(is_called(&says(&engine, run, 0, 5)));
    assert_eq!(status(&says(&engine, run, 1, 5)), Status::Delivered);
    assert_eq!(standing(&engine), [(2, 0)]);
    assert_eq!(status(&start(&engine, plan).1), Status::InReview);
    engine.clock().set(Micros(START.0 + HOUR_US));
    assert!(is_called(&start(&engine, plan).1));
}

#[test]
fn a_run_that_is_called_off_books_what_it_held_back() {
    let (engine, plan) = engine(None, START, r#"[{"per":"user","tokens":100}]"#);
    let (run, _) = start(&engine, plan);
    assert_eq!(standing(&engine), [(0, 3)]);
    let key = think(&engine, run, 0, 40).unwrap();
    assert_eq!(standing(&engine), [(0, 40)]); // its calls say what the turn takes
    assert!(think(&engine, run, 0, 61).is_none());
    engine.cancel(run, None).unwrap();
    assert_eq!((standing(&engine), engine.held_back().unwrap()), (vec![(40, 0)], 0));
    engine.model_ended(run, 0, (key, "m"), Some((ModelUsed { input_tokens: 9, output_tokens: 0, cost_micro: 0 }, [1; 16]))).unwrap();
    assert_eq!(standing(&engine), [(40, 0)]); // too late
}

#[test]
fn a_run_s_time_is_limited() {
    let (engine, plan) = engine(None, START, r#"[{"per":"run","seconds":0.5}]"#);
    let (run, _) = start(&engine, plan);
    engine.clock().set(Micros(START.0 + 600_000));
    assert_eq!(status(&says(&engine, run, 0, 5)), Status::InReview);
}

#[test]
fn what_was_spent_is_read_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (file, limits) = (
        folder.path().join("j.db"),
        r#"[{"per":"user","tokens":1000,"turns":50,"tool_calls":9},{"per":"tenant","cost":1,"every":"hour"}]"#,
    );
    let (first, plan) = engine(Some(&file), START, limits);
    let (run, _) = start(&first, plan);
    let tool = |class| Effect {
        tool: "look".into(),
        class,
        arguments: b"{}".to_vec(),
        approve: None,
        scopes: Vec::new(),
        about: None,
        is_open: false,
    };
    for class in [EffectClass::Pure, EffectClass::Effect] {
        let EffectStart::Run { key, .. } = first.effect_begun(run, 0, tool(class)).unwrap() else { panic!() };
        first.effect_ended(run, key, true, b"1".to_vec(), None).unwrap();
    }
    let key = think(&first, run, 0, 40).unwrap();
    let used = ModelUsed { input_tokens: 30, output_tokens: 2, cost_micro: 6 };
    first.model_ended(run, 0, (key, "m"), Some((used, [1; 16]))).unwrap();
    let again = think(&first, run, 0, 40).unwrap();
    first.model_ended(run, 0, (again, "m"), Some((used, [1; 16]))).unwrap(); // the same response
    says(&first, run, 0, 35);
    says(&first, run, 1, 10);
    assert!(think(&first, start(&first, plan).0, 0, 1_000).is_none());
    let (cancelled, _) = start(&first, plan);
    first.cancel(cancelled, None).unwrap();
    let spent = standing(&first);
    let turns_out = spent[1].1;
    assert_eq!((spent[0], turns_out, spent[2]), ((48, 0), 1, (2, 0)));
    first.close().unwrap();
    drop(first);

    let (second, _) = engine(Some(&file), START, limits);
    let now = standing(&second);
    assert_eq!(now[0].0, 48); // the turn that was out would have made its calls itself, and was told that they don't fit
    assert_eq!(now[1], (spent[1].0 + turns_out, 1)); // it is taken again: a turn more
    assert_eq!((now[2], now[3]), (spent[2], spent[3]));
    second.close().unwrap();
    drop(second);
    let (third, _) = engine(Some(&file), Micros(START.0 + HOUR_US), limits);
    assert_eq!(standing(&third)[3].0, 0); // another hour
}

#[test]
fn a_new_configuration_takes_over_what_was_spent() {
    let (engine, plan) = engine(None, START, r#"[{"per":"user","tokens":100}]"#);
    let (run, _) = start(&engine, plan);
    says(&engine, run, 0, 60);
    engine.set_guards(r#"{"budgets":[{"per":"user","tokens":70}]}"#, Off::default()).unwrap();
    assert_eq!(standing(&engine), [(60, 1)]);
    says(&engine, run, 1, 10);
    assert_eq!((standing(&engine), engine.held_back().unwrap()), (vec![(70, 0)], 0));
    engine.set_guards(r#"{"budgets":[{"per":"user","tokens":70}]}"#, Off { budgets: true, ..Off::default() }).unwrap();
    assert!(is_called(&start(&engine, plan).1));
}
