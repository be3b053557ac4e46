//! Keys of signed notes, written as Go's package `golang.org/x/mod/sumdb/note` writes them. Ed25519 only.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::checkpoint::CheckpointError;

/// The number of Ed25519 among the signature types of signed notes.
const ED25519: u8 = 1;
const SIGNER: &str = "PRIVATE+KEY+";

/// Who signs. Its text is a secret; nothing prints it but [`SignerKey::secret_text`].
pub struct SignerKey {
    name: String,
    key: SigningKey,
}

impl SignerKey {
    /// A new key from the operating system's random bytes.
    pub fn generate(name: &str) -> Result<Self, CheckpointError> {
        let mut seed = [0; 32];
        let why = |cause: getrandom::Error| format!("the operating system gave no random bytes: {cause}");
        getrandom::fill(&mut seed).map_err(|cause| CheckpointError::BadKey { what: "signer key", why: why(cause) })?;
        Self::from_seed(name, &seed)
    }

    /// The key of a seed, as RFC 8032 calls the private key.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        check_name(name)?;
        Ok(Self { name: name.into(), key: SigningKey::from_bytes(seed) })
    }

    /// Reads `PRIVATE+KEY+name+hash+base64(1 || seed)`. White space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let what = "signer key";
        let (name, hash, seed) = parts(what, text.trim().strip_prefix(SIGNER).ok_or_else(|| begins_wrongly(what))?)?;
        let key = Self::from_seed(name, &seed)?;
        if key.verifier().hash == hash { Ok(key) } else { Err(hash_differs(what, name)) }
    }

    /// The text that [`SignerKey::parse`] reads: a secret.
    pub fn secret_text(&self) -> String {
        let hash = u32::from_be_bytes(self.verifier().hash);
        format!("{SIGNER}{}+{hash:08x}+{}", self.name, base64(&[&[ED25519][..], self.key.as_bytes()].concat()))
    }

    /// The key that others check with.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(&self.name, self.key.verifying_key())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's hash and its signature, as a note's signature line holds them.
    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        [&self.verifier().hash[..], &self.key.sign(text).to_bytes()].concat()
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignerKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who is believed: `name+hash+base64(1 || public key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Self {
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        Self { name: name.into(), hash: [a, b, c, d], key }
    }

    /// Reads the text that its `Display` writes. White space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let what = "verifier key";
        if text.trim().starts_with(SIGNER) {
            let why = "it is the signer's, which stays with the signer".into();
            return Err(CheckpointError::BadKey { what, why });
        }
        let (name, hash, bytes) = parts(what, text.trim())?;
        check_name(name)?;
        let key =
            VerifyingKey::from_bytes(&bytes).map_err(|_| CheckpointError::BadKey { what, why: "it is no point of the curve".into() })?;
        let key = Self::new(name, key);
        if key.hash == hash { Ok(key) } else { Err(hash_differs(what, name)) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`.
    pub fn hash(&self) -> [u8; 4] {
        self.hash
    }

    /// Whether this key's owner signed the text.
    pub(crate) fn made(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = u32::from_be_bytes(self.hash);
        write!(out, "{}+{hash:08x}+{}", self.name, base64(&[&[ED25519][..], self.key.as_bytes()].concat()))
    }
}

/// Name, hash and 32 bytes of a key's text. The base64 may hold plus signs, the name may not.
fn parts<'a>(what: &'static str, text: &'a str) -> Result<(&'a str, [u8; 4], [u8; 32]), CheckpointError> {
    let bad = |why: &str| CheckpointError::BadKey { what, why: why.into() };
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad("name, hash and key are expected, with a plus between them"));
    };
    let number = u32::from_str_radix(hash, 16).ok().filter(|_| hash.len() == 8).ok_or_else(|| bad("its hash is not eight hex digits"))?;
    let bytes = from_base64(bytes).ok_or_else(|| bad("its last part is not base64"))?;
    let Some((&ED25519, key)) = bytes.split_first() else { return Err(bad("it is not of the type Ed25519")) };
    let key = key.try_into().map_err(|_| bad("it does not hold 32 bytes"))?;
    Ok((name, number.to_be_bytes(), key))
}

fn check_name(name: &str) -> Result<(), CheckpointError> {
    let bad = |why| Err(CheckpointError::BadName { name: name.into(), why });
    if name.is_empty() {
        return bad("a name is not empty");
    }
    if name.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+') {
        return bad("a name has no spaces and no plus");
    }
    Ok(())
}

fn begins_wrongly(what: &'static str) -> CheckpointError {
    CheckpointError::BadKey { what, why: format!("it does not begin with {SIGNER}") }
}

fn hash_differs(what: &'static str, name: &str) -> CheckpointError {
    CheckpointError::BadKey { what, why: format!("its hash is not that of this key and the name {name}; a part was changed") }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
