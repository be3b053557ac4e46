//! Verification: recomputes everything that a journal claims about itself. The first disagreement is the answer.
//! It reads one consistent state of the file, also while the owner goes on writing, and repairs nothing.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_kernel::{Digest, Event, Ref};
use rusqlite::Connection;

use crate::error::RunName;
use crate::frame::{Frame, Record};
use crate::live::advance;
use crate::query::{self, Answer, Fault};
use crate::refs::refs;
use crate::scan::{Roots, scan};
use crate::{JournalError, Reader, RunRow, RunStatus};

/// What was found to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub frames: u64,
    pub runs: u64,
    pub payloads: u64,
    /// The Merkle root over all frames.
    pub root: Digest,
}

/// Recomputes checksums, numbering, Merkle roots, commitments and the list of runs.
pub fn verify(path: impl AsRef<Path>) -> Result<Report, JournalError> {
    Reader::open(path)?.ask(|connection| {
        let snapshot = connection.unchecked_transaction()?;
        check(&snapshot)
    })
}

fn check(connection: &Connection) -> Answer<Report> {
    // With the indexes, which a quick check leaves out: one that lost a key lets it start a second run.
    let structure: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    match check_contents(connection) {
        named @ Err(Fault::Journal(JournalError::Corrupt { run: Some(_), .. })) => named,
        found if structure == "ok" => found,
        Ok(_) | Err(_) => Err(JournalError::damaged(structure).into()),
    }
}

fn check_contents(connection: &Connection) -> Answer<Report> {
    let scan = scan(connection, Roots::All)?;
    let mut numbers: Vec<u64> = scan.frames.keys().copied().collect();
    numbers.sort_unstable();
    let mut payloads = 0;
    for run in &numbers {
        payloads += check_run(connection, *run, scan.frames[run])?;
    }
    let runs = scan.runs();
    check_strays(connection, runs, payloads)?;
    Ok(Report { frames: scan.frontier.size(), runs, payloads, root: scan.frontier.root() })
}

/// One run: frames, payloads and row agree. Gives the number of payloads.
fn check_run(connection: &Connection, number: u64, count: u32) -> Answer<u64> {
    let name = query::name(connection, number);
    let damaged = |frame, what: String| JournalError::Corrupt { run: Some(name), frame, what };
    let frames = query::frames(connection, number)?;
    if frames.len() != count as usize {
        return Err(damaged(None, format!("the run has {count} frames and its index {}", frames.len())).into());
    }
    if number != 0 {
        let row = query::run(connection, number)?.ok_or_else(|| damaged(None, "the run is missing from the list of runs".into()))?;
        check_row(&row, &frames).map_err(|what| damaged(None, what))?;
    }
    check_payloads(connection, name, &frames)
}

/// Every reference has its payload, every payload its reference, and the commitments agree.
fn check_payloads(connection: &Connection, name: RunName, frames: &[(u64, Frame)]) -> Answer<u64> {
    let damaged = |frame, what: String| JournalError::Corrupt { run: Some(name), frame, what };
    let mut wanted: BTreeMap<u32, (Digest, u64)> = BTreeMap::new();
    for (position, frame) in frames {
        for Ref { number, commitment } in references(frame) {
            let (first, _) = wanted.entry(number).or_insert((commitment, *position));
            if *first != commitment {
                return Err(damaged(Some(*position), format!("payload {number} has two commitments")).into());
            }
        }
    }
    let payloads = query::payloads(connection, name.number)?;
    for payload in &payloads {
        match wanted.remove(&payload.number) {
            None => return Err(damaged(None, format!("no frame refers to payload {}", payload.number)).into()),
            Some((commitment, position)) if payload.reference().commitment != commitment => {
                return Err(damaged(Some(position), format!("payload {} is not the one that was committed to", payload.number)).into());
            }
            Some(_) => {}
        }
    }
    match wanted.pop_first() {
        Some((number, (_, position))) => Err(damaged(Some(position), format!("payload {number} is missing")).into()),
        None => Ok(payloads.len() as u64),
    }
}

fn references(frame: &Frame) -> Vec<Ref> {
    match &frame.record {
        Record::Run(event) => refs(event),
        Record::Registered(document) => vec![document.content],
        Record::Opened(_) => vec![],
    }
}

/// Whether the run's row is what its frames make of it. The key is not in the frames, the plan's name neither.
fn check_row(row: &RunRow, frames: &[(u64, Frame)]) -> Result<(), String> {
    let Some((_, first)) = frames.first() else { return Err("the run has no frames".into()) };
    match first.event() {
        Some(Event::RunStarted(started)) if started.run == row.id => {}
        Some(_) | None => return Err("the run's first frame does not start it under its id".into()),
    }
    let mut expected = RunRow { status: RunStatus::Open, started: first.at, ended: None, frames: 0, ..row.clone() };
    for (_, frame) in frames {
        advance(&mut expected, frame.at, frame.event().map_or(&[], std::slice::from_ref));
    }
    if expected == *row { Ok(()) } else { Err(format!("the list of runs says {}, its frames say {}", summary(row), summary(&expected))) }
}

fn summary(row: &RunRow) -> String {
    let ended = row.ended.map(|at| at.0);
    format!("{} with {} frames from {} to {ended:?}", row.status, row.frames, row.started.0)
}

/// Rows of runs that have no frames. Every other row was counted.
fn check_strays(connection: &Connection, runs: u64, payloads: u64) -> Answer<()> {
    let tables = [("runs", runs, "the run is listed and has no frames"), ("payloads", payloads, "the run has payloads and no frames")];
    for (table, counted, what) in tables {
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        if rows.cast_unsigned() == counted {
            continue;
        }
        let stray = format!("SELECT min(run) FROM {table} WHERE run NOT IN (SELECT run FROM frames)");
        let stray: Option<i64> = connection.query_row(&stray, [], |row| row.get(0))?;
        let run = stray.map(|run| query::name(connection, run.cast_unsigned()));
        return Err(JournalError::Corrupt { run, frame: None, what: what.into() }.into());
    }
    Ok(())
}
