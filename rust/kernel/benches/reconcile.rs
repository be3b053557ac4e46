//! What it costs the kernel to make one answer of many: a decision on a panel of which everybody has answered. Microseconds a panel.
//!
//! Rules are the tests' scripted ones, so that only the kernel is measured; the plain loop counts the same texts in a map.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use interlock_kernel::plan::{MethodSpec, OnTie};
use interlock_kernel::{BallotKey, Event, Input, JoinVerdict, Micros, State};
use interlock_testkit::{Act, DONE, Script, Shelf, World, overrides, panel, parallel, plan_of, says, step, surest, vote};

/// A decision that is about to be taken.
struct Open {
    shelf: Shelf,
    state: State,
    input: Input,
    at: Micros,
    texts: Vec<String>,
}

/// The texts of a panel: two thirds agree, the others say something of their own.
fn texts(branches: usize) -> Vec<String> {
    (0..branches).map(|number| if number % 3 == 1 { format!("answer {number}") } else { "yes, refund it".into() }).collect()
}

/// Let everybody answer; what is decided last is what the answers come to.
fn open(methods: Vec<MethodSpec>, branches: usize) -> Open {
    let texts = texts(branches);
    let names: Vec<String> = (0..branches).map(|number| format!("juror{number}")).collect();
    let acts: Vec<Act> = texts.iter().zip(0..).map(|(text, number)| says(text).sure(500_000 + number)).collect();
    let spec = panel("panel", names.iter().map(|name| step(name)), methods);
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(acts));
    world.run().unwrap();
    let found = |event: &Event| matches!(event, Event::Reconciled(one) if matches!(one.verdict, JoinVerdict::Chosen(_)));
    let place = world.journal.iter().position(found).unwrap();
    let told = world.told.iter().find(|told| told.journal > place).unwrap();
    let state = world.passed[place].state.clone();
    Open { state, input: told.input.clone(), at: told.at, shelf: world.shelf, texts }
}

impl Open {
    fn decide(&self) -> Vec<Event> {
        self.shelf.decide(&self.state, self.input.clone(), self.at).unwrap()
    }

    /// The baseline: what most say, by hand.
    fn plain(&self) -> Option<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for text in &self.texts {
            *counts.entry(text).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(text, _)| text)
    }
}

fn panels(criterion: &mut Criterion) {
    let agreement =
        || MethodSpec::Vote { key: BallotKey::Agreement { least_ppm: 800_000 }, quorum: None, weights: Vec::new(), on_tie: OnTie::Next };
    // No condition holds but the last, so that all of them are looked at.
    let conditions: Vec<(u16, Option<&str>)> =
        [(DONE, Some("juror0")); 9].into_iter().chain([(interlock_testkit::ALWAYS, Some("juror0"))]).collect();
    let mut group = criterion.benchmark_group("reconcile");
    for branches in [10, 100] {
        let cases = [
            ("vote", vec![vote()]),
            ("overrides of 10 conditions", vec![overrides(&conditions)]),
            ("agreement", vec![agreement()]),
            ("surest", vec![surest(0)]),
        ];
        group.throughput(Throughput::Elements(branches as u64));
        for (name, methods) in cases {
            let open = open(methods, branches);
            assert!(matches!(open.decide()[..], [Event::Reconciled(_)]));
            group.bench_function(BenchmarkId::new(name, branches), |bench| bench.iter(|| black_box(open.decide())));
            if name == "vote" {
                assert_eq!(open.plain(), Some("yes, refund it"));
                group.bench_function(BenchmarkId::new("plain", branches), |bench| bench.iter(|| black_box(open.plain())));
            }
        }
    }
    group.finish();
}

criterion_group!(benches, panels);
criterion_main!(benches);
