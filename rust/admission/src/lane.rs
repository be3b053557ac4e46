//! One agent's own limits, and the turns that wait for it.

use std::collections::BTreeMap;

use interlock_kernel::{Micros, Priority};

use crate::breaker::{Breaker, May, Outcome, Pass, Room};
use crate::limits::{AgentLimits, Wrong};
use crate::rate::Rate;
use crate::ticket::{Ticket, Why};

/// A place in every queue: more urgent turns go first, then older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub priority: Priority,
    pub arrival: u64,
}

/// What the first turn in the queue waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// No turn waits.
    #[default]
    Empty,
    /// For another turn of the agent to end.
    Busy,
    /// For the agent's rate.
    Due(Micros),
    /// For a slot of the runtime.
    Ready(Place),
}

/// The agents without limits share one.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    max_concurrency: Option<u32>,
    queue_limit: Option<u32>,
    rate: Option<Rate>,
    breaker: Option<Breaker>,
    pub under_way: u32,
    pub queue: BTreeMap<Place, Ticket>,
    pub standing: Standing,
}

/// How a call was let through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    pub pass: Option<Pass>,
    pub probe: bool,
}

impl Lane {
    pub(crate) fn new(limits: &AgentLimits) -> Result<Self, Wrong> {
        limits.check()?;
        Ok(Self {
            max_concurrency: limits.max_concurrency,
            queue_limit: limits.queue,
            rate: limits.rate.map(Rate::new).transpose()?,
            breaker: limits.breaker.map(Breaker::new).transpose()?,
            ..Self::default()
        })
    }

    /// Why a turn that comes now would neither go nor wait. Only as many wait for a half-open breaker as it will let through.
    pub(crate) fn refusal(&self, now: Micros) -> Option<Why> {
        let breaker = self.breaker.as_ref()?;
        let until = match breaker.room(now) {
            Room::Unbounded => return None,
            Room::Probes(most) if self.queue.len() < most as usize => return None,
            Room::Probes(_) => None,
            Room::Shut { until } => until,
        };
        Some(Why::BreakerOpen { until, revision: breaker.revision() })
    }

    /// Why no further turn may wait.
    pub(crate) fn is_full(&self) -> Option<Why> {
        let limit = self.queue_limit?;
        (self.queue.len() >= limit as usize).then_some(Why::QueueFull { limit })
    }

    /// Whether the agent's own limits would let a turn through.
    pub(crate) fn is_free(&self, now: Micros) -> bool {
        !self.is_busy() && self.rate.as_ref().is_none_or(|rate| rate.is_ready(now))
    }

    /// What the first turn in the queue waits for, as of now.
    pub(crate) fn stands(&self, now: Micros) -> Standing {
        match (self.queue.first_key_value(), &self.rate) {
            (None, _) => Standing::Empty,
            (Some(_), _) if self.is_busy() => Standing::Busy,
            (Some(_), Some(rate)) if !rate.is_ready(now) => Standing::Due(rate.due()),
            (Some((place, _)), _) => Standing::Ready(*place),
        }
    }

    /// Let a turn through, when `is_free`. The breaker may still refuse it.
    pub(crate) fn enter(&mut self, now: Micros) -> Result<Entered, Why> {
        let entered = match &mut self.breaker {
            None => Entered { pass: None, probe: false },
            Some(breaker) => match breaker.may_call(now) {
                May::Allowed(pass) => Entered { pass: Some(pass), probe: false },
                May::Probe(pass) => Entered { pass: Some(pass), probe: true },
                May::Refused { until } => return Err(Why::BreakerOpen { until, revision: breaker.revision() }),
            },
        };
        if let Some(rate) = &mut self.rate {
            rate.take(now); // `is_free` saw that there is one
        }
        self.under_way += 1;
        Ok(entered)
    }

    /// A turn ended. Says why nothing more may wait, if the breaker opened by it.
    pub(crate) fn leave(&mut self, now: Micros, pass: Option<Pass>, outcome: Outcome) -> Option<Why> {
        self.under_way -= 1;
        let (breaker, pass) = (self.breaker.as_mut()?, pass?);
        let opened = breaker.record(now, pass, outcome);
        opened.then(|| self.refusal(now)).flatten()
    }

    pub(crate) fn breaker(&self) -> Option<&Breaker> {
        self.breaker.as_ref()
    }

    fn is_busy(&self) -> bool {
        self.max_concurrency.is_some_and(|most| self.under_way >= most)
    }
}
