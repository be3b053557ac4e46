//! What a turn costs: one `ask` and one `done`, without limits and with all of them; and when every turn has to wait.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_admission::{AgentLimits, Agents, BreakerSpec, Outcome, RateSpec, SlowSpec, Ticket};
use interlock_kernel::{Micros, Name, Priority};

/// Turns that are under way, or wait, all the while.
const BUSY: u64 = 512;

fn all_limits() -> AgentLimits {
    let slow = Some(SlowSpec { latency_us: 1_000, ppm: 900_000 });
    AgentLimits {
        max_concurrency: Some(1_000),
        rate: Some(RateSpec { per_second_milli: u32::MAX, burst: 1_000_000 }),
        queue: Some(10_000),
        breaker: Some(BreakerSpec { window: 100, min_calls: 20, error_ppm: 500_000, slow, open_for_us: 1_000_000, probes: 1 }),
    }
}

/// Ten agents with the same limits, the measured one among them.
fn ten(limits: AgentLimits) -> Vec<(Name, AgentLimits)> {
    (0..10).map(|number| (format!("billing_specialist_{number}").into(), limits)).collect()
}

fn ticket(run: u64) -> Ticket {
    Ticket { run, turn: 0 }
}

fn turns(criterion: &mut Criterion) {
    let waiting = AgentLimits { queue: None, max_concurrency: Some(8), ..all_limits() };
    let cases = [
        ("no limits", 4_096, Vec::new()),
        ("other agents' limits", 4_096, ten(all_limits())[1..].to_vec()),
        ("all limits", 4_096, ten(all_limits())),
        ("no slot is free", 8, Vec::new()),
        ("all limits, the agent is busy", 4_096, ten(waiting)),
    ];
    let mut group = criterion.benchmark_group("ask and done");
    for (name, max_turns, limits) in cases {
        #[expect(clippy::expect_used, reason = "a benchmark that can't be set up has failed")]
        let mut agents = Agents::new(max_turns, limits).expect("these limits make sense");
        let mut run = BUSY;
        for early in 0..BUSY {
            agents.ask(Micros(early), "billing_specialist_0", ticket(early), Priority::Medium);
        }
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let now = Micros(run);
                black_box(agents.ask(now, black_box("billing_specialist_0"), ticket(run), Priority::Medium));
                let _ = black_box(agents.done(now, ticket(run - BUSY), Outcome::Ok { took_us: BUSY }));
                run += 1;
            });
        });
    }
    group.finish();
}

criterion_group!(benches, turns);
criterion_main!(benches);
