//! What a plan must keep, node by node. Each rule has an error of its own, with the path to the culprit.

use crate::limits::MAX_RETRIES;
use crate::plan::{
    DomainSpec, ForumSpec, Method, MethodSpec, Mode, Node, NodeSpec, OnLimit, ParallelSpec, PlanError, PlanSpec, Policy, PolicySpec,
    Quorum, StepSpec, WEIGHT,
};
use crate::{Check, Confidence, Expiry, Name, NodeId, TermsSpec};

type Checked = Result<(), PlanError>;

fn zero(path: &str, what: &'static str) -> PlanError {
    PlanError::LimitOfZero { path: path.into(), what }
}

fn expression(plan: &PlanSpec, number: u16, path: &str) -> Checked {
    known("expression", number, plan.expressions.len(), path)
}

fn known(what: &'static str, number: u16, known: usize, path: &str) -> Checked {
    if usize::from(number) < known { Ok(()) } else { Err(PlanError::NoSuchText { path: path.into(), what, number, known }) }
}

/// The terms of reviews, and the condition of an approval.
pub(super) fn reviews(plan: &PlanSpec) -> Checked {
    let approval = plan.approve.as_ref();
    if let Some(number) = approval.and_then(|approve| approve.when) {
        expression(plan, number, "approve.when")?;
    }
    for (terms, path) in plan.review.iter().map(|terms| (terms, "review")).chain(approval.map(|approve| (&approve.terms, "approve"))) {
        if terms.approvals == 0 {
            return Err(zero(path, "approvals"));
        }
        if terms.due_ms == Some(0) {
            return Err(zero(path, "due_ms"));
        }
    }
    match &plan.review {
        Some(TermsSpec { on_expiry: Expiry::Approve, .. }) => Err(PlanError::NothingToApprove { path: "review.on_expiry".into() }),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn step(plan: &PlanSpec, spec: &StepSpec, path: &str) -> Checked {
    let path_of = || path.to_owned();
    if spec.retries > MAX_RETRIES {
        return Err(PlanError::TooManyRetries { path: path_of(), retries: spec.retries });
    }
    if spec.timeout_ms == Some(0) {
        return Err(PlanError::NoTime { path: path_of() });
    }
    if spec.fallback.as_ref() == Some(&spec.agent) {
        return Err(PlanError::FallbackIsItself { path: path_of() });
    }
    for check in &spec.checks {
        match check {
            Check::Schema { number } => known("schema", *number, plan.schemas.len(), path)?,
            Check::Expression { number } => expression(plan, *number, path)?,
            Check::MinConfidence { .. } => {}
        }
    }
    spec.claims.map_or(Ok(()), |number| expression(plan, number, path))?;
    hedge(spec, path)
}

/// Two agents at once are safe only if neither changes anything.
fn hedge(spec: &StepSpec, path: &str) -> Checked {
    let impure = |name: &Name| Err(PlanError::HedgeNotPure { path: path.into(), name: name.clone() });
    match (spec.hedge_ms, &spec.fallback) {
        (Some(_), None) => Err(PlanError::HedgeAlone { path: path.into() }),
        (Some(0), Some(_)) => Err(zero(path, "hedge")),
        (Some(_), Some(_)) if !spec.pure => impure(&spec.agent),
        (Some(_), Some(fallback)) if !spec.fallback_pure => impure(fallback),
        (None, _) | (Some(_), Some(_)) => Ok(()),
    }
}

pub(super) fn told_apart(nodes: &[Node], members: &[NodeId], path: &str) -> Checked {
    let names: Vec<&Name> = members.iter().map(|id| &nodes[usize::from(id.0)].name).collect();
    match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        Some((_, name)) => Err(PlanError::SameName { path: path.into(), name: (*name).clone() }),
        None => Ok(()),
    }
}

pub(super) fn parallel(plan: &PlanSpec, spec: &ParallelSpec, path: &str) -> Checked {
    let panel = spec.branches.len();
    match spec.mode {
        Mode::FirstK(0) => return Err(zero(path, "k")),
        Mode::FirstK(k) if usize::from(k) > panel => {
            return Err(PlanError::MoreThanThePanel { path: path.into(), what: "the first", asked: k.into(), panel });
        }
        Mode::FirstK(_) | Mode::WaitAll | Mode::FailFast => {}
    }
    if spec.branch_deadline_ms == Some(0) {
        return Err(zero(path, "branch_deadline"));
    }
    let Some(policy) = &spec.reconcile else {
        return if spec.synthesis.is_some() { Ok(()) } else { Err(PlanError::NoPolicy { path: path.into() }) };
    };
    if policy.methods.is_empty() {
        return Err(PlanError::NoMethod { path: path.into() });
    }
    for (number, method) in policy.methods.iter().enumerate() {
        let path = format!("{path}.reconcile[{number}]");
        match method {
            MethodSpec::Overrides { rules } => rules.iter().try_for_each(|rule| expression(plan, rule.expression, &path))?,
            MethodSpec::Vote { quorum: Some(quorum), .. } => fits(*quorum, panel, &path)?,
            MethodSpec::Vote { quorum: None, .. } | MethodSpec::Confidence { .. } => {}
        }
    }
    Ok(())
}

fn fits(quorum: Quorum, panel: usize, path: &str) -> Checked {
    let (asked, limit) = match quorum {
        Quorum::Count(0) | Quorum::Share(0) => return Err(zero(path, "quorum")),
        Quorum::Count(count) => (u32::from(count), panel),
        Quorum::Share(ppm) => (ppm, Confidence::ONE as usize),
    };
    if asked as usize > limit {
        return Err(PlanError::MoreThanThePanel { path: path.into(), what: "a quorum of", asked, panel: limit });
    }
    Ok(())
}

/// A policy with its branches by their place.
pub(super) fn policy(nodes: &[Node], branches: &[NodeId], spec: &PolicySpec, path: &str) -> Result<Policy, PlanError> {
    let place = |name: &Name, path: &str| {
        let found = branches.iter().position(|id| nodes[usize::from(id.0)].name == *name);
        found.ok_or_else(|| PlanError::Stranger { path: path.into(), name: name.clone() })
    };
    let mut methods = Vec::new();
    for (number, method) in spec.methods.iter().enumerate() {
        let path = format!("{path}.reconcile[{number}]");
        methods.push(match method {
            MethodSpec::Overrides { rules } => {
                let taken = |rule: &crate::plan::OverrideSpec| {
                    Ok((rule.expression, rule.take.as_ref().map(|name| place(name, &path)).transpose()?))
                };
                Method::Overrides { rules: rules.iter().map(taken).collect::<Result<_, _>>()? }
            }
            MethodSpec::Vote { key, quorum, weights: given, on_tie } => {
                let mut weights = vec![WEIGHT; branches.len()];
                for (name, weight) in given {
                    weights[place(name, &path)?] = *weight;
                }
                if weights.iter().all(|weight| *weight == 0) {
                    return Err(PlanError::NoWeight { path });
                }
                Method::Vote { key: key.clone(), quorum: *quorum, weights, on_tie: *on_tie }
            }
            MethodSpec::Confidence { margin_ppm } => Method::Confidence { margin_ppm: *margin_ppm },
        });
    }
    Ok(Policy { methods, on_unresolved: spec.on_unresolved })
}

pub(super) fn forum(plan: &PlanSpec, spec: &ForumSpec, path: &str) -> Checked {
    for (is_zero, what) in [
        (spec.max_turns == 0, if spec.delegates { "max_delegations" } else { "max_turns" }),
        (spec.fan_out == 0, "fan_out"),
        (spec.max_tokens == Some(0), "max_tokens"),
        (spec.window == 0, "window"),
        (spec.max_depth == Some(0), "max_depth"),
    ] {
        if is_zero {
            return Err(zero(path, what));
        }
    }
    let expressions = spec.until.iter().chain(&spec.accept).chain(spec.rules.iter().map(|rule| &rule.expression));
    expressions.into_iter().try_for_each(|number| expression(plan, *number, path))?;
    for (number, rule) in spec.rules.iter().enumerate() {
        let path = format!("{path}.rules[{number}]");
        if rule.to.is_empty() {
            return Err(PlanError::NoAgent { path });
        }
        if let Some((_, name)) = rule.to.iter().enumerate().find(|(place, name)| rule.to[..*place].contains(name)) {
            return Err(PlanError::SameName { path, name: name.clone() });
        }
        // More than all delegations at once could never happen either.
        let at_once = if spec.delegates { spec.fan_out.min(spec.max_turns) } else { 1 };
        if rule.to.len() > usize::from(at_once) {
            let asked = u32::try_from(rule.to.len()).unwrap_or(u32::MAX);
            return Err(PlanError::MoreThanThePanel { path, what: "so many at once:", asked, panel: at_once.into() });
        }
    }
    reachable(spec, path)?;
    let depth = depth(spec);
    match spec.max_depth {
        Some(limit) if depth > limit => Err(PlanError::HierarchyTooDeep { path: path.into(), depth, limit }),
        Some(_) | None => Ok(()),
    }
}

/// Where rules alone delegate, a member that none of them names would never work.
fn reachable(spec: &ForumSpec, path: &str) -> Checked {
    if !spec.delegates || spec.lead.is_some() {
        return Ok(());
    }
    let named = |name: &Name| spec.rules.iter().any(|rule| rule.to.contains(name));
    match spec.members.iter().map(super::build::name_of).find(|name| !named(name)) {
        Some(name) => Err(PlanError::Unreachable { path: path.into(), name: name.clone() }),
        None => Ok(()),
    }
}

/// How deep hierarchies lie in this one, itself included.
fn depth(spec: &ForumSpec) -> u16 {
    let supervisor = if let OnLimit::Supervisor(node) = &spec.on_limit { Some(&**node) } else { None };
    let below = spec.members.iter().chain(&spec.lead).chain(&spec.summariser).chain(supervisor).map(depth_below).max().unwrap_or(0);
    below + u16::from(spec.delegates)
}

fn depth_below(node: &NodeSpec) -> u16 {
    let deepest = |nodes: &mut dyn Iterator<Item = &NodeSpec>| nodes.map(depth_below).max().unwrap_or(0);
    match node {
        NodeSpec::Step(_) => 0,
        NodeSpec::Sequence { nodes, .. } => deepest(&mut nodes.iter()),
        NodeSpec::Relay { entry, members, router, .. } => deepest(&mut members.iter().chain(entry.as_deref()).chain(router.as_deref())),
        NodeSpec::Parallel(spec) => deepest(&mut spec.branches.iter().chain(&spec.synthesis)),
        NodeSpec::Forum(spec) => depth(spec),
        NodeSpec::Domain(spec) => depth_below(&spec.node),
    }
}

pub(super) fn domain(plan: &PlanSpec, spec: &DomainSpec, path: &str) -> Checked {
    if spec.max_turns == Some(0) {
        return Err(zero(path, "max_turns"));
    }
    if spec.deadline_ms == Some(0) {
        return Err(zero(path, "deadline"));
    }
    spec.table.map_or(Ok(()), |number| known("table", number, plan.tables.len(), path))
}
