//! A plan: the compiled, validated tree of a workflow. Immutable, shared by every run of it.

mod build;
mod spec;

use std::sync::Arc;

pub use build::PlanError;
pub use spec::{NodeSpec, OnFailure, PlanSpec, StepSpec};

use crate::{Check, Digest, Name, NodeId};

/// The tree, as an arena in depth-first order: a child's id is greater than its parent's.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: Name,
    /// SHA-256 of the plan's text.
    pub digest: Digest,
    nodes: Vec<Node>,
}

/// One node and its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    pub name: Name,
    pub parent: Option<NodeId>,
    /// The place among the parent's children.
    pub place: usize,
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
    pub on_failure: OnFailure,
}

/// Members that pass the turn among themselves.
#[derive(Debug, PartialEq, Eq)]
pub struct Relay {
    /// All members; the entry, if there is one, is the first.
    pub members: Vec<NodeId>,
    /// Whether the first member opens; otherwise the routing engine chooses who does.
    pub has_entry: bool,
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

    pub fn step(&self, id: NodeId) -> Option<&Step> {
        match &self.node(id)?.kind {
            NodeKind::Step(step) => Some(step),
            NodeKind::Sequence { .. } | NodeKind::Relay(_) => None,
        }
    }

    pub fn relay(&self, id: NodeId) -> Option<&Relay> {
        match &self.node(id)?.kind {
            NodeKind::Relay(relay) => Some(relay),
            NodeKind::Step(_) | NodeKind::Sequence { .. } => None,
        }
    }

    /// The node and everything above it, innermost first.
    pub fn upwards(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |at| self.node(*at).and_then(|node| node.parent))
    }

    /// The relays around a node with the member that holds it, innermost first.
    pub fn relays_around(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        self.upwards(id).filter_map(|member| {
            let parent = self.node(member)?.parent?;
            self.relay(parent).map(|_| (parent, member))
        })
    }

    /// A relay's member with this name: a step's agent or a pattern's own name.
    pub fn member(&self, relay: NodeId, name: &str) -> Option<NodeId> {
        let members = &self.relay(relay)?.members;
        members.iter().copied().find(|id| self.node(*id).is_some_and(|node| &*node.name == name))
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
