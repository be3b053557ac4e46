//! What the parts of the file say of each other: names that are nowhere, and scopes that nobody has.

use std::collections::BTreeSet;

use super::spec::{OTHERS, Spec};
use crate::SpecError;

/// Names that must be there, as errors; what can hardly be meant, as warnings by dotted place.
pub(super) fn names(spec: &Spec) -> Result<Vec<(String, String)>, SpecError> {
    handed(spec)?;
    let mut warnings = Vec::new();
    if let Some(agents) = &spec.agents {
        for (place, entry) in spec.data.iter().enumerate() {
            for (number, agent) in entry.agents.iter().flatten().enumerate().filter(|(_, agent)| !agents.contains_key(*agent)) {
                if !agents.contains_key(OTHERS) {
                    return Err(unknown(format!("data[{place}].agents[{number}]"), "agent", agent, agents.keys()));
                }
            }
        }
    }
    for (at, scope) in asked(spec) {
        let of_users = spec.roles.as_ref().map(|roles| roles.values().any(|role| role.scopes.contains(scope)));
        if of_users == Some(false) {
            warnings.push((at.clone(), format!("no role has the scope {scope}, so nobody can be served")));
        }
        let agents = spec.agents.iter().flatten();
        let mut limited = agents.filter(|(name, _)| *name != OTHERS).map(|(_, agent)| agent.scopes.as_ref()).peekable();
        if limited.peek().is_some() && limited.all(|scopes| scopes.is_some_and(|scopes| !scopes.contains(scope))) {
            warnings.push((at, format!("no agent may hold the scope {scope}")));
        }
    }
    Ok(warnings)
}

/// Agents are handed to only where they may speak.
fn handed(spec: &Spec) -> Result<(), SpecError> {
    let Some(agents) = &spec.agents else { return Ok(()) };
    for (name, agent) in agents {
        for (place, target) in agent.may_hand_to.iter().flatten().enumerate() {
            if !agents.contains_key(target) && !agents.contains_key(OTHERS) && target != "human_review" {
                return Err(unknown(format!("agents.{name}.may_hand_to[{place}]"), "agent", target, agents.keys()));
            }
        }
    }
    Ok(())
}

/// Every scope that something asks for, and where.
fn asked(spec: &Spec) -> Vec<(String, &String)> {
    let mut asked = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, tool) in spec.tools.iter().flatten() {
        asked.extend(tool.scopes.iter().enumerate().map(|(place, scope)| (format!("tools.{name}.scopes[{place}]"), scope)));
    }
    for (number, entry) in spec.data.iter().enumerate() {
        asked.extend(entry.scopes.iter().enumerate().map(|(place, scope)| (format!("data[{number}].scopes[{place}]"), scope)));
    }
    asked.retain(|(_, scope)| seen.insert(*scope));
    asked
}

fn unknown<'a>(path: String, what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> SpecError {
    let known: Vec<&str> = known.map(String::as_str).filter(|name| *name != OTHERS).collect();
    SpecError { path, message: format!("there is no {what} {name:?} under {what}s"), hint: format!("the {what}s are {}", known.join(", ")) }
}
