//! Random limits, and what happens under them.

use interlock_admission::{AgentLimits, BreakerSpec, Outcome, RateSpec, SlowSpec};
use interlock_kernel::Priority;
use proptest::prelude::*;

/// The last one has no limits.
pub(crate) const AGENTS: [&str; 4] = ["billing", "tech", "triage", "anybody"];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Ask {
        agent: usize,
        priority: Priority,
    },
    /// The ticket that was asked for so many tickets ago, whatever became of it.
    AskAgain {
        ago: usize,
    },
    /// One that is under way, counted from the oldest.
    End {
        which: usize,
        outcome: Outcome,
    },
    /// Any ticket there ever was.
    Done {
        ago: usize,
        outcome: Outcome,
    },
    Abandon {
        ago: usize,
    },
    Wait {
        us: u64,
    },
    Due,
    /// Wait until there is something to give.
    WaitForDue,
}

pub(crate) fn limits() -> impl Strategy<Value = Vec<AgentLimits>> {
    proptest::collection::vec(agent_limits(), AGENTS.len() - 1)
}

pub(crate) fn script() -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec(act(), 1..120)
}

pub(crate) fn breaker() -> impl Strategy<Value = BreakerSpec> {
    let slow = proptest::option::of((1_u64..3_000, 1_u32..=1_000_000).prop_map(|(latency_us, ppm)| SlowSpec { latency_us, ppm }));
    (1_u32..8, 1_u32..8, 1_u32..=1_000_000, slow, 1_u64..20_000, 1_u32..4).prop_map(
        |(window, least, error_ppm, slow, open_for_us, probes)| BreakerSpec {
            window,
            min_calls: least.min(window),
            error_ppm,
            slow,
            open_for_us,
            probes,
        },
    )
}

fn agent_limits() -> impl Strategy<Value = AgentLimits> {
    let rate = (1_000_u32..3_000_000, 1_u32..5).prop_map(|(per_second_milli, burst)| RateSpec { per_second_milli, burst });
    let some = proptest::option::of::<BoxedStrategy<u32>>;
    (some((1_u32..4).boxed()), proptest::option::of(rate), some((0_u32..6).boxed()), proptest::option::of(breaker()))
        .prop_map(|(max_concurrency, rate, queue, breaker)| AgentLimits { max_concurrency, rate, queue, breaker })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => (0_u64..4_000).prop_map(|took_us| Outcome::Ok { took_us }),
        2 => Just(Outcome::Failed),
        1 => Just(Outcome::Abandoned),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let priority = prop_oneof![Just(Priority::Critical), Just(Priority::High), Just(Priority::Medium), Just(Priority::Low)];
    prop_oneof![
        8 => (0..AGENTS.len(), priority).prop_map(|(agent, priority)| Act::Ask { agent, priority }),
        1 => (0_usize..20).prop_map(|ago| Act::AskAgain { ago }),
        5 => (0_usize..6, outcome()).prop_map(|(which, outcome)| Act::End { which, outcome }),
        1 => (0_usize..40, outcome()).prop_map(|(ago, outcome)| Act::Done { ago, outcome }),
        1 => (0_usize..20).prop_map(|ago| Act::Abandon { ago }),
        4 => (0_u64..15_000).prop_map(|us| Act::Wait { us }),
        1 => Just(Act::Due),
        2 => Just(Act::WaitForDue),
    ]
}
