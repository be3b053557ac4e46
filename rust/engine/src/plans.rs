//! Plans and rules as the engine holds them: compiled once, journalled by digest.

use std::sync::Arc;

use interlock_journal::DocumentKind;
use interlock_kernel::plan::{MethodSpec, NodeSpec, OnLimit, Plan, PlanSpec};
use interlock_kernel::{Check, Digest, Name};
use interlock_rules::{HUMAN_REVIEW, PlanChecks, RoutingTable, TableSpec};
use sha2::{Digest as _, Sha256};

use crate::EngineError;
use crate::engine::{Core, Engine};

#[derive(Debug, Clone)]
pub(crate) struct PlanEntry {
    pub plan: Arc<Plan>,
    pub checks: Arc<PlanChecks>,
    /// The routing tables of the plan's domains.
    pub tables: Vec<Arc<RoutingTable>>,
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
    let tables: Vec<_> = spec.tables.iter().map(|text| compile_table(text).map(Arc::new)).collect::<Result<_, _>>()?;
    let plan = Plan::build(&spec, digest(text))?;
    let names: Vec<Name> = plan.nodes().iter().map(|node| node.name.clone()).collect();
    tables.iter().try_for_each(|table| know_agents(table, &names, &plan.name))?;
    Ok(PlanEntry { plan, checks, tables })
}

/// Every agent that a table names must be one.
pub(crate) fn know_agents(table: &RoutingTable, known: &[Name], plans: &str) -> Result<(), EngineError> {
    match table.agents().find(|(agent, _, _)| &***agent != HUMAN_REVIEW && !known.contains(agent)) {
        Some((agent, path, line)) => {
            Err(EngineError::UnknownAgent { path: path.to_owned(), line, agent: agent.to_string(), plans: plans.to_owned() })
        }
        None => Ok(()),
    }
}

/// The agent whose check is the one at a path like `expressions[2]`: people know agents, not numbers.
fn checked_agent<'a>(node: &'a NodeSpec, path: &str) -> Option<&'a Name> {
    let is_it = |check: &Check| match check {
        Check::Schema { number } => path == format!("schemas[{number}]"),
        Check::Expression { number } => path == format!("expressions[{number}]"),
        Check::MinConfidence { .. } => false,
    };
    match node {
        NodeSpec::Step(step) => {
            let claims = step.claims.is_some_and(|number| path == format!("expressions[{number}]"));
            (claims || step.checks.iter().any(is_it)).then_some(&step.agent)
        }
        NodeSpec::Sequence { nodes, .. } => nodes.iter().find_map(|child| checked_agent(child, path)),
        NodeSpec::Relay { entry, members, router, .. } => {
            entry.as_deref().into_iter().chain(members).chain(router.as_deref()).find_map(|child| checked_agent(child, path))
        }
        NodeSpec::Parallel(spec) => {
            let overrides = spec.reconcile.iter().flat_map(|policy| &policy.methods).any(|method| match method {
                MethodSpec::Overrides { rules } => rules.iter().any(|rule| path == format!("expressions[{}]", rule.expression)),
                MethodSpec::Vote { .. } | MethodSpec::Confidence { .. } => false,
            });
            let below = || spec.branches.iter().chain(&spec.synthesis).find_map(|child| checked_agent(child, path));
            if overrides { Some(&spec.name) } else { below() }
        }
        NodeSpec::Forum(spec) => {
            let mut own = spec.until.iter().chain(&spec.accept).chain(spec.rules.iter().map(|rule| &rule.expression));
            let supervisor = if let OnLimit::Supervisor(node) = &spec.on_limit { Some(&**node) } else { None };
            let below = || spec.lead.iter().chain(&spec.members).chain(&spec.summariser).chain(supervisor);
            if own.any(|number| path == format!("expressions[{number}]")) {
                return Some(&spec.name);
            }
            below().find_map(|child| checked_agent(child, path))
        }
        NodeSpec::Domain(spec) => checked_agent(&spec.node, path),
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
        let plans: Vec<&str> = self.plans.iter().map(|entry| &*entry.plan.name).collect();
        know_agents(table, &known, &plans.join(", "))
    }
}
