//! Switches that stop an agent, a tool or a tenant at once, also in runs that are under way.

use std::sync::Arc;

pub(crate) use interlock_guard::budget::Kills;
use interlock_guard::budget::{Kill, Target};
use interlock_kernel::{EffectKey, Follows, Gate, Input, Name, Ruled, TurnId};

use crate::EngineError;
use crate::engine::Engine;
use crate::live::{Batch, Live};

impl Live {
    /// Who is stopped here, in words, if anybody is. It is noted.
    pub(crate) fn killed(
        &mut self,
        turn: Option<u32>,
        agent: &Name,
        tool: Option<&Name>,
        gate: Gate,
        key: Option<EffectKey>,
    ) -> Option<String> {
        let tenant = self.guarding.who.as_ref().and_then(|who| who.tenant.as_deref());
        let kill = self.guarding.kills.is_killed(agent, tool.map(|tool| &**tool), tenant)?;
        let (rule, reason) = (named(&kill.target), format!("{} was stopped: {}", named(&kill.target), kill.reason));
        let ruling = self.guarding.ruling(gate, Ruled::Killed, Some(tool.unwrap_or(agent).clone()), vec![rule.into()]);
        self.guarding.note(turn, ruling, key);
        Some(reason)
    }
}

pub(super) fn named(target: &Target) -> String {
    match target {
        Target::Agent(name) => format!("agent:{name}"),
        Target::Tool(name) => format!("tool:{name}"),
        Target::Tenant(name) => format!("tenant:{name}"),
    }
}

impl Engine {
    /// Stop an agent, a tool or a tenant. Turns of a stopped agent fail where they are, and runs of a stopped tenant end.
    /// Returns the runs for which something follows: look at each of them.
    pub fn kill(&self, target: &Target, reason: String, by: String) -> Result<Vec<u64>, EngineError> {
        let mut core = self.lock()?;
        let now = self.clock.now();
        let mut kills = (*core.kills).clone();
        kills.throw(Kill { target: target.clone(), reason, by, at: now.0 });
        core.kills = Arc::new(kills);
        let kills = Arc::clone(&core.kills);
        let mut runs: Vec<u64> = core.live.keys().copied().collect();
        runs.sort_unstable();
        let mut moved = Vec::new();
        for run in runs {
            let Some(live) = core.live.get_mut(&run) else { continue };
            live.guarding.kills = Arc::clone(&kills);
            let inputs = live.stopped_by(target);
            if inputs.is_empty() {
                continue;
            }
            moved.push(run);
            for input in inputs {
                core.feed(&self.journal, run, input, Batch::default(), now)?;
            }
        }
        Ok(moved)
    }

    /// Let it go on from now on. Returns whether it was stopped.
    pub fn revive(&self, target: &Target) -> Result<bool, EngineError> {
        let mut core = self.lock()?;
        let mut kills = (*core.kills).clone();
        let lifted = kills.lift(target).is_some();
        core.kills = Arc::new(kills);
        let kills = Arc::clone(&core.kills);
        for live in core.live.values_mut() {
            live.guarding.kills = Arc::clone(&kills);
        }
        Ok(lifted)
    }

    /// The switches that are thrown.
    pub fn kills(&self) -> Result<Vec<Kill>, EngineError> {
        Ok(self.lock()?.kills.iter().cloned().collect())
    }
}

impl Live {
    /// What follows for a run when somebody is stopped.
    fn stopped_by(&self, target: &Target) -> Vec<Input> {
        let ruling =
            |resource: &str| self.guarding.ruling(Gate::ModelContext, Ruled::Killed, Some(resource.into()), vec![named(target).into()]);
        match target {
            Target::Tool(_) => Vec::new(), // it is asked about at the next call
            Target::Tenant(name) => {
                let is_theirs = self.guarding.who.as_ref().is_some_and(|who| who.tenant.as_deref() == Some(name));
                let input = Input::Ruled { turn: None, ruling: ruling(name), key: None, follows: Follows::RunFails };
                if is_theirs { vec![input] } else { Vec::new() }
            }
            Target::Agent(name) => self
                .at_work()
                .into_iter()
                .filter(|turn| self.turn(*turn).is_some_and(|turn| *turn.agent == **name))
                .map(|turn| Input::Ruled { turn: Some(TurnId(turn)), ruling: ruling(name), key: None, follows: Follows::TurnFails })
                .collect(),
        }
    }
}
