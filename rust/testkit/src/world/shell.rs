//! Carrying out what is owed: several errands at once, each with the time at which its answer is ready, under one clock.

use interlock_kernel::{Command, EffectKey, Input, Micros, Refusal, ReviewId, State, TurnId, outstanding};

use super::{Trouble, World};

/// What a step of the shell itself takes, in microseconds.
const STEP: u64 = 10;

/// What somebody was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Errand {
    Call(TurnId),
    Fact(u32),
    Review(ReviewId),
    /// A tool at work. Nobody owes it: it was begun, and it ends.
    Effect(EffectKey),
}

/// An answer on its way. Without a time it never comes.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub ready: Option<Micros>,
    pub answer: Input,
}

fn errand(command: &Command) -> Option<Errand> {
    match command {
        Command::CallAgent(call) => Some(Errand::Call(call.turn)),
        Command::FindFact { ask, .. } => Some(Errand::Fact(*ask)),
        Command::AwaitReview { review } => Some(Errand::Review(*review)),
        Command::Advance | Command::WakeAt(_) => None,
    }
}

impl World {
    /// Start what is newly owed, then do one thing: what the run does by itself, the next answer, or the clock.
    pub fn step(&mut self) -> Result<(), Trouble> {
        if matches!(self.state, State::Unstarted(_)) {
            return self.ask("question").map(|_| ());
        }
        self.suffer()?;
        if self.is_settled() {
            return Ok(());
        }
        self.now = Micros(self.now.0 + STEP);
        let owed = outstanding(&self.state);
        let before = self.journal.len();
        self.take_up(&owed)?;
        if self.journal.len() > before {
            return Ok(()); // tools were called, and other things are owed now
        }
        let wake = owed.iter().find_map(|command| if let Command::WakeAt(at) = command { Some(*at) } else { None });
        let may_advance = matches!(owed.first(), Some(Command::Advance));
        let next = self.next_answer().filter(|(ready, _)| wake.is_none_or(|at| *ready < at));
        let events = match (next, wake) {
            (_, Some(at)) if at <= self.now => self.tell(Input::TimePassed)?,
            (Some((ready, errand)), _) if !may_advance || self.is_hasty() => self.deliver(ready, errand)?,
            (Some(_) | None, _) if may_advance => self.tell(Input::Advanced)?,
            (None, Some(at)) => {
                self.now = at;
                self.tell(Input::TimePassed)?
            }
            (Some(_) | None, _) => 0,
        };
        if events == 0 { Err(Trouble::Idle { command: Box::new(owed.into_iter().next()) }) } else { Ok(()) }
    }

    /// Errands that are newly owed start; the answers of those that are not owed any more will come too late.
    fn take_up(&mut self, owed: &[Command]) -> Result<(), Trouble> {
        if !self.flights.is_empty() {
            let is_owed = |one: &Errand| matches!(one, Errand::Effect(_)) || owed.iter().any(|command| errand(command) == Some(*one));
            let gone: Vec<Errand> = self.flights.keys().copied().filter(|one| !is_owed(one)).collect();
            for flight in gone.iter().filter_map(|one| self.flights.remove(one)) {
                self.late.extend(flight.ready.map(|_| flight.answer));
            }
        }
        for command in owed {
            let Some(errand) = errand(command) else { continue };
            if !self.flights.contains_key(&errand) {
                let flight = self.start(command)?;
                self.flights.extend(flight.map(|flight| (errand, flight)));
            }
        }
        Ok(())
    }

    /// The answer that is ready first.
    fn next_answer(&self) -> Option<(Micros, Errand)> {
        self.flights.iter().filter_map(|(errand, flight)| Some((flight.ready?, *errand))).min()
    }

    fn deliver(&mut self, ready: Micros, errand: Errand) -> Result<usize, Trouble> {
        let Some(flight) = self.flights.remove(&errand) else { return Ok(0) };
        self.now = self.now.max(ready);
        if self.comes_twice() {
            self.late.push(flight.answer.clone());
        }
        match (errand, self.tell(flight.answer)) {
            // People who may not decide, or not any more, are told so; the review stays open for others.
            (Errand::Review(_), Err(Trouble::Refused { refusal, .. })) if is_for_people(&refusal) => Ok(1),
            // A tool ends, whether or not anybody still wants to know.
            (Errand::Effect(_), told) => told.map(|events| events.max(1)),
            (Errand::Call(_) | Errand::Fact(_) | Errand::Review(_), told) => told,
        }
    }

    /// A tool that has begun will end then.
    pub(super) fn begin(&mut self, key: EffectKey, ready: Option<Micros>, answer: Input) {
        self.flights.insert(Errand::Effect(key), Flight { ready, answer });
    }

    /// Whether a tool is at work that will end.
    pub(super) fn is_acting(&self) -> bool {
        self.flights.iter().any(|(errand, flight)| matches!(errand, Errand::Effect(_)) && flight.ready.is_some())
    }
}

/// What people are told who may not decide, or not any more.
fn is_for_people(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NotYours { .. }
            | Refusal::Claimed { .. }
            | Refusal::SignedAlready { .. }
            | Refusal::OneForSeveral { .. }
            | Refusal::ReviewClosed { .. }
            | Refusal::NotPossible { .. } // a yes to a proposal that is not there any more
    )
}
