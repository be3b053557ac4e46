//! A frame: a header of fixed size, a body, a checksum. This file owns the layout; `codec` owns what a body says.
//!
//! ```text
//! kind u16 | version u8 | flags u8 = 0 | length u32 | run u64 | seq u32 | at u64 | body | crc32 of all before u32
//! ```
//! Integers are little-endian, and the length is that of the whole frame.

use interlock_kernel::{Digest, Event, Micros, Name, Ref};
use serde::{Deserialize, Serialize};

use crate::{JournalError, Removed};

pub(crate) const HEADER: usize = 28;
pub(crate) const CHECKSUM: usize = 4;

/// Which run a frame belongs to, its number there, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The run's number in this journal; 0 is the journal itself.
    pub run: u64,
    /// From 0 and without gaps.
    pub seq: u32,
    pub at: Micros,
}

/// A decoded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u16,
    /// The version it was written in; the record is in the present one.
    pub version: u8,
    pub run: u64,
    pub seq: u32,
    pub at: Micros,
    pub record: Record,
}

impl Frame {
    /// What happened to the run; nothing for the journal's own records.
    pub fn event(&self) -> Option<&Event> {
        match &self.record {
            Record::Run(event) => Some(event),
            Record::Registered(_) | Record::Opened(_) | Record::Removed(_) => None,
        }
    }

    /// As [`Frame::event`], by value.
    pub fn into_event(self) -> Option<Event> {
        match self.record {
            Record::Run(event) => Some(event),
            Record::Registered(_) | Record::Opened(_) | Record::Removed(_) => None,
        }
    }
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every record is the large one, and they are looked at one at a time")]
pub enum Record {
    /// Something happened to a run.
    Run(Event),
    /// A document that runs depend on was written down.
    Registered(Registered),
    /// A process took the journal.
    Opened(Opened),
    /// What was said in some runs was removed.
    Removed(Removed),
}

/// A plan, a rule file or an index, by the digest under which runs name it. Its text is payload `content.number` of run 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub what: DocumentKind,
    pub name: Name,
    pub digest: Digest,
    pub content: Ref,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Plan,
    Rules,
    Index,
    Guards,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The program and its version.
    pub by: String,
}

/// A frame's header, read without touching its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: u16,
    pub version: u8,
    pub flags: u8,
    pub length: u32,
    pub place: Place,
}

impl Header {
    pub(crate) fn write(&self, out: &mut [u8; HEADER]) {
        out[0..2].copy_from_slice(&self.kind.to_le_bytes());
        out[2] = self.version;
        out[3] = self.flags;
        out[4..8].copy_from_slice(&self.length.to_le_bytes());
        out[8..16].copy_from_slice(&self.place.run.to_le_bytes());
        out[16..20].copy_from_slice(&self.place.seq.to_le_bytes());
        out[20..28].copy_from_slice(&self.place.at.0.to_le_bytes());
    }

    /// Reads a header; nothing if there are too few bytes for one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER] = bytes.first_chunk()?;
        let (kind, rest) = head.split_first_chunk()?;
        let ([version, flags], rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (run, rest) = rest.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let place =
            Place { run: u64::from_le_bytes(*run), seq: u32::from_le_bytes(*seq), at: Micros(u64::from_le_bytes(*rest.first_chunk()?)) };
        Some(Self { kind: u16::from_le_bytes(*kind), version: *version, flags: *flags, length: u32::from_le_bytes(*length), place })
    }
}

/// Checks length, flags and checksum, and gives the header and the body.
pub(crate) fn open(bytes: &[u8]) -> Result<(Header, &[u8]), JournalError> {
    let header = Header::read(bytes).ok_or_else(|| JournalError::damaged("the frame is shorter than its header"))?;
    if header.length as usize != bytes.len() || bytes.len() < HEADER + CHECKSUM {
        return Err(JournalError::damaged(format!("the frame has {} bytes and says {}", bytes.len(), header.length)));
    }
    let (signed, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if crc32fast::hash(signed).to_le_bytes() != checksum {
        return Err(JournalError::damaged("the frame's checksum does not match its bytes"));
    }
    if header.flags != 0 {
        return Err(JournalError::damaged(format!("the frame has unknown flags {:#04x}", header.flags)));
    }
    Ok((header, &signed[HEADER..]))
}

/// The frames that lie one after another in `bytes`. Only for bytes that this process encoded.
pub(crate) fn walk(bytes: &[u8]) -> impl Iterator<Item = (Place, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let header = Header::read(rest)?;
        let (frame, after) = rest.split_at_checked(header.length as usize)?;
        rest = after;
        Some((header.place, frame))
    })
}
