//! A key: 32 bytes that are zeroed when they are dropped, and what is derived from and sealed under them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::nonces;

/// A secret of 32 bytes. Debugging it does not show it.
#[derive(Clone)]
pub struct Secret(pub(crate) Zeroizing<[u8; 32]>);

impl Secret {
    /// A fresh one from the operating system.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        nonces::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// These 32 bytes; nothing for any other number of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// The bytes, for whoever wraps them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Another key, which says nothing of this one: HMAC-SHA-256 over what it is for (NIST SP 800-108, one block).
    pub(crate) fn derive(&self, purpose: &[u8], context: &[u8]) -> Self {
        let mut mac = self.mac();
        mac.update(purpose);
        mac.update(context);
        let mut derived = Zeroizing::new([0; 32]);
        derived.copy_from_slice(&mac.finalize().into_bytes());
        Self(derived)
    }

    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        match Hmac::new_from_slice(&*self.0) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}
