//! How often: a token bucket as the generic cell rate algorithm has it, in whole numbers, so that nothing drifts.

use interlock_kernel::Micros;

use crate::limits::{RateSpec, Wrong};

/// What one call costs. A microsecond is worth `per_second_milli` of these units, so both are whole numbers.
const CALL: u128 = 1_000_000_000;

/// Calls at a steady rate, and a burst after a pause.
///
/// In any stretch of `d` seconds, however chosen, at most `burst + d × rate` calls go.
///
/// ```
/// use interlock_admission::{Rate, RateSpec, Take};
/// use interlock_kernel::Micros;
///
/// let mut rate = Rate::new(RateSpec { per_second_milli: 2_000, burst: 1 })?;
/// assert_eq!(rate.take(Micros(0)), Take::Ok);
/// assert_eq!(rate.take(Micros(100)), Take::WaitUntil(Micros(500_000)));
/// # Ok::<(), interlock_admission::Wrong>(())
/// ```
#[derive(Debug, Clone)]
pub struct Rate {
    /// Units in a microsecond.
    worth: u32,
    /// How far ahead of time the calls may run: the burst, less the call itself.
    ahead: u128,
    /// When the calls that went are paid for, in units since 1970. 96 bits hold every time.
    paid_at: u128,
}

/// What became of a wish for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    Ok,
    /// Nothing was taken; it can be then.
    WaitUntil(Micros),
}

impl Rate {
    /// A full bucket.
    pub fn new(spec: RateSpec) -> Result<Self, Wrong> {
        spec.check()?;
        Ok(Self { worth: spec.per_second_milli, ahead: u128::from(spec.burst - 1) * CALL, paid_at: 0 })
    }

    /// Take one call, if there is one. A clock that goes back gains nothing.
    pub fn take(&mut self, now: Micros) -> Take {
        if !self.is_ready(now) {
            return Take::WaitUntil(self.due());
        }
        self.paid_at = self.paid_at.max(self.units(now)) + CALL;
        Take::Ok
    }

    /// Whether `take` would give one now.
    pub fn is_ready(&self, now: Micros) -> bool {
        self.paid_at <= self.units(now) + self.ahead
    }

    /// From when on `take` gives one, if none is taken before.
    pub fn due(&self) -> Micros {
        let at = self.paid_at.saturating_sub(self.ahead).div_ceil(self.worth.into());
        Micros(u64::try_from(at).unwrap_or(u64::MAX))
    }

    fn units(&self, at: Micros) -> u128 {
        u128::from(at.0) * u128::from(self.worth)
    }
}
