//! From the specification to the arena. What must hold is in `check`; here is how the tree is laid out.

use std::sync::Arc;

use crate::limits::{MAX_DEPTH, MAX_NODES, TURN_TIMEOUT_MS};
use crate::plan::{
    Domain, DomainSpec, Forum, ForumSpec, Node, NodeKind, NodeSpec, OnFailure, OnLimit, Parallel, ParallelSpec, Plan, PlanError, PlanSpec,
    Relay, Step, StepSpec, check,
};
use crate::{Digest, Name, NodeId};

pub(super) fn build(spec: &PlanSpec, digest: Digest) -> Result<Plan, PlanError> {
    if spec.name.is_empty() {
        return Err(PlanError::NoName { path: "the plan".into() });
    }
    let mut builder = Builder { spec, nodes: Vec::new() };
    let place = Place { parent: None, at: 0, depth: 1, domain: None, authority: None };
    builder.add(&spec.root, &place, &spec.name)?;
    check::reviews(spec)?;
    Ok(Plan { name: spec.name.clone(), digest, review: spec.review.clone(), approve: spec.approve.clone(), nodes: builder.nodes })
}

/// Where a node goes.
#[derive(Clone)]
struct Place {
    parent: Option<NodeId>,
    at: usize,
    depth: usize,
    domain: Option<NodeId>,
    /// What the delegators around it have; nothing when nobody delegates.
    authority: Option<Vec<Name>>,
}

pub(super) struct Builder<'a> {
    pub spec: &'a PlanSpec,
    pub nodes: Vec<Node>,
}

