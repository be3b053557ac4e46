//! Events as people and dashboards read them. A view: nothing is read back from it.

use interlock_kernel::Event;
use serde_json::Value;

pub use crate::codec::name;

/// The event as JSON: `{"kind": "turn_started", …}`, with the fields in their human-readable form.
pub fn describe(event: &Event) -> Value {
    let mut described = serde_json::Map::from_iter([("kind".to_owned(), Value::from(name(event)))]);
    match crate::codec::fields(event) {
        Ok(Value::Object(fields)) => described.extend(fields),
        Ok(other) => _ = described.insert("value".into(), other), // every event is a struct; this keeps the function total
        Err(cause) => _ = described.insert("error".into(), cause.to_string().into()),
    }
    Value::Object(described)
}
