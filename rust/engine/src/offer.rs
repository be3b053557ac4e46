//! What a run owes after a feed: calls for which there is room, questions, or how it settled. Every turn is offered once.

use interlock_admission::{Admission, Moves, Outcome, Ticket, Why};
use interlock_journal::Journal;
use interlock_kernel::{CallAgent, Command, Event, Fact, Failure, Input, Micros, State, TurnId, UnavailableWhy, calls, facts};

use crate::engine::Core;
use crate::live::{Batch, Live, Offered};
use crate::step::{Call, Owed, Step};
use crate::{EngineError, settle};

impl Core {
    /// Tell the admission which turns are over, and how.
    pub(crate) fn book_turns(&mut self, run: u64, events: &[Event], now: Micros) {
        for event in events {
            let (turn, outcome, is_over) = match event {
                Event::TurnReplied(reply) => {
                    let ticket = Ticket { run, turn: reply.turn.0 };
                    (reply.turn, Outcome::Ok { took_us: self.agents.took_us(now, ticket) }, true)
                }
                // An agent that took too long is still at work, until the shell has stopped it.
                Event::TurnFailed(failed) => (failed.turn, Outcome::Failed, !matches!(failed.failure, Failure::TimedOut { .. })),
                Event::RunStarted(_)
                | Event::RunResumed(_)
                | Event::TurnStarted(_)
                | Event::ReplyChecked(_)
                | Event::FactNeeded(_)
                | Event::RouteChosen(_)
                | Event::HandedOff(_)
                | Event::HandOffRefused(_)
                | Event::EffectIntended(_)
                | Event::EffectCompleted(_)
                | Event::ReviewOpened(_)
                | Event::ReviewDecided(_)
                | Event::RunDelivered(_)
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
                | Event::ReviewSigned(_)
                | Event::ReviewWithdrawn(_)
                | Event::GateRuled(_)
                | Event::RunDerived(_) => continue,
            };
            let ticket = Ticket { run, turn: turn.0 };
            // With every slot taken, what follows from the answer may be more urgent than who waits for its slot, and is offered first.
            // A failure is booked at once: a breaker must know of it before the next attempt.
            if outcome != Outcome::Failed && self.agents.under_way() >= self.limits.max_turns {
                self.answered.push((ticket, outcome));
            } else {
                let moves = self.agents.done(now, ticket, outcome);
                self.note(moves);
            }
            if is_over && let Some(live) = self.live.get_mut(&run) {
                live.offered.retain(|offered| offered.turn != turn.0);
            }
        }
    }

    /// Keep what the admission moved until the step is made up.
    fn note(&mut self, moves: Moves) {
        self.granted.extend(moves.go.into_iter().map(|grant| grant.ticket));
        self.refused.extend(moves.refused);
    }

    /// What the shell owes a run after a feed that changed something.
    pub(crate) fn owed(&mut self, journal: &Journal, run: u64, now: Micros) -> Result<Step, EngineError> {
        let mut step = Step::of(Owed::Nothing);
        let mut owed = Vec::new();
        loop {
            self.drop_turns(run, now, &mut step.dropped);
            if self.is_short(journal, run, now)? {
                continue; // what follows from a turn that can't be afforded comes first
            }
            let Some(refusal) = self.offer(run, now, &mut owed)? else { break };
            self.unavailable(journal, run, refusal, now)?;
        }
        for (ticket, outcome) in std::mem::take(&mut self.answered) {
            let moves = self.agents.done(now, ticket, outcome);
            self.note(moves);
        }
        self.ask(run, &mut owed)?;
        let is_settled = self.live.get(&run).is_some_and(|live| match &live.state {
            // What acts is waited for: it belongs into the journal, and into the hands of whoever decides.
            State::InReview(waiting) => waiting.decided.is_none() && !live.is_acting(),
            State::Running(running) => running.paused && !live.is_acting(),
            State::Ended(_) => true,
            State::Unstarted(_) => false,
        });
        if is_settled {
            owed.retain(|one| matches!(one, Owed::Settled(_)));
            let ticket = self.live.get(&run).map_or(0, |live| live.ticket);
            owed.push(Owed::Settled(self.settle(run, ticket, now)?));
        } else {
            self.arm(run);
        }
        self.carry_out(journal, run, now, &mut owed, &mut step)?;
        let mut owed = owed.into_iter();
        step.owed = owed.next().unwrap_or(Owed::Nothing);
        step.more = owed.collect();
        step.wake = self.news();
        step.told = !self.told.is_empty();
        Ok(step)
    }

