//! Questions to the file. Each gives sealed bytes; what they say is for whoever has the keys.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::head::{Head, head};
use super::schema::look;
use crate::keys::KeyId;
use crate::token::Token;
use crate::{Scope, VaultError};

pub(crate) struct FileReader {
    connection: Connection,
    path: PathBuf,
}

/// A subject's row.
pub(crate) enum Row {
    There(Vec<u8>),
    Erased,
    None,
}

fn id(number: i64) -> KeyId {
    KeyId(number.cast_unsigned())
}

impl FileReader {
    pub(crate) fn open(path: &Path) -> Result<Self, VaultError> {
        Ok(Self { connection: look(path)?, path: path.into() })
    }

    pub(crate) fn head(&self) -> Result<Head, VaultError> {
        head(&self.connection, &self.path)
    }

    fn told<T>(&self, found: rusqlite::Result<T>) -> Result<T, VaultError> {
        found.map_err(|cause| VaultError::sql(&self.path, cause))
    }

    /// The number of the subject with this tag.
    pub(crate) fn subject(&self, tag: &[u8; 16]) -> Result<Option<KeyId>, VaultError> {
        let statement = self.connection.prepare_cached("SELECT id FROM subjects WHERE tag = ?1");
        self.told(statement.and_then(|mut statement| statement.query_row([tag], |row| row.get(0).map(id)).optional()))
    }

    pub(crate) fn key(&self, id: KeyId) -> Result<Row, VaultError> {
        let statement = self.connection.prepare_cached("SELECT key FROM subjects WHERE id = ?1");
        let found: Option<Option<Vec<u8>>> =
            self.told(statement.and_then(|mut statement| statement.query_row([id.0.cast_signed()], |row| row.get(0)).optional()))?;
        Ok(match found {
            Some(Some(sealed)) => Row::There(sealed),
            Some(None) => Row::Erased,
            None => Row::None,
        })
    }

    pub(crate) fn value(&self, scope: &Scope, token: &Token) -> Result<Option<(KeyId, Vec<u8>)>, VaultError> {
        let statement = self.connection.prepare_cached("SELECT subject, sealed FROM secrets WHERE scope = ?1 AND token = ?2");
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0).map(id)?, row.get(1)?));
        self.told(statement.and_then(|mut statement| statement.query_row((scope, token), read).optional()))
    }

    /// The subjects that have keys, with their sealed names.
    pub(crate) fn names(&self) -> Result<Vec<(KeyId, Vec<u8>)>, VaultError> {
        let list = || {
            let mut statement = self.connection.prepare_cached("SELECT id, name FROM subjects WHERE key IS NOT NULL")?;
            let rows = statement.query_map([], |row| Ok((row.get(0).map(id)?, row.get(1)?)))?;
            rows.collect()
        };
        self.told(list())
    }
}

/// A subject's number, its sealed name and its sealed key.
pub(crate) type SealedSubject = (u64, Vec<u8>, Vec<u8>);

/// Every subject that has a key.
pub(crate) fn sealed_subjects(connection: &Connection) -> rusqlite::Result<Vec<SealedSubject>> {
    let mut statement = connection.prepare("SELECT id, name, key FROM subjects WHERE key IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

pub(crate) fn set_subject(connection: &Connection, id: KeyId, name: &[u8], key: &[u8]) -> rusqlite::Result<()> {
    let mut set = connection.prepare_cached("UPDATE subjects SET name = ?2, key = ?3 WHERE id = ?1")?;
    set.execute((id.0.cast_signed(), name, key)).map(drop)
}
