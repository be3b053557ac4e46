//! One owner a file. The lock is the operating system's, on a file beside it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Fault, beside};

/// The right to write one file. Given back when dropped, and by the system when the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it gives the lock back")] File);

impl Lock {
    /// Takes the lock of the file that is, or will be, at a path. It does not wait.
    ///
    /// ```
    /// use interlock_files::{Fault, Lock};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("a.db");
    /// let owned = Lock::take(&path)?;
    /// assert!(matches!(Lock::take(&path), Err(Fault::Locked)));
    /// drop(owned);
    /// Lock::take(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take(path: &Path) -> Result<Self, Fault> {
        let name = beside(path, ".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(Fault::io(&name))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Fault::Locked),
            Err(TryLockError::Error(cause)) => Err(Fault::io(&name)(cause)),
        }
    }
}
