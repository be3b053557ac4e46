//! Questions to the journal's tables. Each reads, checks what it read, and writes nothing.

use std::fmt::Write;
use std::path::Path;

use interlock_kernel::{Digest, Micros, RunId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql};

use crate::error::RunName;
use crate::frame::{self, Frame, Header, Place, Record};
use crate::sealing::{self, Keys, Opened, Shut, Stored};
use crate::{Gone, JournalError, Payload, PayloadKind, RunFilter, RunRow, RunStatus, codec};

/// SQLite's errors and ours, until the reader puts the file's path to the former.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Journal(JournalError),
}

impl Fault {
    /// SQLite's errors under the file's name.
    pub(crate) fn of(self, path: &Path) -> JournalError {
        match self {
            Self::Sql(cause) => JournalError::store(path, cause),
            Self::Journal(cause) => cause,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sql(cause)
    }
}

impl From<JournalError> for Fault {
    fn from(cause: JournalError) -> Self {
        Self::Journal(cause)
    }
}

pub(crate) type Answer<T> = Result<T, Fault>;

/// The file's format. A file of format 1 is read as it is while nobody owns it; its owner lifts it.
pub(crate) fn format(connection: &Connection) -> Answer<u32> {
    Ok(connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?)
}

fn run_columns(connection: &Connection) -> Answer<&'static str> {
    Ok(match format(connection)? {
        1 => "run, id, key, plan, status, started, ended, frames, NULL, NULL, NULL",
        _ => "run, id, key, plan, status, started, ended, frames, user, thread, removed",
    })
}

pub(crate) fn run(connection: &Connection, number: u64) -> Answer<Option<RunRow>> {
    one_run(connection, "WHERE run = ?1", [number.cast_signed()])
}

pub(crate) fn by_id(connection: &Connection, id: RunId) -> Answer<Option<RunRow>> {
    one_run(connection, "WHERE id = ?1", [id.to_string()])
}

pub(crate) fn by_key(connection: &Connection, key: &str) -> Answer<Option<RunRow>> {
    one_run(connection, "WHERE key = ?1", [key])
}

/// At most `limit` runs whose id starts with a text, oldest first. Ids are letters and digits, all of them before `~`.
pub(crate) fn by_prefix(connection: &Connection, prefix: &str, limit: usize) -> Answer<Vec<RunRow>> {
    let columns = run_columns(connection)?;
    let mut statement =
        connection.prepare_cached(&format!("SELECT {columns} FROM runs WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2"))?;
    let mut rows = statement.query((prefix, i64::try_from(limit).unwrap_or(-1)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(run_row(row)?);
    }
    Ok(found)
}

fn one_run(connection: &Connection, condition: &str, parameters: impl Params) -> Answer<Option<RunRow>> {
    let columns = run_columns(connection)?;
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM runs {condition}"))?;
    statement.query_row(parameters, |row| Ok(run_row(row))).optional()?.transpose()
}

/// Newest first.
pub(crate) fn runs(connection: &Connection, filter: &RunFilter) -> Answer<Vec<RunRow>> {
    let moment = |at: Micros| at.0.cast_signed();
    let (status, plan) = (filter.status.map(RunStatus::word), filter.plan.as_deref());
    let (since, until, ended_before) = (filter.since.map(moment), filter.until.map(moment), filter.ended_before.map(moment));
    let limit = filter.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1); // SQLite's word for no limit
    let given: [(&str, Option<&dyn ToSql>); 7] = [
        ("status = ?", status.as_ref().map(|word| word as _)),
        ("plan = ?", plan.as_ref().map(|plan| plan as _)),
        ("user = ?", filter.user.as_ref().map(|user| user as _)),
        ("thread = ?", filter.thread.as_ref().map(|thread| thread as _)),
        ("started >= ?", since.as_ref().map(|at| at as _)),
        ("started < ?", until.as_ref().map(|at| at as _)),
        ("ended < ?", ended_before.as_ref().map(|at| at as _)),
    ];
    let (mut conditions, mut values): (Vec<_>, Vec<_>) = given.into_iter().filter_map(|(what, value)| Some((what, value?))).unzip();
    values.push(&limit);
    let (columns, format) = (run_columns(connection)?, format(connection)?);
    if filter.whole && format > 1 {
        conditions.push("removed IS NULL");
    }
    if format == 1 && (filter.user.is_some() || filter.thread.is_some()) {
        let what = "the file has format 1, which does not list runs by user or thread: open it with a runtime once";
        return Err(JournalError::Misused { what: what.into() }.into());
    }
    let condition = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM runs {condition} ORDER BY run DESC LIMIT ?"))?;
    let mut rows = statement.query(values.as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(run_row(row)?);
    }
    Ok(found)
}

