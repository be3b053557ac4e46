//! The journal's file: which tables it has, how it is told from other files, how it comes to be. It reads no frames.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use interlock_files::{self as files, Draft, beside};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::query::{Answer, Fault};
use crate::tables::{self, SINCE_2, TABLES};
use crate::{JournalError, review_table};

/// The format that this program writes. A change of tables is a new one.
pub(crate) const FORMAT: u32 = 2;
/// As `FORMAT`, for a file with sealed payloads, which an earlier program would take for damaged. The tables are the same.
pub(crate) const SEALED: u32 = 3;
/// `INTL` in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x494e_544c;

/// How long a connection waits for another one: SQLite's wrapper has the same.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// Memory for pages, a connection: 32 MiB (SQLite counts negative numbers in KiB).
const CACHE: i32 = -32 * 1024;

/// Bytes of frames and payloads after which the log is put into the file: the log is then about 16 MiB long. That takes two more syncs
/// and rewrites each page once, while a commit waits. At a quarter of that it met one lone run in a hundred, and their p99 was three to
/// five times as long.
pub(crate) const CHECKPOINT: usize = 6 << 20;

/// Makes a new journal where there is no file. It appears whole or not at all.
pub(crate) fn create_if_missing(path: &Path, by: &str) -> Result<(), JournalError> {
    if path.exists() {
        return Ok(());
    }
    let draft = Draft { application: APPLICATION_ID, format: FORMAT, page: None, is_private: false };
    let filled = draft.appear(path, |transaction| {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(SINCE_2)?;
        transaction.execute_batch(review_table::TABLE)?;
        transaction.execute("INSERT INTO meta VALUES('format', ?1), ('written_by', ?2)", (FORMAT.to_string(), by)).map(drop)
    });
    filled.map_err(JournalError::of(path))
}

/// Whether the file system takes no writes at all: SQLite calls that an I/O error. The lock file is asked, because opening
/// the journal itself once more would give SQLite's own locks on it away.
pub(crate) fn refuses_writes(path: &Path) -> Option<JournalError> {
    let cause = OpenOptions::new().write(true).open(beside(path, ".lock")).err()?;
    (cause.kind() == io::ErrorKind::ReadOnlyFilesystem).then(|| JournalError::ReadOnly { path: path.into() })
}

/// What every connection gets: a cache, and statements that are planned once. Without the latter SQLite plans a kept
/// statement anew for each value that is bound to it, which costs more than running it.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", CACHE)
}

/// Memory for pages while a file is opened, in KiB. A journal whose runs wait for people is otherwise held in memory from then on: what
/// is given back lies between what is kept.
const FRUGAL: i32 = -512;

/// Keeps few pages.
pub(crate) fn save(connection: &Connection) -> Answer<()> {
    Ok(connection.pragma_update(None, "cache_size", FRUGAL)?)
}

/// Keeps as many as are useful for reading what is asked for again.
pub(crate) fn spend(connection: &Connection) -> Answer<()> {
    connection.execute_batch("PRAGMA shrink_memory")?;
    Ok(connection.pragma_update(None, "cache_size", CACHE)?)
}

/// The one connection that writes, after the file was found whole.
pub(crate) fn writer(path: &Path, by: &str, max_bytes: Option<u64>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?; // what is removed is overwritten
    connection.pragma_update(None, "wal_autocheckpoint", 0)?; // the writer does that, and hears of errors
    tune(&connection)?;
    if let Some(bytes) = max_bytes {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)?;
        connection.pragma_update(None, "max_page_count", (bytes / page).cast_signed())?;
    }
    connection.execute("UPDATE meta SET value = ?1 WHERE key = 'written_by' AND value <> ?1", [by])?;
    Ok(connection)
}

/// Brings a file of an earlier format to the present one. For its owner, after it was found whole.
pub(crate) fn lift(path: &Path) -> Result<(), JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|cause| JournalError::store(path, cause))?;
    let set = |name, value| connection.pragma_update(None, name, value);
    let careful = set("synchronous", "full").and_then(|()| set("secure_delete", "on")).map_err(Fault::from);
    careful.and_then(|()| tables::migrate(&mut connection)).map_err(|fault| fault.of(path))
}

/// Notes that payloads are sealed from now on, with which vault. The file is refused by programs that can't read them.
pub(crate) fn seal(path: &Path, vault: &str) -> Result<(), JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let note = || -> rusqlite::Result<()> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.pragma_update(None, "synchronous", "full")?;
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "user_version", SEALED)?;
        transaction.execute("UPDATE meta SET value = ?1 WHERE key = 'format'", [SEALED.to_string()])?;
        transaction.execute("INSERT OR REPLACE INTO meta VALUES('vault', ?1)", [vault])?;
        transaction.commit()
    };
    note().map_err(|cause| JournalError::store(path, cause))
}

/// The vault that the file's payloads are sealed with, if any are.
pub(crate) fn vault(connection: &Connection) -> Answer<Option<String>> {
    Ok(connection.query_row("SELECT value FROM meta WHERE key = 'vault'", [], |row| row.get(0)).optional()?)
}

/// Whether this is a journal that this program can read. Gives the name of the program that wrote it last.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<String, JournalError> {
    let format = files::application(connection, APPLICATION_ID).map_err(JournalError::of(path))?;
    files::ends_with_a_page(connection, path).map_err(JournalError::of(path))?;
    tune(connection).map_err(|cause| JournalError::store(path, cause))?;
    let written_by = connection.query_row("SELECT value FROM meta WHERE key = 'written_by'", [], |row| row.get(0)).optional();
    if format > SEALED {
        let written_by = written_by.ok().flatten().unwrap_or_else(|| "an unknown program".into());
        return Err(JournalError::VersionUnsupported { what: "the file's format".into(), written_by, format, known: SEALED });
    }
    written_by
        .map_err(|cause| JournalError::store(path, cause))?
        .ok_or_else(|| JournalError::damaged("the file does not say what wrote it"))
}
