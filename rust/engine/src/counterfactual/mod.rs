//! Recorded runs decided anew under other rules, against recorded answers: which would have gone elsewhere, where the recorded answers
//! run out, and what it would have taken. It reads one snapshot of a file, run by run, and writes nothing.

mod again;
mod ask;
mod come;
mod recording;
mod report;
mod route;
mod shelf;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use interlock_guard::OpenGates;
use interlock_journal::{DocumentKind, Reader, Record, RunFilter, RunRow, RunStatus};
use interlock_kernel::{Digest, EndedHow, Event, Name, State};
use interlock_rules::{RoutingTable, RuleBook};
use rustc_hash::FxHashMap;

use crate::plans::{PlanEntry, compile_table, know_agents};
use crate::replay::plan_of;
use crate::{EngineError, settle};
use again::{Redecided, Under, again};
use recording::{Numbered, Recording};
use report::{One, Tally};
use shelf::Shelf;

/// Of which runs, and how many of each kind the report names.
#[derive(Debug, Clone, Default)]
pub struct Of {
    pub plan: Option<Name>,
    /// The newest so many.
    pub limit: Option<usize>,
    pub shown: usize,
}

/// One re-deciding of a file's runs.
pub struct Counterfactual {
    reader: Reader,
    table: Arc<RoutingTable>,
    left: VecDeque<RunRow>,
    plans: FxHashMap<Digest, PlanEntry>,
    /// How many neighbours voted under the tables that runs were recorded with.
    voters: FxHashMap<Digest, Option<usize>>,
    shown: usize,
    tally: Tally,
}

impl Counterfactual {
    /// Compile a table and find the runs. Whatever is written from now on is not looked at.
    ///
    /// # Errors
    /// `Rules` when the table is wrong, `UnknownAgent` when it names an agent that no plan of the journal has, `Journal` when the file
    /// can't be read.
    pub fn open(reader: Reader, table: &str, of: Of) -> Result<Self, EngineError> {
        let table = Arc::new(compile_table(table)?);
        reader.hold_still()?;
        let mut known = Vec::new();
        let mut names = Vec::new();
        let mut plans = FxHashMap::default();
        for frame in reader.frames(0)? {
            let Record::Registered(document) = frame.record else { continue };
            if document.what == DocumentKind::Plan && of.plan.as_ref().is_none_or(|plan| *plan == document.name) {
                let entry = plan_of(&reader, document.digest)?;
                known.extend(entry.plan.nodes().iter().map(|node| node.name.clone()));
                names.push(document.name.to_string());
                plans.insert(document.digest, entry);
            }
        }
        if !known.is_empty() {
            know_agents(&table, &known, &names.join(", "))?;
        }
        let left = reader.runs(&RunFilter { plan: of.plan, limit: of.limit, ..RunFilter::default() })?.into();
        Ok(Self { reader, table, left, plans, voters: FxHashMap::default(), shown: of.shown, tally: Tally::default() })
    }

    /// Runs that are still to be decided.
    pub fn left(&self) -> usize {
        self.left.len()
    }

    /// Decide so many of them.
    ///
    /// # Errors
    /// `Journal` and `Corrupt` when a run can't be read or folded.
    pub fn go_on(&mut self, runs: usize) -> Result<(), EngineError> {
        for _ in 0..runs {
            let Some(row) = self.left.pop_front() else { break };
            if row.status == RunStatus::Open {
                self.tally.open += 1; // its answers are not all there
                continue;
            }
            match self.decide(&row)? {
                Some(one) => self.tally.add(one, self.shown),
                None => self.tally.erased += 1,
            }
        }
        Ok(())
    }

    /// What they came to, as a JSON object.
    pub fn report(&self) -> serde_json::Value {
        let mut report = self.tally.report();
        report["table"] = self.table.revision().to_string().into();
        report
    }

    /// One run; nothing when what it needs was erased.
    fn decide(&mut self, row: &RunRow) -> Result<Option<One>, EngineError> {
        let run = row.number;
        let frames = self.reader.frames(run)?;
        let events = frames.into_iter().filter_map(|frame| Some((frame.seq, frame.at, frame.into_event()?)));
        let events: Vec<Numbered> = events.collect();
        let Some((_, at, Event::RunStarted(started))) = events.first().cloned() else {
            return Err(EngineError::UnknownRun { run: run.to_string() });
        };
        let entry = self.plan(started.plan)?;
        let neighbours = self.table.neighbours().map(|now| Ok((now, self.voters_under(started.rules)?)));
        let neighbours = neighbours.transpose().map_err(|error: EngineError| error)?;
        let rules = RuleBook::new(Some(Arc::clone(&self.table)), entry.checks.clone()).with_domains(entry.tables.clone());
        let mut shelf = Shelf::of(self.reader.payloads(run)?)?;
        let (recording, ended) = Recording::of(run, State::new(entry.plan.clone()), &events, &shelf)?;
        let recorded: Vec<Event> = events.into_iter().map(|(_, _, event)| event).collect();
        let under = Under { run, rules: &rules, gates: &OpenGates, neighbours };
        let found = again(&under, (&started, at), State::new(entry.plan), (&recording, &recorded), &mut shelf)?;
        Ok((!found.erased).then(|| one(row.id.to_string(), (&recorded, &ended), found, &shelf)))
    }

    fn plan(&mut self, digest: Digest) -> Result<PlanEntry, EngineError> {
        if let Some(entry) = self.plans.get(&digest) {
            return Ok(entry.clone());
        }
        let entry = plan_of(&self.reader, digest)?;
        self.plans.insert(digest, entry.clone());
        Ok(entry)
    }

    fn voters_under(&mut self, rules: Option<Digest>) -> Result<Option<usize>, EngineError> {
        let Some(digest) = rules else { return Ok(None) };
        if let Some(known) = self.voters.get(&digest) {
            return Ok(*known);
        }
        let text = self.reader.document(&digest)?;
        let found =
            compile_table(&text.ok_or(EngineError::Internal("a run refers to rules that its journal does not hold"))?)?.neighbours();
        self.voters.insert(digest, found);
        Ok(found)
    }
}

fn one(id: String, (recorded, ended): (&[Event], &State), found: Redecided, shelf: &Shelf) -> One {
    let (turns, _, _, tokens) = settle::counts(ended);
    let (new_turns, _, _, new_tokens) = settle::counts(&found.state);
    let answer = |state: &State| match state {
        State::Ended(ended) => match &ended.how {
            EndedHow::Delivered { message } => Some(shelf.same(*message)),
            EndedHow::Failed { .. } | EndedHow::Cancelled { .. } => None,
        },
        State::Unstarted(_) | State::Running(_) | State::InReview(_) => None,
    };
    let other_answer = answer(ended).zip(answer(&found.state)).is_some_and(|(then, now)| then != now);
    let now = found.ran_out.is_none().then(|| end(&found.state));
    One {
        id,
        parting: route::parting(recorded, &found.events, found.ran_out.is_some()),
        ran_out: found.ran_out,
        ends: (end(ended), now),
        other_answer,
        recorded: (turns, tokens),
        redecided: (new_turns, new_tokens),
    }
}

/// How a run ended, or that it waits.
fn end(state: &State) -> &'static str {
    settle::status(state).name()
}
