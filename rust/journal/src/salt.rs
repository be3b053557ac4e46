//! Salts for commitments: unpredictable and cheap. SHA-256 in counter mode under a key from the operating system.

use sha2::{Digest as _, Sha256};

use crate::JournalError;

/// A source of salts. Each block of the generator gives two.
pub struct SaltSource {
    key: [u8; 32],
    counter: u64,
    spare: Option<[u8; 16]>,
}

impl SaltSource {
    /// A source with a fresh key. After a fork make another, or both processes draw the same salts.
    pub fn new() -> Result<Self, JournalError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|cause| JournalError::NoEntropy { cause: cause.to_string() })?;
        Ok(Self::from_key(key))
    }

    /// The same salts for the same key: for tests that need bytes they can compare.
    pub fn from_key(key: [u8; 32]) -> Self {
        Self { key, counter: 0, spare: None }
    }

    /// The next salt.
    pub fn draw(&mut self) -> [u8; 16] {
        if let Some(salt) = self.spare.take() {
            return salt;
        }
        let block: [u8; 32] = Sha256::new().chain_update(self.key).chain_update(self.counter.to_le_bytes()).finalize().into();
        self.counter += 1;
        let mut halves = [[0; 16]; 2];
        halves[0].copy_from_slice(&block[..16]);
        halves[1].copy_from_slice(&block[16..]);
        self.spare = Some(halves[1]);
        halves[0]
    }
}

impl std::fmt::Debug for SaltSource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SaltSource").field("counter", &self.counter).finish_non_exhaustive() // the key stays out of logs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_salt_comes_twice_and_two_sources_differ() {
        let (mut one, mut other) = (SaltSource::new().unwrap(), SaltSource::new().unwrap());
        let drawn: BTreeSet<_> = (0..1000).flat_map(|_| [one.draw(), other.draw()]).collect();
        assert_eq!(drawn.len(), 2000);
    }

    #[test]
    fn debugging_a_source_does_not_show_its_key() {
        assert_eq!(format!("{:?}", SaltSource::from_key([9; 32])), "SaltSource { counter: 0, .. }");
    }
}
