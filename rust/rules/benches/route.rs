//! What a routing decision costs, the message's JSON read anew each time: a table of 100 intents with 10 conditions each, messages of
//! which a tenth matches nothing; the same conditions by CEL's interpreter; and the worst case, one intent with 1,000 conditions.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that can't be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_kernel::{Consulted, Content, Digest, RouteDecision, RouteQuery, Rules, Stage};
use interlock_rules::{Condition, PlanChecks, RoutingTable, RuleBook, Scope};
use serde_json::{Value, json};

const INTENTS: usize = 100;
const CONDITIONS: usize = 10;
const USER: &[u8] = br#"{"id": "u-42", "tier": "gold", "tenant": "acme", "roles": ["customer"]}"#;

/// A condition as people write them; each of the ten has a shape of its own.
fn condition(number: usize) -> String {
    let amount = 10 * number;
    match number % CONDITIONS {
        0 => format!("data.amount > {} && user.tier == 'gold'", 90_000 + amount),
        1 => format!("data.country in ['DE', 'AT', 'CH'] && data.amount >= {}", 80_000 + amount),
        2 => format!("data.product == 'p{number}'"),
        3 => format!("user.tier == 'platinum{number}' || data.vip"),
        4 => format!("data.amount >= {amount} && data.amount < {}", amount + 50),
        5 => format!("text.contains('word{number}')"),
        6 => format!("'manager{number}' in user.roles"),
        7 => format!("has(data.order) && data.order.open > {}", 3 + number),
        8 => format!("data.country != 'DE' && data.product == 'p{number}'"),
        _ => format!("data.amount == {amount} && confidence < 0.5"),
    }
}

fn rules(intents: usize, conditions: usize) -> Value {
    let rules: Vec<Value> = (0..intents * conditions)
        .map(|number| {
            let intent = format!("intent_{}", number / conditions);
            json!({"line": number + 2, "intent": intent, "agent": format!("agent_{}", number % 7), "when": condition(number)})
        })
        .collect();
    json!({ "rules": rules })
}

fn book(spec: &Value) -> RuleBook {
    let table = RoutingTable::compile(&serde_json::from_value(spec.clone()).unwrap(), Digest::default()).unwrap();
    RuleBook::new(Some(Arc::new(table)), Arc::new(PlanChecks::default()))
}

struct Message {
    intent: String,
    text: String,
    data: Vec<u8>,
}

/// Every tenth message matches nothing, which means that every condition of its intent is looked at; of the others, some match early
/// and some late.
fn every_message() -> Vec<Message> {
    (0..1_000_usize)
        .map(|number| {
            let (intent, matching) = (number % INTENTS, number % 10);
            let rule = intent * CONDITIONS + number % CONDITIONS;
            let product = if matching == 0 { "none".to_owned() } else { format!("p{}", intent * CONDITIONS + 2) };
            let amount = if matching == 1 { 199_000 } else { 5_000 + number };
            let country = if matching == 4 { "AT" } else { "DE" };
            let data =
                json!({"amount": amount, "country": country, "product": product, "vip": matching == 3, "order": {"id": number, "open": 2}});
            let text = if matching == 5 { format!("about word{rule} please") } else { "I was charged twice for my order".to_owned() };
            Message { intent: format!("intent_{intent}"), text, data: data.to_string().into_bytes() }
        })
        .collect()
}

fn query(message: &Message) -> RouteQuery<'_> {
    RouteQuery {
        intent: Some(&message.intent),
        confidence: None,
        content: Content { text: &message.text, data: Some(&message.data), labels: &[] },
        user: Some(USER),
        neighbours: None,
        table: None,
        claims: &[],
        has_router: false,
    }
}

fn decide(book: &RuleBook, message: &Message) -> RouteDecision {
    match book.route(&query(message)) {
        Consulted::Decided(decision) => decision,
        Consulted::Needs(fact) => panic!("needs {fact:?}"),
    }
}

fn percentiles(name: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 1_000].as_nanos();
    println!("{name}: p50 {} ns, p90 {} ns, p99 {} ns over {} decisions", at(500), at(900), at(990), took.len());
}

fn each(book: &RuleBook, messages: &[Message], rounds: usize) -> Vec<Duration> {
    let mut took = Vec::with_capacity(rounds * messages.len());
    for _ in 0..rounds {
        for message in messages {
            let start = Instant::now();
            black_box(decide(book, black_box(message)));
            took.push(start.elapsed());
        }
    }
    took
}

fn benches(criterion: &mut Criterion) {
    let messages = every_message();
    let usual = book(&rules(INTENTS, CONDITIONS));
    let unmatched = messages.iter().filter(|message| decide(&usual, message).stage == Stage::Unknown).count();
    println!("{INTENTS} intents x {CONDITIONS} conditions, {unmatched} of {} messages match nothing", messages.len());
    each(&usual, &messages, 20);
    percentiles("usual table", each(&usual, &messages, 100));
    let lost: Vec<Message> = every_message().into_iter().step_by(10).collect();
    percentiles("usual table, only what matches nothing", each(&usual, &lost, 1_000));

    let worst = book(&rules(1, 1_000));
    let lost = Message { intent: "intent_0".to_owned(), text: String::new(), data: br#"{"amount": -1, "country": "DE"}"#.to_vec() };
    percentiles("1 intent x 1,000 conditions, none matches, half of them err", each(&worst, std::slice::from_ref(&lost), 5_000));
    let whole = br#"{"amount": -1, "country": "DE", "product": "none", "vip": false, "order": {"open": 0}}"#;
    let lost = Message { data: whole.to_vec(), ..lost };
    percentiles("1 intent x 1,000 conditions, none matches", each(&worst, std::slice::from_ref(&lost), 5_000));

    let mut next = messages.iter().cycle();
    criterion.bench_function("route/100x10", |bencher| bencher.iter(|| decide(&usual, next.next().unwrap())));
    criterion.bench_function("route/1x1000_unmatched", |bencher| bencher.iter(|| decide(&worst, &lost)));

    let condition = Condition::compile("data.amount > 9000 && user.tier == 'gold'").unwrap();
    let scope = Scope { data: Some(&messages[0].data), user: Some(USER), ..Scope::default() };
    criterion.bench_function("condition/native", |bencher| bencher.iter(|| condition.evaluate(black_box(&scope))));
    criterion.bench_function("condition/cel", |bencher| bencher.iter(|| condition.evaluate_by_cel(black_box(&scope))));
}

criterion_group!(route, benches);
criterion_main!(route);
