//! The tables of a journal's file in the present format, and how a file of an earlier one gets them.
//!
//! A format is never edited: a change of tables is a new one, with a step that lifts a file to it. Tables that only repeat
//! what frames and payloads say (`runs`, `reviews`) are filled from these, by the step as by the writer.

use rusqlite::{Connection, TransactionBehavior};

use crate::query::{self, Answer};
use crate::request::Asked;
use crate::schema::FORMAT;
use crate::{JournalError, PayloadKind, review_table};

pub(crate) const TABLES: &str = "
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE frames(pos INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE UNIQUE INDEX frames_by_run ON frames(run, seq);
    CREATE TABLE payloads(run INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, salt BLOB NOT NULL,
        bytes BLOB NOT NULL, content BLOB, PRIMARY KEY(run, number)) WITHOUT ROWID;
    CREATE TABLE runs(run INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT UNIQUE, plan TEXT NOT NULL,
        status TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, frames INTEGER NOT NULL, user TEXT, thread TEXT, removed TEXT);
    CREATE INDEX runs_by_status ON runs(status, run);
    CREATE INDEX runs_by_plan ON runs(plan, run);
    CREATE TABLE commits(size INTEGER PRIMARY KEY, root BLOB NOT NULL);
";

/// What format 2 has besides. `payloads.content` is the digest of bytes that lie in `contents`, once for all payloads that
/// hold them; `snapshots` keeps the tree's right edge, so that opening a long journal need not read all of it.
pub(crate) const SINCE_2: &str = "
    CREATE INDEX runs_by_user ON runs(user, run) WHERE user IS NOT NULL;
    CREATE INDEX runs_by_thread ON runs(thread, run) WHERE thread IS NOT NULL;
    CREATE TABLE contents(digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
    CREATE INDEX payloads_by_content ON payloads(content) WHERE content IS NOT NULL;
    CREATE TABLE snapshots(size INTEGER PRIMARY KEY, peaks BLOB NOT NULL);
";

const COLUMNS_OF_2: &str = "
    ALTER TABLE runs ADD COLUMN user TEXT;
    ALTER TABLE runs ADD COLUMN thread TEXT;
    ALTER TABLE runs ADD COLUMN removed TEXT;
    ALTER TABLE payloads ADD COLUMN content BLOB;
";

/// Lifts a file from one format to the next.
struct Step {
    from: u32,
    lift: fn(&Connection) -> Answer<()>,
}

const STEPS: &[Step] = &[Step { from: 1, lift: to_2 }];

/// Brings a file to the present format, in one transaction: a crash leaves the earlier one whole.
pub(crate) fn migrate(connection: &mut Connection) -> Answer<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut format = query::format(&transaction)?;
    while format < FORMAT {
        let step = STEPS.iter().find(|step| step.from == format);
        let step = step.ok_or_else(|| JournalError::damaged(format!("there never was a format {format}")))?;
        (step.lift)(&transaction)?;
        format += 1;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute("UPDATE meta SET value = ?1 WHERE key = 'format'", [FORMAT.to_string()])?;
    Ok(transaction.commit()?)
}

/// The list of runs learns who asked, from the requests; what people are asked is listed, from the frames. Large payloads stay where they are.
fn to_2(connection: &Connection) -> Answer<()> {
    connection.execute_batch(COLUMNS_OF_2)?;
    connection.execute_batch(SINCE_2)?;
    connection.execute_batch(review_table::TABLE)?;
    review_table::insert(connection, &review_table::from_frames(connection)?)?;
    let mut requests = connection.prepare("SELECT run, bytes FROM payloads WHERE kind = ?1")?;
    let mut update = connection.prepare("UPDATE runs SET user = ?2, thread = ?3 WHERE run = ?1")?;
    let mut rows = requests.query([PayloadKind::Request as u8])?;
    while let Some(row) = rows.next()? {
        let run: i64 = row.get(0)?;
        let asked = query::blob(row, 1).and_then(|bytes| Ok(Asked::of(bytes)?));
        let Asked { user, thread } = asked.map_err(|fault| query::place(fault, query::name(connection, run.cast_unsigned()), None))?;
        update.execute((run, user, thread))?;
    }
    Ok(())
}
