//! One input goes in; the kernel decides, the state follows, and the journal gets it.

use interlock_journal::{Append, Journal, SaltSource};
use interlock_kernel::{Book, Command, Event, Fact, Follows, Input, Micros, Passage, decide, evolve, facts, may_advance};

use crate::engine::Core;
use crate::guarding::Note;
use crate::live::{Batch, Live};
use crate::watch::Seen;
use crate::{EngineError, settle};

impl Live {
    pub(crate) fn book(&self) -> Book<'_> {
        Book { rules: &self.rules, gates: self, payloads: &self.held }
    }

    /// Decide, evolve, and go on as long as nothing from outside is needed.
    fn advance(&mut self, input: Input, batch: &mut Batch, salts: &mut SaltSource, now: Micros) -> Result<(), EngineError> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let run = self.number;
            let events = decide(&self.state, input, &self.book(), now).map_err(|refusal| EngineError::Refused { run, refusal })?;
            let moved = !events.is_empty();
            for event in events {
                let stand_in = settle::placeholder(&self.state);
                let before = std::mem::replace(&mut self.state, stand_in);
                self.state = evolve(before, &event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
                batch.events.push(event);
            }
            if moved && may_advance(&self.state) {
                next = Some(Input::Advanced);
            } else if moved && let Some((question, message)) = self.at_wall() {
                next = Some(self.cross(question, message, batch, salts)?);
            }
        }
        Ok(())
    }

    /// As `advance`, with what the guards noted of the input: recorded before it, or after the start of a run.
    fn told(&mut self, input: Input, batch: &mut Batch, salts: &mut SaltSource, now: Micros) -> Result<(), EngineError> {
        if self.guarding.notes.is_empty() {
            return self.advance(input, batch, salts, now);
        }
        let notes = std::mem::take(&mut self.guarding.notes);
        let starts = matches!(input, Input::Requested { .. });
        let mut input = Some(input);
        if starts && let Some(input) = input.take() {
            self.advance(input, batch, salts, now)?;
        }
        for Note { turn, ruling, key } in notes {
            self.advance(Input::Ruled { turn, ruling, key, follows: Follows::Nothing }, batch, salts, now)?;
        }
        input.map_or(Ok(()), |input| self.advance(input, batch, salts, now))
    }

    /// The question of a message at a wall, which the engine answers itself.
    fn at_wall(&self) -> Option<((u32, Fact, interlock_kernel::NodeId), interlock_kernel::Ref)> {
        facts(&self.state).into_iter().find_map(|command| match command {
            Command::FindFact { ask, fact: way @ (Fact::Import | Fact::Export), node, message, .. } => Some(((ask, way, node), message)),
            Command::FindFact { .. } | Command::Advance | Command::CallAgent(_) | Command::AwaitReview { .. } | Command::WakeAt(_) => None,
        })
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
        let open = if self.tells { live.open_reviews().into_iter().map(|(review, _)| review).collect() } else { Vec::new() };
        let result = live.told(input, &mut batch, &mut self.salts, now);
        if batch.events.is_empty() {
            live.held.truncate(before);
            live.guarding.forget_from(before);
            return result.map(|()| None);
        }
        let first_seq = live.seq;
        live.seq += u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
        self.stats.frames += batch.events.len() as u64;
        self.stats.turns += batch.events.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count() as u64;
        self.stats.passages += batch.events.iter().map(|event| passages(event).len() as u64).sum::<u64>();
        let start = settle::start_row(live, &batch.events)?;
        if live.watched {
            let seen = (first_seq..).zip(&batch.events).map(|(seq, event)| Seen { seq, at: now, event: event.clone() });
            self.watched.entry(run).or_default().extend(seen);
        }
        self.book_turns(run, &batch.events, now);
        self.book_spending(run, &batch.events, now);
        let append = Append { run, first_seq, at: now, events: &batch.events, payloads: batch.payloads, start };
        let ticket = journal.append(append)?;
        if let Some(live) = self.live.get_mut(&run) {
            live.ticket = ticket.0;
        }
        if self.tells {
            self.tell_of(run, open, first_seq, &batch.events, ticket.0);
        }
        result.map(|()| Some(ticket.0))
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
        Event::ReviewSigned(event) => &event.passages,
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
        | Event::RunCancelled(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::Crossed(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_)
        | Event::RunDerived(_) => &[],
    }
}
