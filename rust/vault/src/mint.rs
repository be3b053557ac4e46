//! Minting, revealing, carrying and erasing. A value is sealed under its subject's key, in a place made of scope, kind and token.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::base32;
use crate::keys::{Found, KeyId, name_place};
use crate::log::{Held, Mode, Op, State};
use crate::shared::Shared;
use crate::token::Token;
use crate::{Scope, Vault, VaultError, subject};

fn place(scope: &Scope, kind: &str, token: &Token) -> Vec<u8> {
    [b"val1".as_slice(), scope, token, kind.as_bytes()].concat()
}

impl Shared {
    fn mint(&self, state: &mut State, scope: &Scope, subject: &str, kind: &str, value: &str) -> Result<Token, VaultError> {
        let token = self.tokens.token(scope, kind, value);
        if state.values.get(&(*scope, token)).is_some() {
            return Ok(token);
        }
        state.writable()?;
        let id = self.subject(state, subject)?;
        let Found::There(key) = self.key(state, id)? else { return Err(self.damaged("a subject's key is gone")) };
        let sealed: Arc<[u8]> = key.values.seal(&place(scope, kind, &token), &[value.as_bytes()])?.into();
        let held = Held { subject: id, sealed: Arc::clone(&sealed) };
        let since = self.queue(state, || Ok(Op::Value { scope: *scope, token, kind: kind.into(), subject: id, sealed }))?;
        state.values.put((*scope, token), held, since, self.committed());
        Ok(token)
    }

    /// The value that a token stands for, and whose it is.
    fn reveal(
        &self,
        state: &mut State,
        scope: &Scope,
        kind: &str,
        token: &Token,
    ) -> Result<Option<(KeyId, Zeroizing<String>)>, VaultError> {
        let (held, is_read) = match (state.values.get(&(*scope, *token)), &state.reader) {
            (Some(held), _) => (held.clone(), false),
            (None, Some(file)) if !state.forgotten.contains(scope) => match file.value(scope, token)? {
                Some((subject, sealed)) => (Held { subject, sealed: sealed.into() }, true),
                None => return Ok(None),
            },
            (None, Some(_) | None) => return Ok(None),
        };
        let key = match self.key(state, held.subject)? {
            Found::There(key) => key,
            Found::Erased => return Ok(None),
            Found::Unknown => return Err(self.damaged("a value's subject is not in it")),
        };
        let Some(bytes) = key.values.open(&place(scope, kind, token), &held.sealed) else {
            return Ok(None); // another kind than it was minted under, or a row that somebody moved
        };
        let value = String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| self.damaged("a value is not text"))?;
        let subject = held.subject;
        if is_read {
            state.values.put((*scope, *token), held, 0, self.committed());
        }
        Ok(Some((subject, value)))
    }
}

impl Vault {
    /// The token that stands for a value of a subject, within a scope. The same value has the same token there.
    ///
    /// In memory it takes about a microsecond; it is durable after [`Vault::flush`].
    pub fn mint(&self, scope: &Scope, subject: &str, kind: &str, value: &str) -> Result<String, VaultError> {
        self.check_process()?;
        let mut state = self.shared.lock();
        state.open()?;
        self.shared.mint(&mut state, scope, subject, kind, value).map(|token| base32::write(&token))
    }

    /// What a token stands for. Nothing if it was never minted in this scope under this kind, or whom it belongs to was erased.
    pub fn reveal(&self, scope: &Scope, kind: &str, token: &str) -> Result<Option<String>, VaultError> {
        self.check_process()?;
        let Some(token) = base32::read(token) else { return Ok(None) };
        let mut state = self.shared.lock();
        state.open()?;
        Ok(self.shared.reveal(&mut state, scope, kind, &token)?.map(|(_, value)| value.to_string()))
    }

    /// A token of another scope for what a token stands for: for a text that goes from a run into the memory, or back.
    /// Nothing where [`Vault::reveal`] gives nothing.
    pub fn carry(&self, from: &Scope, to: &Scope, kind: &str, token: &str) -> Result<Option<String>, VaultError> {
        self.check_process()?;
        let Some(token) = base32::read(token) else { return Ok(None) };
        let mut state = self.shared.lock();
        state.open()?;
        let Some((id, value)) = self.shared.reveal(&mut state, from, kind, &token)? else { return Ok(None) };
        let token = self.shared.tokens.token(to, kind, &value);
        if state.values.get(&(*to, token)).is_none() {
            state.writable()?;
            let Found::There(key) = self.shared.key(&mut state, id)? else { return Ok(None) };
            let sealed: Arc<[u8]> = key.values.seal(&place(to, kind, &token), &[value.as_bytes()])?.into();
            let held = Held { subject: id, sealed: Arc::clone(&sealed) };
            let since = self.shared.queue(&mut state, || Ok(Op::Value { scope: *to, token, kind: kind.into(), subject: id, sealed }))?;
            state.values.put((*to, token), held, since, self.shared.committed());
        }
        Ok(Some(base32::write(&token)))
    }

