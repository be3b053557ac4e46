//! JSON as Cedar sees it. Cedar has no null: what is null is as if it was left out. It has no fractions beyond four digits: such a
//! number is a record, with which nothing can be compared, so that a policy that tries can't be evaluated.

use cedar_policy::RestrictedExpression;
use serde_json::Value;

use super::numbers::{Bounds, decimal};

/// A value for Cedar; None for null.
pub(super) fn expression(value: &Value) -> Option<RestrictedExpression> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(given) => RestrictedExpression::new_bool(*given),
        Value::String(text) => RestrictedExpression::new_string(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => RestrictedExpression::new_long(whole),
            None => fraction(&number.to_string()),
        },
        Value::Array(items) => RestrictedExpression::new_set(items.iter().filter_map(expression)),
        Value::Object(members) => record(members.iter().filter_map(|(name, value)| Some((name.clone(), expression(value)?)))),
    })
}

/// A record of things with names that differ.
pub(super) fn record(members: impl IntoIterator<Item = (String, RestrictedExpression)>) -> RestrictedExpression {
    RestrictedExpression::new_record(members).unwrap_or_else(|_| RestrictedExpression::new_set([]))
}

/// A set of texts.
pub(super) fn texts<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(items.into_iter().map(|item| RestrictedExpression::new_string(item.as_ref().to_owned())))
}

fn fraction(text: &str) -> RestrictedExpression {
    match Bounds::of(text).and_then(Bounds::exact) {
        Some(parts) => RestrictedExpression::new_decimal(decimal(parts)),
        None => record([("number".to_owned(), RestrictedExpression::new_string(text.to_owned()))]),
    }
}

/// A text as Cedar writes it, in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A list of texts as Cedar writes it.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}
