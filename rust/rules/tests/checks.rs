//! When a reply may go on, and what is said when it may not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

use std::sync::Arc;

use interlock_kernel::plan::PlanSpec;
use interlock_kernel::{Check, CheckQuery, Confidence, Content, Rules};
use interlock_rules::{PlanChecks, RuleBook, RulesError};
use serde_json::{Value, json};

fn checks(schemas: &[Value], expressions: &[&str]) -> Result<PlanChecks, RulesError> {
    let schemas: Vec<String> = schemas.iter().map(Value::to_string).collect();
    let root = json!({"kind": "step", "agent": "billing"});
    let spec: PlanSpec =
        serde_json::from_value(json!({"name": "p", "root": root, "schemas": schemas, "expressions": expressions})).unwrap();
    PlanChecks::compile(&spec)
}

fn query(data: Option<&str>) -> CheckQuery<'_> {
    CheckQuery { content: Content { data: data.map(str::as_bytes), ..Content::default() }, ..CheckQuery::default() }
}

fn schema(schema: &Value, data: &str) -> Result<(), String> {
    checks(std::slice::from_ref(schema), &[]).unwrap().check(&Check::Schema { number: 0 }, &query(Some(data)))
}

fn order() -> Value {
    json!({"type": "object", "required": ["amount"], "additionalProperties": false, "properties": {
        "amount": {"type": "number", "maximum": 500}, "iban": {"type": "string", "pattern": "^DE[0-9]{20}$"}, "tags": {"items": {"enum": ["a", "b"]}},
    }})
}

#[test]
fn data_that_fits_the_schema_goes_on() {
    assert_eq!(schema(&order(), r#"{"amount": 20, "iban": "DE89370400440532013000"}"#), Ok(()));
}

#[test]
fn data_that_does_not_fit_is_told_by_place_and_limit_without_its_value() {
    assert_eq!(schema(&order(), r#"{"amount": 90210}"#), Err("/amount: value is greater than the maximum of 500".to_owned()));
    let error = schema(&order(), r#"{"iban": "Zoe", "tags": ["a", "Zoe"]}"#).unwrap_err();
    assert!(
        error.contains("/iban: value does not match")
            && error.contains("/: \"amount\" is a required property")
            && error.contains("/tags/1: "),
        "{error}"
    );
    assert!(!error.contains("Zoe"), "{error}");
}

#[test]
fn names_that_only_the_data_knows_are_not_repeated() {
    assert_eq!(schema(&order(), r#"{"amount": 1, "zoe@example.org": 1}"#), Err("/: 1 more properties than the schema allows".to_owned()));
    let by_name = json!({"additionalProperties": {"type": "object", "properties": {"age": {"type": "integer"}}}});
    assert_eq!(schema(&by_name, r#"{"zoe@example.org": {"age": "x"}}"#), Err("/*/age: value is not of type \"integer\"".to_owned()));
    let names = json!({"propertyNames": {"pattern": "^[a-z]+$"}});
    assert_eq!(schema(&names, r#"{"zoe@example.org": 1}"#), Err("/: the name of a property is not allowed".to_owned()));
}

#[test]
fn three_errors_are_told_and_the_rest_counted() {
    let error = schema(&json!({"items": {"type": "integer"}}), r#"["a", "b", 3, "c", "d", "e"]"#).unwrap_err();
    assert_eq!(
        error,
        "/0: value is not of type \"integer\"; /1: value is not of type \"integer\"; /3: value is not of type \"integer\"; and 2 more"
    );
}

#[test]
fn a_reply_without_data_does_not_fit_a_schema() {
    let checks = checks(&[order()], &[]).unwrap();
    assert_eq!(checks.check(&Check::Schema { number: 0 }, &query(None)), Err("no data was given".to_owned()));
    assert_eq!(schema(&order(), "{nonsense"), Err("the data is not JSON".to_owned()));
}

#[test]
fn a_schema_that_refers_elsewhere_is_refused() {
    for reference in ["https://example.org/schema.json", "file:///etc/schema.json", "other.json"] {
        let error = checks(&[json!({}), json!({"$ref": reference})], &[]).unwrap_err();
        assert!(error.to_string().starts_with("schemas[1]: "), "{error}");
    }
    assert_eq!(schema(&json!({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}), "1"), Ok(()));
}

#[test]
fn a_schema_that_is_wrong_is_refused() {
    let error = checks(&[json!({"properties": {"amount": {"type": "money"}}})], &[]).unwrap_err();
    assert!(error.to_string().starts_with("schemas[0]: /properties/amount/type: "), "{error}");
    let lookahead = checks(&[json!({"pattern": "(?=a)b"})], &[]).unwrap_err();
    assert!(lookahead.hint().contains("lookaround"), "{lookahead}");
}

#[test]
fn confidence_is_compared_and_a_missing_one_is_too_little() {
    let check = |given: Option<u32>, least: u32| {
        let query = CheckQuery { confidence: given.map(Confidence), ..query(None) };
        PlanChecks::default().check(&Check::MinConfidence { ppm: Confidence(least) }, &query)
    };
    assert_eq!(check(Some(800_000), 800_000), Ok(()));
    assert_eq!(check(Some(400_000), 800_000), Err("confidence 0.400000 is below 0.800000".to_owned()));
    assert_eq!(check(None, 800_000), Err("no confidence was given, 0.8 is required".to_owned()));
    assert_eq!(check(None, 1_000_000), Err("no confidence was given, 1 is required".to_owned()));
}

#[test]
fn an_expression_must_be_true() {
    let checks = checks(&[], &["data.amount <= 500"]).unwrap();
    let check = |data| checks.check(&Check::Expression { number: 0 }, &query(data));
    assert_eq!(check(Some(r#"{"amount": 500}"#)), Ok(()));
    assert_eq!(check(Some(r#"{"amount": 90210}"#)), Err("`data.amount <= 500` is false".to_owned()));
    assert_eq!(check(Some("{}")), Err("`data.amount <= 500` has no answer: there is no field `amount`".to_owned()));
    assert_eq!(check(None), Err("`data.amount <= 500` has no answer: null_type has no fields".to_owned()));
}

#[test]
fn an_expression_that_is_wrong_is_refused_by_its_number() {
    let error = checks(&[], &["true", "amount > 1"]).unwrap_err();
    assert_eq!((error.path(), error.line()), ("expressions[1]", None));
}

#[test]
fn a_number_that_the_plan_does_not_have_is_no_silent_pass() {
    let book = RuleBook::new(None, Arc::new(PlanChecks::default()));
    assert_eq!(book.check(&Check::Schema { number: 3 }, &query(None)), Err("the plan has no schema 3".to_owned()));
    assert_eq!(book.check(&Check::Expression { number: 4 }, &query(None)), Err("the plan has no expression 4".to_owned()));
}
