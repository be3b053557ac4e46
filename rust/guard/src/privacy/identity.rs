//! Numbers that states and banks give out: social security, bank routing, passports, licences. Digits alone say little: words decide.

use super::bytes::run;
use super::bytes::{alnum, before, byte};
use super::context::{Context, Near};
use super::dates;
use super::kinds::{self, KindId, Kinds, Span};
use super::number::Chain;
use super::words::{BANK, DRIVER, LICENSE, LINK, NOT, PARTY, PASSPORT, PHONE, ROUTING, SSN};

/// A social security number in three groups. The Social Security Administration gives out no area 000, 666 or 900 to 999, no group 00
/// and no serial 0000.
pub(super) fn grouped_ssn(text: &[u8], chain: &Chain, near: &Near<'_>) -> Option<(usize, usize)> {
    let (start, end) = (chain.start(), chain.end);
    (chain.shaped(&[3, 2, 4]) && ssn(chain.digits(text).all()) && loose(text, start, end)).then_some(())?;
    let context = near.words();
    let ok = if chain.gaps_are(text, b'-') {
        !context.denied() || context.has_before(SSN, 4)
    } else if chain.gaps_are(text, b' ') {
        !context.has_before(NOT | PHONE, 3) || context.has(SSN, 6)
    } else {
        chain.gaps_are(text, b'.') && context.has(SSN, 6)
    };
    ok.then_some((start, end))
}

fn ssn(digits: &[u8]) -> bool {
    let part = |from: usize, to: usize| {
        digits.get(from..to).map_or(0, |part| part.iter().fold(0_u32, |value, &digit| value * 10 + u32::from(digit)))
    };
    let area = part(0, 3);
    digits.len() == 9 && area != 0 && area != 666 && area < 900 && part(3, 5) != 0 && part(5, 9) != 0
}

/// Nine digits, or a few with a letter or in groups, that words name.
pub(super) fn named(text: &[u8], chain: &Chain, on: Kinds, near: &Near<'_>) -> Option<(KindId, usize, usize)> {
    let (start, end) = (chain.start(), chain.end);
    let total = chain.total();
    ((6..=16).contains(&total) && chain.groups().len() <= 5 && loose(text, start, end)).then_some(())?;
    let context = near.words();
    let digits = chain.digits(text);
    let nine = chain.groups().len() == 1 && total == 9;
    let kind = if nine
        && on.has(kinds::ROUTING)
        && routing(digits.all())
        && context.nearest(ROUTING, SSN | PASSPORT | PARTY, 5)
        && !passes(context, PASSPORT | SSN)
    {
        kinds::ROUTING
    } else if nine
        && on.has(kinds::SSN)
        && ssn(digits.all())
        && context.nearest(SSN, ROUTING | PASSPORT | PARTY | NOT, 5)
        && !context.denied()
        && !passes(context, PASSPORT | BANK)
    {
        kinds::SSN
    } else if chain.groups().len() == 1 && total <= 9 && context.nearest(PASSPORT, NOT | DRIVER, 6) {
        if nine { kinds::US_PASSPORT } else { kinds::PASSPORT }
    } else if licence(context) && grouped_licence(text, chain) {
        kinds::LICENSE
    } else {
        return None;
    };
    on.has(kind).then_some((kind, start, end))
}

/// The label is one of these rather than what was asked for.
fn passes(context: &Context, meaning: u32) -> bool {
    context.label() & meaning != 0 && context.label() & (ROUTING | LINK) == 0
}

/// Groups that a licence may have: no date, price, postal code or telephone's end.
fn grouped_licence(text: &[u8], chain: &Chain) -> bool {
    let groups = chain.groups().len();
    let single = chain.lengths().take(groups - 1).any(|length| length == 1);
    let money = text.get(chain.end..).is_some_and(|rest| rest.starts_with(b",") && byte(rest, 1).is_ascii_digit());
    let even = (1..groups).all(|index| matches!(chain.gap(text, index), b"-" | b" "));
    groups == 1 || (even && chain.total() >= 8 && !single && !money && !chain.shaped(&[5, 4]) && !dates::date(text, chain))
}

/// A driver is named near, a licence with it, and nothing nearer says that it is another number.
fn licence(context: &Context) -> bool {
    let named = context.has(DRIVER, 7) && (context.has(LICENSE, 7) || context.label() & DRIVER != 0);
    named && context.nearest(DRIVER | LICENSE, NOT | PASSPORT | SSN | PHONE, 7)
}

/// `S123-4567-8901`: a letter and groups of digits, as many of the United States number licences. The letter is at `start`.
pub(super) fn lettered(text: &[u8], start: usize, chain: &Chain, taken: &[Span]) -> Option<(usize, usize)> {
    let groups = chain.groups().len();
    ((2..=5).contains(&groups) && (8..=14).contains(&chain.total())).then_some(())?;
    let even = (1..groups).all(|index| chain.gap(text, index) == chain.gap(text, 1)) && matches!(chain.gap(text, 1), b"-" | b" ");
    (even && loose(text, start, chain.end) && run(text, start, 1, |byte| byte.is_ascii_alphabetic()) > start).then_some(())?;
    licence(&Context::read(text, start, chain.end, taken)).then_some((start, chain.end))
}

/// Letters and digits in one word: passports and licences.
pub(super) fn mixed(text: &[u8], start: usize, end: usize, on: Kinds, taken: &[Span]) -> Option<(KindId, usize, usize)> {
    let token = &text[start..end];
    let digits = token.iter().filter(|byte| byte.is_ascii_digit()).count();
    let size = token.len();
    let mostly = digits * 2 >= size && digits >= 4;
    let german = size == 9 && token.iter().all(|byte| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte));
    ((6..=18).contains(&size) && (mostly || german) && loose(text, start, end)).then_some(())?;
    let context = Context::read(text, start, end, taken);
    let letter_first = token[0].is_ascii_alphabetic() && token[1..].iter().all(u8::is_ascii_digit);
    let size_of = token.iter().filter(|byte| byte.is_ascii_lowercase()).count() == 1 && !token[0].is_ascii_alphabetic();
    let kind = if (6..=9).contains(&size) && context.nearest(PASSPORT, NOT | DRIVER, 6) {
        if letter_first && size == 9 { kinds::US_PASSPORT } else { kinds::PASSPORT }
    } else if mostly && !size_of && licence(&context) {
        kinds::LICENSE
    } else {
        return None;
    };
    on.has(kind).then_some((kind, start, end))
}

/// The American Bankers Association's sum, and the prefixes of the Federal Reserve's districts.
fn routing(digits: &[u8]) -> bool {
    let weights = [3_u32, 7, 1, 3, 7, 1, 3, 7, 1];
    let sum: u32 = digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit) * weight).sum();
    let prefix = digits[0] * 10 + digits[1];
    sum.is_multiple_of(10) && sum > 0 && matches!(prefix, 0..=12 | 21..=32 | 61..=72 | 80)
}

/// No letter, digit or sign of another notation touches it.
fn loose(text: &[u8], start: usize, end: usize) -> bool {
    let (left, right) = (before(text, start), byte(text, end));
    let glued = alnum(left) || alnum(right) || matches!(left, b'_' | b'$' | b'+' | b'%' | b'@') || matches!(right, b'_' | b'%' | b'@');
    let second = if start >= 2 { text[start - 2] } else { b' ' };
    let identifier = matches!(left, b'-' | b'/' | b'.') && alnum(second);
    let goes_on = matches!(right, b'-' | b'/' | b'.') && alnum(byte(text, end + 1));
    !(glued || identifier || goes_on)
}
