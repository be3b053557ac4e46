//! How accounts stand, as the shell is told.

use interlock_guard::budget::{Per, Standing};
use serde::Serialize;

use crate::EngineError;
use crate::engine::Engine;

#[derive(Serialize)]
struct Left {
    limits: Vec<Standing>,
    /// What a limit that is short asks the turn for.
    advice: Option<&'static str>,
    model: Option<String>,
}

impl Engine {
    /// How the accounts of a turn stand, and what a limit that is short asks for, as JSON.
    pub fn budget_of(&self, run: u64, turn: u32) -> Result<String, EngineError> {
        let core = self.lock()?;
        let mut left = Left { limits: Vec::new(), advice: None, model: None };
        if let (true, Some(live)) = (core.spending.on, core.live.get(&run)) {
            let (payer, agent) = (live.payer(), live.turn(turn).map(|turn| turn.agent.clone()));
            let who = payer.who(agent.as_deref().unwrap_or_default());
            let (user, tenant) = (who.user.unwrap_or_default(), who.tenant.unwrap_or_default());
            let of = [(Per::Run, who.run), (Per::Agent, who.agent), (Per::User, user), (Per::Tenant, tenant)];
            left.limits = core.spending.ledger.standings(self.clock.now().0, &of);
            if let Some(short) = core.spending.turns.get(&(run, turn)).and_then(|hold| hold.advice.as_ref()) {
                (left.advice, left.model) = (Some(short.when_short.name()), short.cheaper.as_deref().map(str::to_owned));
            }
        }
        Ok(serde_json::to_string(&left)?)
    }

    /// How accounts stand, as a JSON list; an empty name is the account of those that have none.
    pub fn budget(&self, of: &[(Per, &str)]) -> Result<String, EngineError> {
        let core = self.lock()?;
        let limits = if core.spending.on { core.spending.ledger.standings(self.clock.now().0, of) } else { Vec::new() };
        Ok(serde_json::to_string(&limits)?)
    }

    /// How many amounts are held back now.
    pub fn held_back(&self) -> Result<usize, EngineError> {
        Ok(self.lock()?.spending.ledger.orphans().len())
    }

    /// How far the journal must have come before a run's turns may spend anything: nothing where nothing is limited.
    pub fn spends_after(&self, run: u64) -> Result<u64, EngineError> {
        let core = self.lock()?;
        Ok(core.live.get(&run).filter(|_| core.spending.on).map_or(0, |live| live.ticket))
    }
}
