//! The thread that writes. It takes all that is queued, writes it in one transaction, syncs it, and says so. It waits for
//! more only while nobody waits for it, and then half a millisecond; what gathers while the disk syncs is the next group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use interlock_kernel::Digest;
use interlock_vault::Vault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use crate::frame;
use crate::merkle::{self, Frontier};
use crate::query::{Answer, Fault};
use crate::queue::{Batch, Chore, Shared, Upkeep};
use crate::run_keys::RunKeys;
use crate::store::lock;
use crate::{JournalError, Payload, RunRow, removal, review_table, schema, scrub, snapshots};

const FRAME: &str = "INSERT INTO frames(pos, run, seq, bytes) VALUES(?1, ?2, ?3, ?4)";
const PAYLOAD: &str = "INSERT INTO payloads(run, number, kind, salt, bytes, content) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
const CONTENT: &str = "INSERT OR IGNORE INTO contents(digest, bytes) VALUES(?1, ?2)";

/// From so many bytes on, a payload's bytes are kept once for all payloads that hold them: they fill a page of their own.
/// Then different ones cost 12 % more to write than just below (223 µs and 199 µs), and equal ones less than half (89 µs).
pub(crate) const LARGE: usize = 4_096;
const RUN: &str = "INSERT INTO runs(run, id, key, plan, status, started, ended, frames, user, thread)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT(run) DO UPDATE SET status = excluded.status, ended = excluded.ended, frames = excluded.frames";
const COMMIT: &str = "INSERT INTO commits(size, root) VALUES(?1, ?2)";

pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub connection: Connection,
    pub frontier: Frontier,
    pub path: PathBuf,
    /// What the connection was opened with.
    pub by: String,
    pub max_bytes: Option<u64>,
    /// The size of the newest snapshot.
    pub snapshot: u64,
    /// Seals payloads, where there are keys.
    pub keys: Option<RunKeys>,
    /// Must be durable before what refers to it.
    pub vault: Option<Arc<Vault>>,
    /// Bytes that were written since the log was put into the file.
    pub logged: usize,
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
            if !batch.frames.is_empty() {
                match self.write(&batch, &rows, size) {
                    Ok(root) => self.shared.publish(size, root, &rows, batch.bytes),
                    Err(fault) => return self.stop(fault),
                }
            }
            self.logged += batch.bytes;
            if self.logged >= schema::CHECKPOINT {
                self.logged = 0;
                if let Err(fault) = self.checkpoint() {
                    return self.stop(fault);
                }
            }
            for Chore { what, tell } in std::mem::take(&mut batch.chores) {
                let done = self.attend(what).map_err(|fault| fault.of(&self.path));
                let failed = done.as_ref().err().cloned();
                let _ = tell.send(done); // who asked may be gone
                if let Some(cause) = failed {
                    return self.stop(Fault::Journal(cause));
                }
            }
            batch.clear();
        }
    }

    /// Puts the log into the file, as far as readers let it. SQLite would do that by itself, and keep an error to itself: a page that
    /// could not be synced would then be taken for written.
    fn checkpoint(&self) -> Answer<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// After a failed write or sync nobody knows what the disk holds, and a later sync that succeeds proves nothing about the
    /// pages that the failed one has dropped. So this connection does not touch the file again, not even to tidy up.
    fn stop(self, fault: Fault) {
        let quiet = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let cause = schema::refuses_writes(&self.path).unwrap_or_else(|| fault.of(&self.path));
        drop(self.connection);
        self.shared.fail(match quiet {
            Ok(_) => cause,
            Err(unexpected) => JournalError::store(&self.path, unexpected),
        });
    }

    fn write(&mut self, batch: &Batch, rows: &[RunRow], size: u64) -> Answer<Digest> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write_frames(&transaction, &batch.frames, &mut self.frontier)?;
        match &mut self.keys {
            None => write_payloads(&transaction, &batch.payloads)?,
            Some(keys) => write_sealed(&transaction, batch, rows, keys)?,
        }
        write_rows(&transaction, rows)?;
        review_table::write(&transaction, &batch.told, rows)?;
        let gone = batch.removals.iter().map(|removal| removal::remove(&transaction, removal)).collect::<Answer<Vec<_>>>()?;
        let root = self.frontier.root();
        debug_assert_eq!(self.frontier.size(), size);
        transaction.prepare_cached(COMMIT)?.execute((size.cast_signed(), root.0))?;
        let due = size >= self.snapshot + snapshots::EVERY;
        if due {
            snapshots::take(&transaction, &self.frontier)?;
        }
        wait_for(self.vault.as_deref(), &self.shared)?;
        transaction.commit()?;
        if due {
            self.snapshot = size;
        }
        for (removal, gone) in batch.removals.iter().zip(gone) {
            let _ = removal.tell.send(gone); // who asked may be gone
        }
        Ok(root)
    }

    fn attend(&mut self, what: Upkeep) -> Answer<bool> {
        match what {
            Upkeep::Compact => self.connection.execute_batch("VACUUM")?,
            Upkeep::Clear => {
                self.connection.busy_timeout(Duration::ZERO)?; // appends wait for this; whoever asked may try again
                let emptied = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
                self.connection.busy_timeout(schema::BUSY)?;
                if emptied? != 0 {
                    return Ok(false);
                }
                scrub::scrub(&self.connection, &self.path)?;
                self.connection = schema::writer(&self.path, &self.by, self.max_bytes)?; // the old one remembers pages as they were
            }
        }
        Ok(true)
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
    let mut share = connection.prepare_cached(CONTENT)?;
    for (run, payload) in payloads {
        let (place, kind, bytes) = ((run.cast_signed(), payload.number), payload.kind as u8, payload.bytes.as_slice());
        if bytes.len() < LARGE {
            insert.execute((place.0, place.1, kind, payload.salt, bytes, None::<&[u8]>))?;
        } else {
            let digest: [u8; 32] = Sha256::digest(bytes).into();
            share.execute((digest, bytes))?;
            insert.execute((place.0, place.1, kind, payload.salt, [0; 0], Some(digest)))?;
        }
    }
    Ok(())
}

