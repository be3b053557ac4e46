//! Switches that stop an agent, a tool or a tenant at once, also in runs that are under way: they are asked before each call.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What is stopped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Agent(Arc<str>),
    Tool(Arc<str>),
    Tenant(Arc<str>),
}

/// A switch that is thrown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    pub target: Target,
    pub reason: String,
    /// Who threw it.
    pub by: String,
    /// In microseconds since 1970.
    pub at: u64,
}

/// The switches that are thrown.
#[derive(Debug, Clone, Default)]
pub struct Kills {
    agents: BTreeMap<Arc<str>, Kill>,
    tools: BTreeMap<Arc<str>, Kill>,
    tenants: BTreeMap<Arc<str>, Kill>,
}

impl Kills {
    /// Throw a switch. One that is thrown already keeps its first reason: `false`.
    pub fn throw(&mut self, kill: Kill) -> bool {
        let (switches, name) = match &kill.target {
            Target::Agent(name) => (&mut self.agents, Arc::clone(name)),
            Target::Tool(name) => (&mut self.tools, Arc::clone(name)),
            Target::Tenant(name) => (&mut self.tenants, Arc::clone(name)),
        };
        let is_new = !switches.contains_key(&name);
        switches.entry(name).or_insert(kill);
        is_new
    }

    /// Let it go on.
    pub fn lift(&mut self, target: &Target) -> Option<Kill> {
        match target {
            Target::Agent(name) => self.agents.remove(name),
            Target::Tool(name) => self.tools.remove(name),
            Target::Tenant(name) => self.tenants.remove(name),
        }
    }

    /// Whether a call is stopped: by its tenant's switch, its agent's, or its tool's.
    pub fn is_killed(&self, agent: &str, tool: Option<&str>, tenant: Option<&str>) -> Option<&Kill> {
        let by_tenant = tenant.and_then(|name| self.tenants.get(name));
        by_tenant.or_else(|| self.agents.get(agent)).or_else(|| tool.and_then(|name| self.tools.get(name)))
    }

    /// All that are thrown: agents, tools, tenants, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Kill> {
        self.agents.values().chain(self.tools.values()).chain(self.tenants.values())
    }
}
