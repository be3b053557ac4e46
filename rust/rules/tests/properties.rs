//! Laws that hold for every table and every vote.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{book, compile, decided, neighbour, query};
use interlock_kernel::{Neighbour, RouteQuery, Stage, Target};
use interlock_rules::RulesError;
use proptest::prelude::*;
use serde_json::{Value, json};

const INTENTS: [&str; 5] = ["refund", "dispute", "issue", "unknown", "other"];
const PRIORITIES: [&str; 4] = ["critical", "high", "medium", "low"];

#[derive(Debug, Clone)]
struct Written {
    intent: &'static str,
    agent: String,
    priority: Option<&'static str>,
}

fn rules() -> impl Strategy<Value = Vec<Written>> {
    let priority = proptest::option::of(proptest::sample::select(&PRIORITIES[..]));
    let rule = (proptest::sample::select(&INTENTS[..4]), "[a-e]", priority);
    proptest::collection::vec(rule.prop_map(|(intent, agent, priority)| Written { intent, agent, priority }), 0..10)
}

fn rank(rule: &Written) -> usize {
    PRIORITIES.iter().position(|known| *known == rule.priority.unwrap_or("medium")).unwrap()
}

fn spec(rules: &[Written]) -> Value {
    let rules: Vec<Value> = (1..)
        .zip(rules)
        .map(|(line, rule)| json!({"line": line, "intent": rule.intent, "agent": rule.agent, "priority": rule.priority}))
        .collect();
    json!({ "rules": rules })
}

/// The rule of an intent with the best priority, the earlier one first; then the same for `unknown`.
fn reference<'a>(rules: &'a [Written], intent: &str) -> Option<&'a Written> {
    let best = |wanted: &str| rules.iter().filter(|rule| rule.intent == wanted).min_by_key(|rule| rank(rule));
    best(intent).or_else(|| best("unknown"))
}

fn first_tie(rules: &[Written]) -> Option<usize> {
    (0..rules.len()).find(|at| rules[..*at].iter().any(|other| other.intent == rules[*at].intent && rank(other) == rank(&rules[*at])))
}

proptest! {
    #[test]
    fn the_table_chooses_as_a_reader_of_the_file_would(rules in rules(), intent in proptest::sample::select(&INTENTS[..])) {
        match (compile(&spec(&rules)), first_tie(&rules)) {
            (Err(RulesError::Tie { at, .. }), Some(tie)) => prop_assert_eq!(at.path, format!("routing_rules[{tie}]")),
            (Err(error), _) => prop_assert!(false, "{error}"),
            (Ok(_), Some(tie)) => prop_assert!(false, "the tie at {tie} was accepted"),
            (Ok(_), None) => {
                let decision = decided(&book(&spec(&rules)), &query(Some(intent)));
                let expected = reference(&rules, intent).map_or(Target::Review, |rule| Target::Agent(rule.agent.as_str().into()));
                prop_assert_eq!(decision.target, expected);
                let known = intent != "unknown" && rules.iter().any(|rule| rule.intent == intent);
                prop_assert_eq!(decision.stage, if known { Stage::Rules } else { Stage::Unknown });
            }
        }
    }

    #[test]
    fn the_vote_does_not_depend_on_the_order_of_the_neighbours(neighbours in neighbours(), seed in any::<u64>(), k in 1_u32..12) {
        let rules: Vec<Value> = (1..).zip(INTENTS).map(|(line, intent)| json!({"line": line, "intent": intent, "agent": intent})).collect();
        let semantic = json!({"k": k, "threshold_ppm": 300_000, "margin_ppm": 100_000, "line": 9});
        let book = book(&json!({"rules": rules, "semantic": semantic}));
        let route = |neighbours: &[Neighbour]| decided(&book, &RouteQuery { neighbours: Some((neighbours, 1)), ..query(None) });

        let mut shuffled = neighbours.clone();
        shuffled.sort_by_key(|each| u64::from(each.example).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let decision = route(&neighbours);
        prop_assert_eq!(&decision, &route(&shuffled));
        let sum: u32 = decision.evidence.candidates.iter().map(|(_, share)| share).sum();
        prop_assert!(sum <= 1_000_000);
    }
}

/// Neighbours with distinct scores.
fn neighbours() -> impl Strategy<Value = Vec<Neighbour>> {
    let scores = proptest::collection::btree_set(-1_000_000_i32..=1_000_000, 0..12)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_shuffle();
    (scores, proptest::collection::vec(proptest::sample::select(&INTENTS[..]), 12)).prop_map(|(scores, intents)| {
        (0..).zip(scores).zip(intents).map(|((example, score), intent)| neighbour(example, intent, score)).collect()
    })
}
