//! The list of open reviews in the journal's file: kept by the writer in the transaction that writes the frames, read by anybody.

use std::collections::BTreeMap;

use interlock_kernel::{Micros, ReviewVerdict, RunId};
use rusqlite::{Connection, Row, ToSql};
use rustc_hash::FxHashSet;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RunName;
use crate::query::{self, Answer};
use crate::reviews::{Asks, News, ReviewFilter, ReviewRow, advance, news};
use crate::{Frame, JournalError, RunRow};

pub(crate) const TABLE: &str = "
    CREATE TABLE reviews(run INTEGER NOT NULL, review INTEGER NOT NULL, id TEXT NOT NULL, plan TEXT NOT NULL, opened INTEGER NOT NULL,
        due INTEGER, why TEXT NOT NULL, subject TEXT NOT NULL, tool TEXT, role TEXT, person TEXT, approvals INTEGER NOT NULL,
        signed INTEGER NOT NULL, proposal TEXT, claimed_by TEXT, claimed_until INTEGER, PRIMARY KEY(run, review)) WITHOUT ROWID;
    CREATE INDEX reviews_by_age ON reviews(opened, id, review);
    CREATE INDEX reviews_by_due ON reviews(due) WHERE due IS NOT NULL;
";

const COLUMNS: &str =
    "run, review, id, plan, opened, due, why, subject, tool, role, person, approvals, signed, proposal, claimed_by, claimed_until";
const INSERT: &str = "INSERT INTO reviews(run, review, id, plan, opened, due, why, subject, tool, role, person, approvals, signed,
    proposal, claimed_by, claimed_until) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// Brings the list up to what runs' events say. `rows` holds the runs, lowest number first.
pub(crate) fn write(connection: &Connection, told: &[(u64, Micros, News)], rows: &[RunRow]) -> Answer<()> {
    let mut open: BTreeMap<u64, Vec<ReviewRow>> = BTreeMap::new();
    for (run, at, news) in told {
        let Ok(place) = rows.binary_search_by_key(run, |row| row.number) else { continue };
        if !open.contains_key(run) {
            open.insert(*run, of_run(connection, *run)?);
        }
        if let Some(open) = open.get_mut(run) {
            advance(open, &rows[place], *at, news);
        }
    }
    for (run, open) in &open {
        connection.prepare_cached("DELETE FROM reviews WHERE run = ?1")?.execute([run.cast_signed()])?;
        insert(connection, open)?;
    }
    Ok(())
}

pub(crate) fn insert(connection: &Connection, rows: &[ReviewRow]) -> Answer<()> {
    let moment = |at: Micros| at.0.cast_signed();
    let mut insert = connection.prepare_cached(INSERT)?;
    for row in rows {
        let proposal = row.proposal.as_ref().map(serde_json::to_string).transpose().map_err(|cause| damaged(&cause))?;
        let (claimed_by, until) = row.claim.as_ref().map(|(by, until)| (&**by, moment(*until))).unzip();
        let values: [&dyn ToSql; 16] = [
            &row.run.cast_signed(),
            &row.review,
            &row.id.to_string(),
            &&*row.plan,
            &moment(row.opened),
            &row.due.map(moment),
            &word(&row.why)?,
            &row.subject.word(),
            &row.tool.as_deref(),
            &row.role.as_deref(),
            &row.person.as_deref(),
            &row.approvals,
            &row.signed,
            &proposal,
            &claimed_by,
            &until,
        ];
        insert.execute(values)?;
    }
    Ok(())
}

/// A run's open reviews, by number.
pub(crate) fn of_run(connection: &Connection, run: u64) -> Answer<Vec<ReviewRow>> {
    let sql = format!("SELECT {COLUMNS} FROM reviews WHERE run = ?1 ORDER BY review");
    read(connection, &sql, &[&run.cast_signed()])
}

