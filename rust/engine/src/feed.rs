//! What the shell tells the engine about a run: answers, failures, vectors, time, decisions.

use interlock_journal::{Journal, PayloadKind, SaltSource};
use interlock_kernel::{Confidence, Failure, HandOff, Input, Micros, Name, Reply, ReviewVerdict, State, TurnId};

use crate::EngineError;
use crate::engine::{Core, Engine};
use crate::live::{Batch, Live, Said};
use crate::step::{Owed, Step};

/// What an agent answered.
#[derive(Debug, Default)]
pub struct Answer {
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub confidence: Option<Confidence>,
    pub intent: Option<Name>,
    pub hand_off: Option<Name>,
}

const NOTHING: Step = Step { owed: Owed::Nothing, wake: None, granted: Vec::new() };

impl Engine {
    /// An agent answered. A late or repeated answer changes nothing and is counted.
    pub fn replied(&self, run: u64, turn: u32, answer: Answer) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let sender = sender(live, turn);
            // Beside a handoff, data holds its reason: it is no message to the next.
            let empty = answer.text.is_empty() && (answer.data.is_none() || answer.hand_off.is_some());
            let body = Said { text: answer.text, data: answer.data, sender };
            let content = batch.message(&mut live.held, salts, body)?;
            let hand_off = answer.hand_off.map(|target| HandOff { target });
            let reply = Reply { content, empty, confidence: answer.confidence, intent: answer.intent, hand_off };
            Ok(Input::Replied { turn: TurnId(turn), reply })
        })
    }

    /// An agent raised, with the error's text.
    pub fn raised(&self, run: u64, turn: u32, text: String) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let text = batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, text.into_bytes())?;
            Ok(Input::AttemptFailed { turn: TurnId(turn), failure: Failure::Raised(text) })
        })
    }

    /// An agent answered with something that is no reply.
    pub fn answered_wrongly(&self, run: u64, turn: u32, text: String) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let text = batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, text.into_bytes())?;
            Ok(Input::AttemptFailed { turn: TurnId(turn), failure: Failure::WrongType(text) })
        })
    }

    /// The vector that `Owed::Embed` asked for. The scan runs outside the engine's lock.
    pub fn embedded(&self, run: u64, ask: u32, vector: &[f32]) -> Result<Step, EngineError> {
        let semantic = self.lock()?.semantic.clone().ok_or(EngineError::NoIndex)?;
        let neighbours = semantic.nearest(vector)?;
        self.tell(run, |_, _, _| Ok(Input::NeighboursFound { ask, neighbours, index: semantic.revision() }))
    }

    pub fn cancel(&self, run: u64, reason: Option<String>) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let reason = match reason {
                Some(text) => Some(batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, text.into_bytes())?),
                None => None,
            };
            Ok(Input::CancelRequested { reason })
        })
    }

    /// The timer fired: what changed, run by run.
    pub fn expire(&self) -> Result<Vec<(u64, Step)>, EngineError> {
        let mut core = self.lock()?;
        let now = self.clock.now();
        let mut steps = Vec::new();
        for run in core.deadlines.due(now) {
            let Some(live) = core.live.get_mut(&run) else { continue }; // it ended before its time
            live.armed = None;
            match core.feed(&self.journal, run, Input::TimePassed, Batch::default(), now)? {
                Some(ticket) => steps.push((run, core.owed(run, ticket)?)),
                None => core.arm_again(run),
            }
        }
        Ok(steps)
    }

    /// The earliest deadline, after `expire`: arm the timer for it.
    pub fn next_wake(&self) -> Result<Option<Micros>, EngineError> {
        Ok(self.lock()?.deadlines.news())
    }

    /// The call of a run that some step's `granted` named.
    pub fn take(&self, run: u64) -> Result<Owed, EngineError> {
        self.lock()?.granted(run)
    }

    /// A person decided the open review of a run. Of two who decide at once, one wins and the other is told.
    pub fn decide_review(&self, run: u64, verdict: ReviewVerdict, text: String, by: &str) -> Result<Step, EngineError> {
        let mut core = self.lock()?;
        let review = core.wake_up(&self.journal, run)?;
        core.tell(&self.journal, run, self.clock.now(), |live, salts, batch| {
            let said = Said { text, data: None, sender: Some(by.into()) };
            let decision = batch.message(&mut live.held, salts, said)?;
            Ok(Input::ReviewAnswered { review, decision, verdict })
        })
    }

    fn tell(
        &self,
        run: u64,
        input: impl FnOnce(&mut Live, &mut SaltSource, &mut Batch) -> Result<Input, EngineError>,
    ) -> Result<Step, EngineError> {
        self.lock()?.tell(&self.journal, run, self.clock.now(), input)
    }
}

impl Core {
    /// Build the input with its payloads, feed it, and say what is owed; absorb it if the run is over.
    fn tell(
        &mut self,
        journal: &Journal,
        run: u64,
        now: Micros,
        input: impl FnOnce(&mut Live, &mut SaltSource, &mut Batch) -> Result<Input, EngineError>,
    ) -> Result<Step, EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return self.absorb(run).map(|()| NOTHING) };
        let mut batch = Batch::default();
        let input = input(live, &mut self.salts, &mut batch)?;
        match self.feed(journal, run, input, batch, now)? {
            Some(ticket) => self.owed(run, ticket),
            None => self.absorb(run).map(|()| NOTHING),
        }
    }

    /// An input for a run that is over, or that said nothing new.
    fn absorb(&mut self, run: u64) -> Result<(), EngineError> {
        if run == 0 || run >= self.next_run {
            return Err(EngineError::UnknownRun { run: run.to_string() });
        }
        self.stats.absorbed += 1;
        Ok(())
    }
}

fn sender(live: &Live, turn: u32) -> Option<Name> {
    match &live.state {
        State::Running(running) => running.turn().filter(|now| now.id.0 == turn).map(|now| now.agent.clone()),
        State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
    }
}
