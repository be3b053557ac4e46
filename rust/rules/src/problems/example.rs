//! A task for which a way holds, tried out on the conditions themselves: an overlap that is reported can be seen.

use std::collections::BTreeMap;

use interlock_kernel::{Confidence, Name};
use serde_json::{Map, Value, json};

use crate::facts::Root;
use crate::json::{Json, to_value};
use crate::native::Path;
use crate::problems::ways::{Hint, Way};
use crate::{Condition, Scope};

/// The task as JSON with the keys of a line for `interlock route diff`, if both conditions hold for it.
pub(crate) fn of(way: &Way, intent: Option<&str>, conditions: [Option<&Condition>; 2]) -> Option<Value> {
    let task = build(way)?;
    let text = task.get(&Root::Text).map_or(Some(""), Value::as_str)?;
    let bytes = |root| task.get(root).map(|value| value.to_string().into_bytes());
    let (data, user) = (bytes(&Root::Data), bytes(&Root::User));
    let confidence = task.get(&Root::Confidence).map(|value| value.as_f64().and_then(parts)).map_or(Some(None), |share| share.map(Some))?;
    let labels: Vec<Name> =
        task.get(&Root::Labels).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(Name::from).collect();
    let stated = task.get(&Root::Intent).and_then(Value::as_str).or(intent);
    let scope =
        Scope { text, data: data.as_deref(), user: user.as_deref(), intent: stated, confidence, labels: &labels, ..Scope::default() };
    let holds = conditions.into_iter().flatten().all(|condition| condition.evaluate_by_cel(&scope) == Ok(true));
    holds.then(|| {
        let mut shown = Map::new();
        for (name, root) in
            [("text", Root::Text), ("data", Root::Data), ("user", Root::User), ("confidence", Root::Confidence), ("labels", Root::Labels)]
        {
            shown.extend(task.get(&root).map(|value| (name.to_owned(), value.clone())));
        }
        shown.extend(stated.map(|intent| ("intent".to_owned(), intent.into())));
        Value::Object(shown)
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn parts(share: f64) -> Option<Confidence> {
    (0.0..=1.0).contains(&share).then(|| Confidence((share * f64::from(Confidence::ONE)).round() as u32))
}

fn build(way: &Way) -> Option<BTreeMap<Root, Value>> {
    let mut task = BTreeMap::new();
    for (path, domain) in &way.fields {
        *slot(&mut task, path)? = to_value(&domain.example()?);
    }
    let mut texts: BTreeMap<&Path, [String; 3]> = BTreeMap::new();
    for (path, hint) in &way.hints {
        match hint {
            Hint::Starts(part) => texts.entry(path).or_default()[0].push_str(part),
            Hint::Contains(part) => texts.entry(path).or_default()[1].push_str(part),
            Hint::Ends(part) => texts.entry(path).or_default()[2].push_str(part),
            Hint::Has(field) => {
                let inner = Path { root: path.root, fields: path.fields.iter().chain([field]).cloned().collect() };
                let place = slot(&mut task, &inner)?;
                if place.is_null() {
                    *place = json!(true);
                }
            }
            Hint::Member(value) => member(slot(&mut task, path)?, value),
        }
    }
    for (path, parts) in texts {
        let place = slot(&mut task, path)?;
        if place.is_null() {
            *place = parts.concat().into();
        }
    }
    Some(task)
}

fn member(place: &mut Value, value: &Json<'_>) {
    match place {
        Value::Array(items) => items.push(to_value(value)),
        Value::Null => *place = Value::Array(vec![to_value(value)]),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {}
    }
}

/// Where a path leads; nothing if something else than an object stands in the way.
fn slot<'t>(task: &'t mut BTreeMap<Root, Value>, path: &Path) -> Option<&'t mut Value> {
    let mut place = task.entry(path.root).or_insert(Value::Null);
    for name in &path.fields {
        if place.is_null() {
            *place = json!({});
        }
        place = place.as_object_mut()?.entry(name.as_str()).or_insert(Value::Null);
    }
    Some(place)
}
