//! An SQLite file appears whole or not at all, and is whole when it is opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, Transaction};

use crate::names::folder_of;
use crate::{Fault, beside};

/// How a new file comes to be.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// In the file's header: what tells it from other programs' files.
    pub application: u32,
    /// In the file's header, for the program that opens it.
    pub format: u32,
    /// Bytes of a page; SQLite's own number without.
    pub page: Option<u32>,
    /// Whether only its owner may read it.
    pub is_private: bool,
}

impl Draft {
    /// Makes the file under another name, with what `fill` puts into it, and then gives it its own.
    pub fn appear(self, path: &Path, fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), Fault> {
        if has_log(path) {
            return Err(Fault::LogAlone); // SQLite would mix the old log into a new file
        }
        let draft = beside(path, ".new");
        remove(&draft)?;
        if let Err(fault) = self.build(&draft, fill) {
            remove(&draft)?;
            return Err(fault);
        }
        fs::rename(&draft, path).map_err(Fault::io(path))?;
        File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(Fault::io(path))
    }

    fn build(self, draft: &Path, fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), Fault> {
        let mode = if self.is_private { 0o600 } else { 0o644 }; // SQLite's own, less what the process keeps back
        OpenOptions::new().write(true).create_new(true).mode(mode).open(draft).map_err(Fault::io(draft))?;
        let mut connection = Connection::open(draft)?;
        if let Some(bytes) = self.page {
            connection.pragma_update(None, "page_size", bytes)?;
        }
        connection.pragma_update(None, "journal_mode", "memory")?; // a draft that is not finished is thrown away
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "application_id", self.application)?;
        transaction.pragma_update(None, "user_version", self.format)?;
        fill(&transaction)?;
        transaction.commit()?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.close().map_err(|(_, cause)| cause.into())
    }
}

fn remove(draft: &Path) -> Result<(), Fault> {
    match fs::remove_file(draft) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Fault::io(draft)(cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Writes the log's bytes once more and syncs them, before anything is read from it.
///
/// A sync that failed may have left pages that are in memory and not on the disk, and the kernel takes them for written: what an
/// opening finds in the log could then be acknowledged and be gone after a power cut. Writing them anew makes them count again.
pub fn rewrite_log(path: &Path) -> Result<(), Fault> {
    let name = beside(path, "-wal");
    let rewrite = || -> io::Result<()> {
        let mut log = match OpenOptions::new().read(true).write(true).open(&name) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        log.rewind()?;
        log.write_all(&bytes)?;
        log.sync_data()
    };
    rewrite().map_err(Fault::io(&name))
}

/// Whether the file's header has this program's number; gives its format.
pub fn application(connection: &Connection, number: u32) -> Result<u32, Fault> {
    let read = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    if read("application_id")? == number { Ok(read("user_version")?) } else { Err(Fault::Foreign) }
}

/// Whether the file ends where a page does. SQLite would read what is missing of the last page as zeros.
/// While there is a log the file may end anywhere: the log has the rest.
pub fn ends_with_a_page(connection: &Connection, path: &Path) -> Result<(), Fault> {
    if has_log(path) {
        return Ok(());
    }
    let bytes = path.metadata().map_err(Fault::io(path))?.len();
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let (page, pages) = (read("page_size")?, read("page_count")?);
    if bytes % page == 0 && bytes / page >= pages { Ok(()) } else { Err(Fault::Cut { bytes }) }
}
