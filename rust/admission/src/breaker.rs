//! Whether an agent is left alone because its last calls failed, or were slow.

use interlock_kernel::Micros;

use crate::limits::{BreakerSpec, WHOLE_PPM, Wrong};
use crate::window::{Went, Window};

/// Closed while calls go well, open when too many of the last ones did not, half open while a probe finds out.
///
/// A result counts only in the state in which its call began: what was begun before an opening neither closes it nor burdens what follows.
///
/// ```
/// use interlock_admission::{Breaker, BreakerSpec, May, Outcome};
/// use interlock_kernel::Micros;
///
/// let spec = BreakerSpec { window: 10, min_calls: 1, error_ppm: 500_000, slow: None, open_for_us: 1_000, probes: 1 };
/// let mut breaker = Breaker::new(spec)?;
/// let May::Allowed(call) = breaker.may_call(Micros(0)) else { panic!("it begins closed") };
/// assert!(breaker.record(Micros(5), call, Outcome::Failed), "the one call that was looked at failed");
/// assert_eq!(breaker.may_call(Micros(6)), May::Refused { until: Some(Micros(1_005)) });
/// assert!(matches!(breaker.may_call(Micros(1_005)), May::Probe(_)));
/// # Ok::<(), interlock_admission::Wrong>(())
/// ```
#[derive(Debug, Clone)]
pub struct Breaker {
    spec: BreakerSpec,
    state: State,
    revision: u64,
    window: Window,
}

/// How a breaker stands. An open one becomes half open with the first call that it lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Closed,
    Open {
        until: Micros,
    },
    HalfOpen {
        /// Probes that are under way.
        out: u32,
        /// Probes that succeeded.
        passed: u32,
    },
}

/// Leave for one call: give it back with the call's outcome, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The revision of the breaker that let the call through.
    revision: u64,
}

/// Whether a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    Allowed(Pass),
    /// It may, and the breaker closes or opens by its outcome.
    Probe(Pass),
    Refused {
        /// Nothing: the probes are under way, and their outcome decides.
        until: Option<Micros>,
    },
}

/// How many calls a breaker would let through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Unbounded,
    /// So many probes, at least one.
    Probes(u32),
    Shut {
        /// Nothing: the probes are under way, and their outcome decides.
        until: Option<Micros>,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok {
        /// From the call's beginning to its reply, in microseconds.
        took_us: u64,
    },
    Failed,
    /// Nobody waited for its end, so it says nothing about the agent.
    Abandoned,
}

impl Breaker {
    pub fn new(spec: BreakerSpec) -> Result<Self, Wrong> {
        spec.check()?;
        Ok(Self { spec, state: State::Closed, revision: 0, window: Window::new(spec.window) })
    }

    /// Let a call through, or not. What was let through must be recorded, or a probe's place stays taken.
    pub fn may_call(&mut self, now: Micros) -> May {
        match (self.room(now), self.state) {
            (Room::Shut { until }, _) => May::Refused { until },
            (Room::Unbounded, _) => May::Allowed(self.pass()),
            (Room::Probes(_), State::HalfOpen { out, passed }) => {
                self.state = State::HalfOpen { out: out + 1, passed };
                May::Probe(self.pass())
            }
            (Room::Probes(_), State::Closed | State::Open { .. }) => {
                self.turn(State::HalfOpen { out: 1, passed: 0 });
                May::Probe(self.pass())
            }
        }
    }

    /// What `may_call` would say, without a call.
    pub fn room(&self, now: Micros) -> Room {
        match self.state {
            State::Closed => Room::Unbounded,
            State::Open { until } if now < until => Room::Shut { until: Some(until) },
            State::Open { .. } => Room::Probes(self.spec.probes),
            State::HalfOpen { out, passed } if out + passed < self.spec.probes => Room::Probes(self.spec.probes - out - passed),
            State::HalfOpen { .. } => Room::Shut { until: None },
        }
    }

    /// Count a call that ended. Returns whether the breaker opened by it.
    pub fn record(&mut self, now: Micros, call: Pass, outcome: Outcome) -> bool {
        if call.revision != self.revision {
            return false; // begun in a state that is over
        }
        match (self.state, self.went(outcome)) {
            // An open breaker lets nothing through, so no call began in it; an abandoned call says nothing.
            (State::Open { .. }, _) | (State::Closed, None) => false,
            (State::Closed, Some(went)) => {
                self.window.push(went);
                self.is_too_bad() && self.open(now)
            }
            (State::HalfOpen { out, passed }, None) => {
                self.state = State::HalfOpen { out: out.saturating_sub(1), passed };
                false
            }
            (State::HalfOpen { out, passed }, Some(Went::Well)) => {
                let passed = passed + 1;
                if passed < self.spec.probes {
                    self.state = State::HalfOpen { out: out.saturating_sub(1), passed };
                } else {
                    self.window.clear();
                    self.turn(State::Closed);
                }
                false
            }
            (State::HalfOpen { .. }, Some(Went::Slowly | Went::Wrong)) => self.open(now),
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// How often the state changed. Goes into the evidence of a refusal.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    fn went(&self, outcome: Outcome) -> Option<Went> {
        match outcome {
            Outcome::Abandoned => None,
            Outcome::Failed => Some(Went::Wrong),
            Outcome::Ok { took_us } if self.spec.slow.is_some_and(|slow| took_us > slow.latency_us) => Some(Went::Slowly),
            Outcome::Ok { .. } => Some(Went::Well),
        }
    }

    fn is_too_bad(&self) -> bool {
        let calls = self.window.len() as u64;
        let reached = |count: u32, ppm: u32| u64::from(count) * u64::from(WHOLE_PPM) >= u64::from(ppm) * calls;
        calls >= u64::from(self.spec.min_calls)
            && (reached(self.window.failed, self.spec.error_ppm) || self.spec.slow.is_some_and(|slow| reached(self.window.slow, slow.ppm)))
    }

    fn open(&mut self, now: Micros) -> bool {
        self.turn(State::Open { until: Micros(now.0.saturating_add(self.spec.open_for_us)) });
        true
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.revision += 1;
    }

    fn pass(&self) -> Pass {
        Pass { revision: self.revision }
    }
}
