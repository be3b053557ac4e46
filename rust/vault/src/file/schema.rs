//! Which tables the file has, how it is told from other files, how it comes to be.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::head::{Head, set_head};
use super::lock::beside;
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
    if fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        return Err(VaultError::Missing { path: path.into() }); // SQLite would mix the old log into a new file
    }
    let draft = beside(path, ".new");
    match fs::remove_file(&draft) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(VaultError::io(&draft, cause)),
        Ok(()) | Err(_) => {}
    }
    let head = head()?;
    build(&draft, &head).map_err(|cause| VaultError::sql(path, cause))?;
    fs::set_permissions(&draft, Permissions::from_mode(0o600)).map_err(|cause| VaultError::io(&draft, cause))?;
    fs::rename(&draft, path).map_err(|cause| VaultError::io(path, cause))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| VaultError::io(path, cause))
}

fn build(draft: &Path, head: &Head) -> rusqlite::Result<()> {
    let mut connection = Connection::open(draft)?;
    connection.pragma_update(None, "journal_mode", "memory")?; // a draft that is not finished is thrown away
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(TABLES)?;
    set_head(&transaction, head)?;
    transaction.commit()?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.close().map_err(|(_, cause)| cause)
}

/// Writes the log's bytes once more and syncs them, before anything is read from it: a sync that failed may have left pages that
/// are in memory and not on the disk, which the kernel takes for written.
pub(crate) fn rewrite_log(path: &Path) -> Result<(), VaultError> {
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
    rewrite().map_err(|cause| VaultError::io(&name, cause))
}

/// A connection that only reads, after the file was found to be a vault's, of a format that this program knows.
pub(crate) fn look(path: &Path) -> Result<Connection, VaultError> {
    if !path.exists() {
        return Err(VaultError::Missing { path: path.into() });
    }
    let told = |cause| VaultError::sql(path, cause);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0)).map_err(told);
    if number("application_id")? != APPLICATION_ID {
        return Err(VaultError::NotAVault { path: path.into() });
    }
    let format = number("user_version")?;
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
