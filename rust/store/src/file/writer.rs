//! The thread that writes. It takes all that is queued, writes it in one transaction, syncs it, and says so.
//! When that fails it says why, and tries with a new connection until it succeeds; what it took is not lost meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::lock::beside;
use super::schema;
use crate::StoreError;
use crate::log::{self, Batch};
use crate::store::Shared;

/// How long the writer lets gather what nobody waits for.
const GATHERS: Duration = Duration::from_millis(2);
/// Bytes that are written without gathering longer (1 MiB).
const PLENTY: usize = 1 << 20;
/// Bytes after which the log is put into the file (16 MiB).
const CHECKPOINT: usize = 16 << 20;
/// From one attempt to write again to the next.
const PAUSE: Duration = Duration::from_millis(250);

const SPACE: &str = "INSERT OR IGNORE INTO spaces VALUES(?1, ?2)";
const ENTRY: &str = "INSERT INTO entries VALUES(?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET crc = excluded.crc, packed = excluded.packed";
const GONE: &str = "DELETE FROM entries WHERE id = ?1";
const STATE: &str = "UPDATE state SET revision = ?1, entries = entries + ?2";

struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    connection: Option<Connection>,
    /// Bytes that were written since the log was put into the file.
    logged: usize,
}

/// What is to be done next.
struct Work {
    batch: Batch,
    revision: u64,
    vacuum: Option<u64>,
}

pub(crate) fn spawn(shared: Arc<Shared>, path: &Path) -> Result<JoinHandle<()>, StoreError> {
    let connection = schema::writer(path, shared.options.max_file).map_err(|cause| StoreError::sql(path, cause))?;
    let writer = Writer { shared: Arc::clone(&shared), path: path.into(), connection: Some(connection), logged: 0 };
    let body = move || {
        // A panic here would leave everybody waiting; it becomes a failure that they are told.
        if catch_unwind(AssertUnwindSafe(|| writer.run())).is_err() {
            let mut log = shared.order.lock();
            log.failing = Some(crate::write::unusable("the store's writer panicked".into(), "report this: it is a mistake in the store"));
            drop(log);
            shared.order.done.notify_all();
        }
    };
    Builder::new().name("interlock-store".into()).spawn(body).map_err(|cause| StoreError::io(path, cause))
}

impl Writer {
    fn run(mut self) {
        while let Some(work) = self.take() {
            let mut failed = false;
            while let Err(cause) = self.attend(&work) {
                failed = true;
                self.let_go();
                if !self.fail(cause) {
                    return; // closed meanwhile: whoever waited was told
                }
            }
            self.publish(&work, failed);
        }
        if let Err(cause) = self.checkpoint() {
            self.fail(cause); // the log stays beside the file, and has all of it
        }
    }

    /// Waits for work. Nothing when it is time to stop.
    fn take(&self) -> Option<Work> {
        let order = &self.shared.order;
        let mut log = order.lock();
        while log.batch.is_empty() && log.vacuum == log.vacuumed {
            if log.closing {
                return None;
            }
            log.is_idle = true;
            log = log::sleep(&order.work, log);
        }
        log.is_idle = false;
        if log.waiting == 0 && !log.closing && log.batch.bytes < PLENTY {
            let presses = |log: &mut log::Log| log.waiting == 0 && !log.closing && log.batch.bytes < PLENTY;
            (log, _) = order.work.wait_timeout_while(log, GATHERS, presses).unwrap_or_else(PoisonError::into_inner);
        }
        let batch = std::mem::take(&mut log.batch);
        log.writing = batch.bytes;
        let vacuum = (log.vacuum > log.vacuumed).then_some(log.vacuum);
        Some(Work { batch, revision: log.revision, vacuum })
    }

    fn attend(&mut self, work: &Work) -> Result<(), StoreError> {
        if self.connection.is_none() {
            schema::rewrite_log(&self.path)?;
            let opened = schema::writer(&self.path, self.shared.options.max_file);
            self.connection = Some(opened.map_err(|cause| StoreError::sql(&self.path, cause))?);
        }
        self.write(work).map_err(|cause| StoreError::sql(&self.path, cause))?;
        self.logged += work.batch.bytes;
        if self.logged >= CHECKPOINT {
            self.checkpoint()?;
        }
        if work.vacuum.is_some() { self.vacuum() } else { Ok(()) }
    }

    fn write(&mut self, work: &Work) -> rusqlite::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let written: i64 = transaction.query_row("SELECT revision FROM state", [], |row| row.get(0))?;
        if work.batch.is_empty() || written.cast_unsigned() >= work.revision {
            return Ok(()); // an attempt that was told to have failed had succeeded
        }
        {
            let mut spaces = transaction.prepare_cached(SPACE)?;
            for (id, name) in &work.batch.spaces {
                spaces.execute((id, name))?;
            }
            let (mut put, mut gone) = (transaction.prepare_cached(ENTRY)?, transaction.prepare_cached(GONE)?);
            let mut grown = 0_i64;
            for op in &work.batch.ops {
                match &op.entry {
                    Some(entry) => {
                        put.execute((op.id.cast_signed(), op.space, crc32fast::hash(&entry.0), &entry.0[..]))?;
                        grown += i64::from(entry.version() == entry.id());
                    }
                    None => grown -= i64::try_from(gone.execute([op.id.cast_signed()])?).unwrap_or_default(),
                }
            }
            transaction.prepare_cached(STATE)?.execute((work.revision.cast_signed(), grown))?;
        }
        transaction.commit()
    }

    /// Puts the log into the file, as far as readers let it.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.logged = 0;
        let Some(connection) = &self.connection else { return Ok(()) };
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        done.map_err(|cause| StoreError::sql(&self.path, cause))
    }

    /// Writes the file anew, and cuts the log to nothing before and after.
    fn vacuum(&mut self) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let cut = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        let done = cut().and_then(|_| connection.execute_batch("VACUUM")).and_then(|()| cut());
        match done {
            Ok(0) => Ok(()),
            Ok(_) => Err(StoreError::Locked { path: beside(&self.path, "-wal") }), // somebody reads the old log
            Err(cause) => Err(StoreError::sql(&self.path, cause)),
        }
    }

    /// After a failed write or sync nobody knows what the disk holds, so this connection does not touch the file again.
    fn let_go(&mut self) {
        if let Some(connection) = self.connection.take() {
            let quiet = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            if let Err(cause) = quiet {
                self.shared.order.lock().failing = Some(StoreError::sql(&self.path, cause));
            }
        }
    }

    /// Tells everybody why nothing can be written now, and waits a while. False when the store is being closed.
    fn fail(&self, cause: StoreError) -> bool {
        let order = &self.shared.order;
        let mut log = order.lock();
        log.failing = Some(cause);
        order.done.notify_all();
        let (log, _) = order.work.wait_timeout_while(log, PAUSE, |log| !log.closing).unwrap_or_else(PoisonError::into_inner);
        !log.closing
    }

    fn publish(&self, work: &Work, failed: bool) {
        let order = &self.shared.order;
        let mut log = order.lock();
        log.writing = 0;
        if failed {
            log.failing = None;
        }
        if let Some(vacuum) = work.vacuum {
            log.vacuumed = vacuum;
        }
        order.committed.store(work.revision, Ordering::Release);
        if order.is_pressed.load(Ordering::Relaxed) && log.batch.bytes <= self.shared.options.backlog / 2 {
            order.is_pressed.store(false, Ordering::Relaxed);
        }
        drop(log);
        order.done.notify_all();
    }
}
