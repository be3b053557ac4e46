//! What runs spend: each turn, each call of a tool and each call of a model is held back on its accounts before, and booked after.
//!
//! Without a limit nothing here is done. What counts is in the journal, so that a process that died has spent what it spent.

mod models;
mod recount;
mod standing;
mod turns;

use std::collections::BTreeMap;

use interlock_guard::Guard;
use interlock_guard::budget::{Actual, Ledger, Reservation, Short, Who};
use interlock_kernel::{EffectKey, Event, Failure, ReviewSubject, Spent};

use crate::EngineError;
use crate::engine::Core;
use crate::live::Live;

pub(crate) use models::is_model;
pub use models::{ModelCall, ModelStart, ModelUsed};

/// Reckoned so where nobody has counted.
const BYTES_A_TOKEN: u64 = 4;

/// The ledger, and what is held back now.
#[derive(Debug, Default)]
pub(crate) struct Spending {
    ledger: Ledger,
    /// There is a limit.
    on: bool,
    /// What was spent before this process is in the ledger.
    counted: bool,
    turns: BTreeMap<(u64, u32), Hold>,
    tools: BTreeMap<(u64, EffectKey), Reservation>,
    models: BTreeMap<(u64, EffectKey), models::Out>,
}

/// What is held back for a turn.
#[derive(Debug)]
struct Hold {
    reservation: Reservation,
    at: u64,
    /// As it was reckoned.
    tokens: u64,
    /// What calls of models that the turn made itself were booked with: they say it better than the turn's own count.
    called: Option<u64>,
    /// A limit is short, and asks for less.
    advice: Option<Short>,
    /// That a call of a model is short stands in the journal.
    noted: bool,
}

/// Who pays for a run, beside the agent.
pub(crate) struct Payer {
    run: String,
    user: Option<String>,
    tenant: Option<String>,
}

impl Payer {
    fn who<'a>(&'a self, agent: &'a str) -> Who<'a> {
        Who { run: &self.run, agent, user: self.user.as_deref(), tenant: self.tenant.as_deref() }
    }
}

impl Live {
    fn payer(&self) -> Payer {
        let who = self.guarding.who.as_ref();
        Payer { run: self.id.to_string(), user: who.map(|who| who.id.clone()), tenant: who.and_then(|who| who.tenant.clone()) }
    }
}

/// What an event means for the ledger.
enum Means {
    TurnOver(u32, Option<Spent>),
    /// Nobody was called.
    TurnVoid(u32),
    ToolOver(EffectKey),
    Waits,
    Over,
}

