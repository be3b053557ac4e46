//! The thread that writes. It takes all that is queued, writes it in one transaction, syncs it, and says so.
//! When that fails it says why, and tries with a new connection until it succeeds; what it took is not lost meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use interlock_files::{beside, rewrite_log};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::schema::{self, seal};
use crate::StoreError;
use crate::log::{self, Batch};
use crate::shared::Shared;

/// How long the writer lets gather what nobody waits for.
const GATHERS: Duration = Duration::from_millis(2);
/// Bytes that are written without gathering longer (1 MiB).
const PLENTY: usize = 1 << 20;
/// Bytes of log after which it is put into the file (32 MiB). Opening reads and writes so much.
const CHECKPOINT: usize = 32 << 20;
/// A page of the file, as it stands in the log.
const PAGE: usize = schema::PAGE as usize + 24;
/// Pages that every commit writes: the state's, and one of a table.
const PAGES: usize = 2;
/// How long a vacuum waits for somebody who reads.
const VACUUM_WAITS: Duration = Duration::from_millis(100);
/// How long a commit waits for a process that is none of ours.
const COMMIT_WAITS: Duration = Duration::from_secs(5);
/// From one attempt to write again to the next.
const PAUSE: Duration = Duration::from_millis(250);

const SPACE: &str = "INSERT OR IGNORE INTO spaces VALUES(?1, ?2, ?3)";
const ENTRY: &str = "INSERT INTO entries VALUES(?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET crc = excluded.crc, packed = excluded.packed";
const GONE: &str = "DELETE FROM entries WHERE id = ?1";

struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    connection: Option<Connection>,
    /// Bytes of log since it was put into the file, as far as they can be estimated.
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
            loop {
                let is_last = self.shared.order.lock().closing; // whoever closes is owed one more attempt
                let Err(cause) = self.attend(&work.batch, work.revision) else { break };
                self.let_go();
                self.tell(cause);
                if is_last {
                    return;
                }
                self.pause();
            }
            self.publish(&work);
            if let Some(asked) = work.vacuum {
                self.attend_vacuum(asked);
            }
        }
        let _ = self.checkpoint(); // if it can't be, the log stays beside the file, and has all of it
    }

    /// Waits for work. Nothing when it is time to stop.
    fn take(&self) -> Option<Work> {
        let order = &self.shared.order;
        let mut log = order.lock();
        while log.batch.is_empty() && log.vacuums.asked == log.vacuums.attended {
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
        let vacuum = (log.vacuums.asked > log.vacuums.attended).then_some(log.vacuums.asked);
        Some(Work { batch, revision: log.revision, vacuum })
    }

    fn attend(&mut self, batch: &Batch, revision: u64) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.logged += write(self.connect()?, batch, revision, &path)?;
        if self.logged >= CHECKPOINT { self.checkpoint() } else { Ok(()) }
    }

    /// Puts the log into the file, as far as readers let it.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.logged = 0;
        let Some(connection) = &self.connection else { return Ok(()) };
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        done.map_err(|cause| StoreError::sql(&self.path, cause))
    }

    /// Writes the file anew, and tells whoever asked for it how that went. Writing goes on in any case.
    fn attend_vacuum(&mut self, asked: u64) {
        let vacuumed = self.vacuum();
        if vacuumed.as_ref().is_err_and(|cause| !matches!(cause, StoreError::Locked { .. })) {
            self.let_go();
        }
        let order = &self.shared.order;
        let mut log = order.lock();
        log.vacuums.attended = asked;
        log.vacuums.failed = vacuumed.err();
        if log.vacuums.failed.is_none() {
            log.vacuums.done = asked;
        }
        drop(log);
        order.done.notify_all();
    }

    /// Writes the file anew, and cuts the log to nothing before and after.
    fn vacuum(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let connection = self.connect()?;
        let cut = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        let waits = |time| connection.busy_timeout(time);
        let vacuumed = waits(VACUUM_WAITS).and_then(|()| cut()).and_then(|_| connection.execute_batch("VACUUM")).and_then(|()| cut());
        let left = waits(COMMIT_WAITS).and(vacuumed);
        self.logged = 0;
        match left {
            Ok(0) => Ok(()),
            Ok(_) => Err(StoreError::Locked { path: beside(&path, "-wal") }), // somebody reads the old log
            Err(cause) => Err(StoreError::sql(&path, cause)),
        }
    }

    /// The connection, or a new one after a failure.
    fn connect(&mut self) -> Result<&mut Connection, StoreError> {
        let Self { connection, path, shared, .. } = self;
        let fresh = if let Some(known) = connection.take() {
            known
        } else {
            rewrite_log(path).map_err(StoreError::of(path))?;
            schema::writer(path, shared.options.max_file).map_err(|cause| StoreError::sql(path, cause))?
        };
        Ok(connection.insert(fresh))
    }

    /// After a failed write or sync nobody knows what the disk holds, so this connection does not touch the file again.
    fn let_go(&mut self) {
        if let Some(connection) = self.connection.take()
            && connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).is_err()
        {
            std::mem::forget(connection); // closing it would put the log into the file
        }
    }

    /// Tells everybody why nothing can be written now.
    fn tell(&self, cause: StoreError) {
        self.shared.order.lock().failing = Some(cause);
        self.shared.order.done.notify_all();
    }

    /// Waits a while, or until the store is being closed.
    fn pause(&self) {
        let order = &self.shared.order;
        drop(order.work.wait_timeout_while(order.lock(), PAUSE, |log| !log.closing).unwrap_or_else(PoisonError::into_inner));
    }

    fn publish(&self, work: &Work) {
        let order = &self.shared.order;
        let mut log = order.lock();
        log.writing = 0;
        log.failing = None;
        order.committed.store(work.revision, Ordering::Release);
        if order.is_pressed.load(Ordering::Relaxed) && log.batch.bytes <= self.shared.options.backlog / 2 {
            order.is_pressed.store(false, Ordering::Relaxed);
        }
        drop(log);
        order.done.notify_all();
    }
}

