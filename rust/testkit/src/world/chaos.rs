//! What looks like chance between the run and those it asks: answers are lost, late, doubled, or overtake each other.

use interlock_kernel::Micros;
use proptest::prelude::*;

use super::World;
use crate::rules::scatter;
use crate::tape::{Tape, taped};

/// What happens to answers on their way, by what looks like chance; the seed 0 is no chaos. Frequencies are in a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chaos {
    pub seed: u64,
    /// So many never come.
    pub lost: u16,
    /// Each takes up to so much longer, so that one overtakes another.
    pub delay_ms: u16,
    /// So many come twice.
    pub doubled: u16,
    /// So many facts can't be found.
    pub unknown: u16,
    /// So many come before the run has taken the steps that need nothing.
    pub hasty: u16,
}

impl Chaos {
    fn chance(&self, about: u64, kind: u64, often: u16) -> bool {
        self.seed != 0 && scatter(self.seed ^ scatter(about ^ (kind << 56))) % 1_000 < u64::from(often)
    }
}

/// Answers that are lost, late, doubled and in another order.
pub fn chaos() -> impl Strategy<Value = Chaos> {
    taped(8, chaos_on)
}

pub(super) fn chaos_on(tape: &mut Tape<'_>) -> Chaos {
    Chaos {
        seed: 1 + u64::from(tape.draw()),
        lost: tape.one_of(&[0, 0, 30, 150]),
        delay_ms: tape.one_of(&[0, 5, 40, 600]),
        doubled: tape.one_of(&[0, 200]),
        unknown: tape.one_of(&[0, 0, 50]),
        hasty: tape.one_of(&[0, 300]),
    }
}

impl World {
    /// When the answer to an errand that takes so long comes, if it comes.
    pub(super) fn arrives(&self, errand: u64, takes_ms: u64) -> Option<Micros> {
        let chaos = self.faults.chaos;
        if chaos.chance(errand, 1, chaos.lost) {
            return None;
        }
        let longer = if chaos.seed == 0 { 0 } else { scatter(chaos.seed ^ scatter(errand)) % u64::from(chaos.delay_ms.max(1)) };
        Some(self.now.after_ms(takes_ms.saturating_add(longer)))
    }

    pub(super) fn comes_twice(&self) -> bool {
        self.faults.chaos.chance(self.steps as u64, 2, self.faults.chaos.doubled)
    }

    pub(super) fn is_faithless(&self) -> bool {
        self.faults.chaos.chance(self.steps as u64, 3, self.faults.chaos.unknown)
    }

    pub(super) fn is_hasty(&self) -> bool {
        self.faults.chaos.chance(self.steps as u64, 4, self.faults.chaos.hasty)
    }
}
