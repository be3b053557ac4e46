//! Tables from JSON, and queries with little in them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]
#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::sync::Arc;

use interlock_kernel::{Consulted, Content, Digest, Neighbour, RouteDecision, RouteQuery, Rules};
use interlock_rules::{PlanChecks, RoutingTable, RuleBook, RulesError};
use serde_json::Value;

pub const REVISION: Digest = Digest([7; 32]);

pub fn compile(spec: &Value) -> Result<RoutingTable, RulesError> {
    RoutingTable::compile(&serde_json::from_value(spec.clone()).unwrap(), REVISION)
}

pub fn book(spec: &Value) -> RuleBook {
    RuleBook::new(Some(Arc::new(compile(spec).unwrap())), Arc::new(PlanChecks::default()))
}

pub fn query(intent: Option<&str>) -> RouteQuery<'_> {
    RouteQuery {
        intent,
        confidence: None,
        content: Content { text: "I was charged twice", ..Content::default() },
        user: None,
        neighbours: None,
        table: None,
        claims: &[],
        has_router: false,
    }
}

pub fn decided(book: &RuleBook, query: &RouteQuery<'_>) -> RouteDecision {
    match book.route(query) {
        Consulted::Decided(decision) => decision,
        Consulted::Needs(fact) => panic!("the book needs {fact:?}"),
    }
}

pub fn neighbour(example: u32, intent: &str, score: i32) -> Neighbour {
    Neighbour { example, intent: intent.into(), score }
}
