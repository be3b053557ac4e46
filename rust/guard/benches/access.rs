//! What a decision costs with about 1,000 policies: kept, sliced and not sliced, in one run. `cargo bench -p interlock-guard --bench access`.
//! The clock is read once a decision, so a few dozen nanoseconds of it are in every figure.

#![allow(clippy::unwrap_used, reason = "a bench that can't be set up has failed")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use cedar_policy::{Context, Entities, EntityUid, Policy, PolicyId, Request as Asked};
use interlock_guard::access::{Access, Action, Request, Slices, Spec, User};
use serde_json::json;

const TOOLS: usize = 320;
const ROUNDS: usize = 5_000;
const UNSLICED_ROUNDS: usize = 200;
const REPEATS: usize = 5;

fn configured() -> Access {
    let tools: serde_json::Map<_, _> = (0..TOOLS)
        .map(|number| {
            let arguments = json!({"amount": {"type": "number", "min": 0, "max": 100}});
            (format!("tool{number}"), json!({"scopes": [format!("scope{}", number % 40)], "arguments": arguments}))
        })
        .collect();
    let roles = json!({"customer": {"scopes": (0..40).map(|number| format!("scope{number}")).collect::<Vec<_>>()}});
    let agents: serde_json::Map<_, _> = (0..10).map(|number| (format!("agent{number}"), json!({}))).collect();
    let spec: Spec = serde_json::from_value(json!({"roles": roles, "agents": agents, "tools": tools})).unwrap();
    Access::compile(&spec).unwrap()
}

/// Policies of the same shape as plain Cedar, for the figure without slicing.
fn plain(access: &Access) -> Slices {
    let policies = access.rules().iter().map(|rule| Policy::parse(Some(PolicyId::new(&rule.id)), &rule.text).unwrap());
    Slices::new(policies).unwrap()
}

#[allow(clippy::cast_precision_loss, reason = "times of a bench")]
fn report(what: &str, mut times: Vec<u128>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 1_000).min(times.len() - 1)] as f64 / 1_000.0;
    println!("{what:<44} p50 {:>9.3} us   p99 {:>9.3} us   p99.9 {:>9.3} us", at(500), at(990), at(999));
}

/// Each round's least time of some repeats, so that what is told is the work and not who else wanted the processor.
fn timed(rounds: usize, mut one: impl FnMut(usize)) -> Vec<u128> {
    let mut least = vec![u128::MAX; rounds];
    for _ in 0..REPEATS {
        for (round, least) in least.iter_mut().enumerate() {
            let start = Instant::now();
            one(round);
            *least = start.elapsed().as_nanos().min(*least);
        }
    }
    least
}

fn main() {
    let access = configured();
    println!("{} policies, {ROUNDS} decisions of 320 tools and 10 agents", access.rules().len());
    let scopes: Vec<String> = (0..40).map(|number| format!("scope{number}")).collect();
    let scopes: Vec<&str> = scopes.iter().take(4).map(String::as_str).collect();
    let (agents, tools): (Vec<_>, Vec<_>) =
        ((0..10).map(|n| format!("agent{n}")).collect(), (0..TOOLS).map(|n| format!("tool{n}")).collect());
    let user = User { id: "ann", tenant: Some("acme"), roles: &["customer"] };
    let arguments: Vec<String> = (0..200).map(|amount| format!("{{\"amount\": {amount}.5, \"account\": \"AB12\"}}")).collect();
    let request = |round: usize| Request {
        agent: &agents[round % 10],
        scopes: &scopes,
        user: Some(user),
        action: Action::CallTool,
        resource: &tools[(round * 7) % TOOLS],
        required: &[],
        arguments: Some(arguments[round % 200].as_bytes()),
        domain: None,
        tenant: None,
    };
    let times = timed(ROUNDS, |round| _ = black_box(access.decide(&request(round))));
    report("sliced: a tool with limits of arguments", times);
    let model = |round| Request { action: Action::CallModel, resource: "gpt", ..request(round) };
    let mut asked = 0_usize;
    let times = timed(ROUNDS, |round| {
        asked += 1;
        let id = format!("gpt-{asked}");
        _ = black_box(access.decide(&Request { resource: &id, ..model(round) }));
    });
    report("sliced: a model, never asked before", times);
    for round in 0..10 {
        access.decide(&model(round));
    }
    let times = timed(ROUNDS, |round| {
        let decision = black_box(access.decide(&model(round)));
        assert!(decision.cached);
    });
    report("kept: a model, asked before", times);
    unsliced(&plain(&access), &scopes);
}

/// The same policies, all evaluated, with what the request needs prepared beforehand.
fn unsliced(slices: &Slices, scopes: &[&str]) {
    let mut listed = String::new();
    for scope in scopes {
        write!(listed, "{}\"{scope}\"", if listed.is_empty() { "" } else { "," }).unwrap();
    }
    let entities = r#"[{"uid": {"type": "User", "id": "ann"}, "attrs": {"scopes": ["scope0", "scope1"], "tenant": "acme", "roles": ["customer"]}, "parents": []},
        {"uid": {"type": "Agent", "id": "agent1"}, "attrs": {}, "parents": [{"type": "Group", "id": "agents"}]}]"#;
    let entities = Entities::from_json_str(entities, None).unwrap();
    let context = format!(
        r#"{{"scopes": [{listed}], "required": [], "user": {{"__entity": {{"type": "User", "id": "ann"}}}}, "arguments": {{}}, "types": {{}}, "low": {{}}, "high": {{}}}}"#
    );
    let uid = |text: &str| text.parse::<EntityUid>().unwrap();
    let asked = Asked::new(
        uid("Agent::\"agent1\""),
        uid("Action::\"CallTool\""),
        uid("Tool::\"tool1\""),
        Context::from_json_str(&context, None).unwrap(),
        None,
    )
    .unwrap();
    let all: Vec<u32> = (0..slices.len()).collect();
    let times = timed(UNSLICED_ROUNDS, |_| _ = black_box(slices.evaluate(all.iter().copied(), &asked, &entities)));
    report("not sliced: every policy, one by one", times);
    let set = slices.whole();
    let authorizer = cedar_policy::Authorizer::new();
    let times = timed(UNSLICED_ROUNDS, |_| _ = black_box(authorizer.is_authorized(&asked, &set, &entities)));
    report("not sliced: Cedar's authorizer, one set", times);
    let uids = [&uid("Agent::\"agent1\""), &uid("Action::\"CallTool\""), &uid("Tool::\"tool1\"")];
    let times = timed(ROUNDS, |_| _ = black_box(slices.evaluate(slices.candidates(uids, &entities), &asked, &entities)));
    report("sliced: the same request, prepared", times);
}
