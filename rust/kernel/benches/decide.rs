//! What a turn costs the kernel: decide, evolve and outstanding, with every gate asked. Nanoseconds a turn, beside a plain loop.
//!
//! The plain loop does what a hand-written orchestrator would: a list of steps, the same texts cloned, a log of what happened.
//! Each pattern stands beside a sequence with as many turns, so that what the pattern itself costs is the difference.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use interlock_kernel::plan::{ForumSpec, NodeSpec, Plan};
use interlock_kernel::{
    Command, Confidence, Event, HandOff, Input, Micros, Name, Reply, RunId, State, calls, decide, evolve, may_advance, outstanding,
};
use interlock_testkit::{RelaySpec, Shelf, chat, forum, hierarchy, panel, parallel, plan_of, sequence, step, surest, vote};

/// One whole run: the same payloads each time, so that only the kernel is measured. Calls are answered in the order of their turns.
fn run(plan: &Arc<Plan>, shelf: &Shelf, replies: &[Reply], journal: &mut Vec<Event>) -> State {
    let message = replies[0].content;
    let mut state = State::new(Arc::clone(plan));
    let mut now = Micros(1_000_000);
    let book = interlock_kernel::Book { rules: &shelf.rules, gates: &shelf.gates, payloads: &shelf.papers };
    let mut input = Input::Requested { run: RunId(1), rules: None, message, request: None, deadline: now.after_ms(120_000) };
    journal.clear();
    loop {
        for event in decide(&state, input, &book, now).unwrap() {
            state = evolve(state, &event).unwrap();
            journal.push(event);
        }
        now = Micros(now.0 + 1);
        if may_advance(&state) {
            input = Input::Advanced;
            continue;
        }
        if state.is_over() {
            return state;
        }
        // As the engine does: of several calls that are owed, the oldest is answered first.
        let mut first = None;
        calls(&state, |turn| {
            first.is_none_or(|oldest| turn.id < oldest) && {
                first = Some(turn.id);
                false
            }
        });
        let turn = first.unwrap();
        input = Input::Replied { turn, reply: replies[turn.0 as usize].clone() };
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

/// What an agent answers: a text, and to whom it hands off or delegates.
struct Answer {
    text: String,
    to: Option<&'static str>,
    delegated: Vec<Name>,
}

fn answers(count: usize) -> Vec<Answer> {
    (0..count).map(|number| Answer { text: format!("answer {number}"), to: None, delegated: Vec::new() }).collect()
}

fn reply(shelf: &mut Shelf, answer: &Answer) -> Reply {
    let content = shelf.papers.keep(&answer.text);
    Reply {
        content,
        empty: answer.text.is_empty(),
        confidence: Some(Confidence(900_000)),
        intent: None,
        hand_off: answer.to.map(|target| HandOff { target: target.into() }),
        delegated: answer.delegated.iter().map(|team| (team.clone(), None)).collect(),
        spent: None,
        label: None,
    }
}

fn named(count: usize) -> impl Iterator<Item = NodeSpec> {
    (0..count).map(|number| step(&format!("agent{number}")))
}

fn row(count: usize) -> NodeSpec {
    sequence("row", named(count))
}

/// Ten branches that agree, and a vote.
fn fan_out(count: usize) -> (NodeSpec, Vec<Answer>) {
    let votes =
        (0..count).map(|number| Answer { text: if number % 3 == 0 { "no" } else { "yes" }.into(), to: None, delegated: Vec::new() });
    (parallel(panel("panel", named(count), [vote(), surest(0)])), votes.collect())
}

/// Ten turns of four members, the last of which ends at the limit with the surest contribution.
fn group_chat(turns: u16) -> (NodeSpec, Vec<Answer>) {
    let on_limit = interlock_kernel::plan::OnLimit::Confidence;
    (forum(ForumSpec { max_turns: turns, on_limit, ..chat("chat", named(4)) }), answers(turns.into()))
}

/// A supervisor that delegates to one team after another, and then answers.
fn delegations(count: u16) -> (NodeSpec, Vec<Answer>) {
    let spec = ForumSpec { max_turns: count, ..hierarchy("firm", step("boss"), named(count.into())) };
    let mut all = Vec::new();
    for number in 0..count {
        all.push(Answer { text: String::new(), to: None, delegated: vec![format!("agent{number}").into()] });
        all.extend(answers(1));
    }
    all.extend(answers(1));
    (forum(spec), all)
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, name: &str, root: NodeSpec, answers: &[Answer]) -> Arc<Plan> {
    let mut shelf = Shelf::default();
    let plan = plan_of(root).unwrap();
    let replies: Vec<Reply> = answers.iter().map(|answer| reply(&mut shelf, answer)).collect();
    let mut journal = Vec::new();
    assert!(run(&plan, &shelf, &replies, &mut journal).is_over());
    let turns = journal.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count();
    assert_eq!(turns, answers.len(), "{name}");
    group.throughput(Throughput::Elements(answers.len() as u64));
    group.bench_function(BenchmarkId::new(what, name), |bench| {
        bench.iter(|| black_box(run(black_box(&plan), &shelf, &replies, &mut journal)));
    });
    if what == "kernel" {
        group.bench_function(BenchmarkId::new("replay", name), |bench| {
            bench.iter(|| journal.iter().try_fold(State::new(Arc::clone(&plan)), evolve).unwrap());
        });
    }
    plan
}

fn turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let three = || sequence("report", [step("finder"), step("writer"), step("editor")]);
    let support = RelaySpec::opened_by(step("triage"), "support", [step("billing"), step("tech")]).node();
    let hands = [("", Some("billing")), ("refunded", None)];
    let handed = hands.map(|(text, to)| Answer { text: text.into(), to, delegated: Vec::new() }).into();
    for (name, root, answers) in [("sequence", three(), answers(3)), ("relay", support, handed)] {
        let plan = measure(&mut group, "kernel", name, root, &answers);
        let agents = plan.agents();
        let say = |answer: &Answer| answer.to.map_or_else(|| Step::Say(answer.text.as_str().into()), |to| Step::HandOff(to.into()));
        let steps: Vec<Step> = answers.iter().map(say).collect();
        let mut log = Vec::new();
        group.bench_function(BenchmarkId::new("plain", name), |bench| {
            bench.iter(|| black_box(plain_loop(black_box(&agents), &steps, &mut log)));
        });
    }
    group.finish();
}

/// Each pattern, and a sequence with as many turns.
fn patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patterns");
    let cases: [(&str, (NodeSpec, Vec<Answer>)); 4] =
        [("fan_out_10_vote", fan_out(10)), ("group_chat_10", group_chat(10)), ("hierarchy_3", delegations(3)), ("vote_100", fan_out(100))];
    for (name, (root, said)) in cases {
        let count = said.len();
        measure(&mut group, "kernel", name, root, &said);
        measure(&mut group, "sequence", name, row(count), &answers(count));
    }
    group.finish();
}

/// What is owed, asked of a run with a hundred calls in flight.
fn owed(criterion: &mut Criterion) {
    let (root, _) = fan_out(100);
    let mut shelf = Shelf::default();
    let message = shelf.papers.keep("question");
    let mut state = State::new(plan_of(root).unwrap());
    let now = Micros(1_000_000);
    let mut input = Input::Requested { run: RunId(1), rules: None, message, request: None, deadline: now.after_ms(120_000) };
    loop {
        for event in shelf.decide(&state, input, now).unwrap() {
            state = evolve(state, &event).unwrap();
        }
        if !may_advance(&state) {
            break;
        }
        input = Input::Advanced;
    }
    assert_eq!(outstanding(&state).iter().filter(|command| matches!(command, Command::CallAgent(_))).count(), 100);
    criterion.bench_function("outstanding/100_calls", |bench| bench.iter(|| black_box(outstanding(black_box(&state)))));
}

criterion_group!(benches, turns, patterns, owed);
criterion_main!(benches);
