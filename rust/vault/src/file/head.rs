//! The file's head: the root key, wrapped or not, and the secret for tokens, sealed under it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::schema::look;
use crate::VaultError;
use crate::key::Secret;
use crate::nonces;
use crate::open::{TOKENS_PLACE, root_sealer};
use crate::wrapping::Wrap;

pub(crate) struct Head {
    pub id: [u8; 16],
    /// The root is wrapped by a key from outside. Otherwise it stands here as it is.
    pub is_outside: bool,
    pub root: Vec<u8>,
    pub tokens: Vec<u8>,
}

impl Head {
    /// The head of a new file.
    pub(crate) fn new(wrap: Option<&dyn Wrap>) -> Result<Self, VaultError> {
        let (root, kept) = match wrap {
            Some(wrap) => wrap.fresh()?,
            None => Secret::random().map(|root| (root.clone(), root.bytes().to_vec()))?,
        };
        let tokens = root_sealer(&root).seal(TOKENS_PLACE, &[Secret::random()?.bytes()])?;
        let mut id = [0; 16];
        nonces::fill(&mut id)?;
        Ok(Self { id, is_outside: wrap.is_some(), root: kept, tokens })
    }

    /// The root key, with what protects it.
    pub(crate) fn root(&self, path: &Path, wrap: Option<&dyn Wrap>) -> Result<Secret, VaultError> {
        match (self.is_outside, wrap) {
            (true, Some(wrap)) => wrap.unwrap(&self.root)?.ok_or_else(|| VaultError::WrongKey { path: path.into(), key: wrap.name() }),
            (true, None) => Err(VaultError::KeyMissing { path: path.into() }),
            (false, Some(wrap)) => Err(VaultError::NotProtected { path: path.into(), key: wrap.name() }),
            (false, None) => Secret::from_slice(&self.root).ok_or_else(|| VaultError::corrupt(path, "its root key is cut")),
        }
    }
}

pub(crate) fn head(connection: &Connection, path: &Path) -> Result<Head, VaultError> {
    let found = connection.query_row("SELECT id, outside, root, tokens FROM head", [], |row| {
        Ok(Head { id: row.get(0)?, is_outside: row.get(1)?, root: row.get(2)?, tokens: row.get(3)? })
    });
    found.optional().map_err(|cause| VaultError::sql(path, cause))?.ok_or_else(|| VaultError::corrupt(path, "its head is gone"))
}

pub(crate) fn set_head(connection: &Connection, head: &Head) -> rusqlite::Result<()> {
    let mut set = connection.prepare("INSERT OR REPLACE INTO head VALUES(1, ?1, ?2, ?3, ?4)")?;
    set.execute((head.id, head.is_outside, &head.root, &head.tokens)).map(drop)
}

/// How a vault's file protects its keys, as everybody can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// There is no file.
    Missing,
    /// The root key lies in the file.
    Inside,
    /// The root key is wrapped, in these bytes.
    Outside(Vec<u8>),
}

/// How the vault at `path` protects its keys. No key is needed for that.
pub fn protection(path: &Path) -> Result<Protection, VaultError> {
    if !path.exists() {
        return Ok(Protection::Missing);
    }
    let head = head(&look(path)?, path)?;
    Ok(if head.is_outside { Protection::Outside(head.root) } else { Protection::Inside })
}
