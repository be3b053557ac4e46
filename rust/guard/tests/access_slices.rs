//! A sliced decision is always that of the whole set, and a kept one that of a policy that keeps nothing: on random policies and requests.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request as Asked};
use interlock_guard::access::{Access, Action, Request, Slices, Spec, User};
use proptest::prelude::*;
use serde_json::json;

/// Entities `X0` to `X5` of two types; each may be in those before it.
fn uid() -> impl Strategy<Value = String> {
    (0..6_u8).prop_map(|number| format!("{}::\"{number}\"", if number % 2 == 0 { "A" } else { "B" }))
}

fn constraint(name: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        Just(name.to_owned()),
        uid().prop_map(move |uid| format!("{name} == {uid}")),
        uid().prop_map(move |uid| format!("{name} in {uid}")),
        prop_oneof![Just("A"), Just("B")].prop_map(move |kind| format!("{name} is {kind}")),
        (prop_oneof![Just("A"), Just("B")], uid()).prop_map(move |(kind, uid)| format!("{name} is {kind} in {uid}")),
    ]
}

fn action() -> impl Strategy<Value = String> {
    let one = || (0..4_u8).prop_map(|number| format!("Action::\"{number}\""));
    prop_oneof![
        Just("action".to_owned()),
        one().prop_map(|uid| format!("action == {uid}")),
        one().prop_map(|uid| format!("action in {uid}")),
        prop::collection::vec(one(), 1..3).prop_map(|uids| format!("action in [{}]", uids.join(", "))),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (0..4_i64).prop_map(|number| format!(" when {{ context.n > {number} }}")),
        (0..4_i64).prop_map(|number| format!(" unless {{ context has n && context.n == {number} }}")),
        uid().prop_map(|uid| format!(" when {{ principal in {uid} || resource in {uid} }}")),
        Just(" when { context.missing > 1 }".to_owned()),
        Just(" when { resource.size > 1 }".to_owned()),
    ]
}

fn policy() -> impl Strategy<Value = String> {
    let effect = prop_oneof![3 => Just("permit"), 1 => Just("forbid")];
    (effect, constraint("principal"), action(), constraint("resource"), condition())
        .prop_map(|(effect, principal, action, resource, condition)| format!("{effect}({principal}, {action}, {resource}){condition};"))
}

/// Parents by number: only earlier ones, so that there is no circle. Actions: 1 and 2 are in 0.
fn entities(parents: &[BTreeSet<u8>]) -> Entities {
    let kind = |number: u8| json!({"type": if number.is_multiple_of(2) { "A" } else { "B" }, "id": number.to_string()});
    let mut all: Vec<_> = (0..6_u8)
        .map(|number| {
            let above: Vec<_> =
                parents[usize::from(number)].iter().filter(|parent| **parent < number).map(|parent| kind(*parent)).collect();
            let attributes = if number < 3 { json!({"size": number}) } else { json!({}) };
            json!({"uid": kind(number), "attrs": attributes, "parents": above})
        })
        .collect();
    all.extend((1..3).map(
        |number| json!({"uid": {"type": "Action", "id": number.to_string()}, "attrs": {}, "parents": [{"type": "Action", "id": "0"}]}),
    ));
    Entities::from_json_value(json!(all), None).unwrap()
}

