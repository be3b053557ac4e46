//! The thread that writes. It takes all that is queued, writes it in one transaction, syncs it, and says so. It never
//! waits for more: what gathers while the disk syncs is the next group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use interlock_kernel::Digest;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::frame;
use crate::merkle::{self, Frontier};
use crate::queue::{Batch, Shared};
use crate::{JournalError, Payload, RunRow, schema};

const FRAME: &str = "INSERT INTO frames(pos, run, seq, bytes) VALUES(?1, ?2, ?3, ?4)";
const PAYLOAD: &str = "INSERT INTO payloads(run, number, kind, salt, bytes) VALUES(?1, ?2, ?3, ?4, ?5)";
const RUN: &str = "INSERT INTO runs(run, id, key, plan, status, started, ended, frames) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT(run) DO UPDATE SET status = excluded.status, ended = excluded.ended, frames = excluded.frames";
const COMMIT: &str = "INSERT INTO commits(size, root) VALUES(?1, ?2)";

pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub connection: Connection,
    pub frontier: Frontier,
    pub path: PathBuf,
}

impl Writer {
    pub(crate) fn spawn(self) -> Result<JoinHandle<()>, JournalError> {
        let (shared, path) = (Arc::clone(&self.shared), self.path.clone());
        let body = move || {
            // A panic here would leave everybody waiting; it becomes a failure that they are told.
            if catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
                shared.fail(JournalError::Misused { what: "the journal's writer panicked; this is a mistake in the journal".into() });
            }
        };
        Builder::new().name("interlock-journal".into()).spawn(body).map_err(|cause| JournalError::io(&path, cause))
    }

    fn run(mut self) {
        let mut batch = Batch::default();
        while let Some((size, rows)) = self.shared.take(&mut batch) {
            match self.write(&batch, &rows, size) {
                Ok(root) => self.shared.publish(size, root, &rows, batch.bytes),
                Err(cause) => return self.stop(cause),
            }
            batch.clear();
        }
    }

    /// After a failed write or sync nobody knows what the disk holds, and a later sync that succeeds proves nothing about the
    /// pages that the failed one has dropped. So this connection does not touch the file again, not even to tidy up.
    fn stop(self, cause: rusqlite::Error) {
        let quiet = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let cause = schema::refuses_writes(&self.path).unwrap_or_else(|| JournalError::store(&self.path, cause));
        drop(self.connection);
        self.shared.fail(match quiet {
            Ok(_) => cause,
            Err(unexpected) => JournalError::store(&self.path, unexpected),
        });
    }

    fn write(&mut self, batch: &Batch, rows: &[RunRow], size: u64) -> rusqlite::Result<Digest> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write_frames(&transaction, &batch.frames, &mut self.frontier)?;
        write_payloads(&transaction, &batch.payloads)?;
        write_rows(&transaction, rows)?;
        let root = self.frontier.root();
        debug_assert_eq!(self.frontier.size(), size);
        transaction.prepare_cached(COMMIT)?.execute((size.cast_signed(), root.0))?;
        transaction.commit()?;
        Ok(root)
    }
}

fn write_frames(connection: &Connection, frames: &[u8], frontier: &mut Frontier) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(FRAME)?;
    for (place, bytes) in frame::walk(frames) {
        insert.execute((frontier.size().cast_signed(), place.run.cast_signed(), place.seq, bytes))?;
        frontier.push(merkle::leaf(bytes));
    }
    Ok(())
}

fn write_payloads(connection: &Connection, payloads: &[(u64, Payload)]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(PAYLOAD)?;
    for (run, payload) in payloads {
        insert.execute((run.cast_signed(), payload.number, payload.kind as u8, payload.salt, payload.bytes.as_slice()))?;
    }
    Ok(())
}

fn write_rows(connection: &Connection, rows: &[RunRow]) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(RUN)?;
    for row in rows {
        let (started, ended) = (row.started.0.cast_signed(), row.ended.map(|at| at.0.cast_signed()));
        let (key, plan) = (row.key.as_deref(), &*row.plan);
        upsert.execute((row.number.cast_signed(), row.id.to_string(), key, plan, row.status.word(), started, ended, row.frames))?;
    }
    Ok(())
}
