//! Routing cases as short texts: a table, a task and what becomes of it.
//!
//! A table: `intent -> agent | when CEL | PRIORITY | fallback a, b | after 2_attempts | tie review`, a rule a line; `!semantic`,
//! `!min_confidence 0.4` and `!claims_on_tie first` set the rest; `!none` is no table. A task: `intent | sure 0.3 | text … | data JSON | user JSON
//! | labels a, b | near refund 0.9, other 0.3 | claims billing: CEL; tech: CEL | router`, with `-` for an intent that nobody stated.

use std::sync::Arc;

use interlock_kernel::plan::PlanSpec;
use interlock_kernel::{
    Confidence, Consulted, Content, Escalation, Name, Neighbour, Priority, RouteDecision, RouteQuery, Rules, Stage, Target,
};
use interlock_rules::{PlanChecks, RoutingTable, RuleBook};
use serde_json::{Value, json};

use super::{compile, neighbour};

/// A sentence that is true, the table, the task, and what becomes of it.
pub(crate) type Case = (&'static str, &'static str, &'static str, &'static str);

pub(crate) fn hold(cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, outcome(case.1, case.2)))
        .filter(|(case, outcome)| outcome != case.3)
        .map(|(case, outcome)| format!("{}\n  expected {}\n  but got  {outcome}", case.0, case.3))
        .collect();
    assert!(wrong.is_empty(), "{} of {} do not hold:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn outcome(rules: &str, task: &str) -> String {
    match table(rules) {
        Ok(table) => Task::parse(task).ask(table),
        Err(error) => format!("error: {error}"),
    }
}

fn table(text: &str) -> Result<Option<Arc<RoutingTable>>, interlock_rules::RulesError> {
    let mut spec = json!({ "rules": [] });
    for (line, text) in (1..).zip(text.split('\n').map(str::trim)) {
        match text.strip_prefix('!').map(|setting| setting.split_once(' ').unwrap_or((setting, ""))) {
            Some(("none", _)) => return Ok(None),
            Some(("semantic", _)) => spec["semantic"] = json!({"k": 3, "threshold_ppm": 660_000, "margin_ppm": 200_000, "line": line}),
            Some(("min_confidence", share)) => spec["min_confidence_ppm"] = ppm(share).into(),
            Some((key, value)) => spec[key] = value.into(),
            None if text.is_empty() => {}
            None => spec["rules"].as_array_mut().unwrap().push(rule(line, text)),
        }
    }
    compile(&spec).map(|table| Some(Arc::new(table)))
}

fn rule(line: u32, text: &str) -> Value {
    let mut parts = text.split(" | ");
    let (intent, agent) = parts.next().unwrap().split_once(" -> ").expect(text);
    let mut rule = json!({"line": line, "intent": intent, "agent": agent});
    for part in parts {
        let (key, value) = part.split_once(' ').unwrap_or(("priority", part));
        match key {
            "after" => rule["escalation_after"] = value.into(),
            "tie" => rule["on_tie"] = value.into(),
            "fallback" if value.contains(',') => rule[key] = value.split(", ").collect::<Vec<_>>().into(),
            _ => rule[key] = value.into(),
        }
    }
    rule
}

/// `0.4` as 400,000.
fn ppm(share: &str) -> u32 {
    format!("{:0<6}", share.strip_prefix("0.").unwrap()).parse().unwrap()
}

#[derive(Default)]
struct Task<'a> {
    intent: Option<&'a str>,
    sure: Option<Confidence>,
    text: &'a str,
    data: Option<&'a str>,
    user: Option<&'a str>,
    labels: Vec<Name>,
    near: Option<Vec<Neighbour>>,
    claims: Vec<(Name, u16)>,
    expressions: Vec<&'a str>,
    router: bool,
}

impl<'a> Task<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(" | ");
        let mut task = Self { intent: parts.next().filter(|intent| *intent != "-"), ..Self::default() };
        for part in parts {
            let (key, value) = part.split_once(' ').unwrap_or((part, ""));
            let listed = || value.split(", ").filter(|item| !item.is_empty());
            match key {
                "sure" => task.sure = Some(Confidence(ppm(value))),
                "text" => task.text = value,
                "data" => task.data = Some(value),
                "user" => task.user = Some(value),
                "labels" => task.labels = listed().map(Name::from).collect(),
                "near" => {
                    let scored = listed().map(|item| item.split_once(' ').unwrap());
                    task.near =
                        Some((0..).zip(scored).map(|(n, (intent, score))| neighbour(n, intent, ppm(score).cast_signed())).collect());
                }
                "claims" => {
                    for (number, (member, expression)) in (0..).zip(value.split("; ").map(|item| item.split_once(": ").unwrap())) {
                        task.claims.push((member.into(), number));
                        task.expressions.push(expression);
                    }
                }
                "router" => task.router = true,
                other => panic!("a task has no {other}"),
            }
        }
        task
    }

    fn ask(&self, table: Option<Arc<RoutingTable>>) -> String {
        let root = json!({"kind": "step", "agent": "a"});
        let plan: PlanSpec = serde_json::from_value(json!({"name": "p", "root": root, "expressions": self.expressions})).unwrap();
        let book = RuleBook::new(table, Arc::new(PlanChecks::compile(&plan).unwrap()));
        let query = RouteQuery {
            intent: self.intent,
            confidence: self.sure,
            content: Content { text: self.text, data: self.data.map(str::as_bytes), labels: &self.labels },
            user: self.user.map(str::as_bytes),
            neighbours: self.near.as_deref().map(|near| (near, 1)),
            table: None,
            claims: &self.claims,
            has_router: self.router,
        };
        match book.route(&query) {
            Consulted::Needs(fact) => format!("needs {fact:?}"),
            Consulted::Decided(decision) => told(&decision),
        }
    }
}

/// `rules refund: billing, line 2`, and what is not usual about it.
fn told(decision: &RouteDecision) -> String {
    let stage = match decision.stage {
        Stage::Rules => "rules",
        Stage::Semantic => "semantic",
        Stage::Unknown => "unknown",
        Stage::Claims => "claims",
        Stage::Router => "router",
    };
    let mut told = vec![format!("{stage} {}: {}", decision.intent, name(&decision.target))];
    told.extend(decision.evidence.rule.map(|(_, line)| format!("line {line}")));
    if decision.priority != Priority::Medium {
        told.push(format!("{:?}", decision.priority).to_lowercase());
    }
    if !decision.fallback.is_empty() {
        told.push(format!("then {}", decision.fallback.iter().map(name).collect::<Vec<_>>().join(" then ")));
    }
    told.extend(decision.escalation.map(|escalation| match escalation {
        Escalation::Attempts(attempts) => format!("after {attempts} attempts"),
        Escalation::AfterMs(ms) => format!("after {ms} ms"),
    }));
    if !decision.evidence.tied.is_empty() {
        told.push(format!("tied {:?}", decision.evidence.tied));
    }
    told.join(", ")
}

fn name(target: &Target) -> &str {
    match target {
        Target::Agent(name) => name,
        Target::Review => "a person",
        Target::Router => "the router",
    }
}