proptest! {
    #[test]
    fn the_sliced_decision_is_the_whole_one(
        texts in prop::collection::vec(policy(), 1..30),
        parents in prop::collection::vec(prop::collection::btree_set(0..6_u8, 0..3), 6),
        principal in uid(), action in 0..4_u8, resource in uid(), n in prop::option::of(0..5_i64),
    ) {
        let parsed = texts.iter().enumerate().map(|(number, text)| Policy::parse(Some(PolicyId::new(number.to_string())), text).unwrap());
        let policies: Vec<Policy> = parsed.collect();
        let slices = Slices::new(policies.clone()).unwrap();
        let entities = entities(&parents);
        let uid = |text: &str| text.parse::<EntityUid>().unwrap();
        let uids = [uid(&principal), uid(&format!("Action::\"{action}\"")), uid(&resource)];
        let context = Context::from_json_value(n.map_or(json!({}), |n| json!({"n": n})), None).unwrap();
        let asked = Asked::new(uids[0].clone(), uids[1].clone(), uids[2].clone(), context, None).unwrap();

        let candidates = slices.candidates([&uids[0], &uids[1], &uids[2]], &entities);
        let sliced = slices.evaluate(candidates, &asked, &entities);
        let whole = Authorizer::new().is_authorized(&asked, &PolicySet::from_policies(policies).unwrap(), &entities);

        prop_assert_eq!(sliced.allowed(), whole.decision() == Decision::Allow);
        let by: BTreeSet<String> = sliced.by().iter().map(ToString::to_string).collect();
        prop_assert_eq!(by, whole.diagnostics().reason().map(ToString::to_string).collect::<BTreeSet<_>>());
        prop_assert_eq!(sliced.erred.len(), whole.diagnostics().errors().count());
    }

    #[test]
    fn a_kept_decision_is_that_of_a_policy_that_keeps_nothing(
        texts in prop::collection::vec(written(), 0..5),
        requests in prop::collection::vec(request(), 1..30),
    ) {
        let policies: Vec<_> = texts.iter().map(|text| json!({"name": "p", "text": text})).collect();
        let spec: Spec = serde_json::from_value(json!({
            "roles": {"r0": {"scopes": ["s0"]}, "r1": {"extends": ["r0"], "scopes": ["s1"]}},
            "tools": {"t0": {"scopes": ["s0"], "arguments": {"n": {"max": 2}}}, "*": {}},
            "data": [{"of": "t1", "scopes": ["s1"]}],
            "policies": policies,
        })).unwrap();
        let access = Access::compile(&spec).unwrap();
        let all = |before: &dyn Fn()| -> Vec<_> {
            requests.iter().map(|one| {
                before();
                let decision = one.decide(&access);
                (decision.allowed, decision.review, decision.policies, decision.why)
            }).collect()
        };
        let fresh = all(&|| access.forget());
        prop_assert_eq!(&all(&|| ()), &fresh);
        prop_assert_eq!(&all(&|| ()), &fresh);
    }
}

/// Conditions over everything that a decision can depend on.
fn written() -> impl Strategy<Value = String> {
    let condition = prop_oneof![
        Just("context has user && context.user == User::\"u0\""),
        Just("context has user && context.user.id == \"u1\""),
        Just("context has user && context.user in Role::\"r0\""),
        Just("context has user && context.user has tenant && context.user.tenant == \"t\""),
        Just("context.arguments has n && context.arguments.n == 1"),
        Just("context.arguments.n > 1"),
        Just("context.names.contains(\"m\")"),
        Just("context.scopes.contains(\"s0\")"),
        Just("context == {}"),
        Just("principal == Agent::\"a0\""),
    ];
    (prop_oneof![Just("permit"), Just("forbid")], condition)
        .prop_map(|(effect, condition)| format!("{effect}(principal, action, resource) when {{ {condition} }};"))
}

#[derive(Debug)]
struct One {
    agent: String,
    scopes: BTreeSet<String>,
    user: Option<String>,
    tenant: Option<String>,
    roles: BTreeSet<String>,
    action: Action,
    resource: String,
    arguments: String,
}

impl One {
    fn decide(&self, access: &Access) -> interlock_guard::access::Decision {
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        access.decide(&Request {
            agent: &self.agent,
            scopes: &scopes,
            user: self.user.as_deref().map(|id| User { id, tenant: self.tenant.as_deref(), roles: &roles }),
            action: self.action,
            resource: &self.resource,
            required: &[],
            arguments: Some(self.arguments.as_bytes()),
            domain: None,
            tenant: None,
        })
    }
}

fn request() -> impl Strategy<Value = One> {
    let some = |letter: &'static str| (0..2_u8).prop_map(move |number| format!("{letter}{number}"));
    let set = move |letter| prop::collection::btree_set(some(letter), 0..3);
    let arguments = prop_oneof![Just("{}"), Just("{\"n\": 1}"), Just("{\"n\": 2, \"m\": null}"), Just("{\"n\": 3, \"m\": []}"), Just("[")];
    let action = prop::sample::select(Action::ALL.to_vec());
    (some("a"), set("s"), prop::option::of(some("u")), prop::option::of(Just("t".to_owned())), set("r"), action, some("t"), arguments)
        .prop_map(|(agent, scopes, user, tenant, roles, action, resource, arguments)| One {
            agent,
            scopes,
            user,
            tenant,
            roles,
            action,
            resource,
            arguments: arguments.to_owned(),
        })
}