    /// Turns that were offered and that nobody waits for any more.
    fn drop_turns(&mut self, run: u64, now: Micros, dropped: &mut Vec<u32>) {
        let Some(live) = self.live.get_mut(&run) else { return };
        if live.offered.is_empty() {
            return;
        }
        let at_work = live.at_work();
        let is_gone = |one: &mut Offered| at_work.binary_search(&one.turn).is_err();
        let gone: Vec<Offered> = live.offered.extract_if(.., is_gone).collect();
        for one in gone {
            let moves = self.agents.abandon(now, Ticket { run, turn: one.turn });
            self.note(moves);
            if !one.waits {
                dropped.push(one.turn);
            }
        }
    }

    /// Offer every turn that was not offered yet; the first that is refused ends it, because what follows from that comes first.
    fn offer(&mut self, run: u64, now: Micros, owed: &mut Vec<Owed>) -> Result<Option<(u32, Why)>, EngineError> {
        let Some(live) = self.live.get(&run) else { return Ok(None) };
        let wanted = calls(&live.state, |turn| live.offered.binary_search_by_key(&turn.id.0, |one| one.turn).is_err());
        for call in wanted {
            let ticket = Ticket { run, turn: call.turn.0 };
            let waits = match self.agents.ask(now, &call.agent, ticket, call.priority) {
                Admission::Go | Admission::GoAsProbe => false,
                Admission::Queued | Admission::QueuedUntil(_) => true,
                Admission::Held => continue,
                Admission::Refused(why) => return Ok(Some((call.turn.0, why))),
            };
            let Some(live) = self.live.get_mut(&run) else { return Ok(None) };
            let place = live.offered.partition_point(|one| one.turn < call.turn.0);
            live.offered.insert(place, Offered { turn: call.turn.0, waits });
            live.is_told(&call);
            owed.push(if waits { Owed::Queued } else { Owed::Call(live.call(&call)?) });
        }
        Ok(None)
    }

    /// An agent is not called: its turn fails with the reason, and the kernel decides what follows.
    fn unavailable(&mut self, journal: &Journal, run: u64, (turn, why): (u32, Why), now: Micros) -> Result<(), EngineError> {
        let why = match why {
            Why::BreakerOpen { .. } => UnavailableWhy::BreakerOpen,
            Why::QueueFull { .. } => UnavailableWhy::QueueFull,
        };
        if let Some(live) = self.live.get_mut(&run) {
            live.offered.retain(|one| one.turn != turn);
        }
        let input = Input::AttemptFailed { turn: TurnId(turn), failure: Failure::Unavailable(why), label: None };
        self.feed(journal, run, input, Batch::default(), now).map(|_| ())
    }

    /// Questions that only the shell can answer, each once.
    fn ask(&mut self, run: u64, owed: &mut Vec<Owed>) -> Result<(), EngineError> {
        let Some(live) = self.live.get(&run) else { return Ok(()) };
        for command in facts(&live.state) {
            let (ask, fact, node, message, about) = match command {
                Command::FindFact { ask, fact, node, message, about } => (ask, fact, node, message, about),
                Command::Advance | Command::CallAgent(_) | Command::AwaitReview { .. } | Command::WakeAt(_) => continue,
            };
            let Some(live) = self.live.get_mut(&run) else { return Ok(()) };
            if live.asked.contains(&ask) {
                continue;
            }
            live.asked.push(ask);
            owed.push(match fact {
                Fact::Neighbours if self.semantic.is_none() => return Err(EngineError::NoIndex),
                Fact::Neighbours => {
                    let text = live.held.text(message.number);
                    Owed::Embed { ask, text: text.ok_or(EngineError::Internal("a fact is needed about a message that is not held"))? }
                }
                Fact::Agreement => {
                    let answers = about.iter().map(|answer| live.held.shown(*answer)).collect();
                    Owed::Compare { ask, node: node.0, answers }
                }
                Fact::Import | Fact::Export => continue, // the engine answers these itself
            });
        }
        Ok(())
    }

