//! What a turn holds: its agent's scopes, and no more than the configuration lets the agent hold, and all who handed on to it.

use interlock_guard::access::{Decision, Why};
use interlock_kernel::{Name, NodeId, Running, State, delegators};

use crate::live::Live;

impl Live {
    /// The scopes that a turn holds: its agent's, and no more than every delegator's, nor than the configuration lets it have.
    pub(crate) fn scopes_of(&self, turn: u32) -> Vec<Name> {
        let State::Running(running) = &self.state else { return Vec::new() };
        let Some(turn) = self.turn(turn) else { return Vec::new() };
        self.narrowed(running, (turn.node, &turn.agent), &interlock_kernel::scopes(running, turn))
    }

    /// Of scopes those that the configuration lets an agent hold at a place in the plan.
    pub(super) fn narrowed(&self, running: &Running, (node, agent): (NodeId, &Name), scopes: &[Name]) -> Vec<Name> {
        let access = &self.guarding.guard().access;
        if !access.has_ceilings() || scopes.is_empty() {
            return scopes.to_vec();
        }
        let mut all = delegators(running, node);
        all.push(agent.clone());
        scopes.iter().filter(|scope| all.iter().all(|one| access.lets_hold(one, scope))).cloned().collect()
    }

    /// The scope that a turn lacks although its agent may hold it, and the delegator that may not.
    pub(super) fn narrowed_by(&self, turn: u32, decision: &Decision) -> Option<(String, Name)> {
        let missing = decision.why.as_ref()?.missing.first().filter(|missing| !missing.agent_holds)?;
        let State::Running(running) = &self.state else { return None };
        let turn = self.turn(turn)?;
        let access = &self.guarding.guard().access;
        let has = interlock_kernel::scopes(running, turn).iter().any(|scope| **scope == *missing.scope);
        if !has || !access.lets_hold(&turn.agent, &missing.scope) {
            return None;
        }
        let by = delegators(running, turn.node).into_iter().find(|agent| !access.lets_hold(agent, &missing.scope))?;
        Some((missing.scope.clone(), by))
    }

    /// A refusal in words, for whoever wrote the agent.
    pub(super) fn says_no(&self, turn: u32, decision: &Decision) -> String {
        match self.narrowed_by(turn, decision) {
            Some((scope, by)) => format!("it needs scope {scope:?}, and agent {by:?}, by way of which the turn came, may not hold it"),
            None => in_words(decision.why.as_deref(), &self.scopes_of(turn)),
        }
    }
}

fn in_words(why: Option<&Why>, held: &[Name]) -> String {
    let Some(missing) = why.and_then(|why| why.missing.first()) else {
        return "no rule permits it, or one forbids it with these arguments".into();
    };
    if missing.agent_holds {
        return format!("it needs scope {:?}, and the user's roles do not give it", missing.scope);
    }
    let held = if held.is_empty() { "none".into() } else { held.join(", ") };
    format!("it needs scope {:?}, and this turn has {held}", missing.scope)
}
