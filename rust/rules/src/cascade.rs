//! The cascade: a stated intent, else the vote of the nearest examples, else `unknown`; then the rules of that intent.
//! Every stage leaves its evidence in the decision.

use std::sync::Arc;

use interlock_kernel::{
    Check, CheckQuery, Consulted, Digest, Fact, Name, Priority, RouteDecision, RouteEvidence, RouteQuery, Rules, Stage, Target,
};

use crate::facts::Facts;
use crate::table::Rule;
use crate::vote::{Ballot, vote};
use crate::{PlanChecks, RoutingTable, Scope, UNKNOWN};

/// The rules of one run: the table it started with, if any, and its plan's checks.
#[derive(Debug, Clone)]
pub struct RuleBook {
    table: Option<Arc<RoutingTable>>,
    checks: Arc<PlanChecks>,
}

impl RuleBook {
    pub fn new(table: Option<Arc<RoutingTable>>, checks: Arc<PlanChecks>) -> Self {
        Self { table, checks }
    }
}

impl Rules for RuleBook {
    fn route(&self, query: &RouteQuery<'_>) -> Consulted<RouteDecision> {
        let Some(table) = &self.table else {
            return Consulted::Decided(nobody(RouteEvidence::default()));
        };
        match find(table, query) {
            Consulted::Decided(found) => Consulted::Decided(choose(table, query, found)),
            Consulted::Needs(fact) => Consulted::Needs(fact),
        }
    }

    fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String> {
        self.checks.check(check, query)
    }

    fn revision(&self) -> Option<Digest> {
        self.table.as_ref().map(|table| table.revision)
    }
}

/// The intent that a stage settled on, and what it saw on the way.
struct Found {
    intent: Option<Name>,
    stage: Stage,
    evidence: RouteEvidence,
}

fn find(table: &RoutingTable, query: &RouteQuery<'_>) -> Consulted<Found> {
    let mut found =
        Found { intent: None, stage: Stage::Unknown, evidence: RouteEvidence { table: Some(table.revision), ..RouteEvidence::default() } };
    match (query.intent, table.semantic, query.neighbours) {
        (Some(stated), ..) => {
            let doubted = table.min_confidence.zip(query.confidence).is_some_and(|(least, given)| given < least);
            if !doubted {
                found.intent = Some(stated.into());
                found.stage = Stage::Rules;
            }
        }
        (None, Some(_), None) => return Consulted::Needs(Fact::Neighbours),
        (None, Some(semantic), Some((neighbours, index))) => {
            let Ballot { accepted, candidates, voters } = vote(semantic, neighbours);
            found.intent = accepted;
            found.stage = Stage::Semantic;
            found.evidence = RouteEvidence { candidates, neighbours: voters, index: Some(index), ..found.evidence };
        }
        (None, None, _) => {}
    }
    Consulted::Decided(found)
}

/// The first rule that matches, of the intent and then of `unknown`; a person if there is none.
fn choose(table: &RoutingTable, query: &RouteQuery<'_>, found: Found) -> RouteDecision {
    let Found { intent, stage, mut evidence } = found;
    let facts = Facts::of(Scope {
        text: query.content.text,
        data: query.content.data,
        user: query.user,
        // The `unknown` rules see what was stated too, although it led nowhere.
        intent: query.intent.or(intent.as_deref()),
        confidence: query.confidence,
    });
    let known = intent.as_deref().filter(|intent| *intent != UNKNOWN);
    if let Some((intent, rule)) = known.and_then(|intent| table.first_match(intent, &facts, &mut evidence.considered)) {
        return decision(stage, intent, rule, evidence);
    }
    match table.first_match(UNKNOWN, &facts, &mut evidence.considered) {
        Some((intent, rule)) => decision(Stage::Unknown, intent, rule, evidence),
        None => nobody(evidence),
    }
}

fn decision(stage: Stage, intent: &Name, rule: &Rule, evidence: RouteEvidence) -> RouteDecision {
    RouteDecision {
        stage,
        intent: intent.clone(),
        target: rule.target.clone(),
        priority: rule.priority,
        fallback: rule.fallback.clone(),
        escalation: rule.escalation,
        evidence: RouteEvidence { rule: Some((rule.number, rule.line)), ..evidence },
    }
}

/// No rule claims the task, so a person gets it.
fn nobody(evidence: RouteEvidence) -> RouteDecision {
    RouteDecision {
        stage: Stage::Unknown,
        intent: UNKNOWN.into(),
        target: Target::Review,
        priority: Priority::default(),
        fallback: None,
        escalation: None,
        evidence,
    }
}
