//! A state's hash: what two folds of one journal agree on.

use std::io::{self, Write};

use interlock_kernel::{Digest, State};
use sha2::{Digest as _, Sha256};

use crate::JournalError;

/// SHA-256 of the state's MessagePack form. Only hashes of one `STATE_SHAPE` can be compared.
///
/// # Errors
/// `Misused` when a state can't be written down, which none is known to do.
pub fn state_hash(state: &State) -> Result<Digest, JournalError> {
    let mut hash = Hashed(Sha256::new());
    rmp_serde::encode::write(&mut hash, state)
        .map_err(|cause| JournalError::Misused { what: format!("a state can't be written: {cause}") })?;
    Ok(Digest(hash.0.finalize().into()))
}

struct Hashed(Sha256);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