/// Writes a batch in one transaction, which makes the file's state that of a revision. Gives about how many bytes of log that took.
fn write(connection: &mut Connection, batch: &Batch, revision: u64, path: &Path) -> Result<usize, StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
    let (written, entries) = schema::state(&transaction, path)?;
    if batch.is_empty() || written >= revision {
        return Ok(0); // an attempt that was told to have failed had succeeded
    }
    let (came, went, pages) = apply(&transaction, batch).map_err(told)?;
    schema::set_state(&transaction, revision, (entries + came).saturating_sub(went)).map_err(told)?;
    transaction.commit().map_err(told)?;
    Ok(batch.bytes + (pages + PAGES) * PAGE)
}

/// Gives how many entries came and went, and how many pages were touched besides those that new entries fill.
fn apply(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<(u64, u64, usize)> {
    let mut spaces = transaction.prepare_cached(SPACE)?;
    for (id, name) in &batch.spaces {
        spaces.execute((id, name, seal((*id).into(), name.as_bytes())))?;
    }
    let (mut put, mut gone) = (transaction.prepare_cached(ENTRY)?, transaction.prepare_cached(GONE)?);
    let (mut came, mut went, mut pages) = (0, 0, 0);
    for op in &batch.ops {
        let is_new = op.entry.as_ref().is_some_and(|entry| entry.version() == entry.id());
        match &op.entry {
            Some(entry) => _ = put.execute((op.id.cast_signed(), op.space, seal(op.space.into(), &entry.0), &entry.0[..]))?,
            None => went += gone.execute([op.id.cast_signed()])? as u64,
        }
        came += u64::from(is_new);
        pages += usize::from(!is_new);
    }
    Ok((came, went, pages))
}
