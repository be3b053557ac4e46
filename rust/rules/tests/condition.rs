//! What a condition sees, and what its errors never say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_kernel::{Confidence, Content};
use interlock_rules::{Condition, Scope};

fn ask(text: &str, data: &str) -> Result<bool, String> {
    let scope = Scope {
        text: "I was charged twice",
        data: Some(data.as_bytes()),
        user: Some(br#"{"tier": "gold", "name": "Zoe"}"#),
        ..Scope::default()
    };
    Condition::compile(text).unwrap().evaluate(&scope)
}

#[test]
fn integers_and_doubles_compare_as_numbers() {
    for (data, expected) in
        [(r#"{"amount": 600}"#, true), (r#"{"amount": 600.5}"#, true), (r#"{"amount": 500}"#, false), (r#"{"amount": -1}"#, false)]
    {
        assert_eq!(ask("data.amount > 500", data), Ok(expected), "{data}");
    }
    assert_eq!(ask("data.amount >= 499.5", r#"{"amount": 500}"#), Ok(true));
    assert_eq!(ask("data.amount == 500", r#"{"amount": 500.0}"#), Ok(true));
    assert_eq!(ask("data.amount > 500", r#"{"amount": 18446744073709551615}"#), Ok(true));
}

#[test]
fn json_integers_are_cel_ints() {
    assert_eq!(ask("data.amount + 1 == 3 && type(data.amount) == int", r#"{"amount": 2}"#), Ok(true));
}

#[test]
fn every_root_can_be_seen() {
    let scope = Scope {
        text: "hello",
        data: Some(b"[1, 2]"),
        user: Some(br#"{"roles": ["customer"]}"#),
        intent: Some("refund"),
        confidence: Some(Confidence(800_000)),
        labels: &["vip".into()],
        speaker: Some("critic"),
        turns: 3,
        ballots: &[("legal", Content { text: "no", data: Some(br#"{"decision": "reject"}"#), labels: &[] }, Some(Confidence(500_000)))],
    };
    let all = "text.startsWith('hel') && size(data) == 2 && 'customer' in user.roles && intent == 'refund' && confidence >= 0.8";
    assert_eq!(Condition::compile(all).unwrap().evaluate(&scope), Ok(true));
    let plans = "'vip' in labels && speaker == 'critic' && turns == 3 && ballots.legal.data.decision == 'reject' && \
                 ballots.legal.text == 'no' && ballots['legal'].confidence == 0.5 && size(ballots) == 1";
    assert_eq!(Condition::compile(plans).unwrap().evaluate(&scope), Ok(true));
    assert_eq!(Condition::of_rule("'vip' in labels").unwrap().evaluate(&scope), Ok(true));
}

#[test]
fn a_rule_sees_the_task_only() {
    for root in ["speaker", "turns", "ballots"] {
        let error = Condition::of_rule(&format!("{root} == null")).map(|_| ()).unwrap_err();
        assert_eq!(error, format!("`{root}` is not known: a condition sees text, data, user, intent, confidence, labels"));
    }
}

#[test]
fn what_is_not_there_is_null() {
    let all = "data == null && user == null && intent == null && confidence == null && text == '' && labels == [] && \
               speaker == null && turns == 0 && ballots == {}";
    assert_eq!(Condition::compile(all).unwrap().evaluate(&Scope::default()), Ok(true));
}

#[test]
fn macros_and_their_variables_are_known() {
    assert_eq!(
        ask("data.items.exists(item, item.price > 10 && item.ok)", r#"{"items": [{"price": 3, "ok": true}, {"price": 11, "ok": true}]}"#),
        Ok(true)
    );
    assert_eq!(ask("data.items.filter(i, i > 1).map(i, i * 2) == [4, 6]", r#"{"items": [1, 2, 3]}"#), Ok(true));
    assert_eq!(ask("has(data.amount) && data.amount > 500", "{}"), Ok(false));
    assert_eq!(ask("text.matches('(?i)CHARGED')", "{}"), Ok(true));
    assert_eq!(ask("{'gold': 1, 'silver': 2}[user.tier] == 1", "{}"), Ok(true));
}

#[test]
fn a_missing_field_is_named() {
    assert_eq!(ask("data.amount > 500", "{}"), Err("there is no field `amount`".to_owned()));
    assert_eq!(ask("data.amount > 500", "null"), Err("null_type has no fields".to_owned()));
    assert_eq!(ask("data.order.amount > 500", r#"{"order": 3}"#), Err("int has no fields".to_owned()));
}

#[test]
fn an_answer_that_is_no_bool_is_an_error() {
    assert_eq!(ask("data.amount", r#"{"amount": 4111}"#), Err("the result is int, not bool".to_owned()));
    assert_eq!(ask("data.amount && true", r#"{"amount": 4111}"#), Err("`&&` does not take (int, bool)".to_owned()));
}

#[test]
fn data_that_is_not_json_is_an_error_only_if_it_is_looked_at() {
    assert_eq!(ask("data.amount > 500", "{secret"), Err("`data` is not JSON".to_owned()));
    assert_eq!(ask("data.amount > 500", r#"{"amount": 600} trailing"#), Err("`data` is not JSON".to_owned()));
    assert_eq!(ask("user.tier == 'gold'", "{secret"), Ok(true));
    assert_eq!(ask("user.tier == 'silver' && data.amount > 500", "{secret"), Ok(false));
}

#[test]
fn json_nested_without_end_is_an_error_and_not_a_crash() {
    assert_eq!(ask("data == 1", &"[".repeat(100_000)), Err("`data` is not JSON".to_owned()));
}

#[test]
fn an_expression_without_end_is_an_error_and_not_a_crash() {
    let refused = |text: String| Condition::compile(&text).map(|_| ()).unwrap_err();
    for (open, close) in [("(", ")"), ("[", "]"), ("int(", ")"), ("[1].exists(x, ", ")"), ("!(", ")"), ("true ? 1 : (", ")")] {
        for depth in [40, 100, 5_000 / (open.len() + 5)] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(Condition::compile(&text).is_err() || open == "(", "{open} {depth}");
        }
    }
    assert_eq!(refused(["1"; 900].join("+")), "the expression is nested more than 32 deep");
    assert_eq!(refused(format!("data{}", "[1]".repeat(600))), "the expression is nested more than 32 deep");
    assert_eq!(refused("x".repeat(2_001)), "the condition has 2001 bytes, and 2000 is the limit");
}

#[test]
fn the_deepest_expression_that_is_accepted_can_be_evaluated() {
    assert_eq!(ask(&format!("{}1{} == []", "[".repeat(30), "]".repeat(30)), "{}"), Ok(false));
    assert_eq!(ask(&format!("{} == 32", ["1"; 31].join("+")), "{}"), Ok(false));
    assert_eq!(ask(&["true"; 300].join("&&"), "{}"), Ok(true));
}

#[test]
fn no_error_repeats_a_value() {
    let data = r#"{"name": "Zoe", "n": 90210, "big": 9223372036854775807, "list": [90210]}"#;
    let expressions = [
        "data[user.name] == 1",
        "data.name > 1",
        "data.n > data.name",
        "data.name + data.n == 1",
        "data.n / 0 == 1",
        "data.n % 0 == 1",
        "data.big + data.n > 0",
        "data.big * data.n > 0",
        "data.list[data.n] == 1",
        "data.list[data.name] == 1",
        "int(data.name) == 1",
        "double(data.name) > 1.0",
        "text.matches(data.list)",
        "text.matches('[' + data.name)",
        "data.name.size(1) == 2",
        "data.n.contains('x')",
        "!data.name",
        "-data.name == 1",
        "data.name ? true : false",
        "data.n in data.name",
        "{data.name: 1, data.name: 2} == {}",
        "{data.list: 1} == {}",
        "data.name.exists(c, c == 1)",
        "data.n.all(c, c == 1)",
        "bool(data.name)",
        "data.list.map(x, x / 0) == []",
        "data.name",
        "data",
        "dyn(data)",
        "{'a': 1}[data.name] == 1",
        "data.name.n == 1",
        "uint(-data.n) == 1u",
        "string(data.list) == ''",
        "data.list < data.list",
    ];
    for expression in expressions {
        let error = ask(expression, data).expect_err(expression);
        for secret in ["Zoe", "90210", "9223372036854775807"] {
            assert!(!error.contains(secret), "{expression}: {error}");
        }
    }
}
