//! Says why an expression could not be evaluated, with kinds and the expression's own names and never with values:
//! the text goes into journals and prompts, and values are people's data.

use std::collections::BTreeSet;

use cel::common::ast::operators;
use cel::{ExecutionError, OverloadError, Value};

use crate::facts::Root;

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "another crate's enum that grows; what it may add is not described, only counted as a fault"
)]
pub(crate) fn describe(error: &ExecutionError, fields: &BTreeSet<String>) -> String {
    match error {
        // The key of an index like data[user.name] is a value, so only names that the expression spells out are repeated.
        ExecutionError::NoSuchKey(key) if fields.contains(key.as_str()) => format!("there is no field `{key}`"),
        ExecutionError::NoSuchKey(_) => "there is no such key".to_owned(),
        ExecutionError::NoSuchOverload(overload) => no_overload(overload),
        ExecutionError::ValuesNotComparable(left, right) => format!("{} and {} can't be compared", kind(left), kind(right)),
        ExecutionError::UnsupportedBinaryOperator(name, left, right) => {
            format!("`{name}` does not take ({}, {})", kind(left), kind(right))
        }
        ExecutionError::UnexpectedType { want, .. } => format!("a value is not {want}"),
        // Unknown names were refused at load, so this is a root whose JSON could not be parsed.
        ExecutionError::UndeclaredReference(name) if Root::NAMES.contains(&name.as_str()) => format!("`{name}` is not JSON"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
        ExecutionError::Overflow(..) => "an integer overflowed".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "an index is out of bounds".to_owned(),
        ExecutionError::FunctionError { function, .. } => format!("`{function}` failed"),
        _ => "the expression failed".to_owned(),
    }
}

fn no_overload(error: &OverloadError) -> String {
    let types = error.argument_types();
    match (error.function(), types) {
        ("_._", [of, ..]) => format!("{of} has no fields"),
        (operators::INDEX, [of, by]) => format!("{of} can't be indexed with {by}"),
        (name, _) => {
            let name = operators::find_operator(name).unwrap_or(name).trim_matches(['_', '@']);
            format!("`{name}` does not take ({})", types.join(", "))
        }
    }
}

/// CEL's name for a value's type, where the crate's display has names of its own.
pub(crate) fn kind(value: &Value) -> String {
    match value.type_of().to_string().as_str() {
        "float" => "double".to_owned(),
        "null" => "null_type".to_owned(),
        other => other.to_owned(),
    }
}