    /// Deletes a subject's key and values. When it returns, no byte of them is left in the vault's files.
    /// Gives how many subjects there were of that name: 0 or 1. After an error or a crash, ask again.
    pub fn erase(&self, subject: &str) -> Result<usize, VaultError> {
        self.erase_all(&[subject.into()])
    }

    /// As [`Vault::erase`], for a user's id under every tenant. Gives how many subjects that were.
    pub fn erase_user(&self, user: &str) -> Result<usize, VaultError> {
        self.check_process()?;
        let mut state = loop {
            self.flush()?; // so that the file lists all
            let state = self.shared.lock();
            state.open()?;
            if !self.is_dirty() {
                break state;
            }
        };
        let names = self.shared.names(&state)?;
        let ids = names.into_iter().filter(|(_, name)| subject::user_of(name) == Some(user)).map(|(id, _)| id).collect();
        let count = self.shared.erase(&mut state, ids)?;
        drop(state);
        self.clear().map(|()| count) // also when nothing was left to erase: a crash may have come between
    }

    /// As [`Vault::erase`], for several subjects at once. Gives how many there were.
    pub fn erase_all(&self, subjects: &[String]) -> Result<usize, VaultError> {
        self.check_process()?;
        let mut state = self.shared.lock();
        state.open()?;
        state.writable()?;
        let mut ids = Vec::new();
        for subject in subjects {
            ids.extend(self.shared.known_subject(&mut state, subject)?);
        }
        let count = self.shared.erase(&mut state, ids)?;
        drop(state);
        self.clear().map(|()| count)
    }

    /// Deletes all values of scopes: runs that were pruned. Their bytes are overwritten once it is durable.
    pub fn forget(&self, scopes: &[Scope]) -> Result<(), VaultError> {
        self.check_process()?;
        let mut state = self.shared.lock();
        state.open()?;
        state.writable()?;
        let gone: HashSet<&Scope> = scopes.iter().collect();
        state.values.retain(|(scope, _), _| !gone.contains(scope));
        for scope in scopes {
            if state.mode == Mode::Durable {
                state.forgotten.insert(*scope);
            }
            self.shared.queue(&mut state, || Ok(Op::Forget { scope: *scope }))?;
        }
        drop(state);
        self.flush()?;
        let mut state = self.shared.lock();
        for scope in scopes {
            state.forgotten.remove(scope);
        }
        Ok(())
    }

    /// Has the file written anew, so that what was erased is nowhere in it.
    pub fn clear(&self) -> Result<(), VaultError> {
        self.check_process()?;
        let (tell, told) = channel();
        {
            let mut state = self.shared.lock();
            state.open()?;
            if state.mode != Mode::Durable {
                return Ok(());
            }
            state.clears.push(tell);
            self.shared.rouse(&mut state);
        }
        match told.recv() {
            Ok(cleared) => cleared,
            Err(_) => Err(self.failure().map_or(VaultError::Closed, |cause| VaultError::Failed { cause: Arc::new(cause) })),
        }
    }

    /// The subjects that have keys, in no order.
    pub fn subjects(&self) -> Result<Vec<String>, VaultError> {
        self.flush()?;
        let state = self.shared.lock();
        state.open()?;
        Ok(self.shared.names(&state)?.into_iter().map(|(_, name)| name).collect())
    }
}

impl Shared {
    fn erase(&self, state: &mut State, ids: Vec<KeyId>) -> Result<usize, VaultError> {
        state.writable()?;
        let ids: HashSet<KeyId> = ids.into_iter().collect();
        state.subjects.retain(|_, id| !ids.contains(id));
        state.keys.retain(|id, _| !ids.contains(id));
        state.values.retain(|_, held| !ids.contains(&held.subject));
        for id in &ids {
            state.erased.insert(*id);
            self.queue(state, || Ok(Op::Erase { id: *id }))?;
        }
        self.erasures.fetch_add(1, Ordering::AcqRel);
        Ok(ids.len())
    }

    fn names(&self, state: &State) -> Result<Vec<(KeyId, String)>, VaultError> {
        let Some(file) = &state.reader else {
            return Ok(state.subjects.entries().map(|(name, id)| (*id, name.to_string())).collect());
        };
        let mut found = Vec::new();
        for (id, sealed) in file.names()? {
            if state.erased.contains(&id) {
                continue;
            }
            let name = self.root.open(&name_place(id), &sealed).and_then(|bytes| String::from_utf8(bytes).ok());
            found.push((id, name.ok_or_else(|| self.damaged("a subject's name was altered"))?));
        }
        Ok(found)
    }
}

/// The scope that a text names, like a namespace of the memory: SHA-256, cut to 16 bytes.
pub fn scope_of(text: &str) -> Scope {
    let digest: [u8; 32] = Sha256::new().chain_update(b"interlock.vault.scope.1").chain_update(text).finalize().into();
    let mut scope = [0; 16];
    scope.copy_from_slice(&digest[..16]);
    scope
}
