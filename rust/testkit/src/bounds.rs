//! How much a run of a plan can take at most, reckoned from the plan alone.

use interlock_kernel::NodeId;
use interlock_kernel::limits::{HANDOFF_RETRIES, MAX_TURNS};
use interlock_kernel::plan::{NodeKind, Plan};

/// How many turns a run of this plan can take when every cure is used to the full.
pub fn most_turns(plan: &Plan) -> u64 {
    below(plan, NodeId(0)).min(u64::from(MAX_TURNS))
}

fn below(plan: &Plan, id: NodeId) -> u64 {
    let all = |nodes: &[NodeId]| nodes.iter().map(|node| below(plan, *node)).fold(0, u64::saturating_add);
    let longest = |nodes: &[NodeId]| nodes.iter().map(|node| below(plan, *node)).max().unwrap_or(0);
    let one = |node: Option<NodeId>| node.map_or(0, |node| below(plan, node));
    match plan.kind(id) {
        None => 0,
        Some(NodeKind::Step(step)) => {
            let attempts = u64::from(step.retries.max(HANDOFF_RETRIES)) + 1;
            // Each of the agent's own attempts may have a stand-in beside it.
            let beside = if step.hedge_ms.is_some() { attempts } else { 0 };
            if step.fallback.is_some() { attempts * 2 + beside } else { attempts }
        }
        Some(NodeKind::Sequence { children }) => all(children),
        Some(NodeKind::Relay(relay)) => {
            one(relay.router).saturating_add(longest(&relay.members).saturating_mul(u64::from(relay.max_handoffs) + 1))
        }
        Some(NodeKind::Parallel(parallel)) => all(&parallel.branches).saturating_add(one(parallel.synthesis)),
        Some(NodeKind::Forum(forum)) => {
            let (lead, summary) = (one(forum.lead), one(forum.summariser));
            u64::from(forum.max_turns)
                .saturating_mul(longest(&forum.members).saturating_add(lead).saturating_add(summary))
                .saturating_add(lead)
                .saturating_add(one(forum.supervisor))
        }
        Some(NodeKind::Domain(domain)) => below(plan, domain.child),
    }
}
