//! The exact edges of the cascade and of a table. Each was found by a mutant that nobody noticed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{book, compile, decided, neighbour, query};
use interlock_kernel::{RouteQuery, Stage, Target};
use serde_json::{Value, json};

fn semantic() -> Value {
    let rules = json!([{"line": 1, "intent": "refund", "agent": "billing"}, {"line": 2, "intent": "unknown", "agent": "desk"}]);
    json!({"rules": rules, "semantic": {"line": 3, "k": 5, "threshold_ppm": 300_000, "margin_ppm": 0}})
}

#[test]
fn an_intent_that_the_examples_found_and_no_rule_takes_is_not_asked_about_again() {
    let near = [neighbour(1, "outage", 900_000)];
    let asked = RouteQuery { neighbours: Some((&near, 1)), has_router: true, ..query(None) };
    let decision = decided(&book(&semantic()), &asked);
    assert_eq!((decision.stage, decision.target), (Stage::Unknown, Target::Agent("desk".into())));
}

#[test]
fn examples_of_the_unknown_find_no_intent() {
    let near = [neighbour(1, "unknown", 900_000)];
    let table = book(&semantic());
    let asked = RouteQuery { neighbours: Some((&near, 1)), ..query(None) };
    assert_eq!(decided(&table, &asked).stage, Stage::Unknown);
    assert_eq!(decided(&table, &RouteQuery { has_router: true, ..asked }).stage, Stage::Router);
}

#[test]
fn who_states_any_or_unknown_has_stated_nothing() {
    for said in ["any", "unknown"] {
        let decision = decided(&book(&semantic()), &RouteQuery { has_router: true, ..query(Some(said)) });
        assert_eq!(decision.stage, Stage::Router, "{said}");
    }
}

#[test]
fn a_share_may_be_the_whole_and_no_more() {
    let table = |ppm: u32| compile(&json!({"rules": [], "semantic": {"line": 1, "k": 1, "threshold_ppm": ppm, "margin_ppm": ppm}}));
    assert!(table(1_000_000).is_ok());
    assert!(table(1_000_001).is_err());
}

#[test]
fn of_two_intents_as_strong_the_first_name_comes_first() {
    let near = [neighbour(1, "refund", 900_000), neighbour(2, "outage", 900_000)];
    let decision = decided(&book(&semantic()), &RouteQuery { neighbours: Some((&near, 1)), ..query(None) });
    assert_eq!(decision.evidence.candidates, [("outage".into(), 500_000), ("refund".into(), 500_000)]);
}

#[test]
fn a_line_may_be_wholly_certain_and_no_more() {
    let table = compile(&semantic()).unwrap();
    for (confidence, fits) in [("0", true), ("1", true), ("1.0", true), ("1.01", false), ("-0.1", false)] {
        let line = format!(r#"{{"intent": "refund", "confidence": {confidence}}}"#);
        assert_eq!(table.decide_line(line.as_bytes()).is_ok(), fits, "{confidence}");
    }
}
