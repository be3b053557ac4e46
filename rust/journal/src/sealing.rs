//! Payloads under a key of whom they belong to. A sealed row holds the key's number instead of a salt, and as bytes
//! `nonce | ciphertext of salt and bytes | tag`: without the salt nobody can test a guess against a frame's commitment.
//!
//! Each run has a key of its own, derived from its subject's, so none sees more than one run says. A row can't be moved: run, number
//! and kind are authenticated with it. What is sealed is not shared between payloads, since equal texts must not look equal.

use std::sync::Arc;

use interlock_vault::{Found, KeyId, OVERHEAD, Sealer, Vault};
use zeroize::Zeroize;

use crate::query::Answer;
use crate::{JournalError, Payload, PayloadKind};

/// Bytes of a salt.
const SALT: usize = 16;
/// Bytes of a key's number, where a plain row has its salt.
pub(crate) const NUMBER: usize = 8;
/// Bytes that a sealed row has more than its payload.
const MORE: usize = OVERHEAD + SALT;
const _: () = assert!(MORE == 44 && NUMBER == 8, "`query::weigh` and `run_keys::newest` have these numbers in their SQL");

/// Keys for reading, if there are any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(pub Option<Arc<Vault>>);

/// Why a sealed payload is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shut {
    /// No key was given.
    NoKey,
    /// The key of whom it belonged to was deleted.
    Erased,
}

/// A payload as it stands in the file.
#[derive(Debug)]
pub(crate) enum Stored {
    Plain(Payload),
    Opened(Payload),
    Shut { number: u32, kind: PayloadKind, why: Shut },
}

impl Stored {
    pub(crate) fn number(&self) -> u32 {
        match self {
            Self::Plain(payload) | Self::Opened(payload) => payload.number,
            Self::Shut { number, .. } => *number,
        }
    }

    /// The payload, if it can be read.
    pub(crate) fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Plain(payload) | Self::Opened(payload) => Some(payload),
            Self::Shut { .. } => None,
        }
    }
}

/// A sealed row of a run.
pub(crate) struct Row<'a> {
    pub run: u64,
    pub number: u32,
    pub kind: PayloadKind,
    pub key: &'a [u8],
    pub bytes: &'a [u8],
}

/// The keys of one run, while its rows are read.
#[derive(Default)]
pub(crate) struct Opened(Option<(KeyId, Found<Sealer>)>);

impl Keys {
    pub(crate) fn open(&self, row: &Row<'_>, opened: &mut Opened) -> Answer<Stored> {
        let Row { run, number, kind, .. } = *row;
        let damaged = |what: &str| JournalError::damaged(format!("payload {number} {what}"));
        let Ok(id) = <[u8; NUMBER]>::try_from(row.key) else { return Err(damaged("has a salt of the wrong length").into()) };
        let id = KeyId(u64::from_le_bytes(id));
        let Some(vault) = &self.0 else { return Ok(Stored::Shut { number, kind, why: Shut::NoKey }) };
        if opened.0.as_ref().is_none_or(|(known, _)| *known != id) {
            opened.0 = Some((id, sealer(vault, id, run)?));
        }
        let sealer = match &opened.0 {
            Some((_, Found::There(sealer))) => sealer,
            Some((_, Found::Erased)) => return Ok(Stored::Shut { number, kind, why: Shut::Erased }),
            Some((_, Found::Unknown)) | None => return Err(damaged("is encrypted under a key that the vault never had").into()),
        };
        let whole = sealer.open(&place(run, number, kind), row.bytes);
        let mut whole = whole.ok_or_else(|| damaged("was altered or moved: what it is sealed with does not fit"))?;
        let Some((salt, bytes)) = whole.split_first_chunk::<SALT>() else { return Err(damaged("is cut").into()) };
        let payload = Payload { number, kind, salt: *salt, bytes: bytes.to_vec() };
        whole.zeroize();
        Ok(Stored::Opened(payload))
    }
}

/// The sealer of a run, under a subject's key.
pub(crate) fn sealer(vault: &Vault, id: KeyId, run: u64) -> Result<Found<Sealer>, JournalError> {
    Ok(vault.sealer(id, b"interlock.journal.payloads.1", &run.to_le_bytes())?)
}

/// Seals a payload; gives what stands where a plain row has its salt, and its bytes.
pub(crate) fn seal(id: KeyId, sealer: &Sealer, run: u64, payload: &Payload) -> Result<([u8; NUMBER], Vec<u8>), JournalError> {
    let place = place(run, payload.number, payload.kind);
    Ok((id.0.to_le_bytes(), sealer.seal(&place, &[&payload.salt, &payload.bytes])?))
}

fn place(run: u64, number: u32, kind: PayloadKind) -> [u8; 17] {
    let mut place = [0; 17];
    place[..4].copy_from_slice(b"pay1");
    place[4..12].copy_from_slice(&run.to_le_bytes());
    place[12..16].copy_from_slice(&number.to_le_bytes());
    place[16] = kind as u8;
    place
}