fn write_sealed(connection: &Connection, batch: &Batch, rows: &[RunRow], keys: &mut RunKeys) -> Answer<()> {
    keys.recall(&batch.sealed_under)?;
    for (run, payload) in &batch.payloads {
        let (key, bytes) = keys.seal(connection, (*run, payload), &batch.payloads, rows)?;
        let place = (run.cast_signed(), payload.number, payload.kind as u8);
        connection.prepare_cached(PAYLOAD)?.execute((place.0, place.1, place.2, key, bytes, None::<&[u8]>))?;
    }
    Ok(())
}

/// Waits until what the commit refers to is durable elsewhere.
fn wait_for(vault: Option<&Vault>, shared: &Shared) -> Answer<()> {
    if let Some(vault) = vault.filter(|vault| vault.is_dirty()) {
        vault.flush().map_err(JournalError::from)?;
    }
    let barrier = lock(&shared.barrier).clone();
    let waited = barrier.map_or(Ok(()), |barrier| barrier());
    Ok(waited.map_err(|cause| JournalError::Barrier { cause })?)
}

fn write_rows(connection: &Connection, rows: &[RunRow]) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(RUN)?;
    for row in rows {
        let (started, ended) = (row.started.0.cast_signed(), row.ended.map(|at| at.0.cast_signed()));
        let (number, id, key, plan) = (row.number.cast_signed(), row.id.to_string(), row.key.as_deref(), &*row.plan);
        let (user, thread) = (row.user.as_deref(), row.thread.as_deref());
        upsert.execute((number, id, key, plan, row.status.word(), started, ended, row.frames, user, thread))?;
    }
    Ok(())
}
