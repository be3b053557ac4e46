//! Looking after the file: waiting for it, writing it anew, copying it.

use std::path::Path;
use std::sync::atomic::Ordering;

use crate::store::Store;
use crate::write::unusable;
use crate::{StoreError, file, log};

impl Store {
    /// Waits until the file has every change up to a version.
    pub fn wait(&self, version: u64) -> Result<(), StoreError> {
        let order = &self.shared.order;
        let is_there = || order.committed.load(Ordering::Acquire) >= version;
        if !self.is_durable || self.shared.options.broken.acknowledge_early || is_there() {
            return Ok(());
        }
        self.check_process()?;
        let mut log = order.lock();
        if version > log.revision {
            let what = format!("there is no version {version} yet: the newest is {}", log.revision);
            return Err(unusable(what, "wait for a version that a change gave"));
        }
        log.waiting += 1;
        order.work.notify_one();
        while log.failing.is_none() && !is_there() {
            log = log::sleep(&order.done, log);
        }
        log.waiting -= 1;
        if is_there() { Ok(()) } else { log.open() }
    }

    /// Waits until the file has all that was changed so far.
    pub fn flush(&self) -> Result<(), StoreError> {
        if !self.is_durable {
            return Ok(());
        }
        self.check_process()?;
        let revision = self.shared.order.lock().revision;
        self.wait(revision)
    }

    /// Writes the file anew, without a byte of what was removed from it. Changes go on meanwhile and wait for the disk.
    /// If it can't be done, only this call fails.
    pub fn vacuum(&self) -> Result<(), StoreError> {
        if !self.is_durable {
            return Ok(());
        }
        self.check_process()?;
        let order = &self.shared.order;
        let mut log = order.lock();
        log.open()?;
        log.vacuums.asked += 1;
        let asked = log.vacuums.asked;
        log.waiting += 1;
        order.work.notify_one();
        while log.failing.is_none() && log.vacuums.attended < asked {
            log = log::sleep(&order.done, log);
        }
        log.waiting -= 1;
        match &log.vacuums.failed {
            _ if log.vacuums.done >= asked => Ok(()),
            Some(cause) if log.vacuums.attended >= asked => Err(cause.clone()),
            Some(_) | None => log.open(),
        }
    }

    /// Writes what the store holds at this moment to a new file, which can be opened as a store: every change up to one version,
    /// and none after it.
    pub fn snapshot(&self, path: &Path) -> Result<(), StoreError> {
        let path = interlock_files::canonical(path).map_err(StoreError::of(path))?;
        if path.exists() {
            return Err(unusable(format!("{} exists", path.display()), "name a path where nothing is"));
        }
        self.check_process()?;
        file::write_copy(&self.shared, &path)
    }
}
