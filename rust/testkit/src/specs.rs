//! Short words for plans, so that a test shows only what it is about.

use std::sync::Arc;

use interlock_kernel::plan::{NodeSpec, OnFailure, Plan, PlanError, PlanSpec, StepSpec};
use interlock_kernel::{Digest, Name};

/// One agent with no cures around it: `StepSpec { retries: 2, ..agent("writer") }`.
pub fn agent(name: &str) -> StepSpec {
    StepSpec { agent: name.into(), checks: Vec::new(), retries: 0, fallback: None, timeout_ms: None, on_failure: OnFailure::Review }
}

pub fn step(name: &str) -> NodeSpec {
    NodeSpec::Step(agent(name))
}

pub fn sequence(name: &str, nodes: impl IntoIterator<Item = NodeSpec>) -> NodeSpec {
    NodeSpec::Sequence { name: name.into(), nodes: nodes.into_iter().collect() }
}

/// A relay, named field by field: `RelaySpec { revisit: true, ..RelaySpec::opened_by(...) }.node()`.
#[derive(Debug, Clone)]
pub struct RelaySpec {
    pub name: Name,
    pub entry: Option<NodeSpec>,
    pub members: Vec<NodeSpec>,
    pub max_handoffs: Option<u16>,
    pub revisit: bool,
    pub returns: bool,
    pub on_limit: OnFailure,
}

impl RelaySpec {
    /// The entry speaks first.
    pub fn opened_by(entry: NodeSpec, name: &str, members: impl IntoIterator<Item = NodeSpec>) -> Self {
        Self { entry: Some(entry), ..Self::routed(name, members) }
    }

    /// The routing engine chooses who speaks first.
    pub fn routed(name: &str, members: impl IntoIterator<Item = NodeSpec>) -> Self {
        let members = members.into_iter().collect();
        Self { name: name.into(), entry: None, members, max_handoffs: None, revisit: false, returns: false, on_limit: OnFailure::Review }
    }

    pub fn node(self) -> NodeSpec {
        NodeSpec::Relay {
            name: self.name,
            entry: self.entry.map(Box::new),
            members: self.members,
            max_handoffs: self.max_handoffs,
            revisit: self.revisit,
            returns: self.returns,
            on_limit: self.on_limit,
        }
    }
}

/// A plan around a root node, with one schema and one expression for checks to refer to.
pub fn spec_of(root: NodeSpec) -> PlanSpec {
    PlanSpec { name: "plan".into(), root, schemas: vec!["{}".into()], expressions: vec!["true".into()] }
}

pub fn plan_of(root: NodeSpec) -> Result<Arc<Plan>, PlanError> {
    Plan::build(&spec_of(root), Digest([7; 32]))
}
