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
    let all = |out: &mut fmt::Formatter<'_>, nodes: &[NodeId]| nodes.iter().try_for_each(|node| outline(out, plan, *node, depth + 1));
    let one = |out: &mut fmt::Formatter<'_>, what: &str, node: Option<NodeId>| {
        node.map_or(Ok(()), |node| {
            write!(out, "{what}: ")?;
            outline(out, plan, node, depth + 1)
        })
    };
    write!(out, "{:>width$} {}", id.0, node.name, width = depth * 2 + 1)?;
    match &node.kind {
        NodeKind::Step(step) => {
            writeln!(
                out,
                ": retries {}, fallback {:?}, {} ms, hedge {:?}, checks {:?}, {:?}",
                step.retries, step.fallback, step.timeout_ms, step.hedge_ms, step.checks, step.on_failure
            )
        }
        NodeKind::Sequence { children } => {
            writeln!(out, ": sequence")?;
            all(out, children)
        }
        NodeKind::Relay(relay) => {
            let (entry, most, revisit) = (relay.has_entry, relay.max_handoffs, relay.revisit);
            writeln!(out, ": relay, entry {entry}, max {most}, revisit {revisit}, returns {}, {:?}", relay.returns, relay.on_limit)?;
            all(out, &relay.members)?;
            one(out, "router", relay.router)
        }
        NodeKind::Parallel(spec) => {
            let (mode, due, failure) = (spec.mode, spec.branch_deadline_ms, spec.on_failure);
            writeln!(out, ": parallel, {mode:?}, {due:?} ms, {:?}, {failure:?}", spec.reconcile)?;
            all(out, &spec.branches)?;
            one(out, "synthesis", spec.synthesis)
        }
        NodeKind::Forum(spec) => {
            let what = if spec.delegates { "hierarchy" } else { "chat" };
            let (most, fan_out, tokens, window) = (spec.max_turns, spec.fan_out, spec.max_tokens, spec.window);
            writeln!(out, ": {what}, max {most}, fan-out {fan_out}, tokens {tokens:?}, window {window}")?;
            writeln!(out, "      rules {:?}, until {:?}, accept {:?}, {:?}", spec.rules, spec.until, spec.accept, spec.on_limit)?;
            one(out, "lead", spec.lead)?;
            all(out, &spec.members)?;
            one(out, "summariser", spec.summariser)?;
            one(out, "supervisor", spec.supervisor)
        }
        NodeKind::Domain(spec) => {
            let limits = (spec.max_turns, spec.deadline_ms);
            writeln!(out, ": domain, turns and ms {limits:?}, in {:?}, out {:?}", spec.imports, spec.exports)?;
            all(out, &[spec.child])
        }
    }
}

fn brief(act: &Act) -> String {
    let said = match &act.said {
        Said::Raised => "raises".into(),
        Said::WrongType => "answers wrongly".into(),
        Said::Reply { text, confidence, intent, hand_off, delegated, tokens } => {
            let whom = hand_off.as_ref().map(|to| format!(" to {}", named(to))).unwrap_or_default();
            let sure = confidence.map(|stated| format!(" ({stated})")).unwrap_or_default();
            let about = intent.as_ref().map(|stated| format!(" about {stated}")).unwrap_or_default();
            let tasks: Vec<String> = delegated.iter().map(|(to, text)| format!(" for {} {text:?}", named(to))).collect();
            format!("{text:?}{sure}{about}{whom}{} {tokens:?}", tasks.concat())
        }
    };
    let deeds: Vec<String> = act.deeds.iter().map(|deed| format!(" after {deed:?}")).collect();
    format!("{said} in {} ms{}", act.takes_ms, deeds.concat())
}

fn named(whom: &Whom) -> String {
    match whom {
        Whom::Named(name) => name.to_string(),
        Whom::Node(number) => format!("node {number}"),
        Whom::Member(number) => format!("member {number}"),
    }
}