impl Builder<'_> {
    fn add(&mut self, spec: &NodeSpec, place: &Place, path: &str) -> Result<NodeId, PlanError> {
        if place.depth > MAX_DEPTH {
            return Err(PlanError::TooDeep { path: path.into() });
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(PlanError::TooLarge);
        }
        let id = NodeId(u16::try_from(self.nodes.len()).map_err(|_| PlanError::TooLarge)?);
        let name = name_of(spec).clone();
        if name.is_empty() {
            return Err(PlanError::NoName { path: path.into() });
        }
        // The place is taken before the children are known, so that parents come before them.
        let kind = NodeKind::Sequence { children: Vec::new() };
        self.nodes.push(Node { name, parent: place.parent, place: place.at, domain: place.domain, kind });
        let inside = Place { parent: Some(id), at: 0, depth: place.depth + 1, ..place.clone() };
        let kind = match spec {
            NodeSpec::Step(step) => NodeKind::Step(self.step(step, place.authority.as_deref(), path)?),
            NodeSpec::Sequence { nodes, .. } => NodeKind::Sequence { children: self.all(nodes, "nodes", &inside, path)? },
            NodeSpec::Relay { .. } => NodeKind::Relay(self.relay(spec, &inside, path)?),
            NodeSpec::Parallel(spec) => NodeKind::Parallel(self.parallel(spec, &inside, path)?),
            NodeSpec::Forum(spec) => NodeKind::Forum(self.forum(spec, &inside, path)?),
            NodeSpec::Domain(spec) => NodeKind::Domain(self.domain(spec, id, inside, path)?),
        };
        self.nodes[usize::from(id.0)].kind = kind;
        Ok(id)
    }

    /// All children of a list; a pattern without any has no agent.
    fn all(&mut self, nodes: &[NodeSpec], list: &str, inside: &Place, path: &str) -> Result<Vec<NodeId>, PlanError> {
        if nodes.is_empty() {
            return Err(PlanError::NoAgent { path: path.into() });
        }
        let add = |(index, node): (usize, &NodeSpec)| {
            self.add(node, &Place { at: inside.at + index, ..inside.clone() }, &format!("{path}.{list}[{index}]"))
        };
        nodes.iter().enumerate().map(add).collect()
    }

    /// A child with a name of its own, after `before` others.
    fn one(&mut self, node: Option<&NodeSpec>, what: &str, before: usize, inside: &Place, path: &str) -> Result<Option<NodeId>, PlanError> {
        node.map(|node| self.add(node, &Place { at: before, ..inside.clone() }, &format!("{path}.{what}"))).transpose()
    }

    fn relay(&mut self, spec: &NodeSpec, inside: &Place, path: &str) -> Result<Relay, PlanError> {
        let NodeSpec::Relay { entry, members, max_handoffs, revisit, returns, on_limit, router, .. } = spec else {
            return Err(PlanError::NoAgent { path: path.into() });
        };
        let has_entry = entry.is_some();
        if *returns && !has_entry {
            return Err(PlanError::NothingToReturnTo { path: path.into() });
        }
        if *max_handoffs == Some(0) && has_entry && !members.is_empty() {
            return Err(PlanError::LimitOfZero { path: path.into(), what: "max_handoffs" });
        }
        let mut all: Vec<NodeId> = self.one(entry.as_deref(), "entry", 0, inside, path)?.into_iter().collect();
        if !members.is_empty() || all.is_empty() {
            all.extend(self.all(members, "to", &Place { at: all.len(), ..inside.clone() }, path)?);
        }
        check::told_apart(&self.nodes, &all, path)?;
        let router = self.one(router.as_deref(), "router", all.len(), inside, path)?;
        let usual = u16::try_from(all.len() + 1).unwrap_or(u16::MAX);
        let claims = all.iter().filter_map(|id| self.claim_of(*id)).collect();
        Ok(Relay {
            members: all,
            has_entry,
            router,
            claims,
            max_handoffs: max_handoffs.unwrap_or(usual),
            revisit: *revisit,
            returns: *returns,
            on_limit: *on_limit,
        })
    }

    fn claim_of(&self, id: NodeId) -> Option<(Name, u16)> {
        let node = self.nodes.get(usize::from(id.0))?;
        match &node.kind {
            NodeKind::Step(step) => step.claims.map(|expression| (node.name.clone(), expression)),
            NodeKind::Sequence { .. } | NodeKind::Relay(_) | NodeKind::Parallel(_) | NodeKind::Forum(_) | NodeKind::Domain(_) => None,
        }
    }

    fn parallel(&mut self, spec: &ParallelSpec, inside: &Place, path: &str) -> Result<Parallel, PlanError> {
        check::parallel(self.spec, spec, path)?;
        let branches = self.all(&spec.branches, "branches", inside, path)?;
        check::told_apart(&self.nodes, &branches, path)?;
        let reconcile = spec.reconcile.as_ref().map(|policy| check::policy(&self.nodes, &branches, policy, path)).transpose()?;
        let synthesis = self.one(spec.synthesis.as_ref(), "synthesis", branches.len(), inside, path)?;
        let (mode, branch_deadline_ms, on_failure) = (spec.mode, spec.branch_deadline_ms, spec.on_failure);
        Ok(Parallel { branches, mode, branch_deadline_ms, reconcile, synthesis, on_failure })
    }

    fn forum(&mut self, spec: &ForumSpec, inside: &Place, path: &str) -> Result<Forum, PlanError> {
        check::forum(self.spec, spec, path)?;
        let lead = self.one(spec.lead.as_ref(), "lead", 0, inside, path)?;
        let authority = match lead {
            Some(lead) if spec.delegates => Some(self.authority_below(lead)),
            Some(_) | None => inside.authority.clone(),
        };
        let members_at = Place { at: usize::from(lead.is_some()), authority, ..inside.clone() };
        let members = self.all(&spec.members, "members", &members_at, path)?;
        check::told_apart(&self.nodes, &members, path)?;
        let named = |name: &Name| members.iter().copied().find(|id| self.nodes[usize::from(id.0)].name == *name);
        let mut rules = Vec::new();
        for (number, rule) in spec.rules.iter().enumerate() {
            let stranger = |name: &Name| PlanError::Stranger { path: format!("{path}.rules[{number}]"), name: name.clone() };
            let to = rule.to.iter().map(|name| named(name).ok_or_else(|| stranger(name))).collect::<Result<Vec<_>, _>>()?;
            rules.push((rule.expression, to));
        }
        let after = members.len() + usize::from(lead.is_some());
        let summariser = self.one(spec.summariser.as_ref(), "summariser", after, inside, path)?;
        let (supervisor, surest, on_limit) = match &spec.on_limit {
            OnLimit::Review => (None, false, OnFailure::Review),
            OnLimit::Fail => (None, false, OnFailure::Fail),
            OnLimit::Confidence => (None, true, OnFailure::Review),
            OnLimit::Supervisor(node) => (self.one(Some(node), "on_limit", after + 1, inside, path)?, false, OnFailure::Review),
        };
        let (delegates, max_turns, fan_out, max_tokens) = (spec.delegates, spec.max_turns, spec.fan_out, spec.max_tokens);
        let (until, accept, window) = (spec.until, spec.accept, spec.window);
        let forum = Forum {
            members,
            lead,
            rules,
            delegates,
            max_turns,
            fan_out,
            max_tokens,
            until,
            accept,
            window,
            summariser,
            supervisor,
            surest,
            on_limit,
        };
        Ok(forum)
    }

    /// The scopes of every agent below a node, together: what it can hand on.
    fn authority_below(&self, node: NodeId) -> Vec<Name> {
        let mut all: Vec<Name> = self.nodes[usize::from(node.0)..]
            .iter()
            .filter_map(|below| match &below.kind {
                NodeKind::Step(step) => Some(step.scopes.iter().cloned()),
                NodeKind::Sequence { .. } | NodeKind::Relay(_) | NodeKind::Parallel(_) | NodeKind::Forum(_) | NodeKind::Domain(_) => None,
            })
            .flatten()
            .collect();
        all.sort();
        all.dedup();
        all
    }

    fn domain(&mut self, spec: &DomainSpec, id: NodeId, inside: Place, path: &str) -> Result<Domain, PlanError> {
        check::domain(self.spec, spec, path)?;
        let child = self.add(&spec.node, &Place { domain: Some(id), ..inside }, &format!("{path}.node"))?;
        let (imports, exports, table) = (spec.imports.clone(), spec.exports.clone(), spec.table);
        Ok(Domain { child, imports, exports, table, max_turns: spec.max_turns, deadline_ms: spec.deadline_ms, policy: spec.policy.clone() })
    }

    fn step(&self, spec: &StepSpec, authority: Option<&[Name]>, path: &str) -> Result<Step, PlanError> {
        check::step(self.spec, spec, path)?;
        let narrowed = |scopes: &[Name]| -> Arc<[Name]> {
            scopes.iter().filter(|scope| authority.is_none_or(|all| all.contains(scope))).cloned().collect()
        };
        Ok(Step {
            agent: spec.agent.clone(),
            checks: spec.checks.clone(),
            retries: spec.retries,
            fallback: spec.fallback.clone(),
            timeout_ms: spec.timeout_ms.unwrap_or(TURN_TIMEOUT_MS),
            hedge_ms: spec.hedge_ms,
            on_failure: spec.on_failure,
            pure: spec.pure,
            fallback_pure: spec.fallback_pure,
            scopes: narrowed(&spec.scopes),
            fallback_scopes: narrowed(&spec.fallback_scopes),
            claims: spec.claims,
        })
    }
}

pub(super) fn name_of(spec: &NodeSpec) -> &Name {
    match spec {
        NodeSpec::Step(step) => step.name.as_ref().unwrap_or(&step.agent),
        NodeSpec::Sequence { name, .. } | NodeSpec::Relay { name, .. } => name,
        NodeSpec::Parallel(spec) => &spec.name,
        NodeSpec::Forum(spec) => &spec.name,
        NodeSpec::Domain(spec) => &spec.name,
    }
}