/// Open reviews, oldest first. A file of format 1 has no list of them: they are looked for in the frames of its unfinished runs.
pub(crate) fn list(connection: &Connection, filter: &ReviewFilter) -> Answer<Vec<ReviewRow>> {
    if query::format(connection)? == 1 {
        return Ok(filter.choose(from_frames(connection)?.into_iter()));
    }
    let (run, due) = (filter.run.map(|run| run.to_string()), filter.due_before.map(|at| at.0.cast_signed()));
    let after = filter.after.map(|(opened, run, review)| (opened.0.cast_signed(), run.to_string(), review));
    let limit = filter.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1); // SQLite's word for no limit
    let given: [(&str, Option<&dyn ToSql>); 5] = [
        ("role = ?", filter.role.as_ref().map(|role| role as _)),
        ("person = ?", filter.person.as_ref().map(|person| person as _)),
        ("plan = ?", filter.plan.as_ref().map(|plan| plan as _)),
        ("id = ?", run.as_ref().map(|run| run as _)),
        ("due < ?", due.as_ref().map(|due| due as _)),
    ];
    let (mut conditions, mut values): (Vec<_>, Vec<_>) = given.into_iter().filter_map(|(what, value)| Some((what, value?))).unzip();
    if let Some((opened, run, review)) = &after {
        conditions.push("(opened, id, review) > (?, ?, ?)");
        values.extend([opened as &dyn ToSql, run, review]);
    }
    values.push(&limit);
    let condition = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    let sql = format!("SELECT {COLUMNS} FROM reviews {condition} ORDER BY opened, id, review LIMIT ?");
    read(connection, &sql, &values)
}

/// When the first review of each run is due.
pub(crate) fn due(connection: &Connection) -> Answer<Vec<(u64, Micros)>> {
    let mut statement = connection.prepare_cached("SELECT run, min(due) FROM reviews WHERE due IS NOT NULL GROUP BY run")?;
    let found =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), Micros(row.get::<_, i64>(1)?.cast_unsigned()))))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The numbers of runs in which something is asked.
pub(crate) fn runs(connection: &Connection) -> Answer<FxHashSet<u64>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT run FROM reviews")?;
    let found = statement.query_map([], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// What the frames of unfinished runs say that people are asked.
pub(crate) fn from_frames(connection: &Connection) -> Answer<Vec<ReviewRow>> {
    let mut found = Vec::new();
    for row in query::unfinished(connection)? {
        found.extend(told(&row, query::frames(connection, row.number)?.iter().map(|(_, frame)| frame)));
    }
    Ok(found)
}

/// What a run's frames say that people are asked.
pub(crate) fn told<'a>(run: &RunRow, frames: impl Iterator<Item = &'a Frame>) -> Vec<ReviewRow> {
    let mut open = Vec::new();
    for frame in frames {
        for one in news(frame.event().map_or(&[], std::slice::from_ref)) {
            advance(&mut open, run, frame.at, &one);
        }
    }
    open.sort_unstable_by_key(|row| row.review);
    open
}

fn read(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Answer<Vec<ReviewRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let run = row.get::<_, i64>(0)?.cast_unsigned();
        found.push(one(row, run).map_err(|fault| query::place(fault, RunName { number: run, id: None }, None))?);
    }
    Ok(found)
}

fn one(row: &Row<'_>, run: u64) -> Answer<ReviewRow> {
    let moment = |at: i64| Micros(at.cast_unsigned());
    let id: RunId = row.get::<_, String>(2)?.parse().map_err(|cause: String| damaged(&cause))?;
    let subject: String = row.get(7)?;
    let subject = Asks::ALL.into_iter().find(|known| known.word() == subject);
    let proposal: Option<String> = row.get(13)?;
    let proposal: Option<(ReviewVerdict, Option<u32>)> =
        proposal.map(|text| serde_json::from_str(&text)).transpose().map_err(|cause| damaged(&cause))?;
    let claimed: (Option<std::sync::Arc<str>>, Option<i64>) = (row.get(14)?, row.get(15)?);
    Ok(ReviewRow {
        run,
        review: row.get(1)?,
        id,
        plan: row.get(3)?,
        opened: moment(row.get(4)?),
        due: row.get::<_, Option<i64>>(5)?.map(moment),
        why: meaning(row.get(6)?)?,
        subject: subject.ok_or_else(|| damaged(&"it is about nothing that is known"))?,
        tool: row.get(8)?,
        role: row.get(9)?,
        person: row.get(10)?,
        approvals: row.get(11)?,
        signed: row.get(12)?,
        proposal,
        claim: claimed.0.zip(claimed.1.map(moment)),
    })
}

/// The word that the kernel's events have for it, as in their JSON.
fn word(value: &impl Serialize) -> Result<String, JournalError> {
    let value = serde_json::to_value(value).map_err(|cause| damaged(&cause))?;
    value.as_str().map(ToOwned::to_owned).ok_or_else(|| damaged(&value))
}

fn meaning<T: DeserializeOwned>(word: String) -> Result<T, JournalError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|cause| damaged(&cause))
}

fn damaged(cause: &dyn std::fmt::Display) -> JournalError {
    JournalError::damaged(format!("an open review can't be read: {cause}"))
}
