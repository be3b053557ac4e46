//! Reading a journal without owning it. Another process may be writing it at the same time; nothing here writes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use interlock_files::beside;
use interlock_kernel::{Digest, RunId};
use interlock_vault::Vault;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::RunName;
use crate::frame::Frame;
use crate::query::{self, Answer, Fault};
use crate::schema;
use crate::sealing::Keys;
use crate::store::{self, lock};
use crate::{JournalError, Payload, RemovedWhy, ReviewFilter, ReviewRow, RunFilter, RunRow, review_table};

/// A read-only view of a journal's file.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    /// The program that wrote the file last.
    written_by: String,
    connection: Mutex<Option<Connection>>,
    keys: Keys,
}

impl Reader {
    /// Opens a file that exists and is a journal.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::open_with(path, None)
    }

    /// As [`Reader::open`], with the vault that has the keys of what is encrypted.
    pub fn open_with(path: impl AsRef<Path>, vault: Option<Arc<Vault>>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        match path.metadata() {
            Err(cause) => return Err(JournalError::io(path, cause)),
            Ok(known) if !known.is_file() => return Err(JournalError::NotAJournal { path: path.into() }),
            Ok(_) => {}
        }
        let (connection, written_by) = connect(path)?;
        let reader = Self { path: path.into(), written_by, connection: Mutex::new(Some(connection)), keys: Keys(vault) };
        if let Some(vault) = &reader.keys.0
            && reader.ask(schema::vault)?.is_some_and(|known| known != query::hex(&vault.id()))
        {
            return Err(JournalError::WrongVault { path: path.into() });
        }
        Ok(reader)
    }

    /// Whether payloads of it are encrypted, so that a key is needed to read them.
    pub fn is_encrypted(&self) -> Result<bool, JournalError> {
        Ok(self.ask(query::format)? >= schema::SEALED)
    }

    /// The run with this id.
    pub fn find_id(&self, id: RunId) -> Result<Option<RunRow>, JournalError> {
        self.ask(|connection| query::by_id(connection, id))
    }

    /// At most `limit` runs whose id starts with this text, oldest first.
    pub fn find_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<RunRow>, JournalError> {
        self.ask(|connection| query::by_prefix(connection, prefix, limit))
    }

    /// From the next question on the file looks as it does then, whatever is written meanwhile. A writer goes on, but can't
    /// shorten its log while this reader is there.
    pub fn hold_still(&self) -> Result<(), JournalError> {
        self.ask(|connection| Ok(connection.execute_batch("BEGIN")?))
    }

    /// The run that was started under this key.
    pub fn find_key(&self, key: &str) -> Result<Option<RunRow>, JournalError> {
        self.ask(|connection| query::by_key(connection, key))
    }

    /// Runs, newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError> {
        self.ask(|connection| query::runs(connection, filter))
    }

    /// A run's frames in their order; none for a run that is not there. A run that lost some is damaged, not shorter.
    pub fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
        self.ask(|connection| {
            let listed = query::run(connection, run)?; // first: the owner may append between the two
            let frames: Vec<_> = query::frames(connection, run)?.into_iter().map(|(_, frame)| frame).collect();
            match listed {
                Some(row) if frames.len() < row.frames as usize => {
                    let what = format!("the list of runs counts {} frames and {} are there", row.frames, frames.len());
                    Err(JournalError::damaged(what).at(RunName { number: run, id: Some(row.id) }, None).into())
                }
                Some(_) | None => Ok(frames),
            }
        })
    }

    /// A run's payloads by number.
    pub fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
        self.ask(|connection| query::payloads(connection, run, &self.keys))
    }

    /// Why a run's payloads are gone, if they are.
    pub fn removed(&self, run: u64) -> Result<Option<RemovedWhy>, JournalError> {
        Ok(self.ask(|connection| query::run(connection, run))?.and_then(|row| row.removed))
    }

    /// The runs that are open or in review, newest first.
    pub fn unfinished(&self) -> Result<Vec<RunRow>, JournalError> {
        self.ask(query::unfinished)
    }

    /// Open reviews, oldest first.
    pub fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<ReviewRow>, JournalError> {
        self.ask(|connection| review_table::list(connection, filter))
    }

    /// The text of a plan, a rule file or an index that was registered under this digest.
    pub fn document(&self, digest: &Digest) -> Result<Option<String>, JournalError> {
        self.ask(|connection| query::document(connection, digest, &self.keys))?.map(store::text).transpose()
    }

    /// Puts a question to the file, and the file's names to what goes wrong.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Connection) -> Answer<T>) -> Result<T, JournalError> {
        let connection = lock(&self.connection);
        let connection = connection.as_ref().ok_or(JournalError::Closed)?;
        question(connection).map_err(|fault| match fault {
            Fault::Sql(cause) => JournalError::store(&self.path, cause),
            Fault::Journal(JournalError::VersionUnsupported { what, written_by, format, known }) if written_by.is_empty() => {
                JournalError::VersionUnsupported { what, written_by: self.written_by.clone(), format, known }
            }
            Fault::Journal(cause) => cause,
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn close(&self) {
        drop(lock(&self.connection).take());
    }
}

fn connect(path: &Path) -> Result<(Connection, String), JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let attempt = |name: &Path, flags| {
        let connection = Connection::open_with_flags(name, flags).map_err(|cause| JournalError::store(path, cause))?;
        schema::check(&connection, path).map(|written_by| (connection, written_by))
    };
    match attempt(path, flags) {
        // SQLite wants files beside the journal and may not make any. Without a log there is nothing to share with a writer.
        Err(JournalError::Store { cause, .. })
            if cause.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !beside(path, "-wal").exists() =>
        {
            attempt(&immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)
        }
        other => other,
    }
}

/// SQLite's name for a file that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => name.push(char::from(*byte)),
            other => _ = write!(name, "%{other:02X}"),
        }
    }
    name.push_str("?immutable=1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Journal;

    #[test]
    fn a_file_in_a_folder_that_can_not_be_written_is_read_by_its_immutable_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a strange name?#%.db");
        Journal::open(&path, "test").unwrap().close().unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(immutable(&path), flags).unwrap();
        assert_eq!(schema::check(&connection, &path).unwrap(), "test");
        assert!(!beside(&path, "-wal").exists());
    }
}
