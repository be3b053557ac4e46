//! One input goes in; the kernel decides, the state follows, the journal gets it, and what is owed comes out.

use interlock_guard::OpenGates;
use interlock_journal::{Append, Journal};
use interlock_kernel::{Book, CallAgent, Command, Event, Input, Micros, Passage, Phase, State, TurnId, decide, evolve, outstanding};

use crate::engine::Core;
use crate::live::{Batch, Live};
use crate::step::{Call, Owed, Step};
use crate::watch::Seen;
use crate::{EngineError, settle};

/// The guards of this release: everything passes, and is recorded.
static GATES: OpenGates = OpenGates;

impl Live {
    /// Decide, evolve, and go on as long as nothing from outside is needed.
    fn advance(&mut self, input: Input, batch: &mut Batch, now: Micros) -> Result<(), EngineError> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let book = Book { rules: &self.rules, gates: &GATES, payloads: &self.held };
            let run = self.number;
            let events = decide(&self.state, input, &book, now).map_err(|refusal| EngineError::Refused { run, refusal })?;
            let moved = !events.is_empty();
            for event in events {
                let stand_in = settle::placeholder(&self.state);
                let before = std::mem::replace(&mut self.state, stand_in);
                self.state = evolve(before, &event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
                if matches!(event, Event::TurnStarted(_)) {
                    self.effects.occurrences.clear(); // occurrences count within one attempt
                }
                batch.events.push(event);
            }
            if moved && outstanding(&self.state).first() == Some(&Command::Advance) {
                next = Some(Input::Advanced);
            }
        }
        Ok(())
    }

    pub(crate) fn turn(&self) -> Option<TurnId> {
        match &self.state {
            State::Running(running) => match &running.phase {
                Phase::InTurn(turn) => Some(turn.id),
                Phase::Entering { .. }
                | Phase::AwaitingFact { .. }
                | Phase::Answered { .. }
                | Phase::Routed { .. }
                | Phase::Missed { .. }
                | Phase::Unroutable { .. } => None,
            },
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
        }
    }
}

