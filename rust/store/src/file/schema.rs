//! Which tables the file has, how it is told from other files, how it comes to be.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crc32fast::Hasher;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::lock::beside;
use crate::StoreError;

/// The format that this program writes. A change of tables or of packing is a new one.
const FORMAT: u32 = 1;
/// `INST` in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x494e_5354;

/// Bytes of a page. Seven values of 1 KiB fit on one, and three on SQLite's usual 4,096, where a fifth of the file is empty; with
/// 16,384 a start is faster yet, and a durable put a quarter slower.
pub(super) const PAGE: u32 = 8_192;

/// An entry's row stands under its id, so that one that is written again stays where it is, and new ones are appended.
const TABLES: &str = "
    CREATE TABLE spaces(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL) STRICT;
    CREATE TABLE entries(id INTEGER PRIMARY KEY, space INTEGER NOT NULL, crc INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;
    CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one = 1), revision INTEGER NOT NULL, entries INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT;
";

/// The checksum of a row: over everything in it, since SQLite has none of its own for what lies in the file.
pub(super) fn seal(number: u64, rest: &[u8]) -> u32 {
    let mut seal = Hasher::new();
    seal.update(&number.to_le_bytes());
    seal.update(rest);
    seal.finalize()
}

/// Writes up to which version the file has everything, and how many entries that are.
pub(super) fn set_state(connection: &Connection, revision: u64, entries: u64) -> rusqlite::Result<()> {
    let crc = seal(revision, &entries.to_le_bytes());
    let mut set = connection.prepare_cached("INSERT OR REPLACE INTO state VALUES(1, ?1, ?2, ?3)")?;
    set.execute((revision.cast_signed(), entries.cast_signed(), crc)).map(drop)
}

/// Makes a new file where there is none. It appears whole or not at all.
pub(crate) fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    appear(path, |connection| set_state(connection, 0, 0))
}

/// Makes a file with something in it, under another name first.
pub(super) fn appear(path: &Path, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), StoreError> {
    if fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Err(StoreError::Missing { path: path.into() }); // SQLite would mix the old log into a new file
    }
    let draft = beside(path, ".new");
    match fs::remove_file(&draft) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(&draft, cause)),
        Ok(()) | Err(_) => {}
    }
    let build = || -> rusqlite::Result<()> {
        let mut connection = Connection::open(&draft)?;
        connection.pragma_update(None, "page_size", PAGE)?;
        connection.pragma_update(None, "journal_mode", "memory")?; // a draft that is not finished is thrown away
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.execute_batch(TABLES)?;
        fill(&transaction)?;
        transaction.commit()?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.close().map_err(|(_, cause)| cause)
    };
    if let Err(cause) = build() {
        let told = StoreError::sql(path, cause);
        return match fs::remove_file(&draft) {
            Err(other) if other.kind() != io::ErrorKind::NotFound => Err(StoreError::io(&draft, other)),
            Ok(()) | Err(_) => Err(told),
        };
    }
    fs::rename(&draft, path).map_err(|cause| StoreError::io(path, cause))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| StoreError::io(path, cause))
}

/// Writes the log's bytes once more and syncs them, before anything is read from it: a sync that failed may have left pages that
/// are in memory and not on the disk, which the kernel takes for written.
pub(crate) fn rewrite_log(path: &Path) -> Result<(), StoreError> {
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
    rewrite().map_err(|cause| StoreError::io(&name, cause))
}

/// A connection that only reads, after the file was found to be a store's, of a format that this program knows.
pub(crate) fn look(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.into() });
    }
    let told = |cause| StoreError::sql(path, cause);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0)).map_err(told);
    if number("application_id")? != APPLICATION_ID {
        return Err(StoreError::NotAStore { path: path.into() });
    }
    let format = number("user_version")?;
    if format != FORMAT {
        return Err(StoreError::VersionUnsupported { path: path.into(), format, known: FORMAT });
    }
    check_size(&connection, path)?;
    Ok(connection)
}

/// Whether the file ends where a page does. SQLite would read what is missing of the last page as zeros.
/// While there is a log the file may end anywhere: the log has the rest.
fn check_size(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Ok(());
    }
    let bytes = path.metadata().map_err(|cause| StoreError::io(path, cause))?.len();
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|cause| StoreError::sql(path, cause));
    let (page, pages) = (pragma("page_size")?.cast_unsigned(), pragma("page_count")?.cast_unsigned());
    if bytes % page == 0 && bytes / page >= pages { Ok(()) } else { Err(corrupt(path, format!("the file is cut: it has {bytes} bytes"))) }
}

/// The newest version, and how many entries there are.
pub(super) fn state(connection: &Connection, path: &Path) -> Result<(u64, u64), StoreError> {
    let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let found = connection
        .prepare_cached("SELECT revision, entries, crc FROM state")
        .and_then(|mut state| state.query_row([], |row| Ok((number(row, 0)?, number(row, 1)?, number(row, 2)?))).optional())
        .map_err(|cause| StoreError::sql(path, cause))?;
    match found {
        Some((revision, entries, crc)) if u64::from(seal(revision, &entries.to_le_bytes())) == crc => Ok((revision, entries)),
        Some(_) => Err(corrupt(path, "its state does not fit its checksum".into())),
        None => Err(corrupt(path, "its state is gone".into())),
    }
}

pub(super) fn corrupt(path: &Path, what: String) -> StoreError {
    StoreError::Corrupt { path: path.into(), what }
}

/// The one connection that writes.
pub(super) fn writer(path: &Path, max_file: Option<u64>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?; // what is removed is overwritten
    connection.pragma_update(None, "wal_autocheckpoint", 0)?; // the writer does that, and hears of errors
    connection.pragma_update(None, "cache_size", -8 * 1024)?; // KiB; the kernel has the rest
    if let Some(bytes) = max_file {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)?;
        connection.pragma_update(None, "max_page_count", (bytes / page).cast_signed())?;
    }
    Ok(connection)
}
