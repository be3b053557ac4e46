//! Plans by the thousand: any pattern in any other, every cure on or off, and always valid.

use std::sync::Arc;

use interlock_kernel::limits::{HANDOFF_RETRIES, MAX_TURNS};
use interlock_kernel::plan::{NodeKind, NodeSpec, OnFailure, Plan, PlanSpec, StepSpec};
use interlock_kernel::{Check, Confidence, Digest, Name, NodeId};
use proptest::prelude::*;

use crate::{RelaySpec, agent, spec_of};

const DEEPEST: usize = 4;

/// Valid plans, compiled.
pub fn plans() -> impl Strategy<Value = Arc<Plan>> {
    plan_specs().prop_filter_map("a plan that does not build", |spec| Plan::build(&spec, Digest([7; 32])).ok())
}

/// Valid plans as they are written down, nested up to `DEEPEST` patterns deep.
pub fn plan_specs() -> impl Strategy<Value = PlanSpec> {
    let inner = nodes(DEEPEST - 1);
    prop_oneof![1 => steps().boxed(), 2 => sequences(inner.clone()).boxed(), 12 => relays(inner).boxed()].prop_map(|mut root| {
        let mut count = 0;
        name_apart(&mut root, &mut count);
        spec_of(root)
    })
}

fn nodes(depth: usize) -> BoxedStrategy<NodeSpec> {
    if depth == 0 {
        return steps().boxed();
    }
    let inner = nodes(depth - 1);
    prop_oneof![6 => steps().boxed(), 1 => sequences(inner.clone()).boxed(), 3 => relays(inner).boxed()].boxed()
}

fn steps() -> impl Strategy<Value = NodeSpec> {
    let fallback = prop::option::weighted(0.3, names());
    let timeout = prop::option::weighted(0.3, 2_u64..5_000);
    let sure = (0..Confidence::ONE / 2).prop_map(|ppm| Check::MinConfidence { ppm: Confidence(ppm) });
    let checks = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(sure, 1..3)];
    (names(), checks, 0_u16..3, fallback, timeout, policies()).prop_map(|(name, checks, retries, fallback, timeout_ms, on_failure)| {
        let fallback = fallback.filter(|stand_in| *stand_in != name);
        NodeSpec::Step(StepSpec { checks, retries, fallback, timeout_ms, on_failure, ..agent(&name) })
    })
}

fn sequences(inner: impl Strategy<Value = NodeSpec>) -> impl Strategy<Value = NodeSpec> {
    prop::collection::vec(inner, 1..4).prop_map(|nodes| NodeSpec::Sequence { name: "sequence".into(), nodes })
}

fn relays(inner: impl Strategy<Value = NodeSpec>) -> impl Strategy<Value = NodeSpec> {
    let limit = prop::option::weighted(0.6, 0_u16..6);
    (prop::collection::vec(inner, 1..6), prop::bool::weighted(0.75), limit, any::<bool>(), any::<bool>(), policies()).prop_map(
        |(mut members, has_entry, max_handoffs, revisit, returns, on_limit)| {
            let entry = has_entry.then(|| members.remove(0));
            let returns = returns && has_entry;
            RelaySpec { entry, max_handoffs, revisit, returns, on_limit, ..RelaySpec::routed("relay", members) }.node()
        },
    )
}

fn policies() -> impl Strategy<Value = OnFailure> {
    prop_oneof![Just(OnFailure::Review), Just(OnFailure::Fail)]
}

/// Few names, so that the same agent often stands in several places.
fn names() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["ann", "bob", "cyd", "dan", "eve", "fay"]).prop_map(Name::from)
}

/// Patterns are numbered, and a relay's member whose name is taken gets a number too.
fn name_apart(node: &mut NodeSpec, count: &mut u32) {
    let mut number = |name: &mut Name| {
        *count += 1;
        *name = format!("{name}{count}").into();
    };
    match node {
        NodeSpec::Step(_) => {}
        NodeSpec::Sequence { name, nodes } => {
            number(name);
            for node in nodes {
                name_apart(node, count);
            }
        }
        NodeSpec::Relay { name, entry, members, .. } => {
            number(name);
            let mut taken: Vec<Name> = Vec::new();
            for member in entry.as_deref_mut().into_iter().chain(members) {
                name_apart(member, count);
                if let NodeSpec::Step(step) = member {
                    if taken.contains(&step.agent) {
                        *count += 1;
                        step.agent = format!("{}{count}", step.agent).into();
                    }
                    taken.push(step.agent.clone());
                }
            }
        }
    }
}

/// How many turns a run of this plan can take when every cure is used to the full.
pub fn most_turns(plan: &Plan) -> u64 {
    most_below(plan, NodeId(0)).min(u64::from(MAX_TURNS))
}

fn most_below(plan: &Plan, id: NodeId) -> u64 {
    match plan.node(id).map(|node| &node.kind) {
        None => 0,
        Some(NodeKind::Step(step)) => {
            let attempts = u64::from(step.retries.max(HANDOFF_RETRIES)) + 1;
            if step.fallback.is_some() { attempts * 2 } else { attempts }
        }
        Some(NodeKind::Sequence { children }) => children.iter().map(|child| most_below(plan, *child)).sum(),
        Some(NodeKind::Relay(relay)) => {
            let longest = relay.members.iter().map(|member| most_below(plan, *member)).max().unwrap_or(0);
            longest.saturating_mul(u64::from(relay.max_handoffs) + 1)
        }
    }
}
