//! Plans and rules as the engine holds them: compiled once, journalled by digest.

use std::sync::Arc;

use interlock_journal::DocumentKind;
use interlock_kernel::plan::{NodeSpec, Plan, PlanSpec};
use interlock_kernel::{Check, Digest, Name};
use interlock_rules::{HUMAN_REVIEW, PlanChecks, RoutingTable, TableSpec};
use sha2::{Digest as _, Sha256};

use crate::EngineError;
use crate::engine::{Core, Engine};

#[derive(Debug, Clone)]
pub(crate) struct PlanEntry {
    pub plan: Arc<Plan>,
    pub checks: Arc<PlanChecks>,
}

pub(crate) fn digest(text: &str) -> Digest {
    Digest(Sha256::digest(text.as_bytes()).into())
}

pub(crate) fn compile_plan(text: &str) -> Result<PlanEntry, EngineError> {
    let spec: PlanSpec = serde_json::from_str(text)?;
    let checks = PlanChecks::compile(&spec).map_err(|error| EngineError::Check {
        plan: spec.name.to_string(),
        agent: checked_agent(&spec.root, error.path()).map_or_else(String::new, ToString::to_string),
        error,
    })?;
    let checks = Arc::new(checks);
    Ok(PlanEntry { plan: Plan::build(&spec, digest(text))?, checks })
}

/// The agent whose check is the one at a path like `expressions[2]`: people know agents, not numbers.
fn checked_agent<'a>(node: &'a NodeSpec, path: &str) -> Option<&'a Name> {
    let is_it = |check: &Check| match check {
        Check::Schema { number } => path == format!("schemas[{number}]"),
        Check::Expression { number } => path == format!("expressions[{number}]"),
        Check::MinConfidence { .. } => false,
    };
    match node {
        NodeSpec::Step(step) => step.checks.iter().any(is_it).then_some(&step.agent),
        NodeSpec::Sequence { nodes, .. } => nodes.iter().find_map(|child| checked_agent(child, path)),
        NodeSpec::Relay { entry, members, .. } => {
            entry.iter().map(AsRef::as_ref).chain(members).find_map(|child| checked_agent(child, path))
        }
    }
}

pub(crate) fn compile_table(text: &str) -> Result<RoutingTable, EngineError> {
    let spec: TableSpec = serde_json::from_str(text)?;
    Ok(RoutingTable::compile(&spec, digest(text))?)
}

impl Core {
    /// The plan's place, adding it if it is new.
    pub(crate) fn place_plan(&mut self, entry: PlanEntry) -> usize {
        let known = self.plans.iter().position(|known| known.plan.digest == entry.plan.digest);
        known.unwrap_or_else(|| {
            self.plans.push(entry);
            self.plans.len() - 1
        })
    }
}

impl Engine {
    /// Compile a plan from its JSON text and journal it by digest. Giving the same plan twice gives the same number.
    pub fn add_plan(&self, text: &str) -> Result<usize, EngineError> {
        let entry = compile_plan(text)?;
        self.journal.register(DocumentKind::Plan, entry.plan.name.clone(), entry.plan.digest, text)?;
        Ok(self.lock()?.place_plan(entry))
    }

    /// Compile a routing table from its JSON text, journal it, and use it for every run that starts from now on.
    ///
    /// # Errors
    /// `Rules` names the key and the line; `UnknownAgent` a target that no plan has.
    pub fn set_rules(&self, text: &str) -> Result<Digest, EngineError> {
        let table = compile_table(text)?;
        let revision = table.revision();
        let mut core = self.lock()?;
        core.know_agents(&table)?;
        self.journal.register(DocumentKind::Rules, "routing_rules".into(), revision, text)?;
        core.table = Some(Arc::new(table));
        Ok(revision)
    }
}

impl Core {
    fn know_agents(&self, table: &RoutingTable) -> Result<(), EngineError> {
        if self.plans.is_empty() {
            return Ok(()); // nothing to hold the names against yet
        }
        let known: Vec<Name> = self.plans.iter().flat_map(|entry| entry.plan.nodes().iter().map(|node| node.name.clone())).collect();
        for (agent, path, line) in table.agents() {
            if &**agent != HUMAN_REVIEW && !known.contains(agent) {
                let plans: Vec<&str> = self.plans.iter().map(|entry| &*entry.plan.name).collect();
                return Err(EngineError::UnknownAgent { path: path.to_owned(), line, agent: agent.to_string(), plans: plans.join(", ") });
            }
        }
        Ok(())
    }
}
