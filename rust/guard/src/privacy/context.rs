//! The words around a candidate. Placeholders and what was found already count as one word without meaning, so that the words are the
//! same before and after masking.

use std::cell::OnceCell;

use super::bytes::{alnum, word};
use super::kinds::Span;
use super::placeholder;
use super::words::{self, COST, IDENT, LINK, NOT, PARTY};

const BEFORE: usize = 10;
const AFTER: usize = 4;
const REACH: usize = 240;
const LONGEST: usize = 28;
/// The last byte of `⟧`.
const CLOSES: u8 = 0xa7;

/// What the words around a candidate mean, nearest first.
#[derive(Debug, Clone)]
pub(super) struct Context {
    before: [u32; BEFORE],
    after: [u32; AFTER],
}

impl Context {
    pub(super) fn read(text: &[u8], start: usize, end: usize, taken: &[Span]) -> Self {
        let mut context = Self { before: [0; BEFORE], after: [0; AFTER] };
        let (mut at, mut nearer) = (start, 0);
        let floor = start.saturating_sub(REACH);
        for slot in &mut context.before {
            let Some((from, to)) = word_before(text, at, floor, taken) else { break };
            *slot = words::meaning(&text[from..to]);
            // `customer no. 7` is a customer's number, `customer: +49 …` is what one says.
            *slot |= if *slot & PARTY != 0 && nearer & IDENT != 0 { NOT } else { 0 };
            (at, nearer) = (from, *slot);
        }
        let mut at = end;
        for slot in &mut context.after {
            let Some((from, to)) = word_after(text, at) else { break };
            *slot = words::meaning(&text[from..to]);
            at = to;
        }
        context
    }

    /// One of these stands among the `reach` words before, or the four after.
    pub(super) fn has(&self, meaning: u32, reach: usize) -> bool {
        self.before.iter().take(reach).chain(&self.after).any(|word| word & meaning != 0)
    }

    /// One of these stands among the `reach` words before.
    pub(super) fn has_before(&self, meaning: u32, reach: usize) -> bool {
        self.before.iter().take(reach).any(|word| word & meaning != 0)
    }

    /// What names the candidate: the first word before it that is no "number", "is" or the like.
    pub(super) fn label(&self) -> u32 {
        self.before.iter().find(|&&word| word & LINK == 0).copied().unwrap_or(0)
    }

    /// The nearest word before that has one of these meanings or of those `against` has one of these; with none before, one after has.
    pub(super) fn nearest(&self, meaning: u32, against: u32, reach: usize) -> bool {
        let nearest = self.before.iter().take(reach).find(|&&word| word & (meaning | against) != 0);
        nearest.map_or_else(|| self.after.iter().any(|word| word & meaning != 0), |word| word & meaning != 0)
    }

    /// The nearest word before with one of these meanings or a contrary one has one of these; with none before, one after has.
    pub(super) fn leans(&self, meaning: u32, reach: usize) -> bool {
        self.nearest(meaning, NOT | COST, reach)
    }

    /// Something before says that it is another kind of number.
    pub(super) fn denied(&self) -> bool {
        self.label() & NOT != 0
    }
}

/// The words around one candidate, read when first asked for.
pub(super) struct Near<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
    taken: &'a [Span],
    read: OnceCell<Context>,
}

impl<'a> Near<'a> {
    pub(super) fn new(text: &'a [u8], start: usize, end: usize, taken: &'a [Span]) -> Self {
        Self { text, start, end, taken, read: OnceCell::new() }
    }

    pub(super) fn words(&self) -> &Context {
        self.read.get_or_init(|| Context::read(self.text, self.start, self.end, self.taken))
    }
}

/// The last word that ends at `at` or before, down to `floor`.
fn word_before(text: &[u8], at: usize, floor: usize, taken: &[Span]) -> Option<(usize, usize)> {
    let mut end = at;
    let mut newlines = 0;
    loop {
        if let Some(span) = taken.iter().rev().take(4).find(|span| span.start < end && end <= span.end) {
            return Some((span.start, span.start));
        }
        let last = *text.get(end.checked_sub(1).filter(|&last| last >= floor)?)?;
        if last == CLOSES
            && let Some(start) = placeholder::ending_at(text, end)
        {
            return Some((start, start));
        }
        if word(last) && last != 0xa0 {
            break;
        }
        newlines += usize::from(last == b'\n');
        if newlines > 1 {
            return None;
        }
        end -= 1;
    }
    let mut start = end;
    while start > floor && start > 0 && (word(text[start - 1]) || (text[start - 1] == b'\'' && start > 1 && alnum(text[start - 2]))) {
        if end - start > LONGEST || (text[start - 1] == CLOSES && placeholder::ending_at(text, start).is_some()) {
            break;
        }
        start -= 1;
    }
    Some((start, end))
}

/// The next word after `at`. A digit, an address or a placeholder ends the search: they may be findings themselves.
fn word_after(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let ceiling = text.len().min(at + LONGEST);
    let rest = text.get(at..ceiling)?;
    let skipped = rest.iter().position(|&byte| word(byte) || byte == b'\n' || byte == b'@')?;
    let start = at + skipped;
    let length = text[start..text.len().min(start + LONGEST)].iter().position(|&byte| !word(byte)).unwrap_or(0);
    let end = start + length;
    let plain = length > 0 && !text[start..end].iter().any(u8::is_ascii_digit) && text.get(end) != Some(&b'@');
    (plain && !placeholder::starts_at(text, start)).then_some((start, end))
}
