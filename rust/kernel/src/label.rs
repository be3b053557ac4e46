//! Who had a hand in a value, and who may see it. Two small orders; joining never makes a value better. The kernel carries labels from
//! inputs to events and never looks at them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who had a hand in a value, the least trusted of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Integrity {
    /// Anybody: web pages, mails, files, what other people typed.
    Untrusted = 0,
    /// The user on whose behalf the run is.
    User = 1,
    /// Who wrote the application, and records that he vouches for.
    Developer = 2,
    /// The runtime itself.
    System = 3,
}

/// Who may see a value, the narrowest circle of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Confidentiality {
    Public = 0,
    Tenant = 1,
    User = 2,
    Secret = 3,
}

/// Both at once, as a message, a tool's result or a remembered record carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    pub integrity: Integrity,
    pub confidentiality: Confidentiality,
}

impl Label {
    /// What a context begins with: joining it with a label gives that label.
    pub const NEUTRAL: Self = Self::new(Integrity::System, Confidentiality::Public);

    pub const fn new(integrity: Integrity, confidentiality: Confidentiality) -> Self {
        Self { integrity, confidentiality }
    }

    /// The label of what both went into: the least integrity, the highest confidentiality.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(self.integrity.min(other.integrity), self.confidentiality.max(other.confidentiality))
    }

    /// One byte for journals and stores: integrity in the two lowest bits, confidentiality in the next two.
    pub const fn encode(self) -> u8 {
        self.integrity as u8 | (self.confidentiality as u8) << 2
    }

    /// The label of a byte that `encode` wrote; `None` for any other byte.
    pub const fn decode(byte: u8) -> Option<Self> {
        let integrity = match byte & 3 {
            0 => Integrity::Untrusted,
            1 => Integrity::User,
            2 => Integrity::Developer,
            _ => Integrity::System,
        };
        let confidentiality = match byte >> 2 {
            0 => Confidentiality::Public,
            1 => Confidentiality::Tenant,
            2 => Confidentiality::User,
            3 => Confidentiality::Secret,
            _ => return None,
        };
        Some(Self::new(integrity, confidentiality))
    }
}

/// In binary a label is its byte; in JSON it says both words.
impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Words { integrity: self.integrity, confidentiality: self.confidentiality }.serialize(serializer)
        } else {
            serializer.serialize_u8(self.encode())
        }
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let Words { integrity, confidentiality } = Words::deserialize(deserializer)?;
            return Ok(Self::new(integrity, confidentiality));
        }
        let byte = u8::deserialize(deserializer)?;
        Self::decode(byte).ok_or_else(|| serde::de::Error::custom(format!("{byte} is no label: it is a byte below 16")))
    }
}

#[derive(Serialize, Deserialize)]
struct Words {
    integrity: Integrity,
    confidentiality: Confidentiality,
}
