//! What a reservation costs: `cargo bench -p interlock-guard --bench budget`. Ten thousand runs are open, limits on all four accounts.

use std::time::Instant;

use interlock_guard::budget::{Actual, Estimate, Ledger, Spec, Who};

const RUNS: usize = 10_000;
const ROUNDS: u64 = 20;
const LIMITS: &str = r#"[
    {"per": "run", "tokens": 20000000, "cost": 500, "seconds": 6000000, "turns": 4000, "tool_calls": 50, "depth": 6, "fan_out": 8},
    {"per": "agent", "tokens": 900000000, "every": "hour"},
    {"per": "user", "cost": 500000, "every": "day"},
    {"per": "tenant", "tokens": 5000000000, "every": "day"},
    {"per": "tenant", "cost": 50000000, "every": "month"}
]"#;

#[expect(clippy::unwrap_used, reason = "a benchmark that can't begin has nothing to say")]
fn main() {
    let mut ledger = Ledger::new(&serde_json::from_str::<Spec>(LIMITS).unwrap()).unwrap();
    let names: Vec<[String; 3]> =
        (0..RUNS).map(|n| [format!("01m8run{n:08}"), format!("user-{}", n % 4_000), format!("tenant-{}", n % 50)]).collect();
    let estimate = Estimate { input_tokens: 800, output_tokens: 400, cost_micro: 900, time_us: 2_000, turns: 1, ..Estimate::default() };
    let (mut reserving, mut settling, mut key) = (Vec::new(), Vec::new(), 0_u128);
    for round in 0..ROUNDS {
        let mut open = Vec::with_capacity(RUNS);
        let began = Instant::now();
        for [run, user, tenant] in &names {
            let who = Who { run, agent: "billing", user: Some(user), tenant: Some(tenant) };
            open.push(ledger.reserve(round * 1_000, &who, &estimate).unwrap());
        }
        reserving.push(began.elapsed().as_nanos() / RUNS as u128);
        let began = Instant::now();
        for reservation in open {
            key += 1;
            ledger.settle(
                reservation,
                &Actual {
                    at: round * 1_000,
                    key: key.to_be_bytes(),
                    input_tokens: 780,
                    output_tokens: 120,
                    cost_micro: 300,
                    turns: 1,
                    ..Actual::default()
                },
            );
        }
        settling.push(began.elapsed().as_nanos() / RUNS as u128);
    }
    reserving.sort_unstable();
    settling.sort_unstable();
    let middle = reserving.len() / 2;
    println!("reserve {} ns, settle {} ns (median of {ROUNDS} rounds over {RUNS} open runs)", reserving[middle], settling[middle]);
}
