//! What a tool's result carries, and which of its fields may be trusted more than the rest.

use serde_json::{Map, Value};

use super::dates::Moment;
use super::leaves::{Kind, leaves};
use super::rule::Rule;
use super::trace::{Source, Trace};
use super::{Call, Labels, Mode};
use interlock_kernel::{Integrity, Label};

/// The label of a result, and what of it becomes a source of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    pub label: Label,
    /// Values that the tool's own system assigned, one on each line, of the one record that the user means. A source with
    /// `developer` integrity; `None` if there is no such record.
    pub assigned: Option<(Label, String)>,
}

impl Labels {
    /// What the result of this call carries. `result` is its JSON form, where it has one. What a stranger had looked up is the
    /// stranger's choice, so it is trusted no more than the values that chose it.
    pub fn emit(&self, call: &Call<'_>, result: Option<&[u8]>) -> Emission {
        let rule = self.rule(call.tool);
        let mut label = rule.emits;
        let picks = label.integrity > Integrity::Untrusted || !rule.assigns.is_empty();
        let spreads = call.context.confidentiality > label.confidentiality;
        if self.mode == Mode::Off || !(picks || spreads) {
            return Emission { label, assigned: None };
        }
        let trace = Trace::new(call.sources);
        let Some(Chosen { by, echo, told }) = chooser(rule, call, &trace) else {
            return Emission { label: label.join(call.context), assigned: None };
        };
        if echo < Integrity::User {
            label.integrity = label.integrity.min(echo);
        }
        label.confidentiality = label.confidentiality.max(told.confidentiality);
        let record =
            (by >= Integrity::User && !rule.assigns.is_empty()).then(|| result.and_then(|json| assigned(rule, json, &trace))).flatten();
        Emission { label, assigned: record.map(|text| (Label::new(Integrity::Developer, label.confidentiality), text)) }
    }
}

/// Who had a hand in a call's arguments.
struct Chosen {
    /// The least integrity of the values that choose what is looked up: all but those that the policy takes from anybody.
    by: Integrity,
    /// The least integrity of everything that the tool was told, and may repeat.
    echo: Integrity,
    told: Label,
}

/// `None`: the arguments can't be read or are too many to trace.
fn chooser(rule: &Rule, call: &Call<'_>, trace: &Trace<'_>) -> Option<Chosen> {
    let context = call.context;
    let mut found = Chosen { by: Integrity::System, echo: Integrity::System, told: Label::NEUTRAL };
    if context.integrity >= Integrity::User && context.confidentiality <= rule.emits.confidentiality {
        return Some(found);
    }
    let arguments = call.read()?;
    let all = leaves(&arguments, |path| rule.arguments.contains_key(path));
    if super::is_too_much(all.len(), trace) {
        return None;
    }
    for leaf in all {
        found.told = found.told.join(trace.label(&leaf, context));
        let bound = rule.bound(&leaf.rule);
        if bound.and_then(|bound| bound.endorse.as_ref()).is_some_and(|endorse| endorse.fits(&leaf)) {
            continue;
        }
        let best = trace.best(&leaf, context.integrity);
        found.echo = found.echo.min(best);
        if bound.is_none_or(|bound| bound.accepts != Some(Integrity::Untrusted)) {
            found.by = found.by.min(best);
        }
    }
    Some(found)
}

/// The assigned fields of the only record, or else of the only one with a key that the user's text names.
fn assigned(rule: &Rule, json: &[u8], trace: &Trace<'_>) -> Option<String> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let records: Vec<&Map<String, Value>> = match &value {
        Value::Object(record) => vec![record],
        Value::Array(items) => items.iter().filter_map(Value::as_object).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let record = match records.as_slice() {
        [] => return None,
        [only] => only,
        many => {
            let known = |record: &&&Map<String, Value>| rule.keys.iter().any(|key| named(record.get(key), trace));
            let mut meant = many.iter().filter(known);
            let record = meant.next()?;
            if meant.next().is_some() {
                return None;
            }
            record
        }
    };
    let mut lines: Vec<String> = Vec::new();
    for field in rule.assigns.iter().filter_map(|field| record.get(field)) {
        for leaf in leaves(field, |_| true) {
            if matches!(leaf.kind, Kind::Text(_) | Kind::Number(_)) {
                lines.push(leaf.text());
            }
        }
    }
    if let Some((from, to)) = &rule.length {
        let moment = |field: &String| record.get(field).and_then(Value::as_str).and_then(Moment::read).map(Moment::minutes);
        lines.extend(moment(from).zip(moment(to)).filter(|(from, to)| to > from).map(|(from, to)| format!("{} minutes", to - from)));
    }
    Some(lines.join("\n"))
}

fn named(key: Option<&Value>, trace: &Trace<'_>) -> bool {
    key.and_then(Value::as_str).is_some_and(|key| trace.user_says(key))
}

impl<'a> Call<'a> {
    /// The same call as `check` and `emit` take it.
    pub fn new(tool: &'a str, acts: bool, arguments: &'a [u8], context: Label, sources: &'a [Source<'a>]) -> Self {
        Self { tool, acts, arguments, context, sources, endorsed: &[] }
    }

    /// The same, with values for which somebody vouched.
    #[must_use]
    pub fn with_endorsed(self, endorsed: &'a [Source<'a>]) -> Self {
        Self { endorsed, ..self }
    }

    pub(super) fn read(&self) -> Option<Value> {
        if self.arguments.trim_ascii().is_empty() {
            return Some(Value::Object(Map::new()));
        }
        serde_json::from_slice(self.arguments).ok()
    }
}
