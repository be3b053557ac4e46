//! What depends on nothing but who asks for what, kept by the whole of that: the decision itself, or, where the arguments matter, all but
//! what they decide.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::evaluate::Prepared;
use super::request::{Action, Decision, Request};

/// So many are kept at most; then all are forgotten. At up to some KiB each this is some tens of megabytes.
const KEPT: usize = 8_192;

/// A request longer than this is not kept.
const KEY_BYTES: usize = 1_024;

/// What is known of a request.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Decided(Decision),
    Prepared(Arc<Prepared>),
}

/// The decisions of one revision of the policy: another revision has a cache of its own.
#[derive(Debug, Default)]
pub(super) struct Cache {
    kept: Mutex<FxHashMap<Box<[u8]>, Known>>,
}

impl Cache {
    pub(super) fn find(&self, key: &[u8]) -> Option<Known> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn keep(&self, key: Vec<u8>, known: Known) {
        if key.len() > KEY_BYTES {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key.into_boxed_slice(), known);
    }
}

/// All that a decision depends on, apart from the arguments. Each text comes with its length, so no two requests share a key.
pub(super) fn key(request: &Request<'_>, with_user_id: bool) -> Vec<u8> {
    let mut key = Vec::with_capacity(192);
    key.push(request.action as u8);
    text(&mut key, request.agent);
    text(&mut key, request.resource);
    texts(&mut key, request.scopes);
    texts(&mut key, request.required);
    maybe(&mut key, request.domain);
    maybe(&mut key, request.tenant);
    match &request.user {
        None => key.push(0),
        Some(user) => {
            key.push(1);
            maybe(&mut key, (with_user_id || request.action == Action::DecideReview).then_some(user.id));
            maybe(&mut key, user.tenant);
            texts(&mut key, user.roles);
        }
    }
    key
}

fn text(key: &mut Vec<u8>, text: &str) {
    key.extend_from_slice(&text.len().to_le_bytes());
    key.extend_from_slice(text.as_bytes());
}

fn texts(key: &mut Vec<u8>, texts: &[&str]) {
    key.extend_from_slice(&texts.len().to_le_bytes());
    for one in texts {
        text(key, one);
    }
}

fn maybe(key: &mut Vec<u8>, given: Option<&str>) {
    key.push(u8::from(given.is_some()));
    if let Some(given) = given {
        text(key, given);
    }
}
