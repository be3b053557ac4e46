//! Plans and rules as the engine holds them: compiled once, journalled by digest.

use std::sync::Arc;

use interlock_journal::DocumentKind;
use interlock_kernel::plan::{Plan, PlanSpec};
use interlock_kernel::{Digest, Name};
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
    let checks = Arc::new(PlanChecks::compile(&spec)?);
    Ok(PlanEntry { plan: Plan::build(&spec, digest(text))?, checks })
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
                return Err(EngineError::UnknownAgent {
                    path: format!("{path} (line {line})"),
                    agent: agent.to_string(),
                    plans: plans.join(", "),
                });
            }
        }
        Ok(())
    }
}
