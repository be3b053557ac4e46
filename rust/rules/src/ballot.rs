//! What a reply votes for, in a form that equal votes share. An error says why there is no vote, without the reply's data.

use std::borrow::Cow;

use interlock_kernel::{BallotKey, Content, Fold};

use crate::json::{Json, to_value};
use crate::number;

pub(crate) fn of(key: &BallotKey, content: Content<'_>) -> Result<Option<String>, String> {
    match key {
        BallotKey::Text => Ok(Some(folded(content.text)).filter(|text| !text.is_empty())),
        BallotKey::Field { path, fold } => field(path, *fold, content.data),
        BallotKey::Agreement { .. } => Err("agreement lies between answers, so one answer has no key of its own".to_owned()),
    }
}

/// Lower case, with single spaces.
fn folded(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Nothing if the field, or the object in which it would lie, is null or missing.
fn field(path: &str, fold: Fold, data: Option<&[u8]>) -> Result<Option<String>, String> {
    let data = data.ok_or_else(|| format!("no data was given, and `{path}` is a field of it"))?;
    let data = Json::read(data).ok_or_else(|| format!("the data is not JSON, and `{path}` is a field of it"))?;
    let (mut value, mut passed) = (&data, String::new());
    for name in path.split('.') {
        if matches!(value, Json::Null) && !passed.is_empty() {
            return Ok(None);
        }
        let Some(fields) = value.fields() else {
            let of = if passed.is_empty() { "the data".to_owned() } else { format!("`{passed}`") };
            return Err(format!("{of} is {}, so there is no field `{path}`", value.kind()));
        };
        let Some(inner) = fields.get(name) else { return Ok(None) };
        value = inner;
        passed = if passed.is_empty() { name.to_owned() } else { format!("{passed}.{name}") };
    }
    match (value, fold) {
        (Json::Null, _) => Ok(None),
        (value, Fold::Exact) => Ok(Some(to_value(value).to_string())),
        (value, Fold::Case) => Ok(Some(to_value(&lowered(value)).to_string())),
        (value, Fold::Number) => number::of(value).map(Some).ok_or_else(|| format!("`{path}` holds no number")),
    }
}

/// The text of every string with case and spaces folded; names of fields stay.
fn lowered<'a>(value: &'a Json<'_>) -> Json<'a> {
    match value {
        Json::Str(text) => Json::Str(Cow::Owned(folded(text))),
        Json::List(items) => Json::List(items.iter().map(lowered).collect()),
        Json::Map(fields) => Json::Map(fields.map(lowered)),
        Json::Null | Json::Bool(_) | Json::Int(_) | Json::UInt(_) | Json::Double(_) => value.clone(),
    }
}
