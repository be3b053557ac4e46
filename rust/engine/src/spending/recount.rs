//! What was spent before this process: read from the journal, as far as it still counts.
//!
//! That is all that unfinished runs did, and what others did in windows that are not over. What was out when a process died is booked
//! as it was reserved.

use std::collections::BTreeMap;

use interlock_guard::budget::{Entry, Owners, Parts, Per};
use interlock_journal::{Journal, MessageBody, Payload, PayloadKind, RunFilter, RunRow};
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Event, GateRuled, Micros, Name, NodeId, Ruled, Spent, StrandId};

use super::models::{ModelUsed, Written, hex, is_model};
use super::{BYTES_A_TOKEN, Means, meaning, tokens, tool_key, turn_key};
use crate::EngineError;
use crate::effects::is_memory;
use crate::engine::Core;
use crate::guarding::Who;

/// Lines of the book, each with its moment.
#[derive(Default)]
struct Book {
    lines: Vec<(u64, Entry)>,
    next: u64,
}

/// Something that was held back and not booked yet.
struct Open {
    number: u64,
    at: u64,
    agent: Name,
    parts: Parts,
}

struct Turn {
    open: Open,
    strand: StrandId,
    called: Option<u64>,
}

/// One run, frame by frame.
struct Reading<'a> {
    book: &'a mut Book,
    owners: Owners,
    payloads: Vec<Payload>,
    turns: BTreeMap<u32, Turn>,
    tools: BTreeMap<EffectKey, Open>,
    models: BTreeMap<String, (u32, Open)>,
    /// Where lines of execution began.
    branches: BTreeMap<StrandId, (StrandId, NodeId)>,
}

impl Core {
    /// Take in what was spent before. Once, and only where there is a limit.
    pub(crate) fn recount(&mut self, journal: &Journal, now: Micros) -> Result<(), EngineError> {
        if !self.spending.on || self.spending.counted {
            return Ok(());
        }
        let limits = self.guards.guard.budgets.limits.iter().filter(|limit| limit.per != Per::Run);
        let since = limits.map(|limit| limit.every.began(now.0)).min();
        let mut book = Book::default();
        for row in journal.runs(&RunFilter::default())? {
            let counts = row.ended.is_none_or(|ended| since.is_some_and(|since| ended.0 >= since));
            if counts && !self.live.contains_key(&row.number) {
                book.read(journal, &row)?;
            }
        }
        book.lines.sort_by_key(|(at, _)| *at); // a window that is over is not opened again
        let ledger = &mut self.spending.ledger;
        for orphan in ledger.restore(book.lines.into_iter().map(|(_, line)| line)) {
            ledger.settle_unknown(now.0, orphan);
        }
        self.spending.counted = true;
        Ok(())
    }
}

impl Book {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn read(&mut self, journal: &Journal, row: &RunRow) -> Result<(), EngineError> {
        let (payloads, begins) = (journal.payloads(row.number)?, self.lines.len());
        let owners = owners(row, &payloads);
        let (turns, tools, models, branches) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut reading = Reading { book: self, owners, payloads, turns, tools, models, branches };
        for frame in journal.frames(row.number)? {
            let Some(event) = frame.event() else { continue };
            if matches!(event, Event::RunDerived(_)) {
                reading.book.lines.truncate(begins); // what was copied is the other run's
                reading.begin_anew(frame.at.0, false);
            }
            reading.take_in(event, frame.at.0);
        }
        Ok(())
    }
}

