//! No pattern runs away: handoffs, turns, contributions, delegations, branches at once, depth and authority keep to the plan.

use std::collections::BTreeSet;

use interlock_kernel::limits::MAX_TURNS;
use interlock_kernel::plan::{NodeKind, NodeSpec, OnLimit, Plan};
use interlock_kernel::{Name, NodeId, State, Strand, scopes};
use interlock_testkit::{World, law, plan_of, plan_specs};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

/// Counted in every state that the run passed through.
pub(crate) fn limits_are_kept(world: &World) -> Checked {
    for events in 1..=world.journal.len() {
        let State::Running(running) = world.after(events) else { continue };
        prop_assert!(running.turns <= MAX_TURNS);
        for (domain, state) in &running.domains {
            let most = running.plan.domain(*domain).and_then(|domain| domain.max_turns);
            prop_assert!(most.is_none_or(|most| state.turns <= most), "turns inside {domain:?}\n{}", world.story().join("\n"));
        }
        for strand in &running.strands {
            strand_keeps(&running.plan, strand)
                .map_err(|why| TestCaseError::fail(format!("{why}\n{}", world.story()[..events].join("\n"))))?;
        }
    }
    Ok(())
}

fn strand_keeps(plan: &Plan, strand: &Strand) -> Result<(), String> {
    let keeps = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what} in {:?}", strand.id)) };
    for relay in &strand.relays {
        keeps(plan.relay(relay.node).is_some_and(|limits| relay.handoffs <= limits.max_handoffs), "handoffs")?;
    }
    for forum in &strand.forums {
        let Some(limits) = plan.forum(forum.node) else { return Err("a forum that is none".into()) };
        if limits.delegates {
            keeps(forum.delegated <= limits.max_turns, "delegations")?;
        } else {
            let said = forum.said.iter().filter(|one| limits.members.contains(&one.member)).count();
            keeps(said <= usize::from(limits.max_turns), "contributions")?;
        }
    }
    for fork in &strand.forks {
        let at_work = fork.branches.iter().filter(|branch| branch.end.is_none()).count();
        let most = plan.forum(fork.node).map_or(usize::MAX, |limits| limits.fan_out.into());
        keeps(at_work <= most, "branches at once")?;
        let mut members: Vec<NodeId> = fork.branches.iter().map(|branch| branch.node).collect();
        members.sort();
        members.dedup();
        keeps(members.len() == fork.branches.len(), "one member twice at once")?;
    }
    Ok(())
}

/// The scopes of all steps below a node, as the plan has them.
fn authority(plan: &Plan, top: NodeId) -> BTreeSet<Name> {
    let below = (0_u16..).map(NodeId).take(plan.nodes().len()).filter(|node| plan.upwards(*node).any(|above| above == top));
    below.filter_map(|node| plan.step(node)).flat_map(|step| step.scopes.iter().cloned()).collect()
}

/// What a delegate may reach, its delegator may too; a turn may reach what its step says and no more.
pub(crate) fn authority_only_narrows(world: &World) -> Checked {
    let plan = &world.plan;
    for (number, node) in (0_u16..).zip(plan.nodes()) {
        let NodeKind::Step(step) = &node.kind else { continue };
        let mut member = NodeId(number);
        for above in plan.upwards(NodeId(number)).skip(1) {
            let forum = plan.forum(above).filter(|forum| forum.delegates && forum.members.contains(&member));
            if let Some(lead) = forum.and_then(|forum| forum.lead) {
                let all = authority(plan, lead);
                let mine = || step.scopes.iter().chain(step.fallback_scopes.iter());
                prop_assert!(mine().all(|scope| all.contains(scope)), "{} reaches beyond {all:?}", node.name);
            }
            member = above;
        }
    }
    for events in 1..=world.journal.len() {
        let State::Running(running) = world.after(events) else { continue };
        for (_, turn) in running.turns_at_work() {
            let step = running.plan.step(turn.node).unwrap();
            prop_assert_eq!(&scopes(running, turn), if turn.fallback { &step.fallback_scopes } else { &step.scopes });
        }
    }
    Ok(())
}

/// How deep hierarchies lie in a node, reckoned here anew.
fn depth(node: &NodeSpec) -> u16 {
    let deepest = |nodes: Vec<&NodeSpec>| nodes.into_iter().map(depth).max().unwrap_or(0);
    match node {
        NodeSpec::Step(_) => 0,
        NodeSpec::Sequence { nodes, .. } => deepest(nodes.iter().collect()),
        NodeSpec::Relay { entry, members, router, .. } => {
            deepest(members.iter().chain(entry.as_deref()).chain(router.as_deref()).collect())
        }
        NodeSpec::Parallel(spec) => deepest(spec.branches.iter().chain(&spec.synthesis).collect()),
        NodeSpec::Domain(spec) => depth(&spec.node),
        NodeSpec::Forum(spec) => {
            let supervisor = if let OnLimit::Supervisor(node) = &spec.on_limit { Some(&**node) } else { None };
            let inside = spec.members.iter().chain(&spec.lead).chain(&spec.summariser).chain(supervisor).collect();
            deepest(inside) + u16::from(spec.delegates)
        }
    }
}

fn forums<'a>(node: &'a NodeSpec, found: &mut Vec<&'a NodeSpec>) {
    match node {
        NodeSpec::Step(_) => {}
        NodeSpec::Sequence { nodes, .. } => nodes.iter().for_each(|node| forums(node, found)),
        NodeSpec::Relay { entry, members, .. } => members.iter().chain(entry.as_deref()).for_each(|node| forums(node, found)),
        NodeSpec::Parallel(spec) => spec.branches.iter().chain(&spec.synthesis).for_each(|node| forums(node, found)),
        NodeSpec::Domain(spec) => forums(&spec.node, found),
        NodeSpec::Forum(spec) => {
            found.push(node);
            spec.members.iter().chain(&spec.lead).for_each(|node| forums(node, found));
        }
    }
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn no_pattern_passes_its_limits(world in storms()) {
        limits_are_kept(&lived(world)?)?;
    }

    #[test]
    fn a_delegate_never_reaches_further_than_its_delegator(world in storms()) {
        authority_only_narrows(&lived(world)?)?;
    }

    #[test]
    fn a_plan_whose_hierarchies_lie_too_deep_is_not_built(spec in plan_specs()) {
        let mut found = Vec::new();
        forums(&spec.root, &mut found);
        let keeps = |node: &&NodeSpec| matches!(node, NodeSpec::Forum(spec) if spec.max_depth.is_none_or(|most| depth(node) <= most));
        if plan_of(spec.root.clone()).is_ok() {
            prop_assert!(found.iter().all(keeps));
        }
    }
}
