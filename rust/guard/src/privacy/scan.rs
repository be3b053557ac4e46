//! One pass over the bytes: most are passed over, an anchor makes a parser look around it.

use super::bytes::{alnum, before, byte, run, stands_alone};
use super::classes::{Anchor, Classes};
use super::context::Near;
use super::kinds::{self, KindId, Kinds, Span};
use super::number::Chain;
use super::{assigned, card, crypto, dates, email, fold, iban, identity, ip, phone, placeholder, secret, url};

/// The text has characters that only look like others: look at a plain copy.
pub(super) struct Disguised;

pub(super) struct Scan<'a> {
    text: &'a [u8],
    on: Kinds,
    /// Without them a text is scanned as it is.
    folds: bool,
    found: &'a mut Vec<Span>,
    /// Up to here digits have been looked at.
    read: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8], on: Kinds, folds: bool, found: &'a mut Vec<Span>) -> Self {
        Self { text, on, folds, found, read: 0 }
    }

    pub(super) fn run(mut self, classes: &Classes) -> Result<(), Disguised> {
        let mut at = 0;
        while let Some(skipped) =
            self.text.get(at..).and_then(|rest| rest.iter().position(|&byte| classes[usize::from(byte)] != Anchor::None))
        {
            at += skipped;
            let next = match classes[usize::from(self.text[at])] {
                Anchor::None => at + 1,
                Anchor::Digit => self.digit(at),
                Anchor::AtSign => self.take(kinds::EMAIL, at, email::at_sign(self.text, at)),
                Anchor::Colon => self.colon(at),
                Anchor::Equals => self.take(kinds::SECRET, at, assigned::value(self.text, at)),
                Anchor::Mark => self.mark(at),
                Anchor::Bracket => self.take(kinds::EMAIL, at, email::bracketed(self.text, at)),
                Anchor::Capital => self.take(kinds::SECRET, at, secret::amazon(self.text, at)),
                Anchor::Zed => self.take(kinds::SECRET, at, secret::google(self.text, at)),
                Anchor::Percent => match fold::escaped_at(self.text, at) {
                    Some(_) if self.folds && alnum(before(self.text, at)) => return Err(Disguised),
                    _ => at + 1,
                },
                Anchor::Foreign => self.foreign(at)?,
            };
            at = next.max(at + 1);
        }
        if self.on.has(kinds::EMAIL) {
            self.spoken();
        }
        if self.on.has(kinds::SECRET) {
            self.told();
        }
        Ok(())
    }

    /// Keep a finding, and go on behind it.
    fn take(&mut self, kind: KindId, at: usize, found: Option<(usize, usize)>) -> usize {
        let Some((start, end)) = found.filter(|_| self.on.has(kind)) else { return at + 1 };
        self.found.push(Span { kind, start, end });
        self.read = self.read.max(end);
        end
    }

    fn colon(&mut self, at: usize) -> usize {
        if self.text[at..].starts_with(b"://") {
            let found = url::credentials(self.text, at);
            if found.is_some() && self.on.has(kinds::URL_CREDENTIALS) {
                return self.take(kinds::URL_CREDENTIALS, at, found);
            }
            return self.take(kinds::SECRET, at, secret::hook(self.text, at)).max(at + 3);
        }
        if self.on.has(kinds::IP)
            && (byte(self.text, at + 1).is_ascii_hexdigit() || byte(self.text, at + 1) == b':')
            && let Some((start, end)) = ip::version_6(self.text, at, self.found)
        {
            return self.take(kinds::IP, at, Some((start, end)));
        }
        if !self.on.has(kinds::SECRET) {
            return at + 1;
        }
        let found = secret::telegram(self.text, at).or_else(|| assigned::value(self.text, at)).or_else(|| assigned::of_user(self.text, at));
        self.take(kinds::SECRET, at, found)
    }

    fn mark(&mut self, at: usize) -> usize {
        let text = self.text;
        let found = match text[at] {
            b'.' if byte(text, at + 1) == b'e' => secret::web_token(text, at),
            b'.' => secret::dotted(text, at),
            b'-' if text[at..].starts_with(b"-----BEGIN ") => secret::pem(text, at),
            _ => None,
        };
        let next = byte(text, at + 1);
        let found = found.or_else(|| {
            if (alnum(next) || matches!(next, b'-' | b'_')) && alnum(before(text, at)) { secret::prefixed(text, at) } else { None }
        });
        self.take(kinds::SECRET, at, found)
    }

    fn foreign(&mut self, at: usize) -> Result<usize, Disguised> {
        if placeholder::starts_at(self.text, at) {
            return Ok(placeholder::end_of(self.text, at).unwrap_or(at + 3));
        }
        if self.folds && fold::look_alike(self.text, at).is_some() { Err(Disguised) } else { Ok(at + 1) }
    }

    /// `john at x dot com`: the word is rare enough to look for it alone.
    fn spoken(&mut self) {
        let dots: Vec<usize> = memchr::memmem::find_iter(self.text, b" dot ").collect();
        for dot in dots {
            self.take(kinds::EMAIL, dot, email::spoken(self.text, dot + 1));
        }
    }

    /// `the password is …`: no mark stands there, and the word is rare enough to look for it alone.
    fn told(&mut self) {
        let places: Vec<usize> = memchr::memmem::find_iter(self.text, b"assw").collect();
        for place in places {
            self.take(kinds::SECRET, place, assigned::told(self.text, place));
        }
    }

    /// The first digit of a run.
    fn digit(&mut self, at: usize) -> usize {
        let text = self.text;
        if at < self.read {
            return self.read;
        }
        let left = before(text, at);
        if left.is_ascii_alphabetic() || left == b'_' {
            return self.word(at);
        }
        let chain = Chain::read(text, at);
        let (_, first_end) = chain.groups()[0];
        if byte(text, first_end).is_ascii_alphabetic() && chain.groups().len() == 1 {
            let next = self.word(at);
            if next > at {
                return next;
            }
        }
        self.chain(&chain);
        self.read = self.read.max(chain.end);
        chain.end
    }

    /// Digits and letters in one word: accounts, passports, addresses of coins.
    fn word(&mut self, at: usize) -> usize {
        let text = self.text;
        let (start, end) = crypto::token(text, at);
        if at >= start + 2
            && at - start == 2
            && self.on.has(kinds::IBAN)
            && byte(text, at + 1).is_ascii_digit()
            && before(text, start) != b'_'
            && let Some(found) = iban::number(text, start)
        {
            return self.take(kinds::IBAN, at, Some(found));
        }
        if end - start >= 14 && self.on.has(kinds::CRYPTO) && crypto::address(text, start, end) {
            return self.take(kinds::CRYPTO, at, Some((start, end)));
        }
        if self.on.has(kinds::SECRET)
            && let Some(found) = secret::worded(text, start, end)
        {
            return self.take(kinds::SECRET, at, Some(found));
        }
        if at == start + 1
            && end < start + 6
            && self.on.has(kinds::LICENSE)
            && let Some(found) = identity::lettered(text, start, &Chain::read(text, at), self.found)
        {
            return self.take(kinds::LICENSE, at, Some(found));
        }
        if self.on.any(&[kinds::US_PASSPORT, kinds::PASSPORT, kinds::LICENSE])
            && let Some((kind, start, end)) = identity::mixed(text, start, end, self.on, self.found)
        {
            return self.take(kind, at, Some((start, end)));
        }
        if self.on.has(kinds::BIRTH) && text[at..end].len() <= 4 && stands_alone(text, at, end) {
            let digits = run(text, at, 3, |byte| byte.is_ascii_digit());
            if let Some(found) = dates::named_birth(text, at, digits, self.found) {
                return self.take(kinds::BIRTH, at, Some(found));
            }
        }
        // `345-899-3560x4587` begins with digits alone and is a chain all the same.
        let chain = Chain::read(text, at);
        if start == at && chain.groups().len() > 1 {
            return at;
        }
        // What hangs on the word by a dot or a dash is part of it.
        let mut tail = end;
        if matches!(byte(text, end), b'.' | b'-') && alnum(byte(text, end + 1)) {
            let key = secret::prefixed(text, end).or_else(|| secret::dotted(text, end));
            if key.is_some() && self.on.has(kinds::SECRET) {
                return self.take(kinds::SECRET, at, key);
            }
            tail = self.tail(end);
        }
        self.read = self.read.max(tail);
        tail.max(at + 1)
    }

    /// Where a version or an identifier such as `v1.2.3.4` ends. Only digits are passed over: the rest may hold keys.
    fn tail(&self, end: usize) -> usize {
        let digits = run(self.text, end, 64, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        if digits > end && !byte(self.text, digits - 1).is_ascii_digit() { digits - 1 } else { digits }
    }

    /// What a chain of digits is: the strongest kind first, and what is left of it again.
    fn chain(&mut self, chain: &Chain) {
        if chain.groups().is_empty() || (chain.total() < 6 && !self.short(chain)) {
            return;
        }
        for first in 0..chain.groups().len() {
            if let Some((kind, count)) = self.window(chain, first) {
                let end = chain.groups()[first + count - 1].1;
                self.found.push(Span { kind, start: chain.groups()[first].0, end });
                if first > 0 {
                    let last = self.found.len();
                    self.chain(&chain.piece(0, first));
                    self.found[last - 1..].rotate_left(1);
                }
                if first + count < chain.groups().len() {
                    self.chain(&chain.piece(first + count, chain.groups().len()));
                }
                return;
            }
        }
        self.remainder(chain);
    }

    /// Few digits: a dotted address, or a date.
    fn short(&mut self, chain: &Chain) -> bool {
        let groups = chain.groups();
        if groups.len() >= 3 {
            return true;
        }
        if self.on.has(kinds::BIRTH)
            && let Some((start, end)) = dates::named_birth(self.text, groups[0].0, groups[0].1, self.found)
        {
            self.take(kinds::BIRTH, start, Some((start, end)));
        }
        false
    }

    /// An address or a card among the groups from `first` on, and how many it takes.
    fn window(&self, chain: &Chain, first: usize) -> Option<(KindId, usize)> {
        if self.on.has(kinds::IP) && ip::version_4(self.text, chain, first, self.found).is_some() {
            return Some((kinds::IP, 4));
        }
        let cards = self.on.has(kinds::CARD) && chain.total() >= 12;
        cards.then(|| card::window(self.text, chain, first, self.found)).flatten().map(|count| (kinds::CARD, count))
    }

    /// A chain without addresses and cards.
    fn remainder(&mut self, chain: &Chain) {
        let (text, start) = (self.text, chain.start());
        if self.on.has(kinds::CRYPTO) && crypto::is_hex_start(text, start) {
            return;
        }
        let near = Near::new(text, start, chain.end, self.found);
        let ssn = if self.on.has(kinds::SSN) { identity::grouped_ssn(text, chain, &near) } else { None };
        let found = ssn.map(|(start, end)| (kinds::SSN, start, end)).or_else(|| identity::named(text, chain, self.on, &near));
        let phone = if found.is_none() && self.on.has(kinds::PHONE) { phone::whole(text, chain, &near) } else { None };
        if let Some((kind, start, end)) = found {
            self.take(kind, start, Some((start, end)));
            return;
        }
        if self.on.has(kinds::BIRTH)
            && chain.groups().len() >= 3
            && let Some(found) = dates::birth(text, chain, self.found)
        {
            self.take(kinds::BIRTH, start, Some(found));
            return;
        }
        if phone.is_some() {
            self.take(kinds::PHONE, start, phone);
        } else if self.on.has(kinds::PHONE) {
            self.phones(chain);
        }
    }

    /// Numbers that are pieces of a chain: the longest at its start, or what wider gaps part.
    fn phones(&mut self, chain: &Chain) {
        let groups = chain.groups().len();
        // Two numbers with a space between them: the first is the longest that is one.
        for count in (2..groups).rev().filter(|&count| chain.gap(self.text, count).contains(&b' ')) {
            let piece = chain.piece(0, count);
            let found = phone::whole(self.text, &piece, &Near::new(self.text, piece.start(), piece.end, self.found));
            if let Some((start, end)) = found {
                self.take(kinds::PHONE, start, Some((start, end)));
                self.chain(&chain.piece(count, groups));
                return;
            }
        }
        let wide = |index: usize| chain.gap(self.text, index).len() > 1 && chain.gap(self.text, index).starts_with(b" ");
        let spaced = |index: usize| chain.gap(self.text, index) == b" ";
        let cuts: Vec<usize> = if (1..groups).any(wide) {
            (1..groups).filter(|&index| wide(index)).collect()
        } else {
            (1..groups).filter(|&index| spaced(index)).collect()
        };
        if cuts.is_empty() || cuts.len() + 1 == groups {
            return;
        }
        let mut from = 0;
        for cut in cuts.into_iter().chain([groups]) {
            let piece = chain.piece(from, cut);
            if piece.total() >= 7 {
                self.chain(&piece);
            }
            from = cut;
        }
    }
}
