//! A plan: the compiled, validated tree of a workflow. Immutable, shared by every run of it.

mod build;
mod check;
mod domain;
mod error;
mod forum;
mod parallel;
mod spec;

use std::sync::Arc;

pub use domain::{Contract, Domain, DomainSpec};
pub use error::PlanError;
pub use forum::{Forum, ForumSpec, OnLimit, SpeakerRule};
pub use parallel::{Method, MethodSpec, Mode, OnTie, OverrideSpec, Parallel, ParallelSpec, Policy, PolicySpec, Quorum, WEIGHT};
pub use spec::{NodeSpec, OnFailure, PlanSpec, StepSpec};

use crate::{ApproveSpec, Check, Digest, Name, NodeId, TermsSpec};

/// The tree, as an arena in depth-first order: a child's id is greater than its parent's.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: Name,
    /// SHA-256 of the plan's text.
    pub digest: Digest,
    /// The terms of reviews that the run itself needs.
    pub review: Option<TermsSpec>,
    /// Which answers need a person's yes.
    pub approve: Option<ApproveSpec>,
    nodes: Vec<Node>,
}

/// One node and its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    pub name: Name,
    pub parent: Option<NodeId>,
    /// The place among the parent's children.
    pub place: usize,
    /// The innermost domain around it; a domain is not inside itself.
    pub domain: Option<NodeId>,
    pub kind: NodeKind,
}

#[derive(Debug, PartialEq, Eq)]
pub enum NodeKind {
    Step(Step),
    /// The children one after another; each gets what the one before said.
    Sequence {
        children: Vec<NodeId>,
    },
    Relay(Relay),
    Parallel(Parallel),
    Forum(Forum),
    Domain(Domain),
}

/// One agent's place in the plan, with the cures around it.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub agent: Name,
    pub checks: Vec<Check>,
    /// Further attempts after the first.
    pub retries: u16,
    pub fallback: Option<Name>,
    pub timeout_ms: u64,
    pub hedge_ms: Option<u64>,
    pub on_failure: OnFailure,
    /// Whether the agent, and its fallback, promise to change nothing outside.
    pub pure: bool,
    pub fallback_pure: bool,
    /// What the agent may reach here: its own scopes, and no more than every delegator around it has.
    pub scopes: Arc<[Name]>,
    pub fallback_scopes: Arc<[Name]>,
    pub claims: Option<u16>,
}

/// Members that pass the turn among themselves.
#[derive(Debug, PartialEq, Eq)]
pub struct Relay {
    /// All members; the entry, if there is one, is the first.
    pub members: Vec<NodeId>,
    /// Whether the first member opens; otherwise the routing engine chooses who does.
    pub has_entry: bool,
    /// No member, but asked for the intent when nothing cheaper finds one.
    pub router: Option<NodeId>,
    /// The expressions by which members claim tasks.
    pub claims: Vec<(Name, u16)>,
    pub max_handoffs: u16,
    pub revisit: bool,
    /// Whether a member's answer goes back to the entry instead of ending the relay.
    pub returns: bool,
    pub on_limit: OnFailure,
}

