//! Texts that are too long, and texts that say one thing thousands of times.

use memchr::memmem;

/// A look every so many bytes.
const STEP: usize = 2_048;
/// What has to come again.
const PIECE: usize = 32;
/// The longest period that is looked for, in bytes.
const PERIOD: usize = 512;
/// So much that repeats is a bomb: a page of dashes is shorter.
const BOMB: usize = 4_096;

/// How many characters a text has, if that is more than it may have.
pub(crate) fn too_long(text: &str, max_chars: u64) -> Option<u64> {
    if text.len() as u64 <= max_chars {
        return None; // no character is shorter than a byte
    }
    let characters = text.chars().count() as u64;
    (characters > max_chars).then_some(characters)
}

/// Where a stretch of at least `BOMB` bytes repeats itself with one period. Bounded: each look reads `PERIOD` bytes, and a stretch is read once.
pub(crate) fn repeats(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + BOMB <= bytes.len() {
        let piece = &bytes[at..at + PIECE];
        let period = memmem::find(&bytes[at + 1..at + PERIOD + PIECE], piece).map(|found| found + 1);
        let Some(period) = period else {
            at += STEP;
            continue;
        };
        let end = same(bytes, at, period);
        let start =
            at - bytes[..at].iter().rev().zip(bytes[..at + period].iter().rev()).take_while(|(one, other)| one == other).count().min(at);
        if end - start >= BOMB {
            return Some((floor(text, start), floor(text, end)));
        }
        at = (at + STEP).max(end);
    }
    None
}

/// The end of the stretch from `at` that is the same as what lies one period later.
fn same(bytes: &[u8], at: usize, period: usize) -> usize {
    let count = bytes[at..].iter().zip(&bytes[at + period..]).take_while(|(one, other)| one == other).count();
    at + period + count
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
