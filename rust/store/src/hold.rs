//! What live runs hold: an eviction passes it over. Deleting and expiring are said by somebody, and still take it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A namespace, or one key of it.
type Place = (Box<str>, Option<Box<str>>);

#[derive(Debug, Default)]
pub(crate) struct Holds {
    held: Mutex<HashMap<Place, usize>>,
    /// So that nobody takes the lock while nothing is held.
    any: AtomicUsize,
}

/// Keeps a namespace, or a key, from being evicted until it is dropped.
#[derive(Debug)]
pub struct Hold {
    holds: Arc<Holds>,
    place: Option<Place>,
}

impl Holds {
    pub(crate) fn hold(self: &Arc<Self>, namespace: &str, key: Option<&str>) -> Hold {
        let place = (Box::from(namespace), key.map(Box::from));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(place.clone()).or_default() += 1;
        self.any.store(held.len(), Ordering::Release);
        Hold { holds: Arc::clone(self), place: Some(place) }
    }

    pub(crate) fn has(&self, namespace: &str, key: &str) -> bool {
        if self.any.load(Ordering::Acquire) == 0 {
            return false;
        }
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.contains_key(&(namespace.into(), None)) || held.contains_key(&(namespace.into(), Some(key.into())))
    }
}

impl Hold {
    /// Lets go at once.
    pub fn release(&mut self) {
        let Some(place) = self.place.take() else { return };
        let mut held = self.holds.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                held.remove(&place);
            }
        }
        self.holds.any.store(held.len(), Ordering::Release);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.release();
    }
}
