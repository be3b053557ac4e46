//! How a store comes to be and how it ends: in memory, with a file that it owns, or to look at somebody's file.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use interlock_files::{self as files, Lock};

use crate::StoreError;
use crate::file;
use crate::log::Mode;
use crate::options::Options;
use crate::shared::Shared;
use crate::store::Store;
use crate::write::unusable;

impl Store {
    /// A store that ends with the process.
    pub fn in_memory(options: Options) -> Self {
        Self::without_file(Shared::new(options, Mode::Memory), None)
    }

    /// A store with a file, which this process then owns. The file is made if it is missing.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let path = files::canonical(path).map_err(StoreError::of(path))?;
        if path.exists() {
            drop(file::look(&path)?); // before a lock file is put beside what may be no store
        }
        let ownership = Lock::take(&path).map_err(StoreError::of(&path))?;
        file::create_if_missing(&path)?;
        files::rewrite_log(&path).map_err(StoreError::of(&path))?;
        let shared = Arc::new(Shared::new(options, Mode::Durable));
        file::load(&path, &shared)?;
        let writer = file::spawn(Arc::clone(&shared), &path)?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(writer)),
            ownership: Mutex::new(Some(ownership)),
            path: Some(path),
            is_durable: true,
            opened_by: std::process::id(),
        })
    }

    /// What a file holds, whoever owns it: the state after one of its commits. Changes are refused.
    pub fn open_read_only(path: &Path, options: Options) -> Result<Self, StoreError> {
        let path = files::canonical(path).map_err(StoreError::of(path))?;
        let shared = Shared::new(options, Mode::ReadOnly);
        file::load(&path, &shared)?;
        Ok(Self::without_file(shared, Some(&path)))
    }

    fn without_file(shared: Shared, path: Option<&Path>) -> Self {
        Self {
            shared: Arc::new(shared),
            writer: Mutex::default(),
            ownership: Mutex::default(),
            path: path.map(Into::into),
            is_durable: false,
            opened_by: std::process::id(),
        }
    }

    /// Writes what waits, and lets the file go. A store in memory is only closed. What can't be written is lost, and this says why.
    pub fn close(&self) -> Result<(), StoreError> {
        if self.check_process().is_err() {
            // The writer and its locks belong to the parent; only our copy of the file's lock is ours.
            std::mem::forget(self.lock_writer().take());
            drop(self.ownership.lock().unwrap_or_else(PoisonError::into_inner).take());
            return Ok(());
        }
        let order = &self.shared.order;
        order.lock().closing = true;
        order.work.notify_all();
        order.done.notify_all();
        let mut writer = self.lock_writer(); // kept, so that whoever closes beside waits too
        if writer.take().is_some_and(|writer| writer.join().is_err()) {
            return Err(unusable("the store's writer panicked".into(), "report this: it is a mistake in the store"));
        }
        drop(self.ownership.lock().unwrap_or_else(PoisonError::into_inner).take());
        let log = order.lock();
        if log.failing.is_some() { log.open() } else { Ok(()) }
    }

    fn lock_writer(&self) -> std::sync::MutexGuard<'_, Option<std::thread::JoinHandle<()>>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Threads do not survive a fork, and locks that they held stay locked: a child does not touch them.
    pub(crate) fn check_process(&self) -> Result<(), StoreError> {
        let used_by = std::process::id();
        if used_by == self.opened_by { Ok(()) } else { Err(StoreError::Forked { opened_by: self.opened_by, used_by }) }
    }

    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        if self.is_durable {
            self.check_process()?;
        }
        let log = self.shared.order.lock();
        if log.mode == Mode::ReadOnly {
            return Err(StoreError::ReadOnly { path: self.path.clone().unwrap_or_default() });
        }
        log.open()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.close(); // whoever wants to know calls close
    }
}
