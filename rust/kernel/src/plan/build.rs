//! From the specification to the arena, with every rule that a plan must keep.

use crate::limits::{MAX_DEPTH, MAX_NODES, MAX_RETRIES, TURN_TIMEOUT_MS};
use crate::plan::{Node, NodeKind, NodeSpec, Plan, PlanSpec, Relay, Step, StepSpec};
use crate::{Check, Digest, Name, NodeId};

/// What is wrong with a plan, and where. The path reads like `support.to[2]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    #[error("{path} has no agent")]
    NoAgent { path: String },
    #[error("{path} has an empty name")]
    NoName { path: String },
    #[error("{path}: two members are called {name:?}, so a handoff could not tell them apart")]
    SameName { path: String, name: Name },
    #[error("{path} is nested {MAX_DEPTH} deep, which is the limit")]
    TooDeep { path: String },
    #[error("the plan has more than {MAX_NODES} nodes")]
    TooLarge,
    #[error("{path} asks for {retries} retries, and {MAX_RETRIES} is the limit")]
    TooManyRetries { path: String, retries: u16 },
    #[error("{path} has a timeout of 0 ms, so its agent could never answer")]
    NoTime { path: String },
    #[error("{path} names itself as its fallback")]
    FallbackIsItself { path: String },
    #[error("{path} returns to its entry but has none")]
    NothingToReturnTo { path: String },
    #[error("{path} refers to {what} {number}, and the plan has {known}")]
    NoSuchText { path: String, what: &'static str, number: u16, known: usize },
}

impl PlanError {
    /// The node's path, like `support.to[2]`.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::NoAgent { path }
            | Self::NoName { path }
            | Self::SameName { path, .. }
            | Self::TooDeep { path }
            | Self::TooManyRetries { path, .. }
            | Self::NoTime { path }
            | Self::FallbackIsItself { path }
            | Self::NothingToReturnTo { path }
            | Self::NoSuchText { path, .. } => Some(path),
            Self::TooLarge => None,
        }
    }
}

pub(super) fn build(spec: &PlanSpec, digest: Digest) -> Result<Plan, PlanError> {
    let mut builder = Builder { spec, nodes: Vec::new() };
    if spec.name.is_empty() {
        return Err(PlanError::NoName { path: "the plan".into() });
    }
    builder.add(&spec.root, None, 0, &spec.name, 1)?;
    Ok(Plan { name: spec.name.clone(), digest, nodes: builder.nodes })
}

struct Builder<'a> {
    spec: &'a PlanSpec,
    nodes: Vec<Node>,
}

impl Builder<'_> {
    fn add(&mut self, spec: &NodeSpec, parent: Option<NodeId>, place: usize, path: &str, depth: usize) -> Result<NodeId, PlanError> {
        if depth > MAX_DEPTH {
            return Err(PlanError::TooDeep { path: path.into() });
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(PlanError::TooLarge);
        }
        let id = NodeId(u16::try_from(self.nodes.len()).map_err(|_| PlanError::TooLarge)?);
        let name = match spec {
            NodeSpec::Step(step) => step.agent.clone(),
            NodeSpec::Sequence { name, .. } | NodeSpec::Relay { name, .. } => name.clone(),
        };
        if name.is_empty() {
            return Err(PlanError::NoName { path: path.into() });
        }
        // The place is taken before the children are known, so that parents come before them.
        self.nodes.push(Node { name, parent, place, kind: NodeKind::Sequence { children: Vec::new() } });
        let kind = match spec {
            NodeSpec::Step(step) => NodeKind::Step(self.step(step, path)?),
            NodeSpec::Sequence { nodes, .. } => {
                let mut children = Vec::new();
                for (index, node) in nodes.iter().enumerate() {
                    children.push(self.add(node, Some(id), index, &format!("{path}.nodes[{index}]"), depth + 1)?);
                }
                if children.is_empty() {
                    return Err(PlanError::NoAgent { path: path.into() });
                }
                NodeKind::Sequence { children }
            }
            NodeSpec::Relay { entry, members, max_handoffs, revisit, returns, on_limit, .. } => {
                let has_entry = entry.is_some();
                if *returns && !has_entry {
                    return Err(PlanError::NothingToReturnTo { path: path.into() });
                }
                let mut all = Vec::new();
                if let Some(entry) = entry {
                    all.push(self.add(entry, Some(id), 0, &format!("{path}.entry"), depth + 1)?);
                }
                for (index, member) in members.iter().enumerate() {
                    all.push(self.add(member, Some(id), all.len(), &format!("{path}.to[{index}]"), depth + 1)?);
                }
                if all.is_empty() {
                    return Err(PlanError::NoAgent { path: path.into() });
                }
                self.tell_apart(&all, path)?;
                let usual = u16::try_from(all.len() + 1).unwrap_or(u16::MAX);
                NodeKind::Relay(Relay {
                    members: all,
                    has_entry,
                    max_handoffs: max_handoffs.unwrap_or(usual),
                    revisit: *revisit,
                    returns: *returns,
                    on_limit: *on_limit,
                })
            }
        };
        self.nodes[usize::from(id.0)].kind = kind;
        Ok(id)
    }

    fn step(&self, spec: &StepSpec, path: &str) -> Result<Step, PlanError> {
        let path = || path.to_owned();
        if spec.retries > MAX_RETRIES {
            return Err(PlanError::TooManyRetries { path: path(), retries: spec.retries });
        }
        if spec.timeout_ms == Some(0) {
            return Err(PlanError::NoTime { path: path() });
        }
        if spec.fallback.as_ref() == Some(&spec.agent) {
            return Err(PlanError::FallbackIsItself { path: path() });
        }
        for check in &spec.checks {
            let (what, number, known) = match check {
                Check::Schema { number } => ("schema", *number, self.spec.schemas.len()),
                Check::Expression { number } => ("expression", *number, self.spec.expressions.len()),
                Check::MinConfidence { .. } => continue,
            };
            if usize::from(number) >= known {
                return Err(PlanError::NoSuchText { path: path(), what, number, known });
            }
        }
        Ok(Step {
            agent: spec.agent.clone(),
            checks: spec.checks.clone(),
            retries: spec.retries,
            fallback: spec.fallback.clone(),
            timeout_ms: spec.timeout_ms.unwrap_or(TURN_TIMEOUT_MS),
            on_failure: spec.on_failure,
        })
    }

    fn tell_apart(&self, members: &[NodeId], path: &str) -> Result<(), PlanError> {
        let names: Vec<&Name> = members.iter().map(|id| &self.nodes[usize::from(id.0)].name).collect();
        match names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
            Some((_, name)) => Err(PlanError::SameName { path: path.into(), name: (*name).clone() }),
            None => Ok(()),
        }
    }
}
