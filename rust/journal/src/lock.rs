//! One process owns a journal, and owns it once. The lock is the operating system's; the list of paths only tells who.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use interlock_files::Lock;

use crate::JournalError;
use crate::store::lock;

/// The journals that this process has open, and the process: a fork copies the list.
static HELD: Mutex<BTreeMap<PathBuf, u32>> = Mutex::new(BTreeMap::new());

/// The right to write one journal. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Ownership {
    path: PathBuf,
    file: Option<Lock>,
}

impl Ownership {
    pub(crate) fn take(path: &Path) -> Result<Self, JournalError> {
        let mut held = lock(&HELD);
        if held.get(path) == Some(&std::process::id()) {
            return Err(JournalError::Locked { path: path.into(), by_this_process: true });
        }
        let file = Lock::take(path).map_err(JournalError::of(path))?;
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
