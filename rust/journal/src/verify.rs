//! Verification: recomputes everything that a journal claims about itself. The first disagreement is the answer.
//! It reads one consistent state of the file, also while the owner goes on writing, and repairs nothing.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_kernel::{Digest, Event, Ref};
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::error::RunName;
use crate::frame::{Frame, Record};
use crate::live::advance;
use crate::query::{self, Answer, Fault};
use crate::refs::refs;
use crate::scan::{Extent, scan};
use crate::sealing::{Keys, Shut, Stored};
use crate::{Asked, JournalError, PayloadKind, Progress, Reader, Removed, RemovedWhy, ReviewRow, RunRow, RunStatus, review_table};

/// What was found to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub frames: u64,
    pub runs: u64,
    /// Payloads that are there, and are those that were committed to.
    pub payloads: u64,
    /// Payloads that are gone, as a frame says: they were erased for a user, or pruned with age.
    pub erased: u64,
    pub pruned: u64,
    /// Of the payloads, how many are encrypted. Of these, how many were not looked into for want of a key, and how many nobody can
    /// read any more, because the key of whom they belonged to was deleted.
    pub encrypted: u64,
    pub unread: u64,
    pub unreadable: u64,
    /// The Merkle root over all frames.
    pub root: Digest,
}

/// Recomputes checksums, numbering, Merkle roots, commitments and the list of runs.
pub fn verify(path: impl AsRef<Path>) -> Result<Report, JournalError> {
    Reader::open(path)?.ask(|connection| {
        let snapshot = connection.unchecked_transaction()?;
        check(&snapshot, &Progress::default(), &Keys::default())
    })
}

pub(crate) fn check(connection: &Connection, progress: &Progress, keys: &Keys) -> Answer<Report> {
    // With the indexes, which a quick check leaves out: one that lost a key lets it start a second run.
    let structure: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    match check_runs(connection, progress, keys) {
        named @ Err(Fault::Journal(JournalError::Corrupt { run: Some(_), .. })) => named,
        found if structure == "ok" => found,
        Ok(_) | Err(_) => Err(JournalError::damaged(structure).into()),
    }
}

fn check_runs(connection: &Connection, progress: &Progress, keys: &Keys) -> Answer<Report> {
    let scan = scan(connection, Extent::All)?;
    let mut numbers: Vec<u64> = scan.frames.keys().copied().collect();
    numbers.sort_unstable();
    let removals = Removals::read(connection, &scan.frames)?;
    progress.expect(numbers.len() as u64);
    let runs = numbers.iter().filter(|run| **run != 0).count() as u64;
    let root = scan.frontier.root();
    let (frames, payloads, erased, pruned) = (scan.frontier.size(), 0, 0, 0);
    let mut report = Report { frames, runs, payloads, erased, pruned, encrypted: 0, unread: 0, unreadable: 0, root };
    for run in &numbers {
        let (there, gone) = check_run(connection, *run, scan.frames[run], removals.why(*run), keys)?;
        report.payloads += there.len() as u64;
        for one in &there {
            match one {
                Stored::Plain(_) => {}
                Stored::Opened(_) => report.encrypted += 1,
                Stored::Shut { why: Shut::NoKey, .. } => (report.encrypted, report.unread) = (report.encrypted + 1, report.unread + 1),
                Stored::Shut { why: Shut::Erased, .. } => {
                    (report.encrypted, report.unreadable) = (report.encrypted + 1, report.unreadable + 1);
                }
            }
        }
        match removals.why(*run) {
            Some(RemovedWhy::Erased) => report.erased += gone,
            Some(RemovedWhy::Pruned) | None => report.pruned += gone, // without a removal nothing is gone
        }
        progress.step();
    }
    check_strays(connection, runs, report.payloads)?;
    check_contents(connection)?;
    Ok(report)
}

/// Which runs' payloads were removed, as the journal's own records say. Erasing says more than pruning.
struct Removals(FxHashMap<u64, RemovedWhy>);

impl Removals {
    fn read(connection: &Connection, known: &FxHashMap<u64, u32>) -> Answer<Self> {
        let mut found = FxHashMap::default();
        for (position, frame) in query::frames(connection, 0)? {
            let Record::Removed(Removed { why, runs, .. }) = frame.record else { continue };
            for run in runs.into_iter().flat_map(|(first, last)| first..=last) {
                if run == 0 || !known.contains_key(&run) {
                    let (name, what) = (RunName { number: 0, id: None }, format!("run {run} can't have been {why}: there is none"));
                    return Err(JournalError::Corrupt { run: Some(name), frame: Some(position), what }.into());
                }
                let entry = found.entry(run).or_insert(why);
                *entry = why.max(*entry);
            }
        }
        Ok(Self(found))
    }

