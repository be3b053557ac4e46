//! The values of a call's arguments, each with the path by which the policy names it.

use serde_json::Value;

/// One scalar of the arguments, or a key that no schema fixed.
pub(super) struct Leaf<'a> {
    /// Dotted, with positions in lists: `participants[1]`, `address.street`.
    pub path: String,
    /// The same without positions.
    pub rule: String,
    pub kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Text(&'a str),
    /// As JSON writes it.
    Number(String),
    Boolean(bool),
}

impl Leaf<'_> {
    /// The value as somebody would read it.
    pub(super) fn text(&self) -> String {
        match &self.kind {
            Kind::Text(text) => (*text).to_owned(),
            Kind::Number(number) => number.clone(),
            Kind::Boolean(flag) => flag.to_string(),
        }
    }

    /// The argument's own name, without what lies inside it.
    pub(super) fn name(&self) -> &str {
        self.rule.rsplit('.').next().unwrap_or(&self.rule)
    }
}

/// Every value that says something: nulls, empty texts, lists and objects are left out, and so are keys for which `is_declared` holds.
pub(super) fn leaves(arguments: &Value, is_declared: impl Fn(&str) -> bool) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    let mut open = vec![(arguments, String::new(), String::new())];
    while let Some((value, path, rule)) = open.pop() {
        let kind = match value {
            Value::Null => continue,
            Value::Bool(flag) => Kind::Boolean(*flag),
            Value::Number(number) => Kind::Number(number.to_string()),
            Value::String(text) if text.trim().is_empty() => continue,
            Value::String(text) => Kind::Text(text),
            Value::Array(items) => {
                open.extend(items.iter().enumerate().rev().map(|(at, item)| (item, format!("{path}[{at}]"), rule.clone())));
                continue;
            }
            Value::Object(fields) => {
                for (key, field) in fields.iter().rev() {
                    let (path, rule) = (joined(&path, key), joined(&rule, key));
                    if rule.contains('.') && !is_declared(&rule) {
                        found.push(Leaf { path: path.clone(), rule: rule.clone(), kind: Kind::Text(key) });
                    }
                    open.push((field, path, rule));
                }
                continue;
            }
        };
        found.push(Leaf { path, rule, kind });
    }
    found
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
