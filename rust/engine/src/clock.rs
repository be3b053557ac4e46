//! Time for the engine: the wall clock at start, then monotonic, so that a clock that jumps moves no deadline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use interlock_kernel::Micros;

#[derive(Debug)]
pub enum Clock {
    System {
        wall: u64,
        start: Instant,
    },
    /// For tests: time moves only by `set`.
    Manual(AtomicU64),
}

impl Clock {
    pub fn system() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| micros(since.as_micros()));
        Self::System { wall, start: Instant::now() }
    }

    pub fn manual(at: Micros) -> Self {
        Self::Manual(AtomicU64::new(at.0))
    }

    pub fn now(&self) -> Micros {
        match self {
            Self::System { wall, start } => Micros(wall.saturating_add(micros(start.elapsed().as_micros()))),
            Self::Manual(at) => Micros(at.load(Ordering::Relaxed)),
        }
    }

    /// Move a manual clock; the system's clock moves itself.
    pub fn set(&self, to: Micros) {
        if let Self::Manual(at) = self {
            at.store(to.0, Ordering::Relaxed);
        }
    }
}

fn micros(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
