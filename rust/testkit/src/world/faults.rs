//! What goes wrong, and when: crashes, repeats, delays, impatience.

use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::{Event, Input};
use proptest::prelude::*;

use super::chaos::{Chaos, chaos_on};
use super::{Trouble, World, fold};
use crate::tape::taped;

/// How long a crashed process stays away, in milliseconds.
const OUTAGE_MS: u64 = 700;

/// All off by default.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Deliver every input from outside twice, and old ones now and then.
    pub repeats: bool,
    /// At these steps the process dies and loses so many events that were not yet committed.
    pub crashes: Vec<(usize, usize)>,
    /// At this step the caller gives up.
    pub cancel: Option<usize>,
    pub reviews: Reviews,
    /// The run has only so long.
    pub hurry_ms: Option<u64>,
    pub chaos: Chaos,
}

/// Whether a person comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reviews {
    #[default]
    Await,
    Answer,
    Reject,
    /// Says yes where there is something to say yes to, and answers where there is not.
    Approve,
    /// Different people claim, pass on, sign, decide, come late, or are not the right ones, by what looks like chance.
    Wild(u64),
}

pub fn faults() -> impl Strategy<Value = Faults> {
    taped(26, |tape| Faults {
        repeats: tape.chance(50),
        crashes: tape.some(0, 2, |tape| (1 + tape.place(40), tape.place(6))),
        cancel: tape.maybe(15, |tape| 1 + tape.place(60)),
        reviews: match tape.below(8) {
            0 => Reviews::Await,
            1 => Reviews::Answer,
            2 => Reviews::Reject,
            3 => Reviews::Approve,
            _ => Reviews::Wild(tape.draw().into()),
        },
        hurry_ms: tape.maybe(15, |tape| 1 + u64::from(tape.below(3_000))),
        chaos: if tape.chance(60) { chaos_on(tape) } else { Chaos::default() },
    })
}

impl World {
    /// The faults that are due at this step.
    pub(super) fn suffer(&mut self) -> Result<(), Trouble> {
        let due: Vec<usize> = self.faults.crashes.iter().filter(|(step, _)| *step == self.steps).map(|(_, lost)| *lost).collect();
        for lost in due {
            self.crash(lost)?;
        }
        if self.faults.cancel == Some(self.steps) {
            self.tell(Input::CancelRequested { reason: None })?;
        }
        if let Some(input) = self.late.pop() {
            self.come_late(input)?;
        }
        if self.faults.repeats {
            let old = self.told.get(self.steps % self.told.len().max(1)).map(|told| told.input.clone());
            let last = self.told.last().map(|told| told.input.clone());
            for input in old.into_iter().chain(last).filter(has_identity) {
                self.repeat(input)?;
            }
        }
        Ok(())
    }

    /// The process dies and comes back with what was committed. Agents that were at work are gone.
    pub fn crash(&mut self, lost: usize) -> Result<(), Trouble> {
        let uncommitted = self.journal.iter().rev().take(lost).take_while(|event| !waits_for_commit(event)).count();
        let kept = self.journal.len() - uncommitted;
        let lived = self.after(kept).clone();
        self.journal.truncate(kept);
        self.passed.truncate(kept);
        self.state = fold(&self.plan, &self.journal).map_err(Trouble::Corrupt)?;
        if self.state != lived {
            return Err(Trouble::Forgot);
        }
        self.late.clear();
        self.flights.clear();
        self.told.clear();
        self.now = self.now.after_ms(OUTAGE_MS);
        self.tell(Input::Reopened { deadline: self.now.after_ms(RUN_DEADLINE_MS) }).map(|_| ())
    }

    /// What an agent says after its turn is over is not heard; what an effect did is.
    fn come_late(&mut self, input: Input) -> Result<(), Trouble> {
        let is_effect = matches!(input, Input::EffectEnded { .. });
        let before = self.journal.len();
        if is_by_person(&input) {
            return self.repeat(input); // it may be refused, or be a word of its own on a review that is still open
        }
        self.tell(input.clone())?;
        match self.journal.get(before..) {
            Some(events) if !is_effect && !events.is_empty() => {
                Err(Trouble::NotAbsorbed { input: Box::new(input), events: events.to_vec() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The same input once more. It may be refused; that it has no effect is a law of its own.
    fn repeat(&mut self, input: Input) -> Result<(), Trouble> {
        match self.tell(input) {
            Ok(_) | Err(Trouble::Refused { .. }) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }
}

/// Whether a repeat can be told from a new input: a second tick of the clock is just that, and so is a second restart.
pub(crate) fn has_identity(input: &Input) -> bool {
    match input {
        Input::Reopened { .. }
        | Input::Advanced
        | Input::TimePassed
        | Input::Ruled { .. }
        | Input::ReviewClaimed { .. }
        | Input::ReviewReassigned { .. }
        | Input::Derived { .. } => false,
        Input::Requested { .. }
        | Input::Replied { .. }
        | Input::AttemptFailed { .. }
        | Input::NeighboursFound { .. }
        | Input::AgreementFound { .. }
        | Input::CrossingFound { .. }
        | Input::FactFailed { .. }
        | Input::EffectBegun { .. }
        | Input::EffectEnded { .. }
        | Input::ReviewAnswered { .. }
        | Input::CancelRequested { .. } => true,
    }
}

fn is_by_person(input: &Input) -> bool {
    matches!(input, Input::ReviewAnswered { .. } | Input::ReviewClaimed { .. } | Input::ReviewReassigned { .. })
}

/// Whether the world outside acted on it only after it was safe.
fn waits_for_commit(event: &Event) -> bool {
    match event {
        Event::RunStarted(_)
        | Event::EffectIntended(_)
        | Event::ReviewOpened(_)
        | Event::ReviewDecided(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewSigned(_)
        | Event::RunDerived(_)
        | Event::RunDelivered(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_) => true,
        // An effect that ended is known to nobody until that is safe: the process may die in between.
        Event::EffectCompleted(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_)
        | Event::RunPaused(_)
        | Event::RunResumed(_)
        | Event::TurnStarted(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::Crossed(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_) => false,
    }
}
