//! A store whose clock stands until it is moved, and short words for what its tests do again and again.
#![allow(dead_code, unreachable_pub, clippy::pedantic, clippy::unwrap_used)] // each test file uses its part

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use interlock_store::{Clock, Lives, Options, Put, Store, StoreError, Value};
use proptest::test_runner::{Config, FileFailurePersistence};

/// Microseconds since 1970, as tests set them.
#[derive(Debug, Clone)]
pub struct Hands(Arc<AtomicU64>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_000_000)))
    }

    pub fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Clock::of(move || hands.load(Ordering::Relaxed))
    }

    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn advance(&self, micros: u64) {
        self.0.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn options(&self) -> Options {
        Options { clock: self.clock(), ..Options::default() }
    }
}

/// So many cases, or as many as `PROPTEST_CASES` says times the share that a slow law takes of them.
pub fn cases(usual: u32, share: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse::<u32>().ok()).map(|cases| cases / share);
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("seeds")) as Box<_>);
    Config { cases: asked.unwrap_or(usual), failure_persistence, max_shrink_iters: 20_000, ..Config::default() }
}

/// Whether the heavy counts are asked for, as `make prove` does.
pub fn heavy() -> bool {
    std::env::var("PROPTEST_CASES").is_ok_and(|cases| cases.parse().is_ok_and(|cases: u32| cases >= 100_000))
}

pub fn put(store: &Store, key: &str, text: &str) -> u64 {
    store.put("n", key, Value::Text(text), Put::default()).unwrap()
}

pub fn ttl(micros: u64) -> Put {
    Put { lives: Lives::For(micros), ..Put::default() }
}

/// The text under a key.
pub fn text(store: &Store, key: &str) -> Option<String> {
    store.get("n", key).unwrap().map(|entry| entry.text().unwrap().to_owned())
}

/// The keys of the namespace, in order.
pub fn keys(store: &Store) -> Vec<String> {
    store.scan("n", "").unwrap().iter().map(|entry| entry.key().to_owned()).collect()
}

pub fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> &'static str {
    result.unwrap_err().code()
}

/// Everything that a store gives, with versions and ids.
pub fn all(store: &Store) -> Vec<(String, interlock_store::Entry)> {
    let names = store.namespaces().into_keys();
    names.flat_map(|name| store.scan(&name, "").unwrap().into_iter().map(move |entry| (name.clone(), entry))).collect()
}

/// The path with something added to its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}
