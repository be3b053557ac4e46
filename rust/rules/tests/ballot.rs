//! What a reply votes for: which answers are the same vote, which abstain, which are spoiled.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::sync::Arc;

use interlock_kernel::{BallotKey, Content, Fold, Rules};
use interlock_rules::{PlanChecks, RuleBook};
use proptest::prelude::*;

fn ballot(key: &BallotKey, text: &str, data: Option<&str>) -> Result<Option<String>, String> {
    let book = RuleBook::new(None, Arc::new(PlanChecks::default()));
    book.ballot(key, Content { text, data: data.map(str::as_bytes), labels: &[] })
}

fn field(path: &str, fold: Fold, data: &str) -> Result<Option<String>, String> {
    ballot(&BallotKey::Field { path: path.to_owned(), fold }, "", Some(data))
}

fn number(value: &str) -> Result<Option<String>, String> {
    field("n", Fold::Number, &format!(r#"{{"n": {value}}}"#))
}

#[allow(clippy::unnecessary_wraps, reason = "what a ballot is compared with")]
fn vote(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.to_owned()))
}

#[test]
fn a_text_votes_whatever_its_case_and_spaces() {
    assert_eq!(ballot(&BallotKey::Text, "  Approve\n the  CLAIM ", None), vote("approve the claim"));
    assert_eq!(ballot(&BallotKey::Text, "GROẞ", None), ballot(&BallotKey::Text, "groß", None));
    assert_eq!(ballot(&BallotKey::Text, " \n ", None), Ok(None));
}

#[test]
fn a_field_votes_as_json_whose_names_are_in_order() {
    assert_eq!(field("decision", Fold::Exact, r#"{"decision": "reject"}"#), vote("\"reject\""));
    assert_eq!(field("a.b", Fold::Exact, r#"{"a": {"b": {"y": [1, 2.5], "x": true}}}"#), vote(r#"{"x":true,"y":[1,2.5]}"#));
    assert_ne!(field("a", Fold::Exact, r#"{"a": 1}"#), field("a", Fold::Exact, r#"{"a": "1"}"#));
    assert_eq!(field("a", Fold::Exact, r#"{"a": 18446744073709551615}"#), vote("18446744073709551615"));
}

#[test]
fn case_is_folded_in_every_text_of_a_field_and_in_no_name() {
    assert_eq!(field("a", Fold::Case, r#"{"a": " Not  Yet"}"#), vote("\"not yet\""));
    assert_eq!(field("a", Fold::Case, r#"{"a": {"Key": ["YES", 1]}}"#), vote(r#"{"Key":["yes",1]}"#));
}

#[test]
fn numbers_vote_by_their_value() {
    let same = [
        "1200.5",
        "1200.50",
        "\"1,200.50 EUR\"",
        "\"$1,200.5\"",
        "\"EUR 1200.5\"",
        "\" 1200.500 \"",
        "\"+1 200.50\\u00a0€\"",
        "\"1'200.5\"",
        "\"£1_200.5\"",
        "\"01200.5\"",
    ];
    for text in same {
        assert_eq!(number(text), vote("1200.5"), "{text}");
    }
    for (text, value) in [
        ("0", "0"),
        ("-0.0", "0"),
        ("\"-0\"", "0"),
        ("7", "7"),
        ("7.0", "7"),
        ("\"$-5\"", "-5"),
        ("\"-$5.10\"", "-5.1"),
        ("\"1,234,567\"", "1234567"),
        ("1e21", "1000000000000000000000"),
        ("18446744073709551615", "18446744073709551615"),
        ("\"0.000\"", "0"),
    ] {
        assert_eq!(number(text), vote(value), "{text}");
    }
}

#[test]
fn what_is_no_number_is_spoiled_and_not_repeated() {
    for text in [
        "\"\"",
        "\"Zoe\"",
        "true",
        "[1]",
        "{}",
        "\"1,20\"",
        "\"1.200,50\"",
        "\"12,3456\"",
        "\"1,200 300\"",
        "\"5 apples\"",
        "\"5%\"",
        "\"1e3\"",
        "\".5\"",
        "\"--5\"",
        "\"EURO 5\"",
        "\"$\"",
        "\"1.2.3\"",
        "\",100\"",
        "\"+-5\"",
    ] {
        assert_eq!(number(text), Err("`n` holds no number".to_owned()), "{text}");
    }
}

#[test]
fn null_or_nothing_is_an_abstention() {
    for data in [r#"{"a": null}"#, r#"{"a": {}}"#, r#"{"a": {"b": null}}"#, "{}"] {
        for fold in [Fold::Exact, Fold::Case, Fold::Number] {
            assert_eq!(field("a.b", fold, data), Ok(None), "{data}");
        }
    }
}

#[test]
fn data_that_has_no_such_field_is_spoiled_by_path_and_without_its_values() {
    let key = BallotKey::Field { path: "a.b".to_owned(), fold: Fold::Exact };
    assert_eq!(ballot(&key, "", None), Err("no data was given, and `a.b` is a field of it".to_owned()));
    assert_eq!(field("a.b", Fold::Exact, "{Zoe"), Err("the data is not JSON, and `a.b` is a field of it".to_owned()));
    assert_eq!(field("a.b", Fold::Exact, "[\"Zoe\"]"), Err("the data is list, so there is no field `a.b`".to_owned()));
    assert_eq!(field("a.b", Fold::Exact, "null"), Err("the data is null_type, so there is no field `a.b`".to_owned()));
    assert_eq!(field("a.b", Fold::Exact, r#"{"a": "Zoe"}"#), Err("`a` is string, so there is no field `a.b`".to_owned()));
}

#[test]
fn agreement_is_no_key_of_one_answer() {
    assert!(ballot(&BallotKey::Agreement { least_ppm: 800_000 }, "yes", None).unwrap_err().contains("between answers"));
}

proptest! {
    #[test]
    fn a_number_is_the_same_vote_however_it_is_written(whole in 0_u32..2_000_000_000, cents in 0_u32..100, minus in any::<bool>()) {
        let digits = whole.to_string();
        let grouped: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
        let sign = if minus { "-" } else { "" };
        let plain = number(&format!("{sign}{whole}.{cents:02}"));
        prop_assert_eq!(&plain, &number(&format!("\"{sign}{}.{cents:02}\"", grouped.join(","))));
        prop_assert_eq!(&plain, &number(&format!("\"{sign}$ {}.{cents:02}0\"", grouped.join(" "))));
        prop_assert_eq!(&plain, &number(&format!("\"{sign}{whole}.{cents:02} USD\"")));
    }
}
