//! The limits of agents, as the configuration file states them.

use interlock_admission::{AgentLimits, BreakerSpec, RateSpec, SlowSpec};
use serde::Deserialize;

/// One agent's part of the file; times in microseconds, shares in parts per million.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limited {
    agent: String,
    max_concurrency: Option<u32>,
    per_second_milli: Option<u32>,
    burst: Option<u32>,
    queue: Option<u32>,
    breaker: Option<Breaker>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Breaker {
    window: u32,
    min_calls: u32,
    error_ppm: u32,
    latency_us: Option<u64>,
    slow_ppm: u32,
    open_for_us: u64,
}

impl Limited {
    pub(crate) fn compile(self) -> (interlock_kernel::Name, AgentLimits) {
        let rate = self.per_second_milli.map(|per_second_milli| RateSpec { per_second_milli, burst: self.burst.unwrap_or(1) });
        let breaker = self.breaker.map(|spec| BreakerSpec {
            window: spec.window,
            min_calls: spec.min_calls,
            error_ppm: spec.error_ppm,
            slow: spec.latency_us.map(|latency_us| SlowSpec { latency_us, ppm: spec.slow_ppm }),
            open_for_us: spec.open_for_us,
            probes: 1,
        });
        let limits = AgentLimits { max_concurrency: self.max_concurrency, rate, queue: self.queue, breaker };
        (self.agent.into(), limits)
    }
}
