//! Dates in digits and with the names of months: to know that digits are no telephone, and to find dates of birth.

use super::bytes::{alnum, before, byte, run, run_back};
use super::context::Context;
use super::kinds::Span;
use super::number::Chain;
use super::words::{BIRTH, DAY, NOT};

const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec mär mae mai okt dez ene abr ago dic gen mag giu lug set ott fév avr jui aoû déc \
                      fev out janv mrt maa mei maj juin sty lut kwi cze lip sie wrz paź lis gru led úno bře dub kvě čer srp zář říj pro tam hel \
                      huh tou kes hei elo syy lok már ápr máj jún júl sze oca şub nis haz tem ağu eyl eki kas ara янв фев мар апр мая июн июл авг \
                      сен окт ноя дек січ лют бер кві тра чер лип сер вер жов лис гру";

/// Day, month and year in either order, all with the same gap.
pub(super) fn date(text: &[u8], chain: &Chain) -> bool {
    let groups = chain.groups();
    if groups.len() != 3 || chain.gap(text, 1) != chain.gap(text, 2) {
        return groups.len() == 4 && date(text, &chain.piece(0, 3)) && groups[3].1 - groups[3].0 <= 2;
    }
    let lengths: Vec<usize> = chain.lengths().collect();
    let (a, b, c) = (chain.number(text, 0), chain.number(text, 1), chain.number(text, 2));
    let day_month = |one: u32, other: u32| (1..=12).contains(&one.min(other)) && (1..=31).contains(&one.max(other));
    match lengths.as_slice() {
        [4, 1 | 2, 1 | 2] => (1800..=2100).contains(&a) && (1..=12).contains(&b) && (1..=31).contains(&c),
        [1 | 2, 1 | 2, 4] => day_month(a, b) && (1800..=2100).contains(&c),
        [1 | 2, 1 | 2, 2] => day_month(a, b),
        _ => false,
    }
}

/// `1998 - 2003`.
pub(super) fn years(text: &[u8], chain: &Chain) -> bool {
    chain.shaped(&[4, 4]) && (0..2).all(|index| (1800..=2100).contains(&chain.number(text, index)))
}

/// A date in digits that words say is somebody's birthday.
pub(super) fn birth(text: &[u8], chain: &Chain, taken: &[Span]) -> Option<(usize, usize)> {
    let groups = chain.groups();
    let (start, end) = (groups[0].0, groups.get(2)?.1);
    let shown = chain.piece(0, 3);
    (date(text, &shown) && !alnum(before(text, start))).then_some(())?;
    said(text, start, end, taken)
}

/// A date with the name of a month, around the day or the year whose digits are `start..end`.
pub(super) fn named_birth(text: &[u8], start: usize, end: usize, taken: &[Span]) -> Option<(usize, usize)> {
    let day = end - start <= 2;
    (day && !alnum(before(text, start))).then_some(())?;
    let after_ordinal = match text.get(end..end + 2).map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"st" | b"nd" | b"rd" | b"th") => end + 2,
        _ => run(text, end, 1, |byte| byte == b'.'),
    };
    let gap = |at: usize| run(text, at, 4, |byte| matches!(byte, b' ' | b',' | b'-' | b'.' | b'/'));
    let mut month_at = gap(after_ordinal);
    if text.get(month_at..month_at + 3) == Some(b"de ") || text.get(month_at..month_at + 3) == Some(b"of ") {
        month_at += 3;
    }
    let letters = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let month_end = run(text, month_at, 24, letters);
    if month(&text[month_at..month_end]) {
        let mut year_at = gap(month_end);
        if text.get(year_at..year_at + 3) == Some(b"de ") {
            year_at += 3;
        }
        let year_end = run(text, year_at, 4, |byte| byte.is_ascii_digit());
        let full = matches!(year_end - year_at, 2 | 4) && !alnum(byte(text, year_end));
        return if full { said(text, start, year_end, taken) } else { None };
    }
    // `March 12, 1985`
    let month_end = run_back(text, start, 2, |byte| matches!(byte, b' ' | b'.'));
    let month_at = run_back(text, month_end, 24, letters);
    month(&text[month_at..month_end]).then_some(())?;
    let year_at = gap(after_ordinal);
    let year_end = run(text, year_at, 4, |byte| byte.is_ascii_digit());
    (year_end - year_at == 4).then_some(())?;
    said(text, month_at, year_end, taken)
}

/// One bit for each pair of ASCII letters that a month begins with: most words near numbers begin otherwise.
const PAIRS: [u64; 16] = {
    let (mut bits, names, mut at) = ([0_u64; 16], MONTHS.as_bytes(), 0);
    while at + 1 < names.len() {
        if at == 0 || names[at - 1] == b' ' {
            let bit = pair(names[at], names[at + 1]);
            bits[bit / 64] |= 1 << (bit % 64);
        }
        at += 1;
    }
    bits
};

const fn pair(first: u8, second: u8) -> usize {
    (first as usize & 31) << 5 | (second as usize & 31)
}

fn month(word: &[u8]) -> bool {
    let &[first, second, _, ..] = word else { return false };
    let bit = pair(first, second);
    if first.is_ascii() && second.is_ascii() && PAIRS[bit / 64] >> (bit % 64) & 1 == 0 {
        return false;
    }
    let lower = String::from_utf8_lossy(word).to_lowercase();
    lower.chars().count() >= 3 && lower.len() <= 20 && MONTHS.split_ascii_whitespace().any(|month| lower.starts_with(month))
}

fn said(text: &[u8], start: usize, end: usize, taken: &[Span]) -> Option<(usize, usize)> {
    Context::read(text, start, end, taken).nearest(BIRTH, DAY | NOT, 6).then_some((start, end))
}
