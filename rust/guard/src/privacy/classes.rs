//! Which bytes a finding can be anchored on. All others are passed over.

use super::kinds::{self, Kinds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Anchor {
    None,
    Digit,
    AtSign,
    Colon,
    Equals,
    /// `_`, `-` and `.`: a key's prefix ends here.
    Mark,
    /// A bracket may spell an address.
    Bracket,
    /// `K` and `S` of AKIA and ASIA.
    Capital,
    /// `z` of AIza.
    Zed,
    Percent,
    /// What may begin a placeholder, or a character that only looks like another.
    Foreign,
}

/// The anchor of each byte.
pub(super) type Classes = [Anchor; 256];

pub(super) fn classes(on: Kinds) -> Classes {
    let mut classes = [Anchor::None; 256];
    let mut set = |bytes: &[u8], anchor: Anchor| bytes.iter().for_each(|&byte| classes[usize::from(byte)] = anchor);
    let numbers = [
        kinds::IBAN,
        kinds::CARD,
        kinds::CRYPTO,
        kinds::IP,
        kinds::SSN,
        kinds::ROUTING,
        kinds::US_PASSPORT,
        kinds::PASSPORT,
        kinds::LICENSE,
        kinds::BIRTH,
        kinds::PHONE,
        kinds::SECRET,
    ];
    if on.any(&numbers) {
        set(b"0123456789", Anchor::Digit);
    }
    if on.has(kinds::EMAIL) {
        set(b"@", Anchor::AtSign);
        set(b"[({", Anchor::Bracket);
        set(b"%&", Anchor::Percent);
    }
    if on.any(&[kinds::URL_CREDENTIALS, kinds::SECRET, kinds::IP]) {
        set(b":", Anchor::Colon);
    }
    if on.has(kinds::SECRET) {
        set(b"=", Anchor::Equals);
        set(b"_-.", Anchor::Mark);
        set(b"KS", Anchor::Capital);
        set(b"z", Anchor::Zed);
    }
    set(&[0xc2, 0xd9, 0xdb, 0xe0, 0xe2, 0xe3, 0xef, 0xf0, 0xf3], Anchor::Foreign);
    classes
}
