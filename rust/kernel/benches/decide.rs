//! What a turn costs the kernel: decide, evolve and outstanding, with every gate asked. Nanoseconds a turn, beside a plain loop.
//!
//! The plain loop does what a hand-written orchestrator would: a list of steps, the same texts cloned, a log of what happened.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use interlock_kernel::plan::{NodeSpec, Plan};
use interlock_kernel::{Command, Confidence, Event, HandOff, Input, Micros, Name, Reply, RunId, State, evolve, outstanding};
use interlock_testkit::{RelaySpec, Shelf, plan_of, sequence, step};

/// One whole run: the same payloads each time, so that only the kernel is measured.
fn run(plan: &Arc<Plan>, shelf: &Shelf, replies: &[Reply], journal: &mut Vec<Event>) -> State {
    let message = replies[0].content;
    let mut state = State::new(Arc::clone(plan));
    let mut now = Micros(1_000_000);
    let mut input = Input::Requested { run: RunId(1), rules: None, message, request: None, deadline: now.after_ms(120_000) };
    journal.clear();
    loop {
        for event in shelf.decide(&state, input, now).unwrap() {
            state = evolve(state, &event).unwrap();
            journal.push(event);
        }
        now = Micros(now.0 + 1);
        input = match outstanding(&state).into_iter().next() {
            Some(Command::Advance) => Input::Advanced,
            Some(Command::CallAgent(call)) => Input::Replied { turn: call.turn, reply: replies[call.turn.0 as usize].clone() },
            Some(Command::FindFact { .. } | Command::AwaitReview { .. } | Command::WakeAt(_)) => unreachable!("no such run is measured"),
            None => return state,
        };
    }
}

/// The baseline: who is next is an index or a name, and the log keeps the same strings.
enum Step {
    Say(Name),
    HandOff(Name),
}

fn plain_loop(agents: &[Name], steps: &[Step], log: &mut Vec<(Name, Name)>) -> Name {
    let mut message = Name::from("question");
    let mut at = 0;
    log.clear();
    for step in steps {
        log.push((agents[at].clone(), message.clone()));
        match step {
            Step::Say(text) => {
                message = text.clone();
                at = (at + 1).min(agents.len() - 1);
            }
            Step::HandOff(target) => at = agents.iter().position(|agent| agent == target).unwrap_or(at),
        }
    }
    message
}

fn reply(shelf: &mut Shelf, text: &str, target: Option<&str>) -> Reply {
    let hand_off = target.map(|target| HandOff { target: target.into() });
    let content = shelf.papers.keep(text);
    Reply { content, empty: text.is_empty(), confidence: Some(Confidence(900_000)), intent: None, hand_off }
}

fn sequence_of_three() -> NodeSpec {
    sequence("report", [step("finder"), step("writer"), step("editor")])
}

fn triage_and_specialist() -> NodeSpec {
    RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech")]).node()
}

fn turns(criterion: &mut Criterion) {
    let mut shelf = Shelf::default();
    let says = [("facts", None), ("draft", None), ("article", None)];
    let hands = [("", Some("billing")), ("refunded", None)];
    let cases = [("sequence", sequence_of_three(), &says[..]), ("relay", triage_and_specialist(), &hands[..])];
    let mut group = criterion.benchmark_group("decide");
    for (name, root, answers) in cases {
        let plan = plan_of(root).unwrap();
        let replies: Vec<Reply> = answers.iter().map(|(text, target)| reply(&mut shelf, text, *target)).collect();
        let mut journal = Vec::new();
        assert!(run(&plan, &shelf, &replies, &mut journal).is_over());
        group.throughput(Throughput::Elements(answers.len() as u64));
        group.bench_function(BenchmarkId::new("kernel", name), |bench| {
            bench.iter(|| black_box(run(black_box(&plan), &shelf, &replies, &mut journal)));
        });
        group.bench_function(BenchmarkId::new("replay", name), |bench| {
            bench.iter(|| journal.iter().try_fold(State::new(Arc::clone(&plan)), evolve).unwrap());
        });
        let agents = plan.agents();
        let steps: Vec<Step> =
            answers.iter().map(|(text, to)| to.map_or_else(|| Step::Say((*text).into()), |to| Step::HandOff(to.into()))).collect();
        let mut log = Vec::new();
        group.bench_function(BenchmarkId::new("plain", name), |bench| {
            bench.iter(|| black_box(plain_loop(black_box(&agents), &steps, &mut log)));
        });
    }
    group.finish();
}

criterion_group!(benches, turns);
criterion_main!(benches);
