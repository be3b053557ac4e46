//! A breaker that keeps every result that counted, and counts them anew each time.

use interlock_admission::{BreakerSpec, Outcome};
use interlock_kernel::Micros;

#[derive(Debug, Clone)]
pub(crate) struct NaiveBreaker {
    pub(crate) spec: BreakerSpec,
    /// Goes up with every change between closed, open and half open.
    pub(crate) age: u64,
    stage: Stage,
}

#[derive(Debug, Clone)]
enum Stage {
    Closed(Vec<Outcome>),
    Open(Micros),
    /// The age is the same for all probes; so many went and were not abandoned, so many passed.
    HalfOpen(u32, u32),
}

impl NaiveBreaker {
    pub(crate) fn new(spec: BreakerSpec) -> Self {
        Self { spec, age: 0, stage: Stage::Closed(Vec::new()) }
    }

    /// How many calls would go now; none means any number.
    pub(crate) fn room(&self, now: Micros) -> Option<u32> {
        match &self.stage {
            Stage::Closed(_) => None,
            Stage::Open(until) if now < *until => Some(0),
            Stage::Open(_) => Some(self.spec.probes),
            Stage::HalfOpen(went, _) => Some(self.spec.probes - went),
        }
    }

    pub(crate) fn until(&self, now: Micros) -> Option<Micros> {
        match &self.stage {
            Stage::Open(until) if now < *until => Some(*until),
            Stage::Open(_) | Stage::Closed(_) | Stage::HalfOpen(..) => None,
        }
    }

    /// Returns whether it is a probe.
    pub(crate) fn call(&mut self, now: Micros) -> bool {
        assert_ne!(self.room(now), Some(0));
        self.stage = match &self.stage {
            Stage::Closed(_) => return false,
            Stage::Open(_) => {
                self.age += 1;
                Stage::HalfOpen(1, 0)
            }
            Stage::HalfOpen(went, passed) => Stage::HalfOpen(went + 1, *passed),
        };
        true
    }

    /// Returns whether it opened.
    pub(crate) fn ended(&mut self, now: Micros, begun_at_age: u64, outcome: Outcome) -> bool {
        if begun_at_age != self.age {
            return false;
        }
        let is_slow = |slow: u64, outcome: &Outcome| matches!(outcome, Outcome::Ok { took_us } if *took_us > slow);
        let latency = self.spec.slow.map_or(u64::MAX, |slow| slow.latency_us);
        let opens = match &mut self.stage {
            Stage::Open(_) => unreachable!("nothing begins in an open breaker"),
            Stage::Closed(results) => {
                results.extend(Some(outcome).filter(|outcome| *outcome != Outcome::Abandoned));
                let last = &results[results.len().saturating_sub(self.spec.window as usize)..];
                let share = |bad: usize, ppm: u32| bad as u64 * 1_000_000 >= u64::from(ppm) * last.len() as u64;
                let failed = last.iter().filter(|outcome| **outcome == Outcome::Failed).count();
                let slow = last.iter().filter(|outcome| is_slow(latency, outcome)).count();
                last.len() >= self.spec.min_calls as usize
                    && (share(failed, self.spec.error_ppm) || self.spec.slow.is_some_and(|spec| share(slow, spec.ppm)))
            }
            Stage::HalfOpen(went, passed) => {
                if outcome == Outcome::Abandoned {
                    *went -= 1;
                    return false;
                }
                let bad = outcome == Outcome::Failed || is_slow(latency, &outcome);
                *passed += u32::from(!bad);
                if *passed == self.spec.probes {
                    self.age += 1;
                    self.stage = Stage::Closed(Vec::new());
                }
                bad
            }
        };
        if opens {
            self.age += 1;
            self.stage = Stage::Open(Micros(now.0 + self.spec.open_for_us));
        }
        opens
    }
}
