//! What can be found, and what it is called. Of two findings at one place the kind that comes first here wins.

/// A kind of finding: one of the built-in ones, or one that the configuration names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindId(pub u16);

pub(super) const URL_CREDENTIALS: KindId = KindId(0);
pub(super) const SECRET: KindId = KindId(1);
pub(super) const EMAIL: KindId = KindId(2);
pub(super) const IBAN: KindId = KindId(3);
pub(super) const CARD: KindId = KindId(4);
pub(super) const CRYPTO: KindId = KindId(5);
pub(super) const IP: KindId = KindId(6);
pub(super) const SSN: KindId = KindId(7);
pub(super) const ROUTING: KindId = KindId(8);
pub(super) const US_PASSPORT: KindId = KindId(9);
pub(super) const PASSPORT: KindId = KindId(10);
pub(super) const LICENSE: KindId = KindId(11);
pub(super) const BIRTH: KindId = KindId(12);
pub(super) const PHONE: KindId = KindId(13);

/// The built-in kinds by number. All are found by their structure: no model is needed.
pub const STRUCTURED: [&str; 14] = [
    "URL_CREDENTIALS",
    "SECRET",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "CREDIT_CARD",
    "CRYPTO",
    "IP_ADDRESS",
    "US_SSN",
    "US_BANK_ROUTING",
    "US_PASSPORT",
    "PASSPORT",
    "US_DRIVER_LICENSE",
    "DATE_OF_BIRTH",
    "PHONE_NUMBER",
];

/// Kinds that have no structure to go by. They need `ner: spacy`, which runs outside this crate.
pub const NAMED: [&str; 8] = ["PERSON", "STREET_ADDRESS", "GPE", "ORGANIZATION", "NRP", "TITLE", "AGE", "DATE_TIME"];

/// The number of the first kind that the configuration names.
pub(super) const FIRST_CUSTOM: u16 = 14;

/// A set of built-in kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) u32);

impl Kinds {
    pub(super) const ALL: Self = Self((1 << FIRST_CUSTOM) - 1);

    pub(super) fn has(self, kind: KindId) -> bool {
        self.0 >> kind.0 & 1 == 1
    }

    pub(super) fn any(self, kinds: &[KindId]) -> bool {
        kinds.iter().any(|&kind| self.has(kind))
    }
}

/// Something found: bytes `start..end` of the text, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub kind: KindId,
    pub start: usize,
    pub end: usize,
}