/// Newest first.
pub(crate) fn unfinished(connection: &Connection) -> Answer<Vec<RunRow>> {
    let mut found = Vec::new();
    for status in RunStatus::ALL.into_iter().filter(|status| !status.is_over()) {
        found.extend(runs(connection, &RunFilter { status: Some(status), ..RunFilter::default() })?);
    }
    found.sort_unstable_by_key(|row| std::cmp::Reverse(row.number));
    Ok(found)
}

/// As `unfinished`, one at a time and in no order: there may be many.
pub(crate) fn each_unfinished(connection: &Connection, mut visit: impl FnMut(RunRow) -> Answer<()>) -> Answer<()> {
    let columns = run_columns(connection)?;
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM runs WHERE status = ?1"))?;
    for status in RunStatus::ALL.into_iter().filter(|status| !status.is_over()) {
        let mut rows = statement.query([status.word()])?;
        while let Some(row) = rows.next()? {
            visit(run_row(row)?)?;
        }
    }
    Ok(())
}

fn run_row(row: &Row<'_>) -> Answer<RunRow> {
    let number = row.get::<_, i64>(0)?.cast_unsigned();
    let damaged = |what: String| JournalError::damaged(what).at(RunName { number, id: None }, None);
    let frames: i64 = row.get(7)?;
    Ok(RunRow {
        number,
        id: row.get_ref(1)?.as_str().map_err(|cause| damaged(cause.to_string()))?.parse().map_err(damaged)?,
        key: row.get(2)?,
        plan: row.get(3)?,
        status: row.get_ref(4)?.as_str().map_err(|cause| damaged(cause.to_string()))?.parse().map_err(damaged)?,
        started: Micros(row.get::<_, i64>(5)?.cast_unsigned()),
        ended: row.get::<_, Option<i64>>(6)?.map(|at| Micros(at.cast_unsigned())),
        frames: u32::try_from(frames).map_err(|_| damaged(format!("the run can't have {frames} frames")))?,
        user: row.get(8)?,
        thread: row.get(9)?,
        removed: row.get::<_, Option<String>>(10)?.map(|word| word.parse().map_err(damaged)).transpose()?,
    })
}

/// How many runs have frames: by the index, from one run to the next, so that it takes time by runs and not by frames.
const WITH_FRAMES: &str = "WITH RECURSIVE found(run) AS (SELECT min(run) FROM frames WHERE run > 0 UNION ALL
    SELECT (SELECT min(run) FROM frames WHERE run > found.run) FROM found WHERE found.run IS NOT NULL) SELECT count(run) FROM found";

/// Whether the list of runs is whole: it has every run that has frames, and its indexes find every row. An index that lost one
/// would let a key start a second run.
pub(crate) fn check_list(connection: &Connection) -> Answer<()> {
    let found: String = connection.query_row("PRAGMA integrity_check(runs)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(JournalError::damaged(format!("the list of runs: {found}")).into());
    }
    let listed: i64 = connection.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
    let runs: i64 = connection.query_row(WITH_FRAMES, [], |row| row.get(0))?;
    if listed != runs {
        return Err(JournalError::damaged(format!("the list has {listed} runs and {runs} have frames")).into());
    }
    Ok(())
}