    fn why(&self, run: u64) -> Option<RemovedWhy> {
        self.0.get(&run).copied()
    }
}

/// One run: frames, payloads and row agree. Gives the payloads that are there, and how many are gone.
fn check_run(connection: &Connection, number: u64, count: u32, removed: Option<RemovedWhy>, keys: &Keys) -> Answer<(Vec<Stored>, u64)> {
    let name = query::name(connection, number);
    let damaged = |frame, what: String| JournalError::Corrupt { run: Some(name), frame, what };
    let frames = query::frames(connection, number)?;
    if frames.len() != count as usize {
        return Err(damaged(None, format!("the run has {count} frames and its index {}", frames.len())).into());
    }
    let wanted = wanted(name, &frames)?;
    let payloads = query::stored(connection, number, keys)?;
    let gone = match removed {
        None => check_payloads(name, wanted, &payloads).map(|()| 0)?,
        Some(why) => match payloads.first() {
            Some(left) => return Err(damaged(None, format!("payload {} is there although the run was {why}", left.number())).into()),
            None => wanted.len() as u64,
        },
    };
    if number != 0 {
        let row = query::run(connection, number)?.ok_or_else(|| damaged(None, "the run is missing from the list of runs".into()))?;
        check_row(&row, &frames, removed).map_err(|what| damaged(None, what))?;
        check_asked(connection, &row, &frames, &payloads)?;
        check_reviews(connection, &row, &frames)?;
    }
    Ok((payloads, gone))
}

/// What the frames refer to: by number, the commitment and the frame that made it first.
type Wanted = BTreeMap<u32, (Digest, u64)>;

fn wanted(name: RunName, frames: &[(u64, Frame)]) -> Answer<Wanted> {
    let damaged = |frame, what: String| JournalError::Corrupt { run: Some(name), frame, what };
    let mut wanted = Wanted::new();
    for (position, frame) in frames {
        for Ref { number, commitment } in references(frame) {
            let (first, _) = wanted.entry(number).or_insert((commitment, *position));
            if *first != commitment {
                return Err(damaged(Some(*position), format!("payload {number} has two commitments")).into());
            }
        }
    }
    Ok(wanted)
}

/// Every reference has its payload, every payload its reference, and the commitments agree.
fn check_payloads(name: RunName, mut wanted: Wanted, payloads: &[Stored]) -> Answer<()> {
    let damaged = |frame, what: String| JournalError::Corrupt { run: Some(name), frame, what };
    for payload in payloads {
        let number = payload.number();
        match wanted.remove(&number) {
            None => return Err(damaged(None, format!("no frame refers to payload {number}")).into()),
            Some((commitment, position)) if payload.payload().is_some_and(|found| found.reference().commitment != commitment) => {
                return Err(damaged(Some(position), format!("payload {number} is not the one that was committed to")).into());
            }
            Some(_) => {}
        }
    }
    match wanted.pop_first() {
        Some((number, (_, position))) => Err(damaged(Some(position), format!("payload {number} is missing")).into()),
        None => Ok(()),
    }
}

fn references(frame: &Frame) -> Vec<Ref> {
    match &frame.record {
        Record::Run(event) => refs(event),
        Record::Registered(document) => vec![document.content],
        Record::Opened(_) | Record::Removed(_) => vec![],
    }
}

/// Whether the run's row is what its frames make of it. The key is not in the frames, the plan's name neither.
fn check_row(row: &RunRow, frames: &[(u64, Frame)], removed: Option<RemovedWhy>) -> Result<(), String> {
    let Some((_, first)) = frames.first() else { return Err("the run has no frames".into()) };
    match first.event() {
        Some(Event::RunStarted(started)) if started.run == row.id => {}
        Some(_) | None => return Err("the run's first frame does not start it under its id".into()),
    }
    let mut expected = RunRow { status: RunStatus::Open, started: first.at, ended: None, frames: 0, ..row.clone() };
    if row.removed != removed {
        let word = |why: Option<RemovedWhy>| why.map_or("whole", RemovedWhy::word);
        return Err(format!(
            "the list of runs says that the run is {}, the journal's own records say {}",
            word(row.removed),
            word(removed)
        ));
    }
    if removed == Some(RemovedWhy::Erased) && (row.key.is_some() || row.user.is_some() || row.thread.is_some()) {
        return Err("the list of runs names the key, the user or the thread of an erased run".into());
    }
    for (_, frame) in frames {
        advance(&mut expected, frame.at, frame.event().map_or(&[], std::slice::from_ref));
    }
    if expected == *row { Ok(()) } else { Err(format!("the list of runs says {}, its frames say {}", summary(row), summary(&expected))) }
}

