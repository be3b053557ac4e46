//! The limits of a tool's arguments: what Cedar can say, it says. Found out here are names and types, a number in ten-thousandths, rounded
//! down and up, and whether a regular expression matches; they come in as `context.names`, `types`, `low`, `high` and `matches`.
//! Whole ten-thousandths instead of Cedar's decimals, because each of those is parsed anew, by a regular expression, in every evaluation.

use std::collections::BTreeMap;

use cedar_policy::RestrictedExpression;
use regex::Regex;
use serde_json::{Number, Value};

use super::numbers::{Bounds, decimal};
use super::reads::Names;
use super::scan;
use super::spec::{Argument, Kind, Tool};
use super::values::{expression, quoted, record, texts};
use crate::SpecError;

/// Beyond it a pattern's automaton is refused, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// When an argument is within its limits, in Cedar; None if anything is.
pub(super) fn condition(name: &str, limits: &Argument, at: &str) -> Result<Option<String>, SpecError> {
    let key = quoted(name);
    let mut tests = Vec::new();
    if let Some(kind) = limits.kind {
        tests.push(format!("context.types has {key} && {}.contains(context.types[{key}])", kinds(kind)));
    }
    let (min, max) = (bound(limits.min.as_ref(), at, "min")?, bound(limits.max.as_ref(), at, "max")?);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(error(&format!("{at}.max"), "is less than `min`, so no number is allowed", "let min be at most max"));
    }
    if let Some(min) = min {
        tests.push(format!("context.low has {key} && context.low[{key}] >= {min}"));
    }
    if let Some(max) = max {
        tests.push(format!("context.high has {key} && context.high[{key}] <= {max}"));
    }
    if let Some(among) = &limits.among {
        tests.push(format!("{}.contains(context.arguments[{key}])", set(among, limits, at)?));
    }
    if let Some(pattern) = &limits.pattern {
        compiled(pattern, at)?;
        tests.push(format!("context.matches has {key} && context.matches[{key}]"));
    }
    if let Some(like) = &limits.like {
        let text = format!("context.types[{key}] == \"string\" && context.arguments[{key}] like {}", glob(like));
        tests.push(format!("context.types has {key} && {text}"));
    }
    let has = format!("context.names.contains({key})");
    Ok(match (tests.is_empty(), limits.required) {
        (true, false) => None,
        (true, true) => Some(has),
        (false, true) => Some(format!("{has} && {}", tests.join(" && "))),
        (false, false) => Some(format!("!({has}) || ({})", tests.join(" && "))),
    })
}

fn kinds(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "[\"number\", \"integer\"]",
        Kind::Integer => "[\"integer\"]",
        Kind::String => "[\"string\"]",
        Kind::Boolean => "[\"boolean\"]",
        Kind::Array => "[\"array\"]",
        Kind::Object => "[\"object\"]",
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
    }
}

fn bound(given: Option<&Number>, at: &str, key: &str) -> Result<Option<i64>, SpecError> {
    let hint = "write a number with at most four digits behind the point, between -9e14 and 9e14";
    let exact = |number: &Number| {
        let parts = Bounds::of(&number.to_string()).and_then(Bounds::exact);
        parts.ok_or_else(|| error(&format!("{at}.{key}"), &format!("is {number}, which Cedar can't hold"), hint))
    };
    given.map(exact).transpose()
}

/// The values of `in`, each of which must be possible under the other limits.
fn set(among: &[Value], limits: &Argument, at: &str) -> Result<String, SpecError> {
    let at = format!("{at}.in");
    let mut written = Vec::new();
    for value in among {
        if limits.kind.is_some_and(|wanted| !kinds(wanted).contains(&format!("\"{}\"", kind(value)))) {
            return Err(error(&at, &format!("{value} is not of the type that is asked for"), "let the values be of that type"));
        }
        written.push(match value {
            Value::String(text) => quoted(text),
            Value::Bool(given) => given.to_string(),
            Value::Number(number) => match (number.as_i64(), Bounds::of(&number.to_string()).and_then(Bounds::exact)) {
                (Some(whole), _) => whole.to_string(),
                (None, Some(parts)) => format!("decimal(\"{}\")", decimal(parts)),
                (None, None) => {
                    return Err(error(&at, &format!("{number} is nothing that Cedar can hold"), "use four digits behind the point"));
                }
            },
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(error(&at, &format!("{value} is no text, number or truth value"), "list plain values"));
            }
        });
    }
    if written.is_empty() {
        return Err(error(&at, "is empty, so no value is allowed", "list the values that are"));
    }
    Ok(format!("[{}]", written.join(", ")))
}

