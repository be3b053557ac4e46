//! Which rule takes a task, and the evidence that it leaves.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::sync::Arc;

use common::{REVISION, book, decided, neighbour, query};
use interlock_kernel::{Confidence, Considered, Consulted, Content, Fact, Neighbour, RouteQuery, RuleOutcome, Rules, Stage, Target};
use interlock_rules::{PlanChecks, RuleBook};
use serde_json::{Value, json};

fn table() -> Value {
    json!({
        "rules": [
            {"line": 2, "intent": "refund", "agent": "billing"},
            {"line": 3, "intent": "refund", "agent": "senior_billing", "when": "data.amount > 500 && user.tier == 'gold'", "priority": "critical"},
            {"line": 4, "intent": "refund", "agent": "night_billing", "when": "data.night", "priority": "low"},
            {"line": 5, "intent": "only_gold", "agent": "gold_desk", "when": "user.tier == 'gold'"},
            {"line": 6, "intent": "unknown", "agent": "triage", "escalation_after": "2_attempts"},
        ],
        "semantic": {"k": 3, "threshold_ppm": 660_000, "margin_ppm": 200_000, "line": 9},
        "min_confidence_ppm": 400_000,
    })
}

fn with<'a>(intent: &'a str, data: &'a str) -> RouteQuery<'a> {
    RouteQuery {
        content: Content { data: Some(data.as_bytes()), ..Content::default() },
        user: Some(br#"{"tier": "gold"}"#),
        ..query(Some(intent))
    }
}

fn near(neighbours: &[Neighbour]) -> RouteQuery<'_> {
    RouteQuery { neighbours: Some((neighbours, 42)), ..query(None) }
}

fn agent(name: &str) -> Target {
    Target::Agent(name.into())
}

#[test]
fn a_rule_with_a_condition_beats_one_without() {
    let decision = decided(&book(&table()), &with("refund", r#"{"amount": 600, "night": false}"#));
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Rules, "refund", agent("senior_billing")));
    assert_eq!(decision.evidence.rule, Some((1, 3)));
    assert_eq!(decision.evidence.considered, [Considered { rule: 1, outcome: RuleOutcome::Matched }]);
}

#[test]
fn every_try_is_recorded_in_its_order() {
    let decision = decided(&book(&table()), &with("refund", r#"{"amount": 20}"#));
    assert_eq!(decision.target, agent("billing"));
    assert_eq!(
        decision.evidence.considered,
        [
            Considered { rule: 1, outcome: RuleOutcome::NotMatched },
            Considered { rule: 2, outcome: RuleOutcome::Erred("there is no field `night`".to_owned()) },
            Considered { rule: 0, outcome: RuleOutcome::Matched },
        ]
    );
}

#[test]
fn an_intent_that_no_rule_claims_is_unknown() {
    let decision = decided(&book(&table()), &query(Some("weather")));
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Unknown, "unknown", agent("triage")));
}

#[test]
fn an_intent_whose_rules_do_not_match_is_unknown_and_the_tries_are_kept() {
    let silver = RouteQuery { user: Some(br#"{"tier": "silver"}"#), ..query(Some("only_gold")) };
    let decision = decided(&book(&table()), &silver);
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Unknown, "unknown", agent("triage")));
    assert_eq!(
        decision.evidence.considered,
        [Considered { rule: 3, outcome: RuleOutcome::NotMatched }, Considered { rule: 4, outcome: RuleOutcome::Matched },]
    );
}

#[test]
fn an_intent_stated_with_little_confidence_is_unknown() {
    let sure = |ppm| RouteQuery { confidence: Some(Confidence(ppm)), ..with("refund", "{}") };
    assert_eq!(decided(&book(&table()), &sure(399_999)).stage, Stage::Unknown);
    assert_eq!(decided(&book(&table()), &sure(400_000)).stage, Stage::Rules);
    assert_eq!(decided(&book(&table()), &with("refund", "{}")).stage, Stage::Rules);
}

#[test]
fn an_unknown_rule_sees_the_intent_that_was_stated() {
    let book = book(&json!({"rules": [
        {"line": 1, "intent": "unknown", "agent": "weather_desk", "when": "intent == 'weather'"}, {"line": 2, "intent": "unknown", "agent": "triage"},
    ]}));
    assert_eq!(decided(&book, &query(Some("weather"))).target, agent("weather_desk"));
    assert_eq!(decided(&book, &query(None)).target, agent("triage"));
}

#[test]
fn without_an_intent_the_neighbours_are_asked_for() {
    assert_eq!(book(&table()).route(&query(None)), Consulted::Needs(Fact::Neighbours));
}

