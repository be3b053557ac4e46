//! The common shapes of a condition, evaluated without CEL's interpreter and exactly as it would: same answers, same errors, in the
//! same order of looking. A property test holds the two against each other; whatever is not one of these shapes stays with CEL.

use std::cmp::Ordering;
use std::fmt;

use regex::Regex;

use crate::facts::{Facts, Root};
use crate::json::Json;

/// An expression that answers true or false.
#[derive(Debug)]
pub(crate) enum Node {
    /// A value that must be a bool.
    Value(Operand),
    /// `has(path)`: whether the last field is there.
    Has(Path, String),
    Not(Box<Node>),
    Both(Box<Node>, Box<Node>),
    Either(Box<Node>, Box<Node>),
    Compare(Comparison, Operand, Operand),
    In(Operand, Operand),
    Test(Path, TextTest),
}

#[derive(Debug)]
pub(crate) enum Operand {
    Path(Path),
    Literal(Json<'static>),
}

/// A root and the fields on the way from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) root: Root,
    pub(crate) fields: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// A string's method with a literal argument.
#[derive(Debug)]
pub(crate) enum TextTest {
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    /// Compiled once; CEL would do it at every look.
    Matches(Regex),
}

/// Why there is no answer: kinds and the expression's own names, no values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault<'e> {
    NotJson(Root),
    NoField(&'e str),
    NoFields(&'static str),
    NotBool(&'static str),
    Unary(&'static str, &'static str),
    Binary(&'static str, &'static str, &'static str),
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(root) => write!(out, "`{}` is not JSON", root.name()),
            Self::NoField(name) => write!(out, "there is no field `{name}`"),
            Self::NoFields(kind) => write!(out, "{kind} has no fields"),
            Self::NotBool(kind) => write!(out, "the result is {kind}, not bool"),
            Self::Unary(name, kind) => write!(out, "`{name}` does not take ({kind})"),
            Self::Binary(name, left, right) => write!(out, "`{name}` does not take ({left}, {right})"),
        }
    }
}

impl Node {
    pub(crate) fn answer<'e>(&'e self, facts: &Facts<'_>) -> Result<bool, Fault<'e>> {
        match self {
            Self::Value(operand) => {
                let value = operand.value(facts)?;
                if let Json::Bool(answer) = value { Ok(*answer) } else { Err(Fault::NotBool(value.kind())) }
            }
            Self::Has(path, field) => {
                let value = path.value(facts)?;
                value.fields().map(|fields| fields.get(field).is_some()).ok_or(Fault::NoFields(value.kind()))
            }
            Self::Not(inner) => match inner.answer(facts) {
                Ok(answer) => Ok(!answer),
                Err(Fault::NotBool(kind)) => Err(Fault::Unary("!", kind)),
                Err(other) => Err(other),
            },
            Self::Both(left, right) => logical(("&&", false), left, right, facts),
            Self::Either(left, right) => logical(("||", true), left, right, facts),
            Self::Compare(comparison, left, right) => compare(*comparison, left.value(facts)?, right.value(facts)?),
            Self::In(item, among) => contains(item.value(facts)?, among.value(facts)?),
            Self::Test(path, test) => {
                let value = path.value(facts)?;
                value.text().map(|text| test.passes(text)).ok_or(Fault::Binary(test.name(), value.kind(), "string"))
            }
        }
    }
}

/// `decisive` is the answer of one side that makes the other irrelevant, even one that has no answer.
fn logical<'e>((name, decisive): (&'static str, bool), left: &'e Node, right: &'e Node, facts: &Facts<'_>) -> Result<bool, Fault<'e>> {
    let left = left.answer(facts);
    if left == Ok(decisive) {
        return Ok(decisive);
    }
    match (left, right.answer(facts)) {
        (Ok(_), Ok(right)) => Ok(right),
        (Err(_), Ok(right)) if right == decisive => Ok(decisive),
        (Err(Fault::NotBool(left)), Ok(_)) => Err(Fault::Binary(name, left, "bool")),
        (Err(Fault::NotBool(left)), Err(Fault::NotBool(right))) => Err(Fault::Binary(name, left, right)),
        (Ok(_), Err(Fault::NotBool(right))) => Err(Fault::Binary(name, "bool", right)),
        (Err(left), Ok(_) | Err(Fault::NotBool(_))) => Err(left),
        (_, Err(right)) => Err(right),
    }
}

fn compare<'e>(comparison: Comparison, left: &Json<'_>, right: &Json<'_>) -> Result<bool, Fault<'e>> {
    let ordered = |holds: fn(Ordering) -> bool| match left.compare(right) {
        Some(order) => Ok(holds(order)),
        None => Err(Fault::Binary(comparison.name(), left.kind(), right.kind())),
    };
    match comparison {
        Comparison::Equal => Ok(left.equals(right)),
        Comparison::NotEqual => Ok(!left.equals(right)),
        Comparison::Less => ordered(Ordering::is_lt),
        Comparison::LessEqual => ordered(Ordering::is_le),
        Comparison::Greater => ordered(Ordering::is_gt),
        Comparison::GreaterEqual => ordered(Ordering::is_ge),
    }
}

fn contains<'e>(item: &Json<'_>, among: &Json<'_>) -> Result<bool, Fault<'e>> {
    match (among, item) {
        (Json::List(items), _) => Ok(items.iter().any(|each| each.equals(item))),
        (Json::Map(fields), Json::Str(name)) => Ok(fields.get(name).is_some()),
        // What could be a key of another map than one from JSON.
        (Json::Map(_), Json::Bool(_) | Json::Int(_) | Json::UInt(_) | Json::Double(_)) => Ok(false),
        (Json::Map(_), Json::Null | Json::List(_) | Json::Map(_))
        | (Json::Null | Json::Bool(_) | Json::Int(_) | Json::UInt(_) | Json::Double(_) | Json::Str(_), _) => {
            Err(Fault::Binary("in", item.kind(), among.kind()))
        }
    }
}

impl Operand {
    fn value<'v, 'e: 'v>(&'e self, facts: &'v Facts<'_>) -> Result<&'v Json<'v>, Fault<'e>> {
        match self {
            Self::Path(path) => path.value(facts),
            Self::Literal(value) => Ok(value),
        }
    }
}

