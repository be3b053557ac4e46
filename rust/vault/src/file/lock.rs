//! One vault owns a file. The lock is the operating system's, on a file beside it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::VaultError;

/// The right to write one file. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Ownership(#[expect(dead_code, reason = "closing it gives the lock back")] File);

impl Ownership {
    pub(crate) fn take(path: &Path) -> Result<Self, VaultError> {
        let name = beside(path, ".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(|cause| VaultError::io(&name, cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(VaultError::Locked { path: path.into() }),
            Err(TryLockError::Error(cause)) => Err(VaultError::io(&name, cause)),
        }
    }
}

/// The path with something added to its name: a vault lies at `beside(journal, ".vault")`.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The one name of a file, so that two paths to it share a lock. The file need not exist, its folder must.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, VaultError> {
    if let Ok(known) = path.canonicalize() {
        return Ok(known);
    }
    let Some(name) = path.file_name() else { return Err(VaultError::NotAVault { path: path.into() }) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().map(|folder| folder.join(name)).map_err(|cause| VaultError::io(folder, cause))
}
