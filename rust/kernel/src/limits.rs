//! Bounds that hold for every plan, whatever it says. Each is refused by name when it is passed.

/// Nodes in one plan: positions are 16 bits, and a larger workflow is better split.
pub const MAX_NODES: usize = 4_096;
/// How deep patterns may nest.
pub const MAX_DEPTH: usize = 16;
/// Turns in one run: the last line of defence against an endless loop that no pattern's own limit stops.
pub const MAX_TURNS: u32 = 10_000;
/// Attempts of one step.
pub const MAX_RETRIES: u16 = 100;
/// A refused handoff is tried again at least this often, with the reason, before the fallback.
pub const HANDOFF_RETRIES: u16 = 1;
/// A turn's time when the plan names none, in milliseconds.
pub const TURN_TIMEOUT_MS: u64 = 30_000;
/// A run's time when the caller names none, in milliseconds.
pub const RUN_DEADLINE_MS: u64 = 120_000;
/// Longest text that one message may carry, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
