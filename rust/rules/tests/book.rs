//! A run's book: which table decides, and what the plan's expressions say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::sync::Arc;

use common::{compile, decided, query};
use interlock_kernel::plan::PlanSpec;
use interlock_kernel::{CheckQuery, Confidence, Content, Digest, RouteQuery, RuleOutcome, Rules, Stage, Target};
use interlock_rules::{PlanChecks, RoutingTable, RuleBook};
use serde_json::json;

fn table(agent: &str) -> Arc<RoutingTable> {
    Arc::new(compile(&json!({"rules": [{"line": 1, "intent": "refund", "agent": agent}]})).unwrap())
}

fn checks(expressions: &[&str]) -> Arc<PlanChecks> {
    let root = json!({"kind": "step", "agent": "billing"});
    let spec: PlanSpec = serde_json::from_value(json!({"name": "p", "root": root, "expressions": expressions})).unwrap();
    Arc::new(PlanChecks::compile(&spec).unwrap())
}

#[test]
fn a_domain_routes_with_its_own_table() {
    let book = RuleBook::new(Some(table("outer")), checks(&[])).with_domains(vec![table("bank_a"), table("bank_b")]);
    let to = |table| decided(&book, &RouteQuery { table, ..query(Some("refund")) }).target;
    assert_eq!(to(None), Target::Agent("outer".into()));
    assert_eq!(to(Some(0)), Target::Agent("bank_a".into()));
    assert_eq!(to(Some(1)), Target::Agent("bank_b".into()));
}

#[test]
fn no_other_table_decides_for_one_that_is_missing() {
    let book = RuleBook::new(Some(table("outer")), checks(&["true"]));
    let claims = [("billing".into(), 0)];
    let decision = decided(&book, &RouteQuery { table: Some(3), claims: &claims, has_router: true, ..query(None) });
    assert_eq!((decision.stage, decision.target, decision.evidence.table), (Stage::Unknown, Target::Review, None));
}

#[test]
fn what_came_of_each_claim_is_kept() {
    let book = RuleBook::new(None, checks(&["data.amount > 5", "text.contains('twice')"]));
    let claims = [("billing".into(), 0), ("tech".into(), 1), ("lost".into(), 9)];
    let decision = decided(&book, &RouteQuery { claims: &claims, ..query(None) });
    assert_eq!((decision.stage, &*decision.intent, decision.target), (Stage::Claims, "claimed", Target::Agent("tech".into())));
    let outcomes: Vec<RuleOutcome> = decision.evidence.claims.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(
        outcomes,
        [
            RuleOutcome::Erred("`data.amount > 5` has no answer: null_type has no fields".to_owned()),
            RuleOutcome::Matched,
            RuleOutcome::Erred("the plan has no expression 9".to_owned()),
        ]
    );
}

#[test]
fn a_tie_keeps_what_was_considered_and_takes_no_rule() {
    let rules = json!([
        {"line": 1, "intent": "a", "agent": "x", "on_tie": "review"},
        {"line": 2, "intent": "a", "agent": "y"},
    ]);
    let decision = decided(&common::book(&json!({ "rules": rules })), &query(Some("a")));
    assert_eq!((decision.evidence.rule, decision.evidence.tied, decision.evidence.considered.len()), (None, vec![0, 1], 2));
    assert_eq!(decision.evidence.table, Some(Digest([7; 32])));
}

#[test]
fn a_plans_expression_sees_the_panel_and_the_conversation() {
    let expressions = ["ballots.legal.data.decision == 'reject'", "speaker == 'critic' && turns >= 2 && 'final' in labels", "data.x"];
    let checks = checks(&expressions);
    let book = RuleBook::new(None, checks);
    let legal = Content { text: "no", data: Some(br#"{"decision": "reject"}"#), labels: &[] };
    let labels = ["final".into()];
    let query = CheckQuery {
        content: Content { labels: &labels, ..Content::default() },
        speaker: Some("critic"),
        turns: 2,
        ballots: &[("legal", legal, Some(Confidence(900_000)))],
        ..CheckQuery::default()
    };
    assert_eq!((book.holds(0, &query), book.holds(1, &query)), (Ok(true), Ok(true)));
    assert_eq!(book.holds(1, &CheckQuery::default()), Ok(false));
    assert_eq!(
        book.holds(0, &CheckQuery::default()).unwrap_err(),
        format!("`{}` has no answer: there is no field `legal`", expressions[0])
    );
    assert_eq!(book.holds(2, &query).unwrap_err(), "`data.x` has no answer: null_type has no fields");
    assert_eq!(book.holds(7, &query).unwrap_err(), "the plan has no expression 7");
}
