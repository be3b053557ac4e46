//! The native evaluator beside CEL's interpreter: the same answer or the same error, for random expressions over random data.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_kernel::{Confidence, Content, Name};
use interlock_rules::{Condition, Scope};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["a", "b", "tier", "n"];
const WORDS: [&str; 5] = ["", "gold", "Gold", "a", "zoë"];

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-2_i64..4).prop_map(|n| n.to_string()),
        (-2_i64..4).prop_map(|n| format!("{n}.0")),
        (-2_i64..4).prop_map(|n| format!("{n}.5")),
        proptest::sample::select(vec![
            "9223372036854775807",
            "-9223372036854775808",
            "9007199254740993",
            "9007199254740992.0",
            "1e19",
            "-0.0",
            "0.8"
        ])
        .prop_map(str::to_owned),
    ]
}

fn word(quote: char) -> impl Strategy<Value = String> {
    proptest::sample::select(&WORDS[..]).prop_map(move |word| format!("{quote}{word}{quote}"))
}

/// JSON in which the names of the expressions occur, at times twice in one object, and at times what is no JSON.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => Just("null".to_owned()),
        2 => any::<bool>().prop_map(|value| value.to_string()),
        6 => number(),
        1 => Just("18446744073709551615".to_owned()),
        6 => word('"'),
    ];
    let value = leaf.prop_recursive(3, 24, 6, |inner| {
        let entry = (proptest::sample::select(&NAMES[..]), inner.clone()).prop_map(|(name, value)| format!("\"{name}\": {value}"));
        prop_oneof![
            3 => proptest::collection::vec(entry, 0..12).prop_map(|entries| format!("{{{}}}", entries.join(", "))),
            1 => proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    });
    prop_oneof![20 => value, 1 => Just("{broken".to_owned()), 1 => Just("1 2".to_owned())]
}

fn path() -> impl Strategy<Value = String> {
    let root = proptest::sample::select(vec![
        "data",
        "data",
        "data",
        "data",
        "user",
        "user",
        "text",
        "intent",
        "confidence",
        "labels",
        "speaker",
        "turns",
        "ballots",
        "ballots.x",
        "ballots.x.data",
    ]);
    (root, proptest::collection::vec(proptest::sample::select(&NAMES[..]), 0..3))
        .prop_map(|(root, fields)| std::iter::once(root).chain(fields).collect::<Vec<_>>().join("."))
}

fn literal() -> impl Strategy<Value = String> {
    let flat = prop_oneof![
        4 => number(),
        1 => proptest::sample::select(vec!["1u", "18446744073709551615u", "null", "true", "false"]).prop_map(str::to_owned),
        4 => word('\''),
    ]
    .boxed();
    prop_oneof![6 => flat.clone(), 1 => proptest::collection::vec(flat, 0..4).prop_map(|items| format!("[{}]", items.join(", ")))]
}

fn expression() -> impl Strategy<Value = String> {
    let operand = prop_oneof![2 => path(), 1 => literal()].boxed();
    let comparison = proptest::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let method = proptest::sample::select(vec!["contains", "startsWith", "endsWith", "matches"]);
    let pattern = prop_oneof![word('\''), Just("'(?i)^gold$'".to_owned()), Just("'('".to_owned())];
    let leaf = prop_oneof![
        8 => (operand.clone(), comparison, operand.clone()).prop_map(|(left, by, right)| format!("{left} {by} {right}")),
        3 => (operand, prop_oneof![path(), literal()]).prop_map(|(item, among)| format!("{item} in {among}")),
        2 => (path(), proptest::sample::select(&NAMES[..])).prop_map(|(path, name)| format!("has({path}.{name})")),
        2 => (path(), method, pattern).prop_map(|(path, method, part)| format!("{path}.{method}({part})")),
        3 => path(),
        1 => literal(),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(3_000), ..ProptestConfig::default() })]

    #[test]
    fn the_native_way_and_cel_agree(
        text in expression(), data in proptest::option::of(json()), user in proptest::option::of(json()), ballot in proptest::option::of(json()),
        said in proptest::sample::select(&WORDS[..]), intent in proptest::option::of(proptest::sample::select(&WORDS[..])),
        ppm in proptest::option::of(0_u32..=1_000_000), label in proptest::sample::select(&WORDS[..]), turns in 0_u32..3,
    ) {
        let condition = Condition::compile(&text).unwrap();
        let labels = [Name::from(label)];
        let answer = Content { text: said, data: ballot.as_deref().map(str::as_bytes), labels: &[] };
        let scope = Scope {
            text: said, data: data.as_deref().map(str::as_bytes), user: user.as_deref().map(str::as_bytes), intent, speaker: intent,
            confidence: ppm.map(Confidence), labels: &labels, turns, ballots: &[("x", answer, ppm.map(Confidence))],
        };
        prop_assert_eq!(condition.evaluate(&scope), condition.evaluate_by_cel(&scope), "{} over {:?} and {:?}", text, data, user);
    }
}

#[test]
fn the_shapes_that_rules_are_made_of_are_native() {
    for text in [
        "data.amount > 500 && user.tier == 'gold'",
        "data.country in ['DE', 'AT'] || !has(data.country)",
        "data.amount >= -1.5 && data.night",
        "text.contains('charged') || text.matches('(?i)refund')",
        "'vip' in labels && confidence < 0.8 && intent != null",
        "ballots.legal.data.decision == 'reject'",
    ] {
        assert!(Condition::compile(text).unwrap().is_native(), "{text}");
    }
    for text in
        ["data.amount + 1 > 500", "size(data.items) > 2", "data['a'] == 1", "text.matches('(')", "data.a == b'a'", "(data.a > 1) == true"]
    {
        assert!(!Condition::compile(text).unwrap().is_native(), "{text}");
    }
}
