//! What a table must keep, and how its errors name the place.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{REVISION, compile, decided, query};
use interlock_kernel::{Escalation, Priority, Target};
use interlock_rules::{RulesError, TableSpec};
use serde_json::{Value, json};

fn error(rule: &Value) -> RulesError {
    let mut whole = json!({"line": 7, "intent": "refund", "agent": "billing"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    compile(&json!({"rules": [{"line": 3, "intent": "other", "agent": "triage"}, whole]})).unwrap_err()
}

#[test]
fn an_error_has_place_reason_and_hint() {
    let error = error(&json!({"priority": "urgent"}));
    assert_eq!(error.to_string(), "routing_rules[1].priority (line 7): \"urgent\" is not a priority");
    assert_eq!((error.path(), error.line()), ("routing_rules[1].priority", Some(7)));
    assert_eq!(error.reason(), "\"urgent\" is not a priority");
    assert_eq!(error.hint(), "priority is one of critical, high, medium and low");
}

#[test]
fn a_condition_that_is_not_cel_is_refused_with_its_column() {
    let error = error(&json!({"when": "data.amount >"}));
    assert!(error.to_string().starts_with("routing_rules[1].when (line 7): column 14: Syntax error"), "{error}");
}

#[test]
fn a_condition_with_an_unknown_name_is_refused() {
    let reason = |when| error(&json!({"when": when})).reason();
    assert_eq!(reason("amount > 500"), "`amount` is not known: a condition sees text, data, user, intent, confidence, labels");
    assert_eq!(reason("contain(text, 'x')"), "there is no function `contain` with 2 arguments");
    assert_eq!(reason("text.lower() == 'x'"), "there is no function `lower` with 0 arguments");
    assert_eq!(
        reason("data.items.exists(item, itm > 1)"),
        "`itm` is not known: a condition sees text, data, user, intent, confidence, labels"
    );
    assert_eq!(reason("data.items.exists(item > 1)"), "there is no function `exists` with 1 arguments");
    assert_eq!(reason("Refund{amount: 1} == data"), "there is no type `Refund`");
    assert_eq!(reason("  "), "the condition is empty");
}

#[test]
fn an_escalation_that_says_nothing_is_refused() {
    for text in [
        "",
        "soon",
        "5",
        "_attempts",
        "0_attempts",
        "70000_attempts",
        "0s",
        "3 hours",
        "-1s",
        "99999999999999999999ms",
        "18446744073709551615h",
    ] {
        let error = error(&json!({"escalation_after": text}));
        assert!(matches!(&error, RulesError::Escalation { given, .. } if given == text), "{text}: {error}");
        assert_eq!(error.path(), "routing_rules[1].escalation_after");
    }
}

#[test]
fn escalation_counts_attempts_or_time() {
    let cases = [
        ("2_attempts", Escalation::Attempts(2)),
        ("1_attempt", Escalation::Attempts(1)),
        ("30s", Escalation::AfterMs(30_000)),
        ("5m", Escalation::AfterMs(300_000)),
        ("2h", Escalation::AfterMs(7_200_000)),
        ("500ms", Escalation::AfterMs(500)),
        ("30_seconds", Escalation::AfterMs(30_000)),
        ("5_minutes", Escalation::AfterMs(300_000)),
        ("2_hours", Escalation::AfterMs(7_200_000)),
        ("1_second", Escalation::AfterMs(1_000)),
    ];
    for (text, expected) in cases {
        let book = common::book(&json!({"rules": [{"line": 1, "intent": "a", "agent": "b", "escalation_after": text}]}));
        assert_eq!(decided(&book, &query(Some("a"))).escalation, Some(expected), "{text}");
    }
}

#[test]
fn empty_names_are_refused() {
    assert_eq!(error(&json!({"intent": " "})).to_string(), "routing_rules[1].intent (line 7): the name is empty");
    assert_eq!(error(&json!({"agent": ""})).to_string(), "routing_rules[1].agent (line 7): the name is empty");
    assert_eq!(error(&json!({"fallback": ""})).to_string(), "routing_rules[1].fallback (line 7): the name is empty");
}

#[test]
fn an_agent_is_no_fallback_for_itself() {
    let text = "routing_rules[1].fallback (line 7): \"billing\" is the rule's agent too, so nobody is left when it fails";
    assert_eq!(error(&json!({"fallback": "billing"})).to_string(), text);
    assert!(matches!(error(&json!({"agent": "human_review", "fallback": "human_review"})), RulesError::FallbackIsAgent { .. }));
}

#[test]
fn a_tie_names_both_lines() {
    let tie = |first: Value, second: Value| {
        let whole = |rule: Value, line| {
            let mut whole = json!({"line": line, "intent": "refund", "agent": "a"});
            whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
            whole
        };
        compile(&json!({"rules": [whole(first, 3), whole(second, 9)]}))
    };
    let text = "routing_rules[1] (line 9): nothing decides between this rule and the one in line 3: same intent, condition and priority";
    assert_eq!(tie(json!({}), json!({"agent": "b"})).unwrap_err().to_string(), text);
    assert_eq!(tie(json!({}), json!({"priority": "medium"})).unwrap_err().to_string(), text);
    assert_eq!(tie(json!({"when": "data.x"}), json!({"when": " data.x\n"})).unwrap_err().to_string(), text);
    assert!(tie(json!({}), json!({"priority": "high"})).is_ok());
    assert!(tie(json!({"when": "data.x"}), json!({"when": "data.y"})).is_ok());
    assert!(tie(json!({}), json!({"intent": "other"})).is_ok());
}

#[test]
fn the_vote_needs_neighbours_and_shares_below_one() {
    let semantic = |k: u32, threshold: u32, margin: u32| {
        let semantic = json!({"k": k, "threshold_ppm": threshold, "margin_ppm": margin, "line": 20});
        compile(&json!({"rules": [], "semantic": semantic})).unwrap_err().to_string()
    };
    assert_eq!(semantic(0, 0, 0), "semantic.k (line 20): the vote needs at least 1 neighbour");
    assert_eq!(semantic(5, 1_000_001, 0), "semantic.threshold (line 20): 1000001 parts per million are more than 1.0");
    assert_eq!(semantic(5, 0, 2_000_000), "semantic.margin (line 20): 2000000 parts per million are more than 1.0");
    let error = compile(&json!({"rules": [], "min_confidence_ppm": 1_000_001})).unwrap_err();
    assert_eq!(error.to_string(), "min_confidence: 1000001 parts per million are more than 1.0");
}

#[test]
fn an_unknown_key_is_refused() {
    let spec = json!({"rules": [{"line": 1, "intent": "a", "agent": "b", "escalate": "2_attempts"}]});
    assert!(serde_json::from_value::<TableSpec>(spec).unwrap_err().to_string().contains("unknown field `escalate`"));
}

#[test]
fn agents_are_listed_with_their_places_and_people_are_not_agents() {
    let table = compile(&json!({"rules": [
        {"line": 3, "intent": "billing_dispute", "agent": "billing", "priority": "high", "fallback": "human_review"},
        {"line": 4, "intent": "technical_issue", "agent": "tech", "fallback": "senior_tech"},
        {"line": 5, "intent": "legal", "agent": "human_review"},
    ]}))
    .unwrap();
    let agents: Vec<_> = table.agents().map(|(name, path, line)| (&**name, path, line)).collect();
    assert_eq!(
        agents,
        [("billing", "routing_rules[0].agent", 3), ("tech", "routing_rules[1].agent", 4), ("senior_tech", "routing_rules[1].fallback", 4),]
    );
    assert_eq!((table.revision(), table.neighbours()), (REVISION, None));
}

#[test]
fn a_rule_carries_its_settings_into_the_decision() {
    let book = common::book(&json!({"rules": [
        {"line": 3, "intent": "billing_dispute", "agent": "billing", "when": null, "priority": "high", "fallback": "human_review", "escalation_after": null},
    ], "semantic": null, "min_confidence_ppm": null}));
    let decision = decided(&book, &query(Some("billing_dispute")));
    assert_eq!(decision.target, Target::Agent("billing".into()));
    assert_eq!((decision.priority, decision.fallback, decision.escalation), (Priority::High, vec![Target::Review], None));
    assert_eq!(decision.evidence.rule, Some((0, 3)));
    assert_eq!(decision.evidence.table, Some(REVISION));
}
