//! Subject keys: found by the subject's name or by their number, made where there is none, gone where they were erased.

use std::sync::Arc;

use zeroize::Zeroize;

use crate::file::Row;
use crate::key::Secret;
use crate::log::{Op, State};
use crate::nonces;
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::{Vault, VaultError};

/// A subject key's number: random, so that it says nothing and is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u64);

/// What became of something that is asked for by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    There(T),
    /// It was there, and whom it belonged to was erased.
    Erased,
    /// This vault never had it.
    Unknown,
}

pub(crate) struct SubjectKey {
    key: Secret,
    /// Seals what placeholders stand for.
    pub values: Sealer,
}

impl SubjectKey {
    fn new(key: Secret) -> Self {
        let values = Sealer::new(&key.derive(b"interlock.vault.values.1", b""));
        Self { key, values }
    }
}

pub(crate) fn key_place(id: KeyId) -> [u8; 12] {
    place(*b"key1", id)
}

pub(crate) fn name_place(id: KeyId) -> [u8; 12] {
    place(*b"nam1", id)
}

fn place(what: [u8; 4], id: KeyId) -> [u8; 12] {
    let mut place = [0; 12];
    place[..4].copy_from_slice(&what);
    place[4..].copy_from_slice(&id.0.to_le_bytes());
    place
}

impl Shared {
    /// The number of a subject's key. Makes one where there is none.
    pub(crate) fn subject(&self, state: &mut State, subject: &str) -> Result<KeyId, VaultError> {
        if let Some(known) = self.known_subject(state, subject)? {
            return Ok(known);
        }
        state.writable()?;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&nonces::draw()?[..8]);
        let id = KeyId(u64::from_le_bytes(bytes) >> 1); // SQLite's numbers have a sign
        let key = Secret::random()?;
        let since = self.queue(state, || {
            let sealed = self.root.seal(&key_place(id), &[key.bytes()])?;
            let name = self.root.seal(&name_place(id), &[subject.as_bytes()])?;
            Ok(Op::Subject { id, tag: self.tokens.tag(subject), name, key: sealed })
        })?;
        let committed = self.committed();
        state.keys.put(id, Arc::new(SubjectKey::new(key)), since, committed);
        state.subjects.put(subject.into(), id, since, committed);
        Ok(id)
    }

    /// The number of a subject's key, if it has one.
    pub(crate) fn known_subject(&self, state: &mut State, subject: &str) -> Result<Option<KeyId>, VaultError> {
        if let Some(known) = state.subjects.get(subject) {
            return Ok(Some(*known));
        }
        let Some(file) = &state.reader else { return Ok(None) };
        let found = file.subject(&self.tokens.tag(subject))?.filter(|id| !state.erased.contains(id));
        if let Some(id) = found {
            state.subjects.put(subject.into(), id, 0, self.committed());
        }
        Ok(found)
    }

    pub(crate) fn key(&self, state: &mut State, id: KeyId) -> Result<Found<Arc<SubjectKey>>, VaultError> {
        if state.erased.contains(&id) {
            return Ok(Found::Erased);
        }
        if let Some(known) = state.keys.get(&id) {
            return Ok(Found::There(Arc::clone(known)));
        }
        let Some(file) = &state.reader else { return Ok(Found::Unknown) };
        let sealed = match file.key(id)? {
            Row::There(sealed) => sealed,
            Row::Erased => return Ok(Found::Erased),
            Row::None => return Ok(Found::Unknown),
        };
        let opened = self.root.open(&key_place(id), &sealed).and_then(|mut bytes| {
            let key = Secret::from_slice(&bytes);
            bytes.zeroize();
            key
        });
        let key = opened.ok_or_else(|| self.damaged("a subject's key was altered"))?;
        let key = Arc::new(SubjectKey::new(key));
        state.keys.put(id, Arc::clone(&key), 0, self.committed());
        Ok(Found::There(key))
    }
}

/// Keys for what is sealed elsewhere, beside the vault.
impl Vault {
    /// The number of a subject's key, which is made if there is none. It is durable after [`Vault::flush`].
    pub fn key_of(&self, subject: &str) -> Result<KeyId, VaultError> {
        self.check_process()?;
        let mut state = self.shared.lock();
        state.open()?;
        self.shared.subject(&mut state, subject)
    }

    /// Seals and opens under a key of its own for this purpose and context, derived from a subject's key.
    pub fn sealer(&self, id: KeyId, purpose: &[u8], context: &[u8]) -> Result<Found<Sealer>, VaultError> {
        self.check_process()?;
        let mut state = self.shared.lock();
        state.open()?;
        Ok(match self.shared.key(&mut state, id)? {
            Found::There(subject) => Found::There(Sealer::new(&subject.key.derive(purpose, context))),
            Found::Erased => Found::Erased,
            Found::Unknown => Found::Unknown,
        })
    }
}
