//! AES-256-GCM: what is sealed can be read with the key only, and not be altered or moved without notice.

use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use zeroize::Zeroize;

use crate::VaultError;
use crate::key::Secret;
use crate::nonces;

const NONCE: usize = 12;
const TAG: usize = 16;
/// Bytes that sealing adds: a nonce before, a tag behind.
pub const OVERHEAD: usize = NONCE + TAG;

/// Seals and opens under one key.
pub struct Sealer(Box<Aes256Gcm>);

impl Sealer {
    pub(crate) fn new(key: &Secret) -> Self {
        Self(Box::new(Aes256Gcm::new(key.bytes().into())))
    }

    /// `nonce | ciphertext | tag` over the parts, one after another. Opening it needs the same `place`.
    pub(crate) fn seal_with(&self, nonce: [u8; NONCE], place: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut out = Vec::with_capacity(length + OVERHEAD);
        out.extend(nonce);
        for part in parts {
            out.extend_from_slice(part);
        }
        let text = InOutBuf::from(&mut out[NONCE..]);
        match self.0.encrypt_inout_detached(&nonce.into(), place, text) {
            Ok(tag) => out.extend_from_slice(&tag),
            Err(_) => unreachable!("a text in memory is shorter than 64 GiB"),
        }
        out
    }

    /// As it says: under a nonce of the common source.
    pub fn seal(&self, place: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>, VaultError> {
        Ok(self.seal_with(nonces::draw()?, place, parts))
    }

    /// What was sealed; nothing if it is not whole, stands in another place, or was sealed under another key.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (text, tag) = rest.split_last_chunk::<TAG>()?;
        let mut out = text.to_vec();
        let opened = self.0.decrypt_inout_detached(nonce.into(), place, InOutBuf::from(out.as_mut_slice()), tag.into());
        if opened.is_err() {
            out.zeroize();
            return None;
        }
        Some(out)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sealer(…)")
    }
}
