//! The thread that writes. It takes all that is queued, writes it in one transaction, syncs it, and says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::schema;
use crate::VaultError;
use crate::log::Op;
use crate::shared::Shared;

/// Changes after which the log is put into the file: it has about 4 MiB then.
const CHECKPOINT: usize = 4_096;
/// How long erasing waits for somebody who reads, in attempts of so many milliseconds.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(20));
/// How long a commit waits for a process that is none of ours: SQLite's wrapper has the same.
const BUSY: Duration = Duration::from_secs(5);

const SUBJECT: &str = "INSERT INTO subjects(id, tag, name, key) VALUES(?1, ?2, ?3, ?4)";
const VALUE: &str = "INSERT OR IGNORE INTO secrets(scope, token, kind, subject, sealed) VALUES(?1, ?2, ?3, ?4, ?5)";
const ERASE: &str = "UPDATE subjects SET tag = NULL, name = NULL, key = NULL WHERE id = ?1";

struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    connection: Connection,
    /// Changes since the log was put into the file.
    logged: usize,
}

pub(crate) fn spawn(shared: Arc<Shared>, path: &Path) -> Result<JoinHandle<()>, VaultError> {
    let connection = schema::connect(path).map_err(|cause| VaultError::sql(path, cause))?;
    let writer = Writer { shared: Arc::clone(&shared), path: path.into(), connection, logged: 0 };
    let body = move || {
        // A panic here would leave everybody waiting; it becomes a failure that they are told.
        if catch_unwind(AssertUnwindSafe(|| writer.run())).is_err() {
            shared.fail(VaultError::Panicked);
        }
    };
    Builder::new().name("interlock-vault".into()).spawn(body).map_err(|cause| VaultError::io(path, cause))
}

impl Writer {
    fn run(mut self) {
        while let Some(work) = self.shared.take() {
            if !work.ops.is_empty() {
                if let Err(cause) = self.write(&work.ops) {
                    return self.stop(&cause);
                }
                self.shared.publish(work.revision);
            }
            if !work.clears.is_empty() {
                let cleared = write_anew(&self.connection, &self.path);
                for tell in work.clears {
                    let _ = tell.send(cleared.clone()); // who asked may be gone
                }
            }
        }
        let _ = self.checkpoint(); // if it can't be, the log stays beside the file, and has all of it
    }

    fn write(&mut self, ops: &[Op]) -> Result<(), VaultError> {
        let told = |cause| VaultError::sql(&self.path, cause);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        ops.iter().try_for_each(|op| apply(&transaction, op)).map_err(told)?;
        transaction.commit().map_err(told)?;
        self.logged += ops.len();
        if self.logged >= CHECKPOINT { self.checkpoint() } else { Ok(()) }
    }

    /// Puts the log into the file, as far as readers let it.
    fn checkpoint(&mut self) -> Result<(), VaultError> {
        self.logged = 0;
        let done = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        done.map_err(|cause| VaultError::sql(&self.path, cause))
    }

    /// After a failed write or sync nobody knows what the disk holds, so this connection does not touch the file again.
    fn stop(self, cause: &VaultError) {
        let quiet = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if quiet.is_err() {
            std::mem::forget(self.connection); // closing it would put the log into the file
        }
        self.shared.fail(cause.clone());
    }
}

fn apply(connection: &Connection, op: &Op) -> rusqlite::Result<()> {
    match op {
        Op::Subject { id, tag, name, key } => {
            connection.prepare_cached(SUBJECT)?.execute((id.0.cast_signed(), tag, name, key))?;
        }
        Op::Value { scope, token, kind, subject, sealed } => {
            connection.prepare_cached(VALUE)?.execute((scope, token, &**kind, subject.0.cast_signed(), &**sealed))?;
        }
        Op::Erase { id } => {
            connection.prepare_cached("DELETE FROM secrets WHERE subject = ?1")?.execute([id.0.cast_signed()])?;
            connection.prepare_cached(ERASE)?.execute([id.0.cast_signed()])?;
        }
        Op::Forget { scope } => {
            connection.prepare_cached("DELETE FROM secrets WHERE scope = ?1")?.execute([scope])?;
        }
    }
    Ok(())
}

/// Writes the file anew, and cuts the log to nothing before and after: then no byte of what was removed is left in either.
pub(crate) fn write_anew(connection: &Connection, path: &Path) -> Result<(), VaultError> {
    let told = |cause| VaultError::sql(path, cause);
    connection.busy_timeout(Duration::ZERO).map_err(told)?; // who reads is waited for here, where that ends
    let cleared = cut(connection).and_then(|_| connection.execute_batch("VACUUM")).and_then(|()| cut_patiently(connection));
    connection.busy_timeout(BUSY).map_err(told)?;
    if cleared.map_err(told)? { Ok(()) } else { Err(VaultError::LogInUse { path: path.into() }) }
}

fn cut_patiently(connection: &Connection) -> rusqlite::Result<bool> {
    for _ in 0..PATIENCE.0 {
        if cut(connection)? {
            return Ok(true);
        }
        sleep(PATIENCE.1);
    }
    cut(connection)
}

/// Whether the log is empty now.
fn cut(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))? == 0)
}