impl Plan {
    /// Check a specification and compile it. The digest is that of the text it was read from.
    ///
    /// # Errors
    /// `PlanError` names the node's path and what is wrong with it.
    pub fn build(spec: &PlanSpec, digest: Digest) -> Result<Arc<Self>, PlanError> {
        build::build(spec, digest).map(Arc::new)
    }

    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(id.0))
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn kind(&self, id: NodeId) -> Option<&NodeKind> {
        self.node(id).map(|node| &node.kind)
    }

    pub fn step(&self, id: NodeId) -> Option<&Step> {
        match self.kind(id)? {
            NodeKind::Step(step) => Some(step),
            NodeKind::Sequence { .. } | NodeKind::Relay(_) | NodeKind::Parallel(_) | NodeKind::Forum(_) | NodeKind::Domain(_) => None,
        }
    }

    pub fn relay(&self, id: NodeId) -> Option<&Relay> {
        match self.kind(id)? {
            NodeKind::Relay(relay) => Some(relay),
            NodeKind::Sequence { .. } | NodeKind::Step(_) | NodeKind::Parallel(_) | NodeKind::Forum(_) | NodeKind::Domain(_) => None,
        }
    }

    pub fn parallel(&self, id: NodeId) -> Option<&Parallel> {
        match self.kind(id)? {
            NodeKind::Parallel(parallel) => Some(parallel),
            NodeKind::Sequence { .. } | NodeKind::Step(_) | NodeKind::Relay(_) | NodeKind::Forum(_) | NodeKind::Domain(_) => None,
        }
    }

    pub fn forum(&self, id: NodeId) -> Option<&Forum> {
        match self.kind(id)? {
            NodeKind::Forum(forum) => Some(forum),
            NodeKind::Sequence { .. } | NodeKind::Step(_) | NodeKind::Relay(_) | NodeKind::Parallel(_) | NodeKind::Domain(_) => None,
        }
    }

    pub fn domain(&self, id: NodeId) -> Option<&Domain> {
        match self.kind(id)? {
            NodeKind::Domain(domain) => Some(domain),
            NodeKind::Sequence { .. } | NodeKind::Step(_) | NodeKind::Relay(_) | NodeKind::Parallel(_) | NodeKind::Forum(_) => None,
        }
    }

    /// The node and everything above it, innermost first.
    pub fn upwards(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |at| self.node(*at).and_then(|node| node.parent))
    }

    /// As `upwards`, but no higher than `root`.
    pub fn upwards_to(&self, id: NodeId, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), move |at| if *at == root { None } else { self.node(*at).and_then(|node| node.parent) })
    }

    /// The relays around a node with the member that holds it, innermost first.
    pub fn relays_around(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        self.relays_within(id, NodeId(0))
    }

    /// As `relays_around`, but no higher than `root`. A router holds nothing: what it says is about its relay.
    pub fn relays_within(&self, id: NodeId, root: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        self.upwards_to(id, root).filter(move |member| *member != root).filter_map(|member| {
            let parent = self.node(member)?.parent?;
            self.relay(parent).map(|_| (parent, member))
        })
    }

    /// A relay's or a forum's member with this name: a step's agent or a pattern's own name.
    pub fn member(&self, group: NodeId, name: &str) -> Option<NodeId> {
        self.members(group).iter().copied().find(|id| self.node(*id).is_some_and(|node| &*node.name == name))
    }

    /// Those among whom the turn passes.
    pub fn members(&self, group: NodeId) -> &[NodeId] {
        match self.kind(group) {
            Some(NodeKind::Relay(relay)) => &relay.members,
            Some(NodeKind::Forum(forum)) => &forum.members,
            Some(NodeKind::Parallel(parallel)) => &parallel.branches,
            Some(NodeKind::Step(_) | NodeKind::Sequence { .. } | NodeKind::Domain(_)) | None => &[],
        }
    }

    /// The name of the domain inside whose walls a node lies.
    pub fn domain_name(&self, id: NodeId) -> Option<&Name> {
        self.node(self.node(id)?.domain?).map(|node| &node.name)
    }

    /// Whether the user is known at a node: every domain around it must import that.
    pub fn shows_user(&self, id: NodeId) -> bool {
        self.upwards(id).skip(1).filter_map(|above| self.domain(above)).all(|domain| domain.imports.user)
    }

    /// The domain walls that lie between a node and something above it, innermost first.
    pub fn walls(&self, from: NodeId, above: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.upwards_to(from, above).filter(move |at| *at != above && *at != from && self.domain(*at).is_some())
    }

    /// Every agent that the plan may call, in order, once.
    pub fn agents(&self) -> Vec<Name> {
        let mut agents = Vec::new();
        for node in &self.nodes {
            if let NodeKind::Step(step) = &node.kind {
                for name in std::iter::once(&step.agent).chain(step.fallback.as_ref()) {
                    if !agents.contains(name) {
                        agents.push(name.clone());
                    }
                }
            }
        }
        agents
    }
}
