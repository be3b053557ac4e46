//! Which tables the file has, how it is told from other files, how it comes to be.

use std::path::Path;

use crc32fast::Hasher;
use interlock_files::{self as files, Draft};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

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

/// Makes a file with something in it.
pub(super) fn appear(path: &Path, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), StoreError> {
    let draft = Draft { application: APPLICATION_ID, format: FORMAT, page: Some(PAGE), is_private: false };
    let filled = draft.appear(path, |transaction| {
        transaction.execute_batch(TABLES)?;
        fill(transaction)
    });
    filled.map_err(StoreError::of(path))
}

/// A connection that only reads, after the file was found to be a store's, of a format that this program knows.
pub(crate) fn look(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|cause| StoreError::sql(path, cause))?;
    let format = files::application(&connection, APPLICATION_ID).map_err(StoreError::of(path))?;
    if format != FORMAT {
        return Err(StoreError::VersionUnsupported { path: path.into(), format, known: FORMAT });
    }
    files::ends_with_a_page(&connection, path).map_err(StoreError::of(path))?;
    Ok(connection)
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
