//! Payloads: the texts and data that frames refer to. A frame holds only a salted commitment, so a payload can be erased
//! without touching the frame. This file never decides what may be kept.

use interlock_kernel::{Digest, Ref};
use sha2::{Digest as _, Sha256};

/// What a payload holds. The numbers are part of commitments and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PayloadKind {
    Message = 1,
    Request = 2,
    Arguments = 3,
    Result = 4,
    ErrorText = 5,
    Decision = 6,
    Document = 7,
    /// What a gate kept out, for whoever looks into it.
    Quarantine = 8,
}

impl PayloadKind {
    pub const ALL: [Self; 8] =
        [Self::Message, Self::Request, Self::Arguments, Self::Result, Self::ErrorText, Self::Decision, Self::Document, Self::Quarantine];

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// A run's payload, by its number in the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub number: u32,
    pub kind: PayloadKind,
    /// Without it nobody can test a guess of the bytes against the commitment.
    pub salt: [u8; 16],
    pub bytes: Vec<u8>,
}

impl Payload {
    /// What a frame writes down to refer to this payload.
    pub fn reference(&self) -> Ref {
        Ref { number: self.number, commitment: commit(self.kind, &self.salt, &self.bytes) }
    }
}

/// The commitment: `SHA-256("interlock.payload.1" || kind || salt || bytes)`.
pub fn commit(kind: PayloadKind, salt: &[u8; 16], bytes: &[u8]) -> Digest {
    const TAG: &[u8; 19] = b"interlock.payload.1";
    let mut head = [kind as u8; 36];
    head[..19].copy_from_slice(TAG);
    head[20..].copy_from_slice(salt);
    Digest(Sha256::new().chain_update(head).chain_update(bytes).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_the_hash_of_tag_kind_salt_and_bytes() {
        let plain = [b"interlock.payload.1".as_slice(), &[4], &[7; 16], b"the result"].concat();
        assert_eq!(commit(PayloadKind::Result, &[7; 16], b"the result").0, <[u8; 32]>::from(Sha256::digest(plain)));
    }

    #[test]
    fn every_kind_is_found_by_its_number() {
        for kind in PayloadKind::ALL {
            assert_eq!(PayloadKind::from_number(kind as u8), Some(kind));
        }
        assert_eq!((PayloadKind::from_number(0), PayloadKind::from_number(9)), (None, None));
    }
}
