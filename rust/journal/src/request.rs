//! What a request's payload says of who asked: `{"user": {"id": …, …} or null, "key": …, "thread": …}`. It reads, and keeps nothing.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::JournalError;

/// For whom a run acts, and in which conversation. The list of runs can be searched by both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub user: Option<Arc<str>>,
    pub thread: Option<Arc<str>>,
}

impl Asked {
    /// From a payload of kind `Request`.
    pub fn of(request: &[u8]) -> Result<Self, JournalError> {
        #[derive(Deserialize)]
        struct Request {
            user: Option<User>,
            thread: Option<Arc<str>>,
        }
        let Request { user, thread } = read(request)?;
        Ok(Self { user: user.and_then(User::name), thread })
    }
}

/// A user's id, from the user as JSON. Nothing when the user has none.
pub fn user_id(user: &[u8]) -> Result<Option<Arc<str>>, JournalError> {
    read::<Option<User>>(user).map(|user| user.and_then(User::name))
}

/// A person: tenant, if there is one, and user id.
pub(crate) type Person = (Option<Arc<str>>, Arc<str>);

/// The person that a payload of kind `Request` names, if it names one.
pub(crate) fn person(request: &[u8]) -> Result<Option<Person>, JournalError> {
    #[derive(Deserialize)]
    struct Request {
        user: Option<User>,
    }
    let Request { user } = read(request)?;
    Ok(user.and_then(|User { id, tenant }| Some((word(tenant), word(id)?))))
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    tenant: Value,
}

impl User {
    fn name(self) -> Option<Arc<str>> {
        word(self.id)
    }
}

fn word(value: Value) -> Option<Arc<str>> {
    match value {
        Value::Null => None,
        Value::String(word) => Some(word.into()),
        // A program may count its users; the list of runs has words only.
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string().into()),
    }
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JournalError> {
    serde_json::from_slice(bytes).map_err(|cause| JournalError::damaged(format!("who asked can't be read: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> (Option<String>, Option<String>) {
        let Asked { user, thread } = Asked::of(text.as_bytes()).unwrap();
        (user.map(|user| user.to_string()), thread.map(|thread| thread.to_string()))
    }

    #[test]
    fn user_and_thread_are_found_where_they_are_given() {
        assert_eq!(asked(r#"{"user":{"id":"ada","roles":[]},"key":null,"thread":"t"}"#), (Some("ada".into()), Some("t".into())));
        assert_eq!(asked(r#"{"user":{"id":7},"key":"k","thread":null}"#), (Some("7".into()), None));
        assert_eq!(asked(r#"{"user":null,"key":"k","thread":"t"}"#), (None, Some("t".into())));
        assert_eq!(asked(r#"{"user":{"tenant":"acme"},"key":"k","thread":null}"#), (None, None));
        assert_eq!(Asked::of(b"{").unwrap_err().code(), "journal.corrupt");
    }
}
