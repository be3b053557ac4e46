//! A plan's JSON schema, and what it says of data that does not fit: places and limits, never values.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// How many errors are told; an agent that is asked again needs the first few.
const TOLD: usize = 3;

#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    /// Every key of the schema's text. A name in the data that is not among them is data and is not repeated.
    names: BTreeSet<String>,
}

impl Schema {
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(text).map_err(|error| format!("the schema is not JSON: {error}"))?;
        let validator = jsonschema::options()
            .offline()
            // Linear in the text: replies are not trusted, and backtracking can be made to last.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| format!("/{}: {error}", error.instance_path().to_string().trim_start_matches('/')))?;
        let mut names = BTreeSet::new();
        collect(&schema, &mut names);
        Ok(Self { validator, names })
    }

    pub(crate) fn check(&self, data: Option<&[u8]>) -> Result<(), String> {
        let data = data.ok_or("no data was given")?;
        let data: Value = serde_json::from_slice(data).map_err(|_| "the data is not JSON")?;
        let mut errors = self.validator.iter_errors(&data);
        let told: Vec<String> = errors.by_ref().take(TOLD).map(|error| self.tell(&error)).collect();
        match (told.is_empty(), errors.count()) {
            (true, _) => Ok(()),
            (false, 0) => Err(told.join("; ")),
            (false, more) => Err(format!("{}; and {more} more", told.join("; "))),
        }
    }

    fn tell(&self, error: &ValidationError<'_>) -> String {
        let path: Vec<String> = error.instance_path().iter().map(|segment| self.segment(&segment)).collect();
        format!("/{}: {}", path.join("/"), masked(error))
    }

    fn segment(&self, segment: &LocationSegment<'_>) -> String {
        match segment {
            LocationSegment::Index(index) => index.to_string(),
            LocationSegment::Property(name) if self.names.contains(name.as_ref()) => name.to_string(),
            LocationSegment::Property(_) => "*".to_owned(),
        }
    }
}

/// The crate's masked text hides values but repeats the names of properties that nobody expected; here they are counted.
#[allow(clippy::wildcard_enum_match_arm, reason = "every other kind of another crate's enum is masked by that crate")]
fn masked(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("{} more properties than the schema allows", unexpected.len())
        }
        ValidationErrorKind::PropertyNames { .. } => "the name of a property is not allowed".to_owned(),
        _ => error.masked().to_string(),
    }
}

fn collect(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            collect(value, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