fn meaning(event: &Event) -> Option<Means> {
    match event {
        Event::TurnReplied(reply) => Some(Means::TurnOver(reply.turn.0, Some(reply.spent))),
        Event::TurnFailed(failed) => Some(match failed.failure {
            Failure::Unavailable(_) => Means::TurnVoid(failed.turn.0),
            Failure::Raised(_) | Failure::WrongType(_) | Failure::TimedOut { .. } | Failure::Unchecked(_) | Failure::HandOff(_) => {
                Means::TurnOver(failed.turn.0, None)
            }
        }),
        Event::TurnDropped(dropped) => Some(Means::TurnOver(dropped.turn.0, None)),
        Event::EffectCompleted(done) => Some(Means::ToolOver(done.key)),
        Event::RunPaused(_) => Some(Means::Waits),
        Event::ReviewOpened(opened) => match opened.subject {
            ReviewSubject::Run | ReviewSubject::Delivery => Some(Means::Waits),
            ReviewSubject::Effect { .. } => None, // the run goes on beside it
        },
        Event::RunDelivered(_) | Event::RunFailed(_) | Event::RunCancelled(_) => Some(Means::Over),
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::TurnStarted(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::EffectIntended(_)
        | Event::ReviewDecided(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::Crossed(_)
        | Event::FactFailed(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::RunDerived(_)
        | Event::ReviewSigned(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_) => None,
    }
}

/// What a turn took, apart from calls of models that are booked by themselves.
fn tokens(reckoned: u64, called: Option<u64>, spent: Option<Spent>) -> u64 {
    match (called, spent) {
        (None, Some(spent)) => spent.tokens.into(),
        (None, None) => reckoned,
        (Some(called), Some(spent)) if !spent.estimated => u64::from(spent.tokens).saturating_sub(called),
        (Some(_), _) => 0,
    }
}

/// What a turn's booking is known by: no other of its run began then.
fn turn_key(turn: u32, at: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&turn.to_be_bytes());
    key[8..].copy_from_slice(&at.to_be_bytes());
    key
}

/// What the booking of a tool's call is known by: the call, and when it began.
fn tool_key(key: EffectKey, number: u64) -> [u8; 16] {
    let mut key = key.0;
    key[8..].iter_mut().zip(number.to_be_bytes()).for_each(|(mine, other)| *mine ^= other);
    key
}

fn rule(short: &Short) -> interlock_kernel::Name {
    format!("budget:{}:{}", short.per.name(), short.what.name()).into()
}

impl Spending {
    /// Count by these limits from now on. What was spent and is held back is carried over, as far as they look at the same windows.
    pub(crate) fn renew(&mut self, guard: &Guard) -> Result<(), EngineError> {
        let mut ledger = Ledger::new(&guard.budgets)?;
        let on = !guard.off.budgets && !ledger.is_unlimited();
        if self.on && on {
            ledger.restore(self.ledger.entries());
            self.ledger = ledger;
        } else {
            *self = Self { ledger, on, ..Self::default() };
        }
        Ok(())
    }

    fn turn_over(&mut self, run: u64, turn: u32, now: u64, spent: Option<Spent>) {
        let Some(hold) = self.turns.remove(&(run, turn)) else { return };
        let input_tokens = tokens(hold.tokens, hold.called, spent);
        let (key, time_us) = (turn_key(turn, hold.at), now.saturating_sub(hold.at));
        self.ledger.settle(hold.reservation, &Actual { at: now, key, input_tokens, turns: 1, time_us, ..Actual::default() });
    }

    fn tool_over(&mut self, run: u64, key: EffectKey, now: u64) {
        let Some(reservation) = self.tools.remove(&(run, key)) else { return };
        let actual = Actual { at: now, key: tool_key(key, reservation.0), tool_calls: 1, ..Actual::default() };
        self.ledger.settle(reservation, &actual);
    }

    /// A tool was not called after all.
    pub(crate) fn unsent(&mut self, run: u64, key: EffectKey) {
        if let Some(reservation) = self.tools.remove(&(run, key)) {
            self.ledger.release(reservation);
        }
    }

    /// The run is over: what it left open is booked as it was reserved.
    fn run_over(&mut self, run: u64, id: &str, now: u64) {
        let turns: Vec<u32> = self.turns.range((run, 0)..=(run, u32::MAX)).map(|((_, turn), _)| *turn).collect();
        for turn in turns {
            self.turn_over(run, turn, now, None);
        }
        let all = (run, EffectKey([0; 16]))..=(run, EffectKey([u8::MAX; 16]));
        let tools: Vec<EffectKey> = self.tools.range(all.clone()).map(|((_, key), _)| *key).collect();
        for key in tools {
            self.tool_over(run, key, now);
        }
        let models: Vec<EffectKey> = self.models.range(all).map(|((_, key), _)| *key).collect();
        for key in models {
            self.models.remove(&(run, key));
        }
        self.ledger.end(now, id);
    }
}

impl Core {
    /// What events of a run mean for what is spent.
    pub(crate) fn book_spending(&mut self, run: u64, events: &[Event], now: interlock_kernel::Micros) {
        let Some(live) = self.live.get(&run).filter(|_| self.spending.on) else { return };
        let spending = &mut self.spending;
        for means in events.iter().filter_map(meaning) {
            match means {
                Means::TurnOver(turn, spent) => spending.turn_over(run, turn, now.0, spent),
                Means::TurnVoid(turn) => {
                    if let Some(hold) = spending.turns.remove(&(run, turn)) {
                        spending.ledger.release(hold.reservation);
                    }
                }
                Means::ToolOver(key) => spending.tool_over(run, key, now.0),
                Means::Waits => {
                    spending.ledger.pause(now.0, &live.id.to_string());
                }
                Means::Over => spending.run_over(run, &live.id.to_string(), now.0),
            }
        }
    }
}