#[test]
fn without_a_semantic_stage_no_intent_is_unknown() {
    let mut spec = table();
    spec["semantic"] = Value::Null;
    assert_eq!(decided(&book(&spec), &query(None)).stage, Stage::Unknown);
    assert_eq!(decided(&book(&spec), &near(&[neighbour(1, "refund", 999_999)])).stage, Stage::Unknown);
}

#[test]
fn the_neighbours_vote_with_their_similarity() {
    let neighbours = [neighbour(1, "refund", 900_000), neighbour(2, "only_gold", 300_000), neighbour(3, "refund", 300_000)];
    let decision = decided(&book(&table()), &near(&neighbours));
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Semantic, "refund", agent("billing")));
    assert_eq!(decision.evidence.candidates, [("refund".into(), 800_000), ("only_gold".into(), 200_000)]);
    assert_eq!((decision.evidence.index, decision.evidence.table), (Some(42), Some(REVISION)));
    let voters: Vec<u32> = decision.evidence.neighbours.iter().map(|voter| voter.example).collect();
    assert_eq!(voters, [1, 2, 3]);
}

#[test]
fn only_the_k_nearest_vote() {
    let neighbours = [
        neighbour(4, "only_gold", 699_999),
        neighbour(1, "refund", 900_000),
        neighbour(2, "refund", 800_000),
        neighbour(3, "refund", 700_000),
    ];
    let decision = decided(&book(&table()), &near(&neighbours));
    assert_eq!(decision.evidence.candidates, [("refund".into(), 1_000_000)]);
}

#[test]
fn a_vote_that_is_too_far_or_too_close_is_unknown() {
    let stage = |neighbours: &[Neighbour]| decided(&book(&table()), &near(neighbours)).stage;
    assert_eq!(stage(&[neighbour(1, "refund", 659_999)]), Stage::Unknown);
    assert_eq!(stage(&[neighbour(1, "refund", 660_000)]), Stage::Semantic);
    assert_eq!(stage(&[neighbour(1, "refund", 900_000), neighbour(2, "only_gold", 600_001)]), Stage::Unknown);
    assert_eq!(stage(&[neighbour(1, "refund", 900_000), neighbour(2, "only_gold", 600_000)]), Stage::Semantic);
    assert_eq!(stage(&[]), Stage::Unknown);
}

#[test]
fn a_neighbour_that_points_away_does_not_vote() {
    let decision = decided(&book(&table()), &near(&[neighbour(1, "refund", 900_000), neighbour(2, "only_gold", -900_000)]));
    assert_eq!(decision.evidence.candidates, [("refund".into(), 1_000_000)]);
    assert_eq!(decision.evidence.neighbours.len(), 2);
    assert_eq!(decided(&book(&table()), &near(&[neighbour(1, "refund", -1)])).evidence.candidates, []);
}

#[test]
fn an_unknown_task_keeps_what_the_vote_saw() {
    let decision = decided(&book(&table()), &near(&[neighbour(1, "refund", 100_000)]));
    assert_eq!((&*decision.intent, decision.target), ("unknown", agent("triage")));
    assert_eq!(decision.evidence.candidates, [("refund".into(), 1_000_000)]);
    assert_eq!(decision.evidence.rule, Some((4, 6)));
}

#[test]
fn a_task_that_no_rule_takes_goes_to_a_person() {
    let decision = decided(&book(&json!({"rules": [{"line": 1, "intent": "refund", "agent": "billing"}]})), &query(Some("weather")));
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Unknown, "unknown", Target::Review));
    assert_eq!((decision.evidence.rule, decision.evidence.table), (None, Some(REVISION)));
}

#[test]
fn without_a_table_a_person_decides() {
    let book = RuleBook::new(None, Arc::new(PlanChecks::default()));
    let decision = decided(&book, &query(Some("refund")));
    assert_eq!((decision.stage, decision.target, decision.evidence.table), (Stage::Unknown, Target::Review, None));
    assert_eq!(book.revision(), None);
}

#[test]
fn a_person_may_be_a_rules_agent() {
    let book = book(&json!({"rules": [{"line": 1, "intent": "legal", "agent": "human_review"}]}));
    let decision = decided(&book, &query(Some("legal")));
    assert_eq!((decision.stage, decision.target, decision.evidence.rule), (Stage::Rules, Target::Review, Some((0, 1))));
}

#[test]
fn the_revision_is_the_tables() {
    assert_eq!(book(&table()).revision(), Some(REVISION));
}
