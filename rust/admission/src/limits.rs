//! What one agent may be asked to do, as its owner wrote it, and which numbers make no sense.

use interlock_kernel::Name;

/// A whole, in parts per million.
pub(crate) const WHOLE_PPM: u32 = 1_000_000;
/// The longest window of a breaker, in calls; one byte each.
const MAX_WINDOW: u32 = 65_536;

/// The limits of one agent. What is absent does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentLimits {
    /// Turns that the agent works on at once.
    pub max_concurrency: Option<u32>,
    pub rate: Option<RateSpec>,
    /// Turns that may wait for the agent, for whatever reason they wait. With 0, a turn that cannot go at once is refused.
    pub queue: Option<u32>,
    pub breaker: Option<BreakerSpec>,
}

/// How often an agent may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSpec {
    /// Thousandths of a call per second: 2,500 is five calls in two seconds.
    pub per_second_milli: u32,
    /// Calls that may go at once after a pause.
    pub burst: u32,
}

/// When an agent that fails, or is slow, is left alone for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSpec {
    /// How many of the last calls are looked at.
    pub window: u32,
    /// With fewer calls than this in the window, the breaker stays closed.
    pub min_calls: u32,
    /// It opens when this share of the window failed, in parts per million.
    pub error_ppm: u32,
    pub slow: Option<SlowSpec>,
    /// How long it stays open, in microseconds.
    pub open_for_us: u64,
    /// Calls that must succeed, when it was open, before it closes; no more than these go meanwhile.
    pub probes: u32,
}

/// When slowness alone opens a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowSpec {
    /// A call that took longer is slow, in microseconds.
    pub latency_us: u64,
    /// The breaker opens when this share of the window was slow, in parts per million.
    pub ppm: u32,
}

/// A number in a limit that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {must}, not {is}")]
pub struct Wrong {
    /// The field's path in the agent's limits.
    pub field: &'static str,
    pub must: &'static str,
    pub is: u64,
}

/// An agent's limits that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongLimit {
    #[error("limits of agent {agent:?}: {wrong}")]
    Number { agent: Name, wrong: Wrong },
    #[error("agent {agent:?} has limits twice")]
    Twice { agent: Name },
    #[error(transparent)]
    Runtime(Wrong),
}

impl AgentLimits {
    /// Whether the numbers make sense. Limits that would never let anything through are no limits but a mistake.
    pub fn check(&self) -> Result<(), Wrong> {
        if let Some(most) = self.max_concurrency {
            at_least_1("max_concurrency", most)?;
        }
        self.rate.map_or(Ok(()), |rate| rate.check())?;
        self.breaker.map_or(Ok(()), |breaker| breaker.check())
    }
}

impl RateSpec {
    pub fn check(&self) -> Result<(), Wrong> {
        at_least_1("rate.per_second_milli", self.per_second_milli)?;
        at_least_1("rate.burst", self.burst)
    }
}

impl BreakerSpec {
    pub fn check(&self) -> Result<(), Wrong> {
        up_to(MAX_WINDOW, "breaker.window", self.window, "between 1 and 65536 calls")?;
        up_to(self.window, "breaker.min_calls", self.min_calls, "at least 1, and at most the window")?;
        up_to(WHOLE_PPM, "breaker.error_ppm", self.error_ppm, "above 0 and at most the whole")?;
        if let Some(slow) = self.slow {
            up_to(WHOLE_PPM, "breaker.slow.ppm", slow.ppm, "above 0 and at most the whole")?;
        }
        at_least_1("breaker.open_for_us", self.open_for_us)?;
        at_least_1("breaker.probes", self.probes)
    }
}

fn at_least_1(field: &'static str, is: impl Into<u64>) -> Result<(), Wrong> {
    let is = is.into();
    if is >= 1 { Ok(()) } else { Err(Wrong { field, must: "at least 1", is }) }
}

fn up_to(most: u32, field: &'static str, is: u32, must: &'static str) -> Result<(), Wrong> {
    if (1..=most).contains(&is) { Ok(()) } else { Err(Wrong { field, must, is: is.into() }) }
}