/// Whether the list of runs names the user and the thread that the request names.
fn check_asked(connection: &Connection, row: &RunRow, frames: &[(u64, Frame)], payloads: &[Stored]) -> Answer<()> {
    if query::format(connection)? == 1 {
        return Ok(()); // it does not list them
    }
    if row.removed.is_some() {
        return Ok(()); // what the request said is gone
    }
    if payloads.iter().any(|payload| matches!(payload, Stored::Shut { kind: PayloadKind::Request, .. })) {
        return Ok(()); // what it said can't be read
    }
    let request = payloads.iter().filter_map(Stored::payload).find(|payload| payload.kind == PayloadKind::Request);
    let asked = request.map(|request| Asked::of(&request.bytes)).transpose();
    let name = RunName { number: row.number, id: Some(row.id) };
    let mut asked = asked.map_err(|cause| cause.at(name, None))?.unwrap_or_default();
    if frames.iter().any(|(_, frame)| matches!(frame.event(), Some(Event::RunDerived(_)))) {
        asked.thread = None; // a fork is no part of the conversation
    }
    if asked == (Asked { user: row.user.clone(), thread: row.thread.clone() }) {
        return Ok(());
    }
    let what = "the list of runs names another user or thread than the run's request".into();
    Err(JournalError::Corrupt { run: Some(name), frame: None, what }.into())
}

/// Whether the list of open reviews says what the frames say.
fn check_reviews(connection: &Connection, row: &RunRow, frames: &[(u64, Frame)]) -> Answer<()> {
    if query::format(connection)? == 1 {
        return Ok(()); // it has no such list
    }
    let (listed, told) = (review_table::of_run(connection, row.number)?, review_table::told(row, frames.iter().map(|(_, frame)| frame)));
    if listed == told {
        return Ok(());
    }
    let numbers = |rows: &[ReviewRow]| rows.iter().map(|row| row.review.to_string()).collect::<Vec<_>>().join(", ");
    let what = format!(
        "the list of open reviews says something else than the run's frames (it has {:?}, they have {:?})",
        numbers(&listed),
        numbers(&told)
    );
    Err(JournalError::Corrupt { run: Some(RunName { number: row.number, id: Some(row.id) }), frame: None, what }.into())
}

fn summary(row: &RunRow) -> String {
    let ended = row.ended.map(|at| at.0);
    format!("{} with {} frames from {} to {ended:?}", row.status, row.frames, row.started.0)
}

/// Contents that are held once: each is the one that its digest says, and some payload holds it.
fn check_contents(connection: &Connection) -> Answer<()> {
    if query::format(connection)? == 1 {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT digest, bytes, EXISTS (SELECT 1 FROM payloads WHERE content = digest) FROM contents")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (digest, bytes) = (query::blob(row, 0)?, query::blob(row, 1)?);
        let what = if Sha256::digest(bytes).as_slice() != digest {
            "is not the one that its digest says"
        } else if row.get(2)? {
            continue;
        } else {
            "belongs to no payload"
        };
        return Err(JournalError::damaged(format!("content {} {what}", query::hex(digest))).into());
    }
    Ok(())
}

/// Rows of runs that have no frames. Every other row was counted.
fn check_strays(connection: &Connection, runs: u64, payloads: u64) -> Answer<()> {
    let tables = [("runs", runs, "the run is listed and has no frames"), ("payloads", payloads, "the run has payloads and no frames")];
    if query::format(connection)? > 1 {
        let stray = "SELECT min(run) FROM reviews WHERE run NOT IN (SELECT run FROM runs)";
        let stray: Option<i64> = connection.query_row(stray, [], |row| row.get(0))?;
        if let Some(run) = stray {
            let (run, what) = (RunName { number: run.cast_unsigned(), id: None }, "a review is listed of a run that there is not".into());
            return Err(JournalError::Corrupt { run: Some(run), frame: None, what }.into());
        }
    }
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
