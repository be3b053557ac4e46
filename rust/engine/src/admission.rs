//! Bounds of one runtime. Who goes when they are reached is `interlock-admission`'s affair.

/// Bounds of one runtime.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Runs that have not settled.
    pub max_runs: usize,
    /// Turns that agents work on at once.
    pub max_turns: usize,
    /// Bytes that the journal has queued and not yet written.
    pub max_queued_bytes: usize,
    /// Finished runs that a journal in memory keeps.
    pub retain: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_runs: 16_384, max_turns: 4_096, max_queued_bytes: 64 << 20, retain: 10_000 }
    }
}