    /// What the admission moved: turns of this run are called, others are named, and refusals become failures.
    fn carry_out(&mut self, journal: &Journal, run: u64, now: Micros, owed: &mut Vec<Owed>, step: &mut Step) -> Result<(), EngineError> {
        while let Some((ticket, why)) = self.refused.pop() {
            if self.live.contains_key(&ticket.run) {
                self.unavailable(journal, ticket.run, (ticket.turn, why), now)?;
                step.upset.push(ticket.run);
            }
        }
        for ticket in std::mem::take(&mut self.granted) {
            let Some(live) = self.live.get_mut(&ticket.run) else { continue };
            let Some(offered) = live.offered.iter_mut().find(|one| one.turn == ticket.turn) else { continue };
            offered.waits = false;
            if ticket.run == run {
                let call = calls(&live.state, |turn| turn.id.0 == ticket.turn).pop();
                owed.retain(|one| !matches!(one, Owed::Queued));
                owed.extend(call.map(|call| live.call(&call)).transpose()?.map(Owed::Call));
            } else {
                step.granted.push((ticket.run, ticket.turn));
            }
        }
        Ok(())
    }

    /// The call of a turn that some step's `granted` named.
    pub(crate) fn granted(&mut self, run: u64, turn: u32) -> Result<Owed, EngineError> {
        let Some(live) = self.live.get(&run) else { return Ok(Owed::Nothing) };
        let may = live.offered.iter().any(|one| one.turn == turn && !one.waits);
        let call = calls(&live.state, |found| may && found.id.0 == turn).pop();
        call.map_or(Ok(Owed::Nothing), |call| live.call(&call).map(Owed::Call))
    }

    /// Everything that a run holds is let go.
    pub(crate) fn abandon_all(&mut self, run: u64, now: Micros) {
        let offered = self.live.get_mut(&run).map(|live| std::mem::take(&mut live.offered)).unwrap_or_default();
        for one in offered {
            let moves = self.agents.abandon(now, Ticket { run, turn: one.turn });
            self.note(moves);
        }
    }

    /// Watch the run's next limit, if it is earlier than what is watched.
    pub(crate) fn arm(&mut self, run: u64) {
        let Some(live) = self.live.get_mut(&run) else { return };
        let wakes = match &live.state {
            State::Running(running) => interlock_kernel::wakes_at(running),
            State::InReview(_) => interlock_kernel::due(&live.state),
            State::Unstarted(_) | State::Ended(_) => None,
        };
        let Some(at) = wakes else { return };
        if live.armed.is_none_or(|armed| at < armed) {
            live.armed = Some(at);
            self.deadlines.push(at, run);
        }
    }

    /// The earliest moment that the shell's timer must know, if it is news.
    pub(crate) fn news(&mut self) -> Option<Micros> {
        self.deadlines.news(self.agents.next_due())
    }
}

impl Live {
    /// A turn is told why the attempt before failed, and is trusted no more than that one was.
    fn is_told(&mut self, call: &CallAgent) {
        if let Some(Failure::Raised(text) | Failure::WrongType(text)) = &call.feedback
            && let Some(label) = self.guarding.label_of(text.number)
        {
            self.guarding.sees(call.turn.0, label);
        }
    }

    fn call(&self, call: &CallAgent) -> Result<Call, EngineError> {
        let body = self.held.message(call.message.number).ok_or(EngineError::Internal("a turn's message is not held"))?;
        Ok(Call {
            turn: call.turn.0,
            node: call.node.0,
            agent: call.agent.clone(),
            attempt: call.attempt,
            text: body.text.clone(),
            data: body.data.clone(),
            sender: body.sender.clone(),
            labels: body.labels.clone(),
            shows_user: settle::plan_of(&self.state).shows_user(call.node),
            intent: call.intent.clone(),
            feedback: call.feedback.as_ref().map(|failure| settle::in_words(failure, &self.held)),
            due: call.due,
        })
    }
}
