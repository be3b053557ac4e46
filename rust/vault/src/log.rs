//! What callers and the writer thread share: what is cached, what is queued, and how far the file has come.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use rustc_hash::FxBuildHasher;

use crate::cache::Cache;
use crate::file::FileReader;
use crate::keys::{KeyId, SubjectKey};
use crate::token::Token;
use crate::{Scope, VaultError};

/// Values and keys that are kept unsealed or unread: about 8 MiB each.
const VALUES: usize = 16_384;
const KEYS: usize = 2_048;

/// A change of the file.
pub(crate) enum Op {
    Subject { id: KeyId, tag: [u8; 16], name: Vec<u8>, key: Vec<u8> },
    Value { scope: Scope, token: Token, kind: Arc<str>, subject: KeyId, sealed: Arc<[u8]> },
    Erase { id: KeyId },
    Forget { scope: Scope },
}

/// A sealed value.
#[derive(Clone)]
pub(crate) struct Held {
    pub subject: KeyId,
    pub sealed: Arc<[u8]>,
}

/// Where changes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Memory,
    Durable,
    ReadOnly(PathBuf),
}

pub(crate) struct State {
    pub mode: Mode,
    pub subjects: Cache<Box<str>, KeyId>,
    pub keys: Cache<KeyId, Arc<SubjectKey>, FxBuildHasher>,
    /// Nobody outside can choose what lies together here: numbers of keys are random, and so are tokens to whom lacks the secret.
    pub values: Cache<(Scope, Token), Held, FxBuildHasher>,
    /// Erased since this vault was opened: what the file still says of them does not count.
    pub erased: HashSet<KeyId>,
    /// Scopes that were forgotten and may still be in the file.
    pub forgotten: HashSet<Scope>,
    pub reader: Option<FileReader>,
    pub batch: Vec<Op>,
    /// Who asked that the file be written anew without what was erased.
    pub clears: Vec<Sender<Result<(), VaultError>>>,
    /// How many changes there were.
    pub revision: u64,
    pub waiting: usize,
    pub is_idle: bool,
    pub closing: bool,
    pub failure: Option<VaultError>,
}

impl State {
    pub(crate) fn new(mode: Mode, reader: Option<FileReader>) -> Self {
        let limit = |usual| if mode == Mode::Memory { usize::MAX } else { usual };
        Self {
            subjects: Cache::new(limit(KEYS)),
            keys: Cache::new(limit(KEYS)),
            values: Cache::new(limit(VALUES)),
            mode,
            erased: HashSet::new(),
            forgotten: HashSet::new(),
            reader,
            batch: Vec::new(),
            clears: Vec::new(),
            revision: 0,
            waiting: 0,
            is_idle: false,
            closing: false,
            failure: None,
        }
    }

    /// Whether anything may be asked.
    pub(crate) fn open(&self) -> Result<(), VaultError> {
        match &self.failure {
            Some(cause) => Err(VaultError::Failed { cause: Arc::new(cause.clone()) }),
            None if self.closing => Err(VaultError::Closed),
            None => Ok(()),
        }
    }

    /// Whether anything may be changed.
    pub(crate) fn writable(&self) -> Result<(), VaultError> {
        match &self.mode {
            Mode::ReadOnly(path) => Err(VaultError::ReadOnly { path: path.clone() }),
            Mode::Memory | Mode::Durable => Ok(()),
        }
    }
}
