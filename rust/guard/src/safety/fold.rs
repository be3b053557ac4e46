//! Texts as the screens read them: look-alikes, widths, invisible characters and letter-like digits made one, with the way back to the original.
//! What is folded is only looked at; no caller ever sees it.

use std::borrow::Cow;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::lookalikes;

/// How a byte is read: small letters, and digits and signs as the letters that they stand for. `i`, `l` and `1` are one.
pub(crate) const READ: [u8; 256] = read();

const fn read() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = at as u8;
        table[at] = match byte.to_ascii_lowercase() {
            b'l' | b'1' | b'!' => b'i',
            b'0' => b'o',
            b'3' => b'e',
            b'4' | b'@' => b'a',
            b'5' | b'$' => b's',
            b'7' => b't',
            b'8' => b'b',
            b'9' => b'g',
            other => other,
        };
        at += 1;
    }
    table
}

/// Where a stretch of the folded text comes from.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    folded: u32,
    original: u32,
    /// Byte for byte; otherwise all of it stands for one character.
    plain: bool,
}

/// A text as it is read, and where each byte of it comes from.
#[derive(Debug)]
pub(crate) struct Folded<'a> {
    pub(crate) text: Cow<'a, str>,
    stretches: Vec<Stretch>,
    length: usize,
}

impl<'a> Folded<'a> {
    /// ASCII is taken as it is: `READ` does the rest, byte by byte.
    pub(crate) fn new(text: &'a str) -> Self {
        if text.is_ascii() {
            return Self { text: Cow::Borrowed(text), stretches: Vec::new(), length: text.len() };
        }
        let mut folded = Self { text: Cow::Owned(String::with_capacity(text.len())), stretches: Vec::new(), length: text.len() };
        let out = folded.text.to_mut();
        let mut plain = false;
        for (at, character) in text.char_indices() {
            let ascii = character.is_ascii();
            if !(ascii && plain) {
                folded.stretches.push(Stretch { folded: short(out.len()), original: short(at), plain: ascii });
            }
            plain = ascii;
            fold(character, out);
        }
        folded
    }

    /// The bytes of the original that bytes of the folded text stand for, from one character's boundary to another's.
    pub(crate) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        if self.stretches.is_empty() {
            return (start, end);
        }
        let from = self.stretch(start);
        let first = if from.0.plain { from.0.original as usize + start - from.0.folded as usize } else { from.0.original as usize };
        if end <= start {
            return (first, first);
        }
        let to = self.stretch(end - 1);
        let last = if to.0.plain { to.0.original as usize + end - to.0.folded as usize } else { to.1 };
        (first, last)
    }

    /// The stretch that holds a byte, and where the next one begins in the original.
    fn stretch(&self, at: usize) -> (Stretch, usize) {
        let next = self.stretches.partition_point(|stretch| stretch.folded as usize <= at);
        let end = self.stretches.get(next).map_or(self.length, |stretch| stretch.original as usize);
        (self.stretches[next.saturating_sub(1)], end)
    }
}

/// Texts of 4 GiB and more have no screens: `length` refuses them first.
#[expect(clippy::cast_possible_truncation, reason = "texts are shorter than 4 GiB")]
fn short(at: usize) -> u32 {
    at as u32
}

/// One character as it is read; what can't be seen is left out.
pub(crate) fn fold(character: char, out: &mut String) {
    if character.is_ascii() {
        out.push(character);
    } else if let Some(hidden) = tag(character) {
        out.push(hidden);
    } else if !is_invisible(character) {
        if let Some(like) = alike(character) {
            out.push(like);
            return;
        }
        decompose_compatible(character, |part| {
            if part.is_ascii() {
                out.push(part);
            } else if let Some(like) = alike(part) {
                out.push(like);
            } else if !is_combining_mark(part) {
                out.extend(part.to_lowercase().filter(|small| !is_combining_mark(*small)).map(|small| alike(small).unwrap_or(small)));
            }
        });
    }
}

/// The ASCII character that it looks like, of its own case: keys have some.
fn alike(character: char) -> Option<char> {
    let like = lookalikes::ascii(character)?;
    Some(if character.is_uppercase() { like.to_ascii_uppercase() } else { like })
}

/// A whole text as it is read, letter-like digits included; for tables of words.
pub(crate) fn read_word(word: &str) -> Vec<u8> {
    let mut folded = String::new();
    word.chars().for_each(|character| fold(character, &mut folded));
    folded.bytes().map(|byte| READ[byte as usize]).collect()
}

/// The ASCII character that a tag character (U+E0020 to U+E007E) hides.
pub(crate) fn tag(character: char) -> Option<char> {
    matches!(character, '\u{E0020}'..='\u{E007E}').then(|| char::from_u32(character as u32 - 0xE0000)).flatten()
}

/// Characters without a shape: they split words for a program, and not for a reader.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}
