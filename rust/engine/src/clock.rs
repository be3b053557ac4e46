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

    /// The same clock, and not behind this moment: a system's clock that was put back between two openings of a journal would
    /// make what is due in it later by as much, and its frames older than those before them.
    #[must_use]
    pub fn not_before(self, at: Micros) -> Self {
        match self {
            Self::System { wall, start } => Self::System { wall: wall.max(at.0), start },
            Self::Manual(now) => Self::Manual(now),
        }
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
