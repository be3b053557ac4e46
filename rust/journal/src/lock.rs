//! One process owns a journal, and owns it once. The lock is the operating system's; the list of paths only tells who.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::JournalError;
use crate::schema::beside;
use crate::store::lock;

/// The journals that this process has open, and the process: a fork copies the list.
static HELD: Mutex<BTreeMap<PathBuf, u32>> = Mutex::new(BTreeMap::new());

/// The right to write one journal. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Ownership {
    path: PathBuf,
    file: Option<File>,
}

impl Ownership {
    pub(crate) fn take(path: &Path) -> Result<Self, JournalError> {
        let mut held = lock(&HELD);
        let locked = |by_this_process| JournalError::Locked { path: path.into(), by_this_process };
        if held.get(path) == Some(&std::process::id()) {
            return Err(locked(true));
        }
        let name = beside(path, ".lock");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(|cause| JournalError::io(&name, cause))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(false)),
            Err(TryLockError::Error(cause)) => return Err(JournalError::io(&name, cause)),
        }
        held.insert(path.into(), std::process::id());
        Ok(Self { path: path.into(), file: Some(file) })
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        let mut held = lock(&HELD);
        drop(self.file.take()); // under the list's lock, so that nobody in this process finds the one without the other
        if held.get(&self.path) == Some(&std::process::id()) {
            held.remove(&self.path);
        }
    }
}

/// The one name of a file, so that two paths to it share a lock. The file need not exist, its folder must.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, JournalError> {
    if let Ok(known) = path.canonicalize() {
        return Ok(known);
    }
    let Some(name) = path.file_name() else { return Err(JournalError::NotAJournal { path: path.into() }) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().map(|folder| folder.join(name)).map_err(|cause| JournalError::io(folder, cause))
}
