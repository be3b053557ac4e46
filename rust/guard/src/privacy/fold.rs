//! Characters that only look like others: full-width digits, foreign digits, odd spaces and dashes, and those that can't be seen.
//! A text with some is looked at in a plain copy; what is found there is found at the original's places.

use super::bytes::{alnum, before};
use super::placeholder;

/// What stands for the character whose first byte is at `at`, and how many bytes it has. An empty stand-in: it can't be seen.
pub(super) fn look_alike(text: &[u8], at: usize) -> Option<(Option<u8>, usize)> {
    let (c, length) = decode(text, at)?;
    let plain = match c {
        '\u{00ad}'
        | '\u{034f}'
        | '\u{061c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{180e}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e007f}' => None,
        '\u{00a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(b' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{fe58}' | '\u{fe63}' => Some(b'-'),
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(c) - 0xfee0).ok(),
        '\u{2024}' | '\u{fe52}' | '\u{3002}' | '\u{ff61}' => Some(b'.'),
        '\u{fe6b}' => Some(b'@'),
        '\u{2044}' | '\u{2215}' => Some(b'/'),
        '\u{0660}'..='\u{0669}' => digit(c, 0x660),
        '\u{06f0}'..='\u{06f9}' => digit(c, 0x6f0),
        '\u{0966}'..='\u{096f}' => digit(c, 0x966),
        '\u{09e6}'..='\u{09ef}' => digit(c, 0x9e6),
        '\u{0e50}'..='\u{0e59}' => digit(c, 0xe50),
        '\u{2070}' | '\u{2074}'..='\u{2079}' => digit(c, 0x2070),
        '\u{2080}'..='\u{2089}' => digit(c, 0x2080),
        '\u{2460}'..='\u{2468}' => digit(c, 0x245f),
        '\u{1d7ce}'..='\u{1d7ff}' => u8::try_from((u32::from(c) - 0x1d7ce) % 10).ok().map(|value| b'0' + value),
        _ => return None,
    };
    Some((plain, length))
}

fn digit(c: char, zero: u32) -> Option<u8> {
    u8::try_from(u32::from(c) - zero).ok().map(|value| b'0' + value)
}

fn decode(text: &[u8], at: usize) -> Option<(char, usize)> {
    let length = match *text.get(at)? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let c = std::str::from_utf8(text.get(at..at + length)?).ok()?.chars().next()?;
    Some((c, length))
}

/// A percent or character reference that stands for `@`: how long it is.
pub(super) fn escaped_at(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    ["%40", "&#64;", "&#x40;", "&commat;"].iter().find(|escape| rest.starts_with(escape.as_bytes())).map(|escape| escape.len())
}

/// A plain copy, and where its bytes are in the original.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) text: Vec<u8>,
    moved: Vec<Moved>,
}

/// From byte `to` of the copy on, bytes are at byte `from` of the original on.
#[derive(Debug, Clone, Copy)]
struct Moved {
    to: usize,
    from: usize,
    /// The character before has a stand-in; without, it can't be seen.
    seen: bool,
}

impl Folded {
    pub(super) fn new(text: &[u8]) -> Self {
        let mut folded = Self { text: Vec::with_capacity(text.len()), moved: vec![Moved { to: 0, from: 0, seen: false }] };
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let Some(skipped) = text[at..].iter().position(|&byte| byte >= 0x80 || byte == b'%' || byte == b'&') else { break };
            at += skipped;
            if placeholder::starts_at(text, at) {
                at = placeholder::end_of(text, at).unwrap_or(at + 3);
                continue;
            }
            let (plain, length) = match escaped_at(text, at).filter(|_| alnum(before(text, at))) {
                Some(length) => (Some(b'@'), length),
                None => {
                    if let Some(found) = look_alike(text, at) {
                        found
                    } else {
                        at += 1;
                        continue;
                    }
                }
            };
            folded.text.extend_from_slice(&text[copied..at]);
            folded.text.extend(plain);
            at += length;
            copied = at;
            folded.moved.push(Moved { to: folded.text.len(), from: at, seen: plain.is_some() });
        }
        folded.text.extend_from_slice(&text[copied..]);
        folded
    }

    /// Where something that starts at `at` in the copy starts in the original.
    pub(super) fn start(&self, at: usize) -> usize {
        let index = self.moved.partition_point(|moved| moved.to <= at).saturating_sub(1);
        self.moved.get(index).map_or(at, |moved| moved.from + (at - moved.to))
    }

    /// Where something that ends at `at` in the copy ends in the original: behind its last character, before what can't be seen.
    pub(super) fn end(&self, at: usize) -> usize {
        let index = self.moved.partition_point(|moved| moved.to < at);
        match self.moved.get(index) {
            Some(moved) if moved.to == at && moved.seen => moved.from,
            _ => index.checked_sub(1).and_then(|index| self.moved.get(index)).map_or(at, |moved| moved.from + (at - moved.to)),
        }
    }
}
