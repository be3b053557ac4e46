//! A failing case on one page: the plan as an outline, then the script, the faults and what happened.

use std::fmt;

use interlock_kernel::NodeId;
use interlock_kernel::plan::{NodeKind, Plan};

use crate::{Act, Said, Whom, World};

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "a world with this plan:")?;
        outline(out, &self.plan, NodeId(0), 1)?;
        let rules = &self.shelf.rules;
        writeln!(out, "  rules: asks {}, seed {}, table of {}", rules.asks, rules.seed, rules.table.len())?;
        writeln!(out, "  {:?}", self.faults)?;
        self.script.0.iter().try_for_each(|act| writeln!(out, "  act: {}", brief(act)))?;
        self.story().iter().try_for_each(|line| writeln!(out, "  {line}"))
    }
}

fn outline(out: &mut fmt::Formatter<'_>, plan: &Plan, id: NodeId, depth: usize) -> fmt::Result {
    let Some(node) = plan.node(id) else { return Ok(()) };
    write!(out, "{:>width$} {}", id.0, node.name, width = depth * 2 + 1)?;
    match &node.kind {
        NodeKind::Step(step) => {
            writeln!(
                out,
                ": retries {}, fallback {:?}, {} ms, checks {:?}, {:?}",
                step.retries, step.fallback, step.timeout_ms, step.checks, step.on_failure
            )
        }
        NodeKind::Sequence { children } => {
            writeln!(out, ": sequence")?;
            children.iter().try_for_each(|child| outline(out, plan, *child, depth + 1))
        }
        NodeKind::Relay(relay) => {
            let (entry, most, revisit) = (relay.has_entry, relay.max_handoffs, relay.revisit);
            writeln!(out, ": relay, entry {entry}, max {most}, revisit {revisit}, returns {}, {:?}", relay.returns, relay.on_limit)?;
            relay.members.iter().try_for_each(|member| outline(out, plan, *member, depth + 1))
        }
    }
}

fn brief(act: &Act) -> String {
    let said = match &act.said {
        Said::Raised => "raises".into(),
        Said::WrongType => "answers wrongly".into(),
        Said::Reply { text, confidence, intent, hand_off } => {
            let whom = match hand_off {
                None => String::new(),
                Some(Whom::Named(name)) => format!(" to {name}"),
                Some(Whom::Node(number)) => format!(" to node {number}"),
                Some(Whom::Member(number)) => format!(" to member {number}"),
            };
            let sure = confidence.map(|stated| format!(" ({stated})")).unwrap_or_default();
            let about = intent.as_ref().map(|stated| format!(" about {stated}")).unwrap_or_default();
            format!("{text:?}{sure}{about}{whom}")
        }
    };
    let deeds: Vec<String> = act.deeds.iter().map(|deed| format!(" after {deed:?}")).collect();
    format!("{said} in {} ms{}", act.takes_ms, deeds.concat())
}
