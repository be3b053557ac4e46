//! What a store is opened with.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What becomes of old entries when the cap is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Eviction {
    /// Nothing goes; a put that needs room is refused.
    #[default]
    None,
    /// What was neither read nor written for longest goes first. Up to 1,024 entries exactly; beyond, the oldest of 32 that are drawn.
    Lru,
    /// What would expire soonest goes first; when nothing expires, as `Lru`.
    TtlFirst,
}

/// Microseconds since 1970.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    pub fn of(now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> u64 {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::of(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}

/// Rules that a test switches off, to see that another test notices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Broken {
    /// Acknowledge a durable put before it is committed.
    pub acknowledge_early: bool,
    /// Compare and set without comparing.
    pub ignore_expect: bool,
}

/// What a store is opened with. The defaults: no cap, values up to 16 MiB, namespaces as they come.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes in memory, keys, values and what an entry costs besides; no cap without it.
    pub cap: Option<usize>,
    pub eviction: Eviction,
    /// Bytes of one value.
    pub max_value: usize,
    /// Bytes that may wait for the disk before a put waits with them.
    pub backlog: usize,
    /// The namespaces that there are; without them a put makes its own.
    pub namespaces: Option<Vec<String>>,
    /// Bytes that the file may grow to; SQLite refuses more as it would on a full disk.
    pub max_file: Option<u64>,
    pub clock: Clock,
    pub broken: Broken,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cap: None,
            eviction: Eviction::None,
            max_value: 16 << 20,
            backlog: 256 << 20,
            namespaces: None,
            max_file: None,
            clock: Clock::default(),
            broken: Broken::default(),
        }
    }
}
