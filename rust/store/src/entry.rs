//! One entry, packed into one allocation: what is known of it, its key, its value. At a million entries every pointer counts.

use std::sync::Arc;

/// What a value is. The numbers are written to files and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Bytes = 1,
    Text = 2,
    Json = 3,
    Int = 4,
    Vector = 5,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Bytes, Self::Text, Self::Json, Self::Int, Self::Vector];

    pub fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Text => "a string",
            Self::Json => "JSON",
            Self::Int => "an integer",
            Self::Vector => "a vector",
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A value on its way in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
    /// JSON, as UTF-8. The store does not read it.
    Json(&'a [u8]),
    Int(i64),
    /// Little-endian float32.
    Vector(&'a [u8]),
}

impl Value<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bytes(_) => Kind::Bytes,
            Self::Text(_) => Kind::Text,
            Self::Json(_) => Kind::Json,
            Self::Int(_) => Kind::Int,
            Self::Vector(_) => Kind::Vector,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) | Self::Json(bytes) | Self::Vector(bytes) => bytes.len(),
            Self::Text(text) => text.len(),
            Self::Int(_) => size_of::<i64>(),
        }
    }
}

/// version 8, id 8, expires 8, kind 1, length of the key 2; then the key, then the value. Integers are little-endian.
const HEAD: usize = 27;
/// Bytes of the longest key.
pub(crate) const MAX_KEY: usize = 4_096;
/// What an entry costs besides its key and value: the head, the counters of its allocation, its slot and its place in the table.
pub(crate) const OVERHEAD: usize = 100;

/// An entry as it was at one version. It does not change; a write puts another in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry(pub(crate) Arc<[u8]>);

fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).map_or(0, |eight| eight.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

impl Entry {
    /// Version and id are set when the entry takes its place.
    pub(crate) fn draft(key: &str, value: &Value<'_>, expires: u64) -> Self {
        let mut packed = Vec::with_capacity(HEAD + key.len() + value.len());
        packed.extend_from_slice(&[0; 16]);
        packed.extend_from_slice(&expires.to_le_bytes());
        packed.push(value.kind() as u8);
        packed.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
        packed.extend_from_slice(key.as_bytes());
        match value {
            Value::Bytes(bytes) | Value::Json(bytes) | Value::Vector(bytes) => packed.extend_from_slice(bytes),
            Value::Text(text) => packed.extend_from_slice(text.as_bytes()),
            Value::Int(int) => packed.extend_from_slice(&int.to_le_bytes()),
        }
        Self(packed.into())
    }

    /// Sets what only its place decides. Does nothing to an entry that is shared already: there is none such among drafts.
    pub(crate) fn place(&mut self, version: u64, id: u64) {
        if let Some(packed) = Arc::get_mut(&mut self.0) {
            packed[..8].copy_from_slice(&version.to_le_bytes());
            packed[8..16].copy_from_slice(&id.to_le_bytes());
        }
    }

    /// From a file, if that is what the bytes are.
    pub(crate) fn from_file(bytes: &[u8]) -> Option<Self> {
        let entry = Self(bytes.into());
        let key = bytes.get(HEAD..HEAD + entry.key_len())?;
        let kind = Kind::of(*bytes.get(24)?)?;
        let value = &bytes[HEAD + key.len()..];
        let fits = match kind {
            Kind::Bytes | Kind::Json => true,
            Kind::Text => std::str::from_utf8(value).is_ok(),
            Kind::Int => value.len() == 8,
            Kind::Vector => value.len().is_multiple_of(4),
        };
        (fits && std::str::from_utf8(key).is_ok()).then_some(entry)
    }

    fn key_len(&self) -> usize {
        self.0.get(25..27).map_or(0, |two| usize::from(two[0]) | usize::from(two[1]) << 8)
    }

    /// The version at which it was written.
    pub fn version(&self) -> u64 {
        number(&self.0, 0)
    }

    /// The version at which its key came to be. It stays while the key does.
    pub fn id(&self) -> u64 {
        number(&self.0, 8)
    }

    /// Microseconds since 1970; 0 for never.
    pub fn expires(&self) -> u64 {
        number(&self.0, 16)
    }

    pub(crate) fn has_expired(&self, now: impl FnOnce() -> u64) -> bool {
        let expires = self.expires();
        expires != 0 && expires <= now()
    }

    pub fn kind(&self) -> Kind {
        Kind::of(self.0.get(24).copied().unwrap_or_default()).unwrap_or(Kind::Bytes)
    }

    pub fn key(&self) -> &str {
        std::str::from_utf8(self.key_bytes()).unwrap_or_default()
    }

    pub(crate) fn key_bytes(&self) -> &[u8] {
        self.0.get(HEAD..HEAD + self.key_len()).unwrap_or_default()
    }

    /// The value's bytes: UTF-8 for text and JSON, little-endian numbers for the others.
    pub fn bytes(&self) -> &[u8] {
        self.0.get(HEAD + self.key_len()..).unwrap_or_default()
    }

    /// The integer of a counter.
    pub fn int(&self) -> Option<i64> {
        (self.kind() == Kind::Int).then(|| number(self.bytes(), 0).cast_signed())
    }

    pub fn text(&self) -> Option<&str> {
        if self.kind() == Kind::Text { std::str::from_utf8(self.bytes()).ok() } else { None }
    }

    /// What it counts against the cap.
    pub(crate) fn cost(&self) -> usize {
        self.0.len() - HEAD + OVERHEAD
    }
}

pub(crate) fn cost(key: &str, value: &Value<'_>) -> usize {
    key.len() + value.len() + OVERHEAD
}
