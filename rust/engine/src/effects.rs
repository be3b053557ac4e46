//! Effects inside a turn: keyed, so that a repeated call gets what the first one gave.

use interlock_journal::PayloadKind;
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Input, Name, Ref, State, Turn, TurnId};
use sha2::{Digest as _, Sha256};

use crate::engine::Engine;
use crate::live::{Live, OpenEffect};
use crate::{EngineError, settle};

/// What the shell is to do about an effect.
#[derive(Debug)]
pub enum EffectStart {
    /// Run it, once the journal has committed this far (0: at once), and report its end under this key.
    Run { key: EffectKey, after: u64 },
    /// It was done before: this is what it gave.
    Stored { result: Vec<u8> },
    /// The turn is over: don't run it.
    TooLate,
    /// The agent promised to change nothing outside.
    NotPure,
}

impl Engine {
    /// A tool is about to be called.
    pub fn effect_begun(
        &self,
        run: u64,
        turn: u32,
        tool: &Name,
        class: EffectClass,
        arguments: Vec<u8>,
    ) -> Result<EffectStart, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(EffectStart::TooLate) };
        let promised = |speaker: &Turn| {
            let step = settle::plan_of(&live.state).step(speaker.node);
            step.is_some_and(|step| if speaker.fallback { step.fallback_pure } else { step.pure })
        };
        if class == EffectClass::Effect && live.turn(turn).is_some_and(promised) {
            return Ok(EffectStart::NotPure);
        }
        let Some(key) = live.effect_key(turn, tool, &arguments) else { return Ok(EffectStart::TooLate) };
        if let Some(result) = live.stored(key) {
            return Ok(EffectStart::Stored { result });
        }
        let mut open = OpenEffect { turn, tool: tool.clone(), class, arguments, intended: None };
        let mut after = 0;
        if class == EffectClass::Effect {
            let mut batch = crate::live::Batch::default();
            let arguments = batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Arguments, std::mem::take(&mut open.arguments))?;
            let input = Input::EffectBegun { turn: TurnId(turn), key, tool: tool.clone(), arguments };
            after = core.feed(&self.journal, run, input, batch, self.clock.now())?.unwrap_or(0);
            // When nothing was recorded, the intent stands from an earlier attempt, with the arguments journalled then.
            open.intended = core.live.get(&run).and_then(|live| live.intent(key));
        }
        if let Some(live) = core.live.get_mut(&run) {
            live.effects.open.insert(key, open);
        }
        Ok(EffectStart::Run { key, after })
    }

    /// A tool returned, or raised. Returns the journal's ticket, or nothing if the run no longer cares.
    pub fn effect_ended(&self, run: u64, key: EffectKey, returned: bool, result: Vec<u8>) -> Result<Option<u64>, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else {
            core.stats.absorbed += 1;
            return Ok(None);
        };
        let Some(open) = live.effects.open.remove(&key) else {
            core.stats.absorbed += 1;
            return Ok(None);
        };
        let mut batch = crate::live::Batch::default();
        let arguments = match open.intended {
            Some(journalled) => journalled,
            None => batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Arguments, open.arguments)?,
        };
        let kind = if returned { PayloadKind::Result } else { PayloadKind::ErrorText };
        let result = batch.bytes(&mut live.held, &mut core.salts, kind, result)?;
        let outcome = if returned { EffectOutcome::Returned(result) } else { EffectOutcome::Raised(result) };
        let input = Input::EffectEnded { turn: TurnId(open.turn), key, tool: open.tool, class: open.class, arguments, outcome };
        core.feed(&self.journal, run, input, batch, self.clock.now())
    }
}

impl Live {
    /// The key that this call shares with its repetitions, if the turn has the floor.
    fn effect_key(&mut self, turn: u32, tool: &str, arguments: &[u8]) -> Option<EffectKey> {
        let speaker = self.turn(turn)?;
        let mut digest = Sha256::new();
        digest.update(self.id.0.to_be_bytes());
        digest.update(speaker.node.0.to_be_bytes());
        digest.update(speaker.visit.to_be_bytes());
        digest.update((tool.len() as u64).to_be_bytes());
        digest.update(tool);
        digest.update(arguments);
        let call = shorten(&digest.clone().finalize());
        let occurrence = self.effects.occurrences.entry((turn, call)).or_insert(0);
        *occurrence += 1;
        digest.update(occurrence.to_be_bytes());
        Some(shorten(&digest.finalize()))
    }

    fn intent(&self, key: EffectKey) -> Option<Ref> {
        let State::Running(running) = &self.state else { return None };
        running.intents.get(&key).copied()
    }

    fn stored(&self, key: EffectKey) -> Option<Vec<u8>> {
        let State::Running(running) = &self.state else { return None };
        let result = running.effects.get(&key)?;
        self.held.bytes(result.number).map(<[u8]>::to_vec)
    }
}

fn shorten(digest: &[u8]) -> EffectKey {
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    EffectKey(key)
}
