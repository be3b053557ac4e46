//! From the file's parts to Cedar: permits for what is listed, and forbids for what must hold whoever else permits it, so that a policy
//! written by hand can narrow but not pass by scopes, tenants or the limits of arguments.

use std::collections::{BTreeMap, BTreeSet};

use super::spec::{Agent, Data, May, OTHERS, Spec, Tool};
use super::values::{list, quoted};
use super::{arguments, spec};
use crate::SpecError;

/// A policy before Cedar has read it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// `tool:refund`, `tool:refund/arguments/amount`, `extra.cedar:12`.
    pub(super) id: String,
    /// Where it comes from in the file, dotted; empty for what holds without being written.
    pub(super) at: String,
    pub(super) text: String,
    /// The scopes that it asks for.
    pub(super) scopes: Vec<String>,
    /// A person may let pass what it forbids.
    pub(super) review: bool,
}

/// All that is generated, in the order in which it is numbered.
pub(super) fn all(spec: &Spec) -> Result<Vec<Draft>, SpecError> {
    let mut writer = Writer::new(spec);
    writer.always();
    writer.agents(spec.agents.as_ref())?;
    writer.tools(spec.tools.as_ref())?;
    writer.data(&spec.data);
    Ok(writer.drafts)
}

struct Writer {
    drafts: Vec<Draft>,
    /// Users are asked for scopes, too.
    roles: bool,
    /// The scope's principal in permits: anybody, or only agents that are listed.
    actor: &'static str,
}

impl Writer {
    fn new(spec: &Spec) -> Self {
        let closed = spec.agents.as_ref().is_some_and(|agents| !agents.contains_key(OTHERS));
        let actor = if closed { "principal in Group::\"agents\"" } else { "principal" };
        Self { drafts: Vec::new(), roles: spec.roles.is_some(), actor }
    }

    fn add(&mut self, id: impl Into<String>, at: impl Into<String>, text: impl Into<String>) -> &mut Draft {
        self.drafts.push(Draft { id: id.into(), at: at.into(), text: text.into(), scopes: Vec::new(), review: false });
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }

    /// What holds under every configuration.
    fn always(&mut self) {
        let user = "(context has user && context.user.scopes.containsAll(context.required))";
        let agents = "Action::\"CallModel\", Action::\"CallTool\", Action::\"HandTo\", Action::\"ReadMemory\", Action::\"WriteMemory\", Action::\"Unmask\"";
        let also = if self.roles { format!(" && {user}") } else { String::new() };
        let held = format!("context.required.isEmpty() || (context.scopes.containsAll(context.required){also})");
        self.add("code:scopes", "", format!("forbid(principal, action in [{agents}], resource) unless {{ {held} }};"));
        self.add("default:review", "", "permit(principal is User, action == Action::\"DecideReview\", resource);");
        let others = "principal has tenant && resource has tenant && principal.tenant != resource.tenant";
        self.add(
            "default:tenant",
            "",
            format!("forbid(principal is User, action == Action::\"DecideReview\", resource) when {{ {others} }};"),
        );
        if self.roles {
            let held = format!("context.required.isEmpty() || {user}");
            self.add("code:review", "", format!("forbid(principal, action == Action::\"DecideReview\", resource) unless {{ {held} }};"));
        }
        let actor = self.actor;
        self.add(
            "default:unmask",
            "",
            format!("permit({actor}, action == Action::\"Unmask\", resource) when {{ !context.required.isEmpty() }};"),
        );
        self.add("default:egress", "", "permit(principal, action == Action::\"Unmask\", resource == Place::\"egress\");");
        self.add("default:person", "", format!("permit({actor}, action == Action::\"HandTo\", resource == Agent::\"human_review\");"));
        let memory = "action in [Action::\"ReadMemory\", Action::\"WriteMemory\"]";
        self.add("default:data", "", format!("permit({actor}, {memory}, resource) when {{ !(resource in Group::\"data\") }};"));
    }

    fn agents(&mut self, agents: Option<&BTreeMap<String, Agent>>) -> Result<(), SpecError> {
        let Some(agents) = agents else {
            self.add("default:agents", "", "permit(principal, action in [Action::\"CallModel\", Action::\"HandTo\"], resource);");
            return Ok(());
        };
        let open = agents.contains_key(OTHERS);
        let others = if open { "resource" } else { "resource in Group::\"agents\"" };
        for (name, agent) in agents {
            let (at, id) = (format!("agents.{name}"), format!("agent:{name}"));
            if name == OTHERS {
                if *agent != Agent::default() {
                    return Err(for_one(&at, "agent"));
                }
                let speak = "permit(principal, action in [Action::\"CallModel\", Action::\"HandTo\"], resource)";
                self.add(id, at, format!("{speak} when {{ !(principal in Group::\"agents\") }};"));
                continue;
            }
            let who = format!("principal == Agent::{}", quoted(name));
            self.add(id.clone(), at.clone(), format!("permit({who}, action == Action::\"CallModel\", resource);"));
            let hand = "action == Action::\"HandTo\"";
            match &agent.may_hand_to {
                None => _ = self.add(format!("{id}/may_hand_to"), at.clone(), format!("permit({who}, {hand}, {others});")),
                Some(targets) => targets.iter().enumerate().for_each(|(place, target)| {
                    let text = format!("permit({who}, {hand}, resource == Agent::{});", quoted(target));
                    self.add(format!("{id}/may_hand_to/{target}"), format!("{at}.may_hand_to[{place}]"), text);
                }),
            }
            if let Some(tenants) = &agent.tenants {
                let theirs = format!("context has user && context.user has tenant && {}.contains(context.user.tenant)", list(tenants));
                let text = format!("forbid({who}, action, resource) unless {{ {theirs} }};");
                self.add(format!("{id}/tenants"), format!("{at}.tenants"), text);
            }
        }
        Ok(())
    }

