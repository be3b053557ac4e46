//! Chains of digit groups: what cards, phones, dates and dotted addresses are written as.

use super::bytes::{alnum, byte, run};

const MOST: usize = 24;

/// Groups of digits with short gaps between them.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    groups: [(usize, usize); MOST],
    count: usize,
    /// A letter touches the last digit; it is no group any more, but an extension may start there.
    pub(super) end: usize,
}

impl Chain {
    /// The chain whose first digit is at `start`. A group that a letter touches ends it, and is no part of it.
    pub(super) fn read(text: &[u8], start: usize) -> Self {
        let mut chain = Self { groups: [(0, 0); MOST], count: 0, end: start };
        let mut at = start;
        loop {
            let end = run(text, at, usize::MAX, |byte| byte.is_ascii_digit());
            let touched =
                (byte(text, end).is_ascii_alphabetic() && !extends(text, end)) || byte(text, end) == b'_' || byte(text, end) == b'@';
            if touched && chain.count > 0 {
                // The gap stays outside too.
                return chain;
            }
            let Some(slot) = chain.groups.get_mut(chain.count) else { return chain };
            *slot = (at, end);
            chain.count += 1;
            chain.end = end;
            let Some(next) = after_gap(text, end).filter(|_| !touched) else { return chain };
            at = next;
        }
    }

    /// A piece of this chain.
    pub(super) fn piece(&self, from: usize, to: usize) -> Self {
        let mut piece = Self { groups: [(0, 0); MOST], count: to - from, end: self.groups[to - 1].1 };
        piece.groups[..to - from].copy_from_slice(&self.groups[from..to]);
        piece
    }

    pub(super) fn groups(&self) -> &[(usize, usize)] {
        &self.groups[..self.count]
    }

    pub(super) fn start(&self) -> usize {
        self.groups[0].0
    }

    /// What stands before group `index`, from the group before it.
    pub(super) fn gap<'a>(&self, text: &'a [u8], index: usize) -> &'a [u8] {
        &text[self.groups[index - 1].1..self.groups[index].0]
    }

    pub(super) fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        self.groups().iter().map(|(start, end)| end - start)
    }

    pub(super) fn total(&self) -> usize {
        self.lengths().sum()
    }

    /// The lengths are these.
    pub(super) fn shaped(&self, lengths: &[usize]) -> bool {
        self.count == lengths.len() && self.lengths().eq(lengths.iter().copied())
    }

    /// All gaps are the one byte `gap`.
    pub(super) fn gaps_are(&self, text: &[u8], gap: u8) -> bool {
        (1..self.count).all(|index| self.gap(text, index) == [gap])
    }

    /// Up to 24 digits.
    pub(super) fn digits(&self, text: &[u8]) -> Digits {
        let mut digits = Digits::default();
        for &(start, end) in self.groups() {
            for &digit in &text[start..end] {
                digits.push(digit - b'0');
            }
        }
        digits
    }

    pub(super) fn number(&self, text: &[u8], index: usize) -> u32 {
        let (start, end) = self.groups[index];
        text[start..end].iter().take(9).fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }
}

/// Digits as numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Digits {
    values: [u8; 24],
    count: usize,
}

impl Digits {
    pub(super) fn push(&mut self, digit: u8) {
        if let Some(slot) = self.values.get_mut(self.count) {
            *slot = digit;
            self.count += 1;
        }
    }

    pub(super) fn all(&self) -> &[u8] {
        &self.values[..self.count]
    }
}

/// Where the next group starts, behind a gap of at most four bytes of ` -./()`, none of them twice.
fn after_gap(text: &[u8], end: usize) -> Option<usize> {
    let next = run(text, end, 5, |byte| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')'));
    let gap = text.get(end..next)?;
    let spaces = gap.iter().map(|&byte| usize::from(byte == b' ')).sum::<usize>();
    let marks = gap.iter().filter(|&&byte| !matches!(byte, b' ' | b'(' | b')')).count();
    let doubled = gap.starts_with(b"  ");
    let short = (1..=4).contains(&gap.len()) && spaces <= 2 && marks <= 1 && !doubled;
    let sentence = gap.starts_with(b". ");
    (short && !sentence && byte(text, next).is_ascii_digit() && next < text.len()).then_some(next)
}

/// An extension starts here: `x12`, `ext 12`.
fn extends(text: &[u8], at: usize) -> bool {
    let word = run(text, at, 10, |byte| byte.is_ascii_alphabetic());
    matches!(text.get(at..word), Some(b"x" | b"X" | b"ext" | b"Ext" | b"EXT" | b"extension")) && {
        let digits = run(text, word, 3, |byte| matches!(byte, b' ' | b'.' | b':'));
        byte(text, digits).is_ascii_digit() && digits < text.len() && !hexadecimal(text, at)
    }
}

/// `0x12` is no extension.
fn hexadecimal(text: &[u8], x: usize) -> bool {
    byte(text, x.wrapping_sub(1)) == b'0' && !(x >= 2 && alnum(text[x - 2]))
}
