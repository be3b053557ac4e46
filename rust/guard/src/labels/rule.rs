//! A tool's declarations, compiled: what is left to do at a call is looking up.

use regex::Regex;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::dates::Moment;
use super::fold::{fold, lower};
use super::leaves::{Kind, Leaf};
use super::numbers::canonical;
use super::spec::{ArgumentSpec, EndorseSpec, Form, OnViolation, ToolSpec};
use crate::SpecError;
use interlock_kernel::{Confidentiality, Integrity, Label};

/// What one tool accepts, sends and emits.
#[derive(Debug)]
pub(super) struct Rule {
    pub accepts: Integrity,
    /// The highest that any of its arguments asks for, and the tool itself.
    pub highest: Integrity,
    pub sends: Confidentiality,
    pub emits: Label,
    pub assigns: Vec<String>,
    pub keys: Vec<String>,
    pub length: Option<(String, String)>,
    pub on: OnViolation,
    pub asks: Vec<String>,
    pub arguments: FxHashMap<String, Bound>,
}

/// What one argument accepts.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub accepts: Option<Integrity>,
    pub links: Option<Integrity>,
    pub endorse: Option<Endorse>,
}

#[derive(Debug)]
pub(super) enum Endorse {
    Values(Vec<Value>),
    Pattern(Regex),
    Form(Form),
    After(String),
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            accepts: Integrity::User,
            highest: Integrity::User,
            sends: Confidentiality::Secret,
            emits: Label::new(Integrity::Untrusted, Confidentiality::Tenant),
            assigns: Vec::new(),
            keys: Vec::new(),
            length: None,
            on: OnViolation::Review,
            asks: Vec::new(),
            arguments: FxHashMap::default(),
        }
    }
}

impl Rule {
    pub(super) fn compile(name: &str, spec: &ToolSpec) -> Result<Self, SpecError> {
        let at = format!("tools.{name}");
        let accepts = spec.accepts.unwrap_or(Integrity::User);
        let mut arguments = FxHashMap::default();
        let mut highest = accepts;
        for (argument, bound) in &spec.arguments {
            let path = format!("{at}.arguments.{argument}");
            highest = highest.max(bound.accepts.unwrap_or(accepts));
            arguments.insert(argument.clone(), Bound::compile(&path, bound, spec)?);
        }
        if let Some(at_word) = spec.asks.iter().position(|word| word.trim().is_empty()) {
            return Err(wrong(&format!("{at}.asks[{at_word}]"), "an empty word is in every request", "write a word such as `delete`"));
        }
        Ok(Self {
            accepts,
            highest,
            sends: spec.sends.unwrap_or(Confidentiality::Secret),
            emits: Label::new(spec.emits.integrity, spec.emits.confidentiality),
            assigns: spec.emits.assigns.clone(),
            keys: spec.emits.keys.clone(),
            length: spec.emits.length.clone(),
            on: spec.on_violation,
            asks: spec.asks.iter().map(|word| lower(&fold(word))).collect(),
            arguments,
        })
    }

    /// The bound of the nearest path that the policy names: `address` also speaks for `address.street`.
    pub(super) fn bound(&self, path: &str) -> Option<&Bound> {
        let mut path = path;
        loop {
            if let Some(bound) = self.arguments.get(path) {
                return Some(bound);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    pub(super) fn needed(&self, path: &str) -> Integrity {
        self.bound(path).and_then(|bound| bound.accepts).unwrap_or(self.accepts)
    }
}

impl Bound {
    fn compile(path: &str, spec: &ArgumentSpec, tool: &ToolSpec) -> Result<Self, SpecError> {
        let endorse = spec.endorse.as_ref().map(|endorse| Endorse::compile(&format!("{path}.endorse"), endorse, tool)).transpose()?;
        Ok(Self { accepts: spec.accepts, links: spec.links, endorse })
    }
}

impl Endorse {
    fn compile(path: &str, spec: &EndorseSpec, tool: &ToolSpec) -> Result<Self, SpecError> {
        match (&spec.values, &spec.pattern, spec.form, &spec.after) {
            (Some(values), None, None, None) if !values.is_empty() => Ok(Self::Values(values.clone())),
            (None, Some(pattern), None, None) => Regex::new(&format!("^(?:{pattern})$")).map(Self::Pattern).map_err(|cause| {
                wrong(&format!("{path}.pattern"), &format!("not a pattern: {cause}"), "see https://docs.rs/regex for the syntax")
            }),
            (None, None, Some(form), None) => Ok(Self::Form(form)),
            (None, None, None, Some(other)) if tool.arguments.contains_key(other) => Ok(Self::After(other.clone())),
            (None, None, None, Some(other)) => Err(wrong(
                &format!("{path}.after"),
                &format!("there is no argument `{other}`"),
                "name another argument of this tool, declared beside this one",
            )),
            _ => Err(wrong(path, "not exactly one form", "give one of enum (not empty), pattern, type and after")),
        }
    }

    /// Whether the value has the form, whoever chose it. What `After` says depends on sources, and is asked elsewhere.
    pub(super) fn fits(&self, leaf: &Leaf<'_>) -> bool {
        match self {
            Self::Values(values) => values.iter().any(|value| match (&leaf.kind, value) {
                (Kind::Text(text), Value::String(allowed)) => text == allowed,
                (Kind::Number(number), Value::Number(allowed)) => {
                    canonical(number).is_some_and(|one| Some(one) == canonical(&allowed.to_string()))
                }
                (Kind::Boolean(flag), Value::Bool(allowed)) => flag == allowed,
                _ => false,
            }),
            Self::Pattern(pattern) => matches!(&leaf.kind, Kind::Text(text) if pattern.is_match(text)),
            Self::Form(form) => fits(*form, &leaf.kind),
            Self::After(_) => false,
        }
    }
}

fn fits(form: Form, kind: &Kind<'_>) -> bool {
    match (form, kind) {
        (Form::Boolean, Kind::Boolean(_)) | (Form::Number, Kind::Number(_)) => true,
        (Form::Number, Kind::Text(text)) => canonical(text).is_some(),
        (Form::Date, Kind::Text(text)) => Moment::read(text).is_some(),
        (Form::Id, Kind::Number(number)) => !number.contains(['.', 'e']),
        (Form::Id, Kind::Text(text)) => {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        }
        (Form::Boolean, Kind::Text(_) | Kind::Number(_))
        | (Form::Number | Form::Date | Form::Id, Kind::Boolean(_))
        | (Form::Date, Kind::Number(_)) => false,
    }
}

fn wrong(path: &str, message: &str, hint: &str) -> SpecError {
    SpecError { path: path.to_owned(), message: message.to_owned(), hint: hint.to_owned() }
}
