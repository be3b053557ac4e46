//! Nonces: 96 random bits each, from the operating system, drawn a buffer at a time.
//!
//! Random, and no counter: a counter lies in the file, and comes back to what it was with a restored copy or a lost commit. The same
//! key would then meet the same nonce twice, which gives away both texts and lets seals be forged. Random ones may meet by chance:
//! NIST SP 800-38D (8.3) allows 2^32 under one key. No key here sees as many: what is sealed of a run has a key derived for that
//! run, and what placeholders stand for is a few values a run.

use std::sync::{Mutex, PoisonError};

use crate::VaultError;

/// Bytes of one call to the system.
const BUFFER: usize = 12 * 256;

pub(crate) struct Nonces {
    buffer: Box<[u8; BUFFER]>,
    used: usize,
}

impl Nonces {
    pub(crate) fn new() -> Self {
        Self { buffer: Box::new([0; BUFFER]), used: BUFFER }
    }

    pub(crate) fn draw(&mut self) -> Result<[u8; 12], VaultError> {
        if self.used == BUFFER {
            fill(&mut *self.buffer)?;
            self.used = 0;
        }
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&self.buffer[self.used..self.used + 12]);
        self.used += 12;
        Ok(nonce)
    }
}

/// A nonce from this process's buffer. A fork's copy of it is never used: a vault refuses to be used by a child.
pub(crate) fn draw() -> Result<[u8; 12], VaultError> {
    static COMMON: Mutex<Option<(u32, Nonces)>> = Mutex::new(None);
    let mut common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
    let here = std::process::id();
    match &mut *common {
        Some((process, nonces)) if *process == here => nonces.draw(),
        other => other.insert((here, Nonces::new())).1.draw(),
    }
}

/// Random bytes from the system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|cause| VaultError::NoEntropy { cause: cause.to_string() })
}