/// Cedar's pattern: `*` is any text, `\*` is a star.
fn glob(text: &str) -> String {
    let parts: Vec<String> = text.split("\\*").map(quoted).collect();
    let parts: Vec<&str> = parts.iter().map(|part| &part[1..part.len() - 1]).collect();
    format!("\"{}\"", parts.join("\\*"))
}

fn compiled(pattern: &str, at: &str) -> Result<Regex, SpecError> {
    let whole = format!(r"\A(?:{pattern})\z");
    regex::RegexBuilder::new(&whole).size_limit(PATTERN_BYTES).build().map_err(|cause| {
        let cause = cause.to_string();
        let told = cause.lines().last().unwrap_or("it is too large").trim_start_matches("error: ").to_owned();
        error(
            &format!("{at}.pattern"),
            &format!("is no regular expression that can be used: {told}"),
            "the syntax is that of the Rust crate `regex`: no lookaround, no back references",
        )
    })
}

fn error(path: &str, message: &str, hint: &str) -> SpecError {
    SpecError { path: path.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
}

/// What must be found out about one tool's arguments.
#[derive(Debug, Default)]
pub(super) struct Facts {
    typed: Vec<String>,
    bounded: Vec<String>,
    patterns: BTreeMap<String, Regex>,
}

impl Facts {
    pub(super) fn of(name: &str, tool: &Tool) -> Result<Self, SpecError> {
        let mut facts = Self::default();
        for (argument, limits) in &tool.arguments {
            if limits.kind.is_some() || limits.like.is_some() {
                facts.typed.push(argument.clone());
            }
            if limits.min.is_some() || limits.max.is_some() {
                facts.bounded.push(argument.clone());
            }
            if let Some(pattern) = &limits.pattern {
                facts.patterns.insert(argument.clone(), compiled(pattern, &format!("tools.{name}.arguments.{argument}"))?);
            }
        }
        Ok(facts)
    }

    /// The members of the context that tell of the arguments; None if they are no JSON object that can be read.
    pub(super) fn find(&self, json: &[u8], values: &Names, roots: &Names) -> Option<Vec<(String, RestrictedExpression)>> {
        let mut found = Found::default();
        let members = if json.is_empty() { Vec::new() } else { scan::members(json)? };
        let members: BTreeMap<_, _> = members.into_iter().collect(); // of two with one name the last counts, as for every reader of JSON
        for (name, text) in &members {
            let name = name.as_ref();
            let (typed, bounded, pattern) =
                (self.typed.iter().any(|one| one == name), self.bounded.iter().any(|one| one == name), self.patterns.get(name));
            if !(typed || bounded || pattern.is_some() || values.has(name)) {
                continue;
            }
            let value: Value = serde_json::from_slice(text).ok()?;
            if typed {
                found.types.push((name.to_owned(), RestrictedExpression::new_string(kind(&value).to_owned())));
            }
            if bounded && value.is_number() {
                found.bound(name, Bounds::of(std::str::from_utf8(text).ok()?)?);
            }
            if let (Some(pattern), Value::String(text)) = (pattern, &value) {
                found.matches.push((name.to_owned(), RestrictedExpression::new_bool(pattern.is_match(text))));
            }
            found.values.extend(expression(&value).map(|value| (name.to_owned(), value)));
        }
        let given = members.iter().filter(|(_, text)| **text != b"null").map(|(name, _)| name.as_ref());
        Some(found.context(given, roots))
    }
}

#[derive(Default)]
struct Found {
    values: Vec<(String, RestrictedExpression)>,
    types: Vec<(String, RestrictedExpression)>,
    low: Vec<(String, RestrictedExpression)>,
    high: Vec<(String, RestrictedExpression)>,
    matches: Vec<(String, RestrictedExpression)>,
}

impl Found {
    fn bound(&mut self, name: &str, bounds: Bounds) {
        let written = |parts: i64| (name.to_owned(), RestrictedExpression::new_long(parts));
        self.low.extend(bounds.low.map(written));
        self.high.extend(bounds.high.map(written));
    }

    /// Those members of the context that somebody looks at.
    fn context<'a>(self, names: impl Iterator<Item = &'a str>, roots: &Names) -> Vec<(String, RestrictedExpression)> {
        let records =
            [("arguments", self.values), ("types", self.types), ("low", self.low), ("high", self.high), ("matches", self.matches)];
        let read = records.into_iter().filter(|(name, _)| roots.has(name));
        let mut members: Vec<_> = read.map(|(name, members)| (name.to_owned(), record(members))).collect();
        if roots.has("names") {
            members.push(("names".to_owned(), texts(names)));
        }
        members
    }
}
