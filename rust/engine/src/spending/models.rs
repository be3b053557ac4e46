//! Calls of models that a turn makes itself: held back and written down before they are sent, and booked once for each response.
//!
//! Both are records of the effect `model.<name>`. One that was held back and never booked was out when its process died.

use interlock_guard::budget::{Actual, Estimate, Reservation, Short};
use interlock_journal::PayloadKind;
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Gate, Input, Name, Ruled, TurnId};
use serde::{Deserialize, Serialize};

use super::rule;
use crate::EngineError;
use crate::engine::{Core, Engine};
use crate::live::Batch;

/// The most that a call will use.
#[derive(Debug, Clone)]
pub struct ModelCall {
    pub model: Name,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_micro: u64,
}

/// What a response used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ModelUsed {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_micro: u64,
}

/// Whether a call may be sent.
#[derive(Debug)]
pub enum ModelStart {
    /// Once the journal has committed this far (0: at once); its end is told under this key.
    Goes {
        key: EffectKey,
        after: u64,
    },
    Short(Box<Short>),
    Refused(String),
    /// The turn is over.
    TooLate,
}

/// A call that is out.
#[derive(Debug)]
pub(super) struct Out {
    reservation: Reservation,
    turn: u32,
    at: u64,
    tokens: u64,
}

/// What stands in the journal as the arguments of `model.<name>`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Written {
    /// Held back.
    Holds(ModelUsed),
    /// Booked: what was held back under this key, for this response. Without one nobody knows what came.
    Books { of: String, response: Option<String> },
}

pub(super) fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

/// Whether an effect is a call of a model.
pub(crate) fn is_model(tool: &str) -> bool {
    tool.starts_with("model.")
}

impl Engine {
    /// A turn is about to call a model.
    pub fn model_begun(&self, run: u64, turn: u32, call: &ModelCall) -> Result<ModelStart, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(ModelStart::TooLate) };
        let Some(agent) = live.turn(turn).map(|turn| turn.agent.clone()) else { return Ok(ModelStart::TooLate) };
        let tool: Name = format!("model.{}", call.model).into();
        if let Some(said) = live.killed(Some(turn), &agent, Some(&tool), Gate::ModelContext, None) {
            self.noted(core, run)?;
            return Ok(ModelStart::Refused(said));
        }
        let key = EffectKey(core.salts.draw());
        let spending = &mut core.spending;
        if !spending.on {
            return Ok(ModelStart::Goes { key, after: 0 });
        }
        let ModelCall { input_tokens, output_tokens, cost_micro, .. } = *call;
        if let Some(hold) = spending.turns.get_mut(&(run, turn)) {
            // From here on its calls say what the turn takes.
            spending.ledger.lower(hold.reservation, &Estimate { turns: 1, ..Estimate::default() });
            hold.called.get_or_insert(0);
        }
        let (payer, now) = (live.payer(), self.clock.now());
        let estimate = Estimate { input_tokens, output_tokens, cost_micro, ..Estimate::default() };
        match spending.ledger.reserve(now.0, &payer.who(&agent), &estimate) {
            Ok(reservation) => {
                let tokens = input_tokens.saturating_add(output_tokens);
                spending.models.insert((run, key), Out { reservation, turn, at: now.0, tokens });
                let written = Written::Holds(ModelUsed { input_tokens, output_tokens, cost_micro });
                let after = core.write_down(self, run, (turn, key), tool, &written, None)?.unwrap_or(0);
                Ok(ModelStart::Goes { key, after })
            }
            Err(short) => {
                let hold = spending.turns.get_mut(&(run, turn));
                if hold.is_none_or(|hold| !std::mem::replace(&mut hold.noted, true)) {
                    let ruling = live.guarding.ruling(Gate::ModelContext, Ruled::Short, Some(tool), vec![rule(&short)]);
                    live.guarding.note(Some(turn), ruling, None);
                    self.noted(core, run)?;
                }
                Ok(ModelStart::Short(Box::new(short)))
            }
        }
    }

    /// A model answered, known by its response; or nobody knows, and what was held back is booked.
    pub fn model_ended(
        &self,
        run: u64,
        turn: u32,
        (key, model): (EffectKey, &str),
        used: Option<(ModelUsed, [u8; 16])>,
    ) -> Result<(), EngineError> {
        let mut core = self.lock()?;
        let now = self.clock.now().0;
        let out = core.spending.models.remove(&(run, key));
        let was_out = out.is_some();
        if let Some(out) = out {
            core.spending.book(run, &out, now, used);
        }
        if was_out || used.is_some() {
            let written = Written::Books { of: hex(&key.0), response: used.map(|(_, response)| hex(&response)) };
            let own = EffectKey(core.salts.draw());
            let tool: Name = format!("model.{model}").into();
            core.write_down(self, run, (turn, own), tool, &written, used.map(|(used, _)| used))?;
        }
        Ok(())
    }
}

impl super::Spending {
    fn book(&mut self, run: u64, out: &Out, now: u64, used: Option<(ModelUsed, [u8; 16])>) {
        let (entry, tokens) = match used {
            Some((ModelUsed { input_tokens, output_tokens, cost_micro }, key)) => {
                let time_us = now.saturating_sub(out.at);
                let actual = Actual { at: now, key, input_tokens, output_tokens, cost_micro, time_us, ..Actual::default() };
                (self.ledger.settle(out.reservation, &actual), input_tokens.saturating_add(output_tokens))
            }
            None => (self.ledger.settle_unknown(now, out.reservation), out.tokens),
        };
        if let (Some(interlock_guard::budget::Entry::Settled { .. }), Some(hold)) = (entry, self.turns.get_mut(&(run, out.turn))) {
            hold.called = Some(hold.called.unwrap_or(0).saturating_add(tokens));
        }
    }
}

impl Core {
    /// Record what became of a call of a model, if its turn is still at work. It is made of numbers alone: nothing is to be masked.
    fn write_down(
        &mut self,
        engine: &Engine,
        run: u64,
        (turn, key): (u32, EffectKey),
        tool: Name,
        written: &Written,
        used: Option<ModelUsed>,
    ) -> Result<Option<u64>, EngineError> {
        let Some(live) = self.live.get_mut(&run).filter(|live| live.turn(turn).is_some()) else { return Ok(None) };
        let mut batch = Batch::default();
        let arguments = batch.bytes(&mut live.held, &mut self.salts, PayloadKind::Arguments, serde_json::to_vec(written)?)?;
        let result = batch.bytes(&mut live.held, &mut self.salts, PayloadKind::Result, serde_json::to_vec(&used)?)?;
        let (class, outcome) = (EffectClass::Pure, EffectOutcome::Returned(result));
        let input = Input::EffectEnded { turn: TurnId(turn), key, tool, class, arguments, outcome, label: None, assigned: None };
        self.feed(&engine.journal, run, input, batch, engine.clock.now())
    }
}