impl Core {
    /// Feed a live run. The batch holds the payloads that the input refers to.
    ///
    /// Returns the journal's ticket, or nothing when the input changed nothing (and its payloads are forgotten).
    pub(crate) fn feed(
        &mut self,
        journal: &Journal,
        run: u64,
        input: Input,
        mut batch: Batch,
        now: Micros,
    ) -> Result<Option<u64>, EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return Ok(None) };
        let before = live.held.len() - batch.payloads.len();
        let result = live.advance(input, &mut batch, now);
        if batch.events.is_empty() {
            live.held.truncate(before);
            return result.map(|()| None);
        }
        let first_seq = live.seq;
        live.seq += u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
        self.stats.frames += batch.events.len() as u64;
        self.stats.turns += batch.events.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count() as u64;
        self.stats.passages += batch.events.iter().map(|event| passages(event).len() as u64).sum::<u64>();
        let start = settle::start_row(live, &batch.events);
        if live.watched {
            let seen = (first_seq..).zip(&batch.events).map(|(seq, event)| Seen { seq, at: now, event: event.clone() });
            self.watched.entry(run).or_default().extend(seen);
        }
        let append = Append { run, first_seq, at: now, events: &batch.events, payloads: batch.payloads, start };
        let ticket = journal.append(append)?;
        result.map(|()| Some(ticket.0))
    }

    /// What the shell owes a run after a feed that changed something.
    pub(crate) fn owed(&mut self, run: u64, ticket: u64) -> Result<Step, EngineError> {
        let mut granted = Vec::new();
        let Some(live) = self.live.get_mut(&run) else { return Ok(Step { owed: Owed::Nothing, wake: None, granted }) };
        let present = live.turn().map(|turn| turn.0);
        let freed = live.slot.is_some() && live.slot != present;
        if freed {
            live.slot = None;
        }
        let owed = outstanding(&live.state);
        let mut wake_at = None;
        let mut next = Owed::Nothing;
        let mut settled = owed.is_empty();
        for command in owed {
            match command {
                Command::CallAgent(call) => next = self.admit(run, &call)?,
                Command::FindFact { ask, message, .. } => next = self.ask_for_fact(run, ask, message.number)?,
                Command::AwaitReview { .. } => settled = true,
                Command::WakeAt(at) => wake_at = Some(at),
                Command::Advance => return Err(EngineError::Internal("a run stopped although it could go on")),
            }
        }
        if freed && let Some(other) = self.grant() {
            if other == run {
                next = self.granted(run)?;
            } else {
                granted.push(other);
            }
        }
        if settled {
            next = Owed::Settled(self.settle(run, ticket)?);
        } else if let (Some(at), Some(live)) = (wake_at, self.live.get_mut(&run))
            && live.armed.is_none_or(|armed| at < armed)
        {
            live.armed = Some(at);
            self.deadlines.push(at, run);
        }
        Ok(Step { owed: next, wake: self.deadlines.news(), granted })
    }

    /// A slot for the turn, or a place in the queue; a turn that was offered before is not offered again.
    fn admit(&mut self, run: u64, call: &CallAgent) -> Result<Owed, EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return Ok(Owed::Nothing) };
        if live.slot == Some(call.turn.0) || live.queued == Some(call.turn.0) {
            return Ok(Owed::Nothing);
        }
        if self.slots.take(self.limits.max_turns, run, call.turn.0, call.priority) {
            live.slot = Some(call.turn.0);
            live.queued = None;
            return live.call(call).map(Owed::Call);
        }
        live.queued = Some(call.turn.0);
        Ok(Owed::Queued)
    }

    /// Give a freed slot to the next turn that still waits for one.
    pub(crate) fn grant(&mut self) -> Option<u64> {
        let live = &mut self.live;
        let run = self.slots.release(|run, turn| live.get(&run).is_some_and(|waiting| waiting.queued == Some(turn)))?;
        if let Some(next) = live.get_mut(&run) {
            next.slot = next.queued.take();
        }
        Some(run)
    }

    /// The call of a run that was granted a slot.
    pub(crate) fn granted(&mut self, run: u64) -> Result<Owed, EngineError> {
        let Some(live) = self.live.get(&run) else { return Ok(Owed::Nothing) };
        for command in outstanding(&live.state) {
            if let Command::CallAgent(call) = command {
                return if live.slot == Some(call.turn.0) { live.call(&call).map(Owed::Call) } else { Ok(Owed::Nothing) };
            }
        }
        Ok(Owed::Nothing)
    }

    fn ask_for_fact(&self, run: u64, ask: u32, message: u32) -> Result<Owed, EngineError> {
        if self.semantic.is_none() {
            return Err(EngineError::NoIndex);
        }
        let text = self.live.get(&run).and_then(|live| live.held.text(message));
        text.map(|text| Owed::Embed { ask, text }).ok_or(EngineError::Internal("a fact is needed about a message that is not held"))
    }
}

impl Live {
    fn call(&self, call: &CallAgent) -> Result<Call, EngineError> {
        let body = self.held.message(call.message.number).ok_or(EngineError::Internal("a turn's message is not held"))?;
        Ok(Call {
            turn: call.turn.0,
            agent: call.agent.clone(),
            attempt: call.attempt,
            text: body.text.clone(),
            data: body.data.clone(),
            sender: body.sender.clone(),
            intent: call.intent.clone(),
            feedback: call.feedback.as_ref().map(|failure| settle::in_words(failure, &self.held)),
            due: call.due,
        })
    }
}

/// The gate decisions that an event records.
pub(crate) fn passages(event: &Event) -> &[Passage] {
    match event {
        Event::RunStarted(event) => &event.passages,
        Event::TurnStarted(event) => &event.passages,
        Event::EffectIntended(event) => &event.passages,
        Event::EffectCompleted(event) => &event.passages,
        Event::ReviewDecided(event) => &event.passages,
        Event::RunDelivered(event) => &event.passages,
        Event::RunResumed(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::ReviewOpened(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_) => &[],
    }
}

impl Core {
    /// Woken early: put the run's present limit back into the heap.
    pub(crate) fn arm_again(&mut self, run: u64) {
        let Some(live) = self.live.get_mut(&run) else { return };
        for command in outstanding(&live.state) {
            if let Command::WakeAt(at) = command {
                live.armed = Some(at);
                self.deadlines.push(at, run);
            }
        }
    }
}
