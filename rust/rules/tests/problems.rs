//! What is found in a table without a message: rules that never decide, and pairs that can both hold.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{book, compile, decided, query};
use interlock_kernel::{Confidence, Content, Name, RouteQuery};
use interlock_rules::{Condition, DecidedBy, Problems, Scope, Why};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Rules of the intent `a` for agents of their own, from conditions; no condition is an empty text.
fn conditions(whens: &[&str]) -> Value {
    let rules = (1..).zip(whens).map(|(line, when)| match *when {
        "" => json!({"line": line, "intent": "a", "agent": format!("x{line}")}),
        when => json!({"line": line, "intent": "a", "agent": format!("x{line}"), "when": when}),
    });
    json!({ "rules": rules.collect::<Vec<_>>() })
}

fn problems(spec: &Value) -> Problems {
    compile(spec).unwrap().problems()
}

fn unreachable(spec: &Value) -> Vec<(u32, Why, Vec<u32>)> {
    problems(spec).unreachable.into_iter().map(|found| (found.line, found.why, found.taken_by)).collect()
}

#[test]
fn a_range_inside_an_earlier_one_is_never_reached() {
    for (first, second) in [
        ("data.n > 5", "data.n > 6"),
        ("data.n >= 5", "data.n > 5"),
        ("data.n > 5", "data.n > 5.5 && data.n < 9"),
        ("5 < data.n", "data.n == 7"),
        ("data.n in [1, 2, 3]", "data.n == 2 || data.n == 3.0"),
        ("data.t == 'x' || data.t == 'y'", "data.t == 'y' && user.b"),
        ("data.t != 'x'", "data.t == 'y'"),
        ("!(data.n <= 5)", "data.n > 5"),
        ("data.b", "data.b && text.contains('x')"),
        ("text.contains('x')", "text.contains('x') && data.n > 1"),
        ("size(data.l) > 1", "  size(data.l) > 1 "),
        ("1 == 1", "data.n > 5"),
    ] {
        let spec = conditions(&[first, second, ""]);
        let spec = if first.trim() == second.trim() {
            json!({"rules": [spec["rules"][0], {"line": 2, "intent": "a", "agent": "y", "when": second, "priority": "low"}]})
        } else {
            spec
        };
        assert_eq!(unreachable(&spec).first(), Some(&(2, Why::Covered, vec![1])), "{first} / {second}");
    }
}

#[test]
fn a_range_that_reaches_further_is_reached() {
    for (first, second) in [
        ("data.n > 5", "data.n >= 5"),
        ("data.n > 5", "data.n != 5"),
        ("data.n > 5", "data.m > 6"),
        ("data.n > 5 && user.b", "data.n > 6"),
        ("data.n in [1, 2]", "data.n == 3"),
        ("data.t != 'x'", "data.u == 'y'"),
        ("data.n > 5", "!(data.n > 5)"),
        ("text.contains('x')", "text.contains('xy')"),
        ("has(data.n)", "has(data.m)"),
        ("false", "data.n > 1"),
    ] {
        assert!(!unreachable(&conditions(&[first, second])).iter().any(|found| found.0 == 2), "{first} / {second}");
    }
}

#[test]
fn several_rules_together_may_leave_nothing() {
    assert_eq!(unreachable(&conditions(&["data.n > 5", "data.t == 'x'", "data.n > 9 || data.t == 'x'"])), [(3, Why::Covered, vec![1, 2])]);
}

#[test]
fn a_condition_that_is_never_true_is_told() {
    for when in [
        "false",
        "data.n > 5 && data.n < 3",
        "data.n == 1 && data.n == 2",
        "data.n > 5 && data.n <= 5",
        "data.b && !data.b",
        "1 > 2",
        "intent == 'b'",
        "text.contains('x') && !text.contains('x')",
        "data.n in []",
        "data.n > 1 && data.n == 'x'",
    ] {
        assert_eq!(unreachable(&conditions(&[when])), [(1, Why::NeverTrue, Vec::new())], "{when}");
    }
}

#[test]
fn what_stands_behind_a_rule_without_a_condition_is_never_reached() {
    let spec = json!({"rules": [
        {"line": 1, "intent": "a", "agent": "x", "priority": "high"}, {"line": 2, "intent": "a", "agent": "y", "priority": "low"},
        {"line": 3, "intent": "a", "agent": "z", "when": "data.n > 1", "priority": "low"},
    ]});
    assert_eq!(unreachable(&spec), [(2, Why::Covered, vec![1])]);
}

#[test]
fn any_without_a_condition_leaves_nothing_for_the_stages_behind_it() {
    let mut spec = json!({
        "rules": [{"line": 1, "intent": "any", "agent": "x"}, {"line": 2, "intent": "unknown", "agent": "y"}, {"line": 3, "intent": "a", "agent": "z"}],
        "semantic": {"k": 3, "threshold_ppm": 1, "margin_ppm": 1, "line": 9},
    });
    assert_eq!(unreachable(&spec), [(2, Why::CoveredByAny, vec![1]), (9, Why::SemanticCoveredByAny, vec![1])]);
    spec["rules"][0]["when"] = "intent == null".into();
    assert_eq!(unreachable(&spec), []);
}

#[test]
fn a_rival_in_a_tie_is_not_out_of_reach() {
    let mut spec = conditions(&["data.n > 5", "data.n > 6"]);
    spec["rules"][1]["on_tie"] = "review".into();
    let found = problems(&spec);
    assert_eq!(found.unreachable, []);
    assert_eq!((found.overlaps[0].lines, found.overlaps[0].decided_by), ([1, 2], DecidedBy::Review));
}

