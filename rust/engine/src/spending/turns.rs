//! Turns and calls of tools: held back before anybody is called, or not made.

use interlock_guard::budget::{Estimate, Ledger, Reservation, Short, WhenShort, Who};
use interlock_journal::Journal;
use interlock_kernel::plan::NodeKind;
use interlock_kernel::{CallAgent, EffectKey, Follows, Gate, Input, Micros, Name, Ruled, calls};

use super::{BYTES_A_TOKEN, Hold, Spending, rule};
use crate::EngineError;
use crate::engine::Core;
use crate::live::{Batch, Live, Said};
use crate::settle::plan_of;

impl Core {
    /// Hold back what turns will take that were not offered yet. Where one does not fit this is recorded, with what follows: `true`.
    pub(crate) fn is_short(&mut self, journal: &Journal, run: u64, now: Micros) -> Result<bool, EngineError> {
        if !self.spending.on {
            return Ok(false);
        }
        let Some(live) = self.live.get(&run) else { return Ok(false) };
        self.spending.let_go(run, &live.at_work(), now);
        let spending = &mut self.spending;
        let is_new = |turn: u32| !spending.turns.contains_key(&(run, turn)) && live.offered.iter().all(|one| one.turn != turn);
        let wanted = calls(&live.state, |turn| is_new(turn.id.0));
        let (payer, at_once) = (live.payer(), wanted.len() as u64);
        let mut advised = Vec::new();
        let mut denied = None;
        for call in wanted {
            let estimate = live.reckon(&call, at_once);
            match afford(&mut spending.ledger, now.0, &payer.who(&call.agent), &estimate) {
                Ok((reservation, advice)) => {
                    if let Some(short) = &advice {
                        advised
                            .push((call.turn, live.guarding.ruling(Gate::ModelContext, Ruled::Short, Some(call.agent), vec![rule(short)])));
                    }
                    let hold = Hold { reservation, at: now.0, tokens: estimate.input_tokens, called: None, advice, noted: false };
                    spending.turns.insert((run, call.turn.0), hold);
                }
                Err(short) => {
                    let follows = if short.when_short == WhenShort::Review { Follows::Asks } else { Follows::TurnFails };
                    let ruling = live.guarding.ruling(Gate::ModelContext, Ruled::Short, Some(call.agent), vec![rule(&short)]);
                    denied = Some((call.turn, ruling, follows));
                    break;
                }
            }
        }
        for (turn, ruling) in advised {
            let input = Input::Ruled { turn: Some(turn), ruling, key: None, follows: Follows::Nothing };
            self.feed(journal, run, input, Batch::default(), now)?;
        }
        let Some((turn, ruling, follows)) = denied else { return Ok(false) };
        let input = Input::Ruled { turn: Some(turn), ruling, key: None, follows };
        self.feed(journal, run, input, Batch::default(), now)?;
        Ok(true)
    }

    /// Hold back a call of a tool; why it is not made, if it does not fit.
    pub(crate) fn tool_short(&mut self, run: u64, (turn, key): (u32, EffectKey), tool: &Name, now: Micros) -> Option<String> {
        if !self.spending.on || self.spending.tools.contains_key(&(run, key)) {
            return None;
        }
        let live = self.live.get_mut(&run)?;
        let (payer, agent) = (live.payer(), live.turn(turn)?.agent.clone());
        let estimate = Estimate { tool_calls: 1, ..Estimate::default() };
        match self.spending.ledger.reserve(now.0, &payer.who(&agent), &estimate) {
            Ok(reservation) => {
                self.spending.tools.insert((run, key), reservation);
                None
            }
            Err(short) => {
                let ruling = live.guarding.ruling(Gate::ToolCall, Ruled::Short, Some(tool.clone()), vec![rule(&short)]);
                live.guarding.note(Some(turn), ruling, Some(key));
                Some(short.to_string())
            }
        }
    }
}

impl Spending {
    /// Turns that nobody waits for any more are booked as they were reckoned.
    fn let_go(&mut self, run: u64, at_work: &[u32], now: Micros) {
        let held = self.turns.range((run, 0)..=(run, u32::MAX)).map(|((_, turn), _)| *turn);
        let gone: Vec<u32> = held.filter(|turn| at_work.binary_search(turn).is_err()).collect();
        for turn in gone {
            self.turn_over(run, turn, now.0, None);
        }
    }
}

/// Hold back a turn. One for which a limit asks for less goes on as long as anything is left: it decides itself what it sends.
fn afford(ledger: &mut Ledger, now: u64, who: &Who<'_>, estimate: &Estimate) -> Result<(Reservation, Option<Short>), Short> {
    let short = match ledger.reserve(now, who, estimate) {
        Ok(reservation) => return Ok((reservation, None)),
        Err(short) => short,
    };
    let is_left = short.spent.saturating_add(short.reserved) < short.limit;
    match short.when_short {
        WhenShort::Cheaper | WhenShort::Shorter if is_left => {
            let bare = Estimate { input_tokens: 0, ..*estimate };
            ledger.reserve(now, who, &bare).map(|reservation| (reservation, Some(short)))
        }
        WhenShort::Cheaper | WhenShort::Shorter | WhenShort::Review | WhenShort::Deny => Err(short),
    }
}

impl Live {
    fn reckon(&self, call: &CallAgent, at_once: u64) -> Estimate {
        let plan = plan_of(&self.state);
        let mut below = call.node;
        let mut depth = 0;
        for above in plan.upwards(call.node) {
            if let Some(NodeKind::Forum(forum)) = plan.kind(above)
                && forum.delegates
                && forum.lead != Some(below)
                && above != below
            {
                depth += 1;
            }
            below = above;
        }
        let input_tokens = self.held.message(call.message.number).map_or(0, reckoned);
        Estimate { input_tokens, turns: 1, depth, fan_out: at_once, ..Estimate::default() }
    }
}

/// The tokens of a message.
pub(super) fn reckoned(said: &Said) -> u64 {
    let bytes = said.text.len() + said.data.as_ref().map_or(0, Vec::len);
    (bytes as u64).div_ceil(BYTES_A_TOKEN)
}