impl Path {
    pub(crate) fn value<'v, 'e: 'v>(&'e self, facts: &'v Facts<'_>) -> Result<&'v Json<'v>, Fault<'e>> {
        let mut value = facts.root(self.root).ok_or(Fault::NotJson(self.root))?;
        for name in &self.fields {
            value = value.fields().ok_or(Fault::NoFields(value.kind()))?.get(name).ok_or(Fault::NoField(name))?;
        }
        Ok(value)
    }
}

impl TextTest {
    fn passes(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => text.contains(part.as_str()),
            Self::StartsWith(part) => text.starts_with(part.as_str()),
            Self::EndsWith(part) => text.ends_with(part.as_str()),
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Contains(_) => "contains",
            Self::StartsWith(_) => "startsWith",
            Self::EndsWith(_) => "endsWith",
            Self::Matches(_) => "matches",
        }
    }
}

impl Comparison {
    /// With its sides changed.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
        }
    }

    /// Itself, or what is true of two values that it has an answer for and is false of.
    pub(crate) fn or_not(self, truth: bool) -> Self {
        match (truth, self) {
            (true, _) => self,
            (false, Self::Equal) => Self::NotEqual,
            (false, Self::NotEqual) => Self::Equal,
            (false, Self::Less) => Self::GreaterEqual,
            (false, Self::LessEqual) => Self::Greater,
            (false, Self::Greater) => Self::LessEqual,
            (false, Self::GreaterEqual) => Self::Less,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}
