//! What files are called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Fault;

/// The path with something added to its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The one name of a file, so that two paths to it share a lock. The file need not exist, its folder must.
pub fn canonical(path: &Path) -> Result<PathBuf, Fault> {
    if let Ok(known) = path.canonicalize() {
        return Ok(known);
    }
    let name = path.file_name().ok_or(Fault::Nameless)?;
    let folder = folder_of(path);
    folder.canonicalize().map(|folder| folder.join(name)).map_err(Fault::io(folder))
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