#[test]
fn an_overlap_comes_with_a_task_for_which_both_hold() {
    let found =
        problems(&conditions(&["data.n > 5 && user.tier == 'gold'", "data.n < 9 && text.startsWith('hi')", "data.n > 20 && data.n < 8"]));
    assert_eq!(found.overlaps.len(), 1);
    let overlap = &found.overlaps[0];
    assert_eq!((overlap.lines, overlap.certain, overlap.decided_by), ([1, 2], true, DecidedBy::Order));
    assert_eq!(overlap.example, Some(json!({"data": {"n": 7}, "user": {"tier": "gold"}, "text": "hi", "intent": "a"})));
}

#[test]
fn what_excludes_each_other_or_has_one_agent_is_no_overlap() {
    assert_eq!(problems(&conditions(&["data.n > 5", "data.n <= 5"])).overlaps, []);
    assert_eq!(problems(&conditions(&["data.t == 'x'", "data.t in ['y', 'z']"])).overlaps, []);
    assert_eq!(problems(&conditions(&["data.n > 5", ""])).overlaps, []);
    let mut spec = conditions(&["data.n > 5", "data.m > 5"]);
    spec["rules"][1]["agent"] = "x1".into();
    assert_eq!(problems(&spec).overlaps, []);
}

#[test]
fn priorities_decide_an_overlap() {
    let mut spec = conditions(&["data.n > 5", "data.m > 5"]);
    spec["rules"][1]["priority"] = "low".into();
    assert_eq!(problems(&spec).overlaps[0].decided_by, DecidedBy::Priority);
}

#[test]
fn a_pair_that_is_not_decided_may_overlap_only_if_it_meets() {
    let found = problems(&conditions(&["data.n > 5 && size(data.l) > 1", "data.n < 9 && size(data.l) < 5", "size(data.k) > 1"]));
    let told: Vec<_> = found.overlaps.iter().map(|overlap| (overlap.lines, overlap.certain)).collect();
    assert_eq!(told, [([1, 2], false)]);
}

fn atom() -> impl Strategy<Value = String> {
    let number = (0_u8..5).prop_map(|n| n.to_string());
    prop_oneof![
        4 => (proptest::sample::select(vec!["data.n", "data.m", "confidence"]), proptest::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), number)
            .prop_map(|(path, by, number)| format!("{path} {by} {number}")),
        2 => proptest::sample::select(vec!["data.t == 'x'", "data.t != 'y'", "data.t in ['x', 'y']", "data.b", "intent == 'a'", "intent == null"]).prop_map(str::to_owned),
        2 => proptest::sample::select(vec!["text.contains('x')", "text.startsWith('y')", "has(data.n)", "'v' in labels", "data.n == data.m", "size(text) > 0"])
            .prop_map(str::to_owned),
    ]
}

fn when() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            1 => inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn message() -> impl Strategy<Value = (String, String, bool, Option<u32>)> {
    let value = || proptest::sample::select(vec!["0", "1", "2.5", "3", "4", "'x'", "null"]);
    let data = (proptest::option::of(value()), proptest::option::of(value()), proptest::sample::select(vec!["x", "y", "z"]), any::<bool>());
    let data = data.prop_map(|(n, m, t, b)| {
        let field =
            |name: &str, value: Option<&str>| value.map_or(String::new(), |value| format!("\"{name}\": {}, ", value.replace('\'', "\"")));
        format!("{{{}{}\"t\": \"{t}\", \"b\": {b}}}", field("n", n), field("m", m))
    });
    (
        data,
        proptest::sample::select(vec!["", "x", "y", "yx"]).prop_map(str::to_owned),
        any::<bool>(),
        proptest::option::of(0_u32..=1_000_000),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), ..ProptestConfig::default() })]

    #[test]
    fn no_message_reaches_what_is_unreachable(
        rules in proptest::collection::vec((proptest::sample::select(vec!["a", "any", "unknown"]), when(), proptest::sample::select(vec!["high", "medium"])), 1..7),
        messages in proptest::collection::vec(message(), 20),
    ) {
        let rules: Vec<Value> = (1..).zip(&rules)
            .map(|(line, (intent, when, priority))| json!({"line": line, "intent": intent, "agent": format!("x{line}"), "when": when, "priority": priority, "on_tie": "first"}))
            .collect();
        let spec = json!({ "rules": rules });
        let (book, found) = (book(&spec), problems(&spec));
        for (data, text, labelled, confidence) in &messages {
            let labels: &[Name] = if *labelled { &["v".into()] } else { &[] };
            for intent in [None, Some("a"), Some("weather")] {
                let content = Content { text, data: Some(data.as_bytes()), labels };
                let decision = decided(&book, &RouteQuery { content, confidence: confidence.map(Confidence), ..query(intent) });
                if let Some((_, line)) = decision.evidence.rule {
                    prop_assert!(!found.unreachable.iter().any(|lost| lost.line == line), "line {line} took {data} {text} {intent:?}: {spec}");
                }
            }
        }
        for overlap in found.overlaps.iter().filter(|overlap| overlap.certain) {
            let example = overlap.example.as_ref().unwrap();
            let data = example.get("data").map(ToString::to_string);
            let labels: Vec<Name> = example.get("labels").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(Name::from).collect();
            let scope = Scope {
                text: example.get("text").and_then(Value::as_str).unwrap_or(""), data: data.as_deref().map(str::as_bytes), labels: &labels,
                intent: example.get("intent").and_then(Value::as_str),
                confidence: example.get("confidence").and_then(Value::as_f64).map(|share| Confidence(format!("{:.0}", share * 1e6).parse().unwrap())),
                ..Scope::default()
            };
            for line in overlap.lines {
                let when = rules[line as usize - 1]["when"].as_str().unwrap();
                prop_assert_eq!(Condition::compile(when).unwrap().evaluate(&scope), Ok(true), "{} for {}", when, example);
            }
        }
    }
}