impl Reading<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`follow` looks at every other event by its name")]
    fn take_in(&mut self, event: &Event, at: u64) {
        match event {
            Event::TurnStarted(started) => {
                let parts = Parts { tokens: self.reckoned(started.message.number), turns: 1, ..Parts::default() };
                let open = self.hold(at, &started.agent, parts);
                self.turns.insert(started.turn.0, Turn { open, strand: started.strand, called: None });
            }
            Event::EffectIntended(begun) if !is_memory(&begun.tool) => {
                let agent = self.agent(begun.turn.0);
                let open = self.hold(at, &agent, Parts { tool_calls: 1, ..Parts::default() });
                if let Some(before) = self.tools.insert(begun.key, open) {
                    self.settle(at, &before, tool_key(begun.key, before.number), before.parts);
                }
            }
            Event::EffectCompleted(done) if is_model(&done.tool) => self.model(done.turn.0, done, at),
            Event::EffectCompleted(done) if done.class == EffectClass::Pure && !is_memory(&done.tool) => {
                let agent = self.agent(done.turn.0);
                let open = self.hold(at, &agent, Parts { tool_calls: 1, ..Parts::default() });
                self.settle(at, &open, tool_key(done.key, open.number), open.parts);
            }
            Event::Forked(forked) => {
                let branches = forked.branches.iter().map(|branch| (branch.strand, (forked.strand, forked.node)));
                self.branches.extend(branches);
            }
            Event::CalledOff(off) => self.stop(at, |_, from| from == (off.strand, off.node)),
            Event::BranchEnded(ended) => self.stop(at, |strand, _| strand == ended.strand),
            Event::GateRuled(GateRuled { turn: Some(turn), ruling, .. })
                if ruling.verdict == Ruled::Short && ruling.resource.as_deref().is_some_and(is_model) =>
            {
                self.called(turn.0, 0); // it would have made its calls itself
            }
            Event::RunResumed(_) => self.begin_anew(at, true),
            event => self.follow(event, at),
        }
    }

    fn follow(&mut self, event: &Event, at: u64) {
        match meaning(event) {
            Some(Means::TurnOver(turn, spent)) => self.turn_over(turn, at, spent),
            Some(Means::TurnVoid(turn)) => {
                if let Some(turn) = self.turns.remove(&turn) {
                    self.book.lines.push((at, Entry::Released { number: turn.open.number }));
                }
            }
            Some(Means::ToolOver(key)) => {
                if let Some(open) = self.tools.remove(&key) {
                    self.settle(at, &open, tool_key(key, open.number), open.parts);
                }
            }
            Some(Means::Waits) => self.book.lines.push((at, Entry::Paused { run: self.owners.run.clone(), at })),
            Some(Means::Over) => {
                self.book_all(at);
                self.book.lines.push((at, Entry::Ended { run: self.owners.run.clone() }));
            }
            None => {}
        }
    }

    /// The process died: what was out is booked, and turns that were at work are taken again. In a run that was derived from another
    /// nothing was out.
    fn begin_anew(&mut self, at: u64, was_out: bool) {
        let again: Vec<(u32, Name, Parts, StrandId)> =
            self.turns.iter().map(|(turn, one)| (*turn, one.open.agent.clone(), one.open.parts, one.strand)).collect();
        if was_out {
            self.book_all(at);
        }
        (self.turns, self.tools, self.models) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (turn, agent, parts, strand) in again {
            let open = self.hold(at, &agent, parts);
            self.turns.insert(turn, Turn { open, strand, called: None });
        }
    }

    /// Turns in branches that were stopped, and in branches of those, are booked.
    fn stop(&mut self, at: u64, is_stopped: impl Fn(StrandId, (StrandId, NodeId)) -> bool) {
        let is_gone = |turn: &Turn| {
            let mut strand = turn.strand;
            while let Some(from) = self.branches.get(&strand) {
                if is_stopped(strand, *from) {
                    return true;
                }
                strand = from.0;
            }
            false
        };
        let gone: Vec<u32> = self.turns.iter().filter(|(_, turn)| is_gone(turn)).map(|(turn, _)| *turn).collect();
        for turn in gone {
            self.turn_over(turn, at, None);
        }
    }

    fn book_all(&mut self, at: u64) {
        for (_, (turn, open)) in std::mem::take(&mut self.models) {
            let key = turn_key(u32::MAX, open.number);
            self.settle(at, &open, key, open.parts);
            self.called(turn, open.parts.tokens);
        }
        for turn in self.turns.keys().copied().collect::<Vec<_>>() {
            self.turn_over(turn, at, None);
        }
        for (key, open) in std::mem::take(&mut self.tools) {
            self.settle(at, &open, tool_key(key, open.number), open.parts);
        }
    }

    fn turn_over(&mut self, turn: u32, at: u64, spent: Option<Spent>) {
        let Some(Turn { open, called, .. }) = self.turns.remove(&turn) else { return };
        let tokens = tokens(open.parts.tokens, called, spent);
        let time_us = at.saturating_sub(open.at);
        self.settle(at, &open, turn_key(turn, open.at), Parts { tokens, time_us, ..open.parts });
    }

    /// A call of a model that was held back, or its booking.
    fn model(&mut self, turn: u32, done: &interlock_kernel::EffectCompleted, at: u64) {
        let Some(written) = self.json::<Written>(done.arguments.number) else { return }; // erased
        match written {
            Written::Holds(ModelUsed { input_tokens, output_tokens, cost_micro }) => {
                let parts = Parts { tokens: input_tokens.saturating_add(output_tokens), cost_micro, ..Parts::default() };
                let agent = self.agent(turn);
                let open = self.hold(at, &agent, parts);
                self.called(turn, 0);
                self.models.insert(hex(&done.key.0), (turn, open));
            }
            Written::Books { of, response } => {
                let EffectOutcome::Returned(result) = done.outcome else { return };
                let used = self.json::<Option<ModelUsed>>(result.number).flatten();
                let known = response.and_then(|text| u128::from_str_radix(&text, 16).ok()).map(u128::to_be_bytes);
                let (turn, open) = match self.models.remove(&of) {
                    Some(found) => found,
                    None => (turn, self.hold(at, &self.agent(turn), Parts::default())), // nothing was limited when it was sent
                };
                let (key, parts) = match (known, used) {
                    (Some(key), Some(ModelUsed { input_tokens, output_tokens, cost_micro })) => {
                        let (tokens, time_us) = (input_tokens.saturating_add(output_tokens), at.saturating_sub(open.at));
                        (key, Parts { tokens, cost_micro, time_us, ..Parts::default() })
                    }
                    (_, _) => (turn_key(u32::MAX, open.number), open.parts),
                };
                self.settle(at, &open, key, parts);
                self.called(turn, parts.tokens);
            }
        }
    }

    fn called(&mut self, turn: u32, tokens: u64) {
        if let Some(turn) = self.turns.get_mut(&turn) {
            turn.called = Some(turn.called.unwrap_or(0).saturating_add(tokens));
        }
    }

    fn hold(&mut self, at: u64, agent: &Name, parts: Parts) -> Open {
        let number = self.book.number();
        let owners = Owners { agent: (&**agent).into(), ..self.owners.clone() };
        self.book.lines.push((at, Entry::Reserved { number, at, owners, parts }));
        Open { number, at, agent: agent.clone(), parts }
    }

    fn settle(&mut self, at: u64, open: &Open, key: [u8; 16], parts: Parts) {
        let owners = Owners { agent: (&*open.agent).into(), ..self.owners.clone() };
        self.book.lines.push((at, Entry::Settled { number: open.number, at, owners, parts, key }));
    }

    fn agent(&self, turn: u32) -> Name {
        self.turns.get(&turn).map_or_else(|| "".into(), |turn| turn.open.agent.clone())
    }

    fn bytes(&self, number: u32) -> Option<&[u8]> {
        let place = self.payloads.binary_search_by_key(&number, |payload| payload.number).ok()?;
        Some(&self.payloads[place].bytes)
    }

    fn json<T: serde::de::DeserializeOwned>(&self, number: u32) -> Option<T> {
        serde_json::from_slice(self.bytes(number)?).ok()
    }

    fn reckoned(&self, message: u32) -> u64 {
        let body = self.bytes(message).and_then(|bytes| MessageBody::decode(bytes).ok());
        let bytes = body.map_or(0, |body| body.text.len() + body.data.map_or(0, <[u8]>::len));
        (bytes as u64).div_ceil(BYTES_A_TOKEN)
    }
}

/// Who paid. What was erased is nobody's any more.
fn owners(row: &RunRow, payloads: &[Payload]) -> Owners {
    #[derive(serde::Deserialize)]
    struct Request {
        user: Option<Who>,
    }
    let request = payloads.iter().find(|payload| payload.kind == PayloadKind::Request);
    let who = request.and_then(|request| serde_json::from_slice::<Request>(&request.bytes).ok()).and_then(|request| request.user);
    let (user, tenant) = who.map_or_else(
        || (row.user.as_deref().unwrap_or_default().into(), "".into()),
        |who| (who.id.into(), who.tenant.unwrap_or_default().into()),
    );
    Owners { run: row.id.to_string().into(), agent: "".into(), user, tenant }
}