    fn tools(&mut self, tools: Option<&BTreeMap<String, Tool>>) -> Result<(), SpecError> {
        let actor = self.actor;
        let Some(tools) = tools else {
            self.add("default:tools", "", format!("permit({actor}, action == Action::\"CallTool\", resource);"));
            return Ok(());
        };
        for (name, tool) in tools {
            let (at, id) = (format!("tools.{name}"), format!("tool:{name}"));
            if name == OTHERS {
                if !tool.scopes.is_empty() || !tool.arguments.is_empty() || tool.effect.is_some() {
                    return Err(for_one(&at, "tool"));
                }
                self.add(id, at, format!("permit({actor}, action == Action::\"CallTool\", resource);"));
                continue;
            }
            let which = format!("resource == Tool::{}", quoted(name));
            self.add(id.clone(), at.clone(), format!("permit({actor}, action == Action::\"CallTool\", {which});"));
            if !tool.scopes.is_empty() {
                let text = format!("forbid(principal, action == Action::\"CallTool\", {which}) unless {{ {} }};", self.held(&tool.scopes));
                self.add(format!("{id}/scopes"), format!("{at}.scopes"), text).scopes.clone_from(&tool.scopes);
            }
            self.arguments(name, tool, &which)?;
        }
        Ok(())
    }

    fn arguments(&mut self, name: &str, tool: &Tool, which: &str) -> Result<(), SpecError> {
        let review = tool.on_violation == spec::OnViolation::Review;
        for (argument, limits) in &tool.arguments {
            let at = format!("tools.{name}.arguments.{argument}");
            if let Some(condition) = arguments::condition(argument, limits, &at)? {
                let text = format!("forbid(principal, action == Action::\"CallTool\", {which}) unless {{ {condition} }};");
                self.add(format!("tool:{name}/arguments/{argument}"), at.clone(), text).review = review;
            }
            if limits.unmask {
                let place = quoted(&format!("tool:{name}.{argument}"));
                let text = format!("permit({}, action == Action::\"Unmask\", resource == Place::{place});", self.actor);
                self.add(format!("tool:{name}/arguments/{argument}/unmask"), format!("{at}.unmask"), text);
            }
        }
        if tool.unknown == spec::Permission::Deny {
            let known: Vec<&String> = tool.arguments.keys().collect();
            let condition = format!("{}.containsAll(context.names)", list(&known));
            let text = format!("forbid(principal, action == Action::\"CallTool\", {which}) unless {{ {condition} }};");
            self.add(format!("tool:{name}/unknown"), format!("tools.{name}.unknown"), text).review = review;
        }
        Ok(())
    }

    /// Namespaces are read and written by whom an entry lets; tools with entries are called only by whom one lets see what comes back.
    fn data(&mut self, data: &[Data]) {
        for (place, entry) in data.iter().enumerate() {
            if entry.of.starts_with("tool:") {
                continue;
            }
            let may = entry.may.as_deref().unwrap_or(&[May::Read, May::Write]);
            let actions: Vec<&str> = may.iter().map(|may| action(*may)).collect();
            let (actor, of) = (self.actor, quoted(&entry.of));
            let text =
                format!("permit({actor}, action in [{}], resource in Data::{of}) when {{ {} }};", actions.join(", "), self.sees(entry));
            self.add(format!("data:{}#{place}", entry.of), format!("data[{place}]"), text);
            if !entry.scopes.is_empty() {
                self.drafts.last_mut().into_iter().for_each(|draft| draft.scopes.clone_from(&entry.scopes));
            }
        }
        let tools: BTreeSet<&str> = data.iter().map(|entry| entry.of.as_str()).filter(|of| of.starts_with("tool:")).collect();
        for of in tools {
            let entries: Vec<(usize, &Data)> = data.iter().enumerate().filter(|(_, entry)| entry.of == of).collect();
            let seen: Vec<String> = entries.iter().map(|(_, entry)| format!("({})", self.sees(entry))).collect();
            let text = format!(
                "forbid(principal, action == Action::\"CallTool\", resource in Data::{}) unless {{ {} }};",
                quoted(of),
                seen.join(" || ")
            );
            let at = entries.first().map_or(String::new(), |(place, _)| format!("data[{place}]"));
            self.add(format!("data:{of}"), at, text);
        }
    }

    /// Whether an entry lets this agent see anything.
    fn sees(&self, entry: &Data) -> String {
        let mut conditions = Vec::new();
        if let Some(agents) = &entry.agents {
            let agents: Vec<String> = agents.iter().map(|agent| format!("Agent::{}", quoted(agent))).collect();
            conditions.push(format!("[{}].contains(principal)", agents.join(", ")));
        }
        if !entry.scopes.is_empty() {
            conditions.push(self.held(&entry.scopes));
        }
        if conditions.is_empty() { "true".to_owned() } else { conditions.join(" && ") }
    }

    fn held(&self, scopes: &[String]) -> String {
        let scopes = list(scopes);
        let user = format!(" && context has user && context.user.scopes.containsAll({scopes})");
        format!("context.scopes.containsAll({scopes}){}", if self.roles { &user } else { "" })
    }
}

fn action(may: May) -> &'static str {
    match may {
        May::Read => "Action::\"ReadMemory\"",
        May::Write => "Action::\"WriteMemory\"",
    }
}

fn for_one(at: &str, what: &str) -> SpecError {
    SpecError {
        path: at.to_owned(),
        message: format!("`{OTHERS}` stands for every {what} that has no entry, and can't ask for anything"),
        hint: format!("leave it empty, or name the {what}"),
    }
}
