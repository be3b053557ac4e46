//! Tokens: 80 bits of HMAC-SHA-256 over scope, kind and value, under a secret of the vault.
//!
//! Equal values have equal tokens within a scope, and nothing in common across scopes for whoever lacks the secret. The value is taken
//! as it is: what stands for it must give back just that, so no two spellings share a token.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::Scope;
use crate::key::Secret;

pub(crate) type Token = [u8; 10];

pub(crate) struct Tokens(Hmac<Sha256>);

impl Tokens {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(secret.mac())
    }

    pub(crate) fn token(&self, scope: &Scope, kind: &str, value: &str) -> Token {
        let mut head = [0; 28];
        head[..4].copy_from_slice(b"tok1");
        head[4..20].copy_from_slice(scope);
        head[20..].copy_from_slice(&(kind.len() as u64).to_le_bytes()); // so that no kind can run into a value
        let mut mac = self.0.clone();
        mac.update(&head);
        mac.update(kind.as_bytes());
        mac.update(value.as_bytes());
        let mac: [u8; 32] = mac.finalize().into_bytes().into();
        let mut token = [0; 10];
        token.copy_from_slice(&mac[..10]);
        token
    }

    /// By what a subject is found without its name lying in the file.
    pub(crate) fn tag(&self, subject: &str) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(b"sub1");
        mac.update(subject.as_bytes());
        let mac: [u8; 32] = mac.finalize().into_bytes().into();
        let mut tag = [0; 16];
        tag.copy_from_slice(&mac[..16]);
        tag
    }
}
