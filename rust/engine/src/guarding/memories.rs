//! What goes from a run into the memory and back: who may reach a namespace, which placeholders stand for what there, and how far
//! what is remembered is trusted.

use interlock_guard::access::Action;
use interlock_guard::labels::{Integrity, Label};
use interlock_kernel::{Gate, Name, Ruled, RunId};
use interlock_vault::{Scope, scope_of};

use super::{ANYBODY, Guarding};
use crate::EngineError;
use crate::engine::Engine;
use crate::live::Live;

/// The kind of a placeholder that stands for the number of a record.
const SEALED: &str = "RECORD";

impl Engine {
    /// Why a turn may not reach a namespace of the memory (`memory:team:a`) or of the store (`store:prices`); nothing if it may.
    /// `required` are the scopes that open it. A refusal is recorded.
    pub fn may_reach(&self, run: u64, turn: u32, namespace: &str, writes: bool, required: &[Name]) -> Result<Option<String>, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(None) }; // whoever records it is told that it is too late
        let said = live.reaches(turn, namespace, writes, required);
        if said.is_some() {
            self.noted(core, run)?;
        }
        Ok(said)
    }

    /// A text on its way from a run into the memory: masked, with placeholders that stand for the same in the memory of its user.
    pub fn to_memory(&self, run: u64, text: String) -> Result<String, EngineError> {
        self.with(run, text, |guarding, text| {
            let text = guarding.mask(&text, &mut Vec::new())?.unwrap_or(text);
            Ok(guarding.carry(&text, true, &guarding.memory())?.unwrap_or(text))
        })
    }

    /// A text that a turn is given of the memory. What was remembered from untrusted content lowers the turn's trust.
    pub fn recalled(&self, run: u64, turn: u32, text: String, untrusted: bool) -> Result<String, EngineError> {
        self.with(run, text, |guarding, text| {
            if untrusted {
                guarding.sees(turn, ANYBODY);
            }
            let left = guarding.carry(&text, false, &guarding.memory())?.unwrap_or(text);
            Ok(guarding.mask(&left, &mut Vec::new())?.unwrap_or(left)) // it may have been written without a run
        })
    }

    /// A text of another run of the same user, such as one of the same thread.
    pub fn carried_over(&self, run: u64, other: RunId, text: String) -> Result<String, EngineError> {
        self.with(run, text, |guarding, text| Ok(guarding.carry(&text, false, &other.0.to_be_bytes())?.unwrap_or(text)))
    }

    /// A number that tells of whom it was made of, as a placeholder of this run.
    pub fn sealed(&self, run: u64, number: u64) -> Result<String, EngineError> {
        self.with(run, number.to_string(), |guarding, number| {
            let mut failed = None;
            let token = guarding.mint(SEALED, &number, &mut Vec::new(), &mut failed);
            failed.map_or_else(|| Ok(format!("⟦{SEALED}:{token}⟧")), |error| Err(error.into()))
        })
    }

    /// The number that was sealed; nothing if whom it tells of was erased.
    pub fn unsealed(&self, run: u64, sealed: String) -> Result<Option<u64>, EngineError> {
        let number = self.with(run, sealed, |guarding, sealed| Ok(guarding.unmask(&sealed)?.0.unwrap_or(sealed)))?;
        Ok(number.parse().ok())
    }

    /// What was said in a run that is over, as its user saw it: with their own values, if the configuration gives them back.
    pub fn as_seen(&self, run: RunId, text: String, is_json: bool) -> Result<String, EngineError> {
        let core = self.lock()?;
        let guarding = Guarding::of(&core.guards, &core.kills, None, run)?;
        drop(core);
        let (mut text, mut json) = if is_json { (String::new(), Some(text.into_bytes())) } else { (text, None) };
        guarding.shown(&mut text, &mut json)?;
        Ok(json.map_or(text, |json| String::from_utf8_lossy(&json).into_owned()))
    }

    /// Whether what a turn remembers now is to be marked as untrusted.
    pub fn is_untrusted(&self, run: u64, turn: u32) -> Result<bool, EngineError> {
        let core = self.lock()?;
        Ok(core.live.get(&run).is_some_and(|live| live.context(turn).integrity == Integrity::Untrusted))
    }

    /// A turn was shown answers of earlier runs: nobody knows any more what they had read.
    pub fn saw_answers(&self, run: u64, turn: u32) -> Result<(), EngineError> {
        let mut core = self.lock()?;
        if let Some(live) = core.live.get_mut(&run) {
            live.guarding.sees(turn, ANYBODY);
        }
        Ok(())
    }

    fn with(
        &self,
        run: u64,
        text: String,
        change: impl FnOnce(&mut Guarding, String) -> Result<String, EngineError>,
    ) -> Result<String, EngineError> {
        let mut core = self.lock()?;
        match core.live.get_mut(&run) {
            Some(live) => change(&mut live.guarding, text),
            None => Ok(text),
        }
    }
}

impl Guarding {
    /// Where the placeholders of the run's user are kept for the memory. Without a user, they are everybody's.
    fn memory(&self) -> Scope {
        if self.who.is_some() { scope_of(&format!("memory:{}", self.subject)) } else { scope_of("memory:") }
    }
}

impl Live {
    fn reaches(&mut self, turn: u32, namespace: &str, writes: bool, required: &[Name]) -> Option<String> {
        let agent = self.turn(turn)?.agent.clone();
        let resource: Name = namespace.into();
        if let Some(said) = self.killed(Some(turn), &agent, None, Gate::Memory, None) {
            return Some(said);
        }
        if self.guarding.guard().off.access || !self.guarding.is_on(Gate::Memory) {
            return None;
        }
        let action = if writes { Action::WriteMemory } else { Action::ReadMemory };
        let decision = self.may(turn, &agent, action, namespace, (required, None));
        if decision.allowed {
            return None;
        }
        let mut rules = super::calls::said_by(&decision);
        rules.extend(self.narrowed_by(turn, &decision).map(|(_, by)| Name::from(format!("via:{by}"))));
        let ruling = self.guarding.ruling(Gate::Memory, Ruled::Denied, Some(resource), rules);
        self.guarding.note(Some(turn), ruling, None);
        Some(self.says_no(turn, &decision))
    }

    pub(crate) fn saw_all(&mut self, turn: u32) {
        let all = (0..u32::try_from(self.held.len()).unwrap_or(u32::MAX)).filter(|number| self.held.message(*number).is_some());
        let label = all.map(|number| self.label(number)).fold(Label::NEUTRAL, Label::join);
        self.guarding.sees(turn, label);
    }
}
