//! What protects a vault from outside: a key from the environment or a file, or a key service.

use std::fmt::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize, Zeroizing};

use crate::VaultError;
pub use crate::key::Secret;
use crate::seal::Sealer;

/// The largest file that may hold a key, in bytes: a key and some white space.
const LARGEST: u64 = 4096;

/// Wraps a vault's root key. It is asked when a vault is made, opened or rotated, and at no other time.
pub trait Wrap: Send + Sync {
    /// Seals a key under another that does not lie in the file.
    fn wrap(&self, key: &Secret) -> Result<Vec<u8>, VaultError>;

    /// The key that was wrapped; nothing if another one wrapped it.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<Secret>, VaultError>;

    /// How messages call it. Never the key itself.
    fn name(&self) -> String;

    /// A new root key with what wraps it.
    fn fresh(&self) -> Result<(Secret, Vec<u8>), VaultError> {
        let root = Secret::random()?;
        let wrapped = self.wrap(&root)?;
        Ok((root, wrapped))
    }
}

/// A wrapping key of 32 bytes that this process holds.
pub struct WrappingKey {
    key: Secret,
    name: String,
}

const PLACE: &[u8] = b"interlock.vault.root.1";

impl WrappingKey {
    /// A key that the caller has.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { key: Secret(Zeroizing::new(bytes)), name: "the key that was given".into() }
    }

    /// From an environment variable that holds it as base64 or hex.
    pub fn from_env(variable: &str) -> Result<Self, VaultError> {
        let from = format!("the environment variable {variable}");
        let unset = |what: &str| VaultError::NoKey { from: from.clone(), what: what.into() };
        let text = match std::env::var(variable) {
            Ok(text) => Zeroizing::new(text),
            Err(std::env::VarError::NotPresent) => return Err(unset("it is not set")),
            Err(std::env::VarError::NotUnicode(_)) => return Err(unset("it is not text")),
        };
        Self::parse(text.as_bytes(), from)
    }

    /// From a file that holds it as base64, as hex, or as 32 bytes.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let from = format!("the file {}", path.display());
        let unread = |what: String| VaultError::NoKey { from: from.clone(), what };
        let known = path.metadata().map_err(|cause| unread(cause.to_string()))?;
        if !known.is_file() || known.len() > LARGEST {
            return Err(unread(format!("it is no file of at most {LARGEST} bytes")));
        }
        let text = Zeroizing::new(std::fs::read(path).map_err(|cause| unread(cause.to_string()))?);
        match <[u8; 32]>::try_from(text.as_slice()) {
            Ok(bytes) if !bytes.iter().all(u8::is_ascii_graphic) => Ok(Self { key: Secret(Zeroizing::new(bytes)), name: from }),
            Ok(_) | Err(_) => Self::parse(&text, from),
        }
    }

    /// From base64 or hex; `from` is how messages call the place that it stood in.
    pub fn parse(text: &[u8], from: String) -> Result<Self, VaultError> {
        let text = text.trim_ascii();
        let wrong = |what: String| VaultError::NoKey { from: from.clone(), what };
        if text.is_empty() {
            return Err(wrong("it is empty".into()));
        }
        let hex = if text.len() == 64 { unhex(text) } else { None };
        let Some(bytes) = hex.or_else(|| unbase64(text)) else {
            return Err(wrong(format!("its {} characters are neither base64 nor hex", text.len())));
        };
        let Some(key) = Secret::from_slice(&bytes) else {
            return Err(wrong(format!("it has {} bytes, and a key has 32", bytes.len())));
        };
        if key.bytes().iter().all(|byte| *byte == key.bytes()[0]) {
            return Err(wrong("its 32 bytes are all the same".into()));
        }
        Ok(Self { key, name: from })
    }

    /// A name of the key that says nothing of it: 16 hex digits.
    pub fn id(&self) -> String {
        let id = self.key.derive(b"interlock.vault.key-id.1", b"");
        hex(&id.bytes()[..8])
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WrappingKey({})", self.name)
    }
}

impl Wrap for WrappingKey {
    fn wrap(&self, key: &Secret) -> Result<Vec<u8>, VaultError> {
        Sealer::new(&self.key).seal(PLACE, &[key.bytes()])
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<Secret>, VaultError> {
        Ok(Sealer::new(&self.key).open(PLACE, wrapped).and_then(|mut bytes| {
            let key = Secret::from_slice(&bytes);
            bytes.zeroize();
            key
        }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// A root key whose wrapping was done elsewhere, by a key service that the caller asked.
#[derive(Debug)]
pub struct Handed {
    pub root: Secret,
    pub wrapped: Vec<u8>,
}

impl Wrap for Handed {
    fn wrap(&self, _key: &Secret) -> Result<Vec<u8>, VaultError> {
        Err(VaultError::Service { what: "it was asked for one root key, and is to wrap another".into() })
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Option<Secret>, VaultError> {
        if wrapped == self.wrapped {
            return Ok(Some(self.root.clone()));
        }
        Err(VaultError::Service { what: "the vault's root key was wrapped anew meanwhile".into() })
    }

    fn name(&self) -> String {
        "the key service".into()
    }

    fn fresh(&self) -> Result<(Secret, Vec<u8>), VaultError> {
        Ok((self.root.clone(), self.wrapped.clone()))
    }
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        _ = write!(digits, "{byte:02x}"); // a String takes all
        digits
    })
}

fn unhex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks_exact(2).map(|two| Some(digit(two[0])? << 4 | digit(two[1])?)).collect::<Option<Vec<_>>>().map(Zeroizing::new)
}

fn unbase64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE].iter().find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok()).map(Zeroizing::new)
}
