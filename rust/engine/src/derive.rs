//! A new run from the first frames of another one: it goes on from there with what this process has now.

use std::sync::Arc;

use interlock_journal::{Append, Frame, Payload, StartRow, user_id};
use interlock_kernel::limits::{MAX_TEXT, RUN_DEADLINE_MS};
use interlock_kernel::{Event, Input, RunId, State, evolve};

use crate::engine::{Core, Engine};
use crate::fold::origin;
use crate::live::{Batch, Said};
use crate::resume::Resumed;
use crate::start::new_id;
use crate::{EngineError, settle};

/// Where to fork, and what is to be different.
#[derive(Debug, Default)]
pub struct Derive {
    /// The last frame that is copied.
    pub seq: u32,
    /// Stands in place of the message that was given there.
    pub text: Option<String>,
    pub data: Option<Vec<u8>>,
    /// Route by the rules in force now instead of those that the run was started under.
    pub new_rules: bool,
}

impl Engine {
    /// Start a run as a copy of another one's first frames. What happened there has happened: an effect with the same key gets its result.
    ///
    /// # Errors
    /// `UnknownFrame` when the run has no such frame, `Refused` when it was over there, or takes no message there.
    pub fn derive(&self, run: u64, wanted: Derive) -> Result<Resumed, EngineError> {
        let bytes = wanted.text.as_ref().map_or(0, String::len);
        if bytes > MAX_TEXT {
            return Err(EngineError::TextTooLong { bytes, limit: MAX_TEXT });
        }
        let mut core = self.lock()?;
        core.has_room(self.journal.queued_bytes())?;
        let frames = self.journal.frames(run)?;
        let count = frames.len();
        let origin = origin(&frames);
        let events: Vec<Event> = frames.into_iter().take(wanted.seq as usize + 1).filter_map(Frame::into_event).collect();
        if events.len() != wanted.seq as usize + 1 {
            return Err(EngineError::UnknownFrame { run: run.to_string(), seq: wanted.seq, frames: count });
        }
        let payloads = self.journal.payloads(run)?;
        core.copy(self, (run, origin), wanted, events, payloads)
    }
}

impl Core {
    fn copy(
        &mut self,
        engine: &Engine,
        (from, origin): (u64, Option<RunId>),
        wanted: Derive,
        mut events: Vec<Event>,
        all: Vec<Payload>,
    ) -> Result<Resumed, EngineError> {
        // Checks the payloads, has plan and rules at hand, and knows of labels what was known there.
        let mut live = self.fold_until(&engine.journal, from, wanted.seq + 1)?;
        let (of, now) = (live.id, engine.clock.now());
        let number = self.next_run;
        self.next_run += 1;
        let id = new_id(&mut self.salts, now);
        let origin = origin.unwrap_or(of);
        let plan = Arc::clone(settle::plan_of(&live.state));
        let mut state = State::new(Arc::clone(&plan));
        for event in &mut events {
            if let Event::RunStarted(started) = event {
                started.run = id;
                if wanted.new_rules {
                    started.rules = self.table.as_ref().map(|table| table.revision());
                }
            }
            state = evolve(state, event).map_err(|corrupt| EngineError::Corrupt { run: from, corrupt })?;
        }
        if wanted.new_rules {
            live.rules = self.rules_in_force(&engine.journal, &plan)?;
        }
        // Until the event below says so for ever.
        match &mut state {
            State::Running(running) => running.origin = origin,
            State::InReview(waiting) => waiting.running.origin = origin,
            State::Unstarted(_) | State::Ended(_) => {}
        }
        let used: Vec<u32> = events.iter().flat_map(interlock_journal::refs).map(|one| one.number).collect();
        let last = used.iter().max().map_or(0, |last| last + 1);
        live.held.truncate(last as usize); // what was said later was not said here
        let payloads: Vec<Payload> = all.into_iter().filter(|payload| payload.number < last && used.contains(&payload.number)).collect();
        (live.number, live.id, live.state, live.seq) = (number, id, state, wanted.seq + 1);
        let mut batch = Batch { events, payloads };
        let message = match wanted.text {
            None => None,
            Some(text) => {
                let (text, data) = live.guarding.said(text, wanted.data, None)?;
                Some(batch.message(&mut live.held, &mut self.salts, Said { text, data, ..Said::default() })?)
            }
        };
        let input = Input::Derived { from: of, seq: wanted.seq, deadline: now.after_ms(RUN_DEADLINE_MS), message };
        let book = live.book();
        let decided = interlock_kernel::decide(&live.state, input, &book, now);
        let derived = decided.map_err(|refusal| EngineError::Refused { run: from, refusal })?;
        for event in derived {
            let before = std::mem::replace(&mut live.state, State::Unstarted(Arc::clone(&plan)));
            live.state = evolve(before, &event).map_err(|corrupt| EngineError::Corrupt { run: number, corrupt })?;
            live.seq += 1;
            batch.events.push(event);
        }
        let user = live.held.user.as_deref().map(user_id).transpose()?.flatten();
        let start = StartRow { id, key: None, plan: plan.name.clone(), user, thread: None }; // it is no part of the conversation
        let append = Append { run: number, first_seq: 0, at: now, events: &batch.events, payloads: batch.payloads, start: Some(start) };
        live.ticket = engine.journal.append(append)?.0;
        self.live.insert(number, live);
        self.stats.started += 1;
        self.tell_of_copied(number);
        self.feed(&engine.journal, number, Input::Advanced, Batch::default(), now)?;
        self.go_on(engine, number, now)
    }
}
