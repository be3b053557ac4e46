//! Which tables the file has, how it is told from other files, how it comes to be.

use std::path::Path;

use interlock_files::{self as files, Draft};
use rusqlite::{Connection, OpenFlags};

use super::head::{Head, set_head};
use crate::VaultError;

/// The format that this program writes. A change of tables or of sealing is a new one.
const FORMAT: u32 = 1;
/// `INVT` in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x494e_5654;

/// An erased subject keeps its number only, so that what was sealed for it is known to be erased, and not altered.
const TABLES: &str = "
    CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one = 1), id BLOB NOT NULL, outside INTEGER NOT NULL, root BLOB NOT NULL,
        tokens BLOB NOT NULL) STRICT;
    CREATE TABLE subjects(id INTEGER PRIMARY KEY, tag BLOB UNIQUE, name BLOB, key BLOB) STRICT;
    CREATE TABLE secrets(scope BLOB NOT NULL, token BLOB NOT NULL, kind TEXT NOT NULL, subject INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY(scope, token)) STRICT, WITHOUT ROWID;
    CREATE INDEX secrets_by_subject ON secrets(subject);
";

/// Makes a new file where there is none. It appears whole or not at all, and only its owner may read it.
pub(crate) fn create_if_missing(path: &Path, head: impl FnOnce() -> Result<Head, VaultError>) -> Result<(), VaultError> {
    if path.exists() {
        return Ok(());
    }
    let head = head()?;
    let draft = Draft { application: APPLICATION_ID, format: FORMAT, page: None, is_private: true };
    let filled = draft.appear(path, |transaction| {
        transaction.execute_batch(TABLES)?;
        set_head(transaction, &head)
    });
    filled.map_err(VaultError::of(path))
}

/// A connection that only reads, after the file was found to be a vault's, of a format that this program knows.
pub(crate) fn look(path: &Path) -> Result<Connection, VaultError> {
    if !path.exists() {
        return Err(VaultError::Missing { path: path.into() });
    }
    let told = |cause| VaultError::sql(path, cause);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    let format = files::application(&connection, APPLICATION_ID).map_err(VaultError::of(path))?;
    if format != FORMAT {
        return Err(VaultError::VersionUnsupported { path: path.into(), format, known: FORMAT });
    }
    connection.pragma_update(None, "cache_size", -2 * 1024).map_err(told)?; // KiB
    Ok(connection)
}

/// The one connection that writes.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?; // what is removed is overwritten
    connection.pragma_update(None, "temp_store", "memory")?; // a vacuum leaves nothing in another folder
    connection.pragma_update(None, "wal_autocheckpoint", 0)?; // the writer does that, and hears of errors
    connection.pragma_update(None, "cache_size", -4 * 1024)?; // KiB
    Ok(connection)
}