/// The highest number that a run has.
pub(crate) fn last_run(connection: &Connection) -> Answer<u64> {
    let last: Option<i64> = connection.query_row("SELECT max(run) FROM runs", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// How messages name a run. A run without a readable row has a number only.
pub(crate) fn name(connection: &Connection, number: u64) -> RunName {
    RunName { number, id: run(connection, number).ok().flatten().map(|row| row.id) }
}

/// A run's frames in their order, each with its position in the file.
pub(crate) fn frames(connection: &Connection, run: u64) -> Answer<Vec<(u64, Frame)>> {
    let mut statement = connection.prepare_cached("SELECT pos, seq, bytes FROM frames WHERE run = ?1 ORDER BY seq")?;
    let mut rows = statement.query([run.cast_signed()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let position = row.get::<_, i64>(0)?.cast_unsigned();
        let decoded = blob(row, 2).and_then(|bytes| {
            check_frame(bytes, run, row.get::<_, i64>(1)?, found.len())?;
            Ok(codec::decode(bytes)?)
        });
        found.push((position, decoded.map_err(|fault| place(fault, name(connection, run), Some(position)))?));
    }
    Ok(found)
}

/// How many frames a run has, by the index.
pub(crate) fn count_frames(connection: &Connection, run: u64) -> Answer<u64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM frames WHERE run = ?1")?;
    Ok(statement.query_row([run.cast_signed()], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

/// Checks a frame against its columns and its predecessor's number. Gives its header.
pub(crate) fn check_frame(bytes: &[u8], run: u64, seq: i64, expected: usize) -> Answer<Header> {
    let (header, _) = frame::open(bytes)?;
    let Place { run: own, seq: number, .. } = header.place;
    if own != run || i64::from(number) != seq {
        let what = format!("the frame says run {own}, frame {number}, and stands at run {run}, frame {seq}");
        return Err(JournalError::damaged(what).into());
    }
    if usize::try_from(number) != Ok(expected) {
        return Err(JournalError::damaged(format!("frame {expected} of the run is missing, frame {number} follows")).into());
    }
    Ok(header)
}

/// Payloads with their bytes, also where these lie apart. Only the join tells bytes that are empty from bytes that are gone.
fn payload_columns(connection: &Connection) -> Answer<&'static str> {
    Ok(match format(connection)? {
        1 => "SELECT number, kind, salt, bytes, NULL, NULL FROM payloads",
        _ => "SELECT number, kind, salt, p.bytes, content, c.bytes FROM payloads p LEFT JOIN contents c ON c.digest = content",
    })
}

/// A run's payloads as they stand, opened where there is a key.
pub(crate) fn stored(connection: &Connection, run: u64, keys: &Keys) -> Answer<Vec<Stored>> {
    let columns = payload_columns(connection)?;
    let mut statement = connection.prepare_cached(&format!("{columns} WHERE run = ?1 ORDER BY number"))?;
    let mut rows = statement.query([run.cast_signed()])?;
    let (mut found, mut opened) = (Vec::new(), Opened::default());
    while let Some(row) = rows.next()? {
        found.push(payload(row, run, keys, &mut opened).map_err(|fault| place(fault, name(connection, run), None))?);
    }
    Ok(found)
}

/// A run's payloads. All of them can be read, or it says why not.
pub(crate) fn payloads(connection: &Connection, run: u64, keys: &Keys) -> Answer<Vec<Payload>> {
    stored(connection, run, keys)?.into_iter().map(|one| readable_or(one, || name(connection, run))).collect()
}

/// Those of a run's payloads that can be read.
pub(crate) fn readable(connection: &Connection, run: u64, keys: &Keys) -> Answer<Vec<Payload>> {
    let readable = |one| match one {
        Stored::Plain(payload) | Stored::Opened(payload) => Some(payload),
        Stored::Shut { .. } => None,
    };
    Ok(stored(connection, run, keys)?.into_iter().filter_map(readable).collect())
}

fn readable_or(stored: Stored, run: impl Fn() -> RunName) -> Answer<Payload> {
    match stored {
        Stored::Plain(payload) | Stored::Opened(payload) => Ok(payload),
        Stored::Shut { why: Shut::NoKey, .. } => Err(JournalError::Encrypted { run: run() }.into()),
        Stored::Shut { why: Shut::Erased, .. } => Err(JournalError::KeyErased { run: run() }.into()),
    }
}

fn payload(row: &Row<'_>, run: u64, keys: &Keys, opened: &mut Opened) -> Answer<Stored> {
    let (number, kind): (i64, i64) = (row.get(0)?, row.get(1)?);
    let damaged = |what: &str| JournalError::damaged(format!("payload {number} {what}"));
    let bytes = match (blob(row, 3)?, row.get_ref(4)?, row.get_ref(5)?) {
        (bytes, ValueRef::Null, _) | (b"", ValueRef::Blob(_), ValueRef::Blob(bytes)) => bytes,
        (_, ValueRef::Blob(digest), ValueRef::Null) => return Err(damaged(&format!("lacks its content {}", hex(digest))).into()),
        (_, _, _) => return Err(damaged("has a content and bytes of its own").into()),
    };
    let kind = u8::try_from(kind).ok().and_then(PayloadKind::from_number).ok_or_else(|| damaged("is of no known kind"))?;
    let number = u32::try_from(number).map_err(|_| damaged("has no possible number"))?;
    let salt = blob(row, 2)?;
    match salt.try_into() {
        Ok(salt) => Ok(Stored::Plain(Payload { number, kind, salt, bytes: bytes.to_vec() })),
        Err(_) => keys.open(&sealing::Row { run, number, kind, key: salt, bytes }, opened),
    }
}

/// How many payloads a run has, and how long they are together.
pub(crate) fn weigh(connection: &Connection, run: u64) -> Answer<Gone> {
    let mut statement = connection.prepare_cached(match format(connection)? {
        1 => "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM payloads WHERE run = ?1",
        _ => {
            "SELECT count(*), coalesce(sum(length(coalesce(c.bytes, p.bytes)) - iif(length(salt) = 8, 44, 0)), 0)
            FROM payloads p LEFT JOIN contents c ON c.digest = content WHERE run = ?1"
        }
    })?;
    let (payloads, bytes): (i64, i64) = statement.query_row([run.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Gone { runs: 1, payloads: payloads.cast_unsigned(), bytes: bytes.cast_unsigned() })
}

/// The payload of run 0 that holds a document's text.
pub(crate) fn document(connection: &Connection, digest: &Digest, keys: &Keys) -> Answer<Option<Payload>> {
    let registered = frames(connection, 0)?.into_iter().rev().find_map(|(_, frame)| match frame.record {
        Record::Registered(document) => (document.digest == *digest).then_some(document.content.number),
        Record::Opened(_) | Record::Run(_) | Record::Removed(_) => None,
    });
    let Some(number) = registered else { return Ok(None) };
    let columns = payload_columns(connection)?;
    let mut statement = connection.prepare_cached(&format!("{columns} WHERE run = 0 AND number = ?1"))?;
    let found = statement.query_row([number], |row| Ok(payload(row, 0, keys, &mut Opened::default()))).optional()?.transpose()?;
    found.map(|one| readable_or(one, || RunName { number: 0, id: None })).transpose()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        _ = write!(digits, "{byte:02x}"); // a String takes all
        digits
    })
}

pub(crate) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Answer<&'a [u8]> {
    row.get_ref(column)?.as_blob().map_err(|cause| JournalError::damaged(format!("bytes are expected: {cause}")).into())
}

pub(crate) fn place(fault: Fault, run: RunName, position: Option<u64>) -> Fault {
    match fault {
        Fault::Sql(cause) => Fault::Sql(cause),
        Fault::Journal(cause) => Fault::Journal(cause.at(run, position)),
    }
}
