//! Payment cards: issuer's digits, length and the Luhn sum (ISO/IEC 7812). A number whose sum is wrong is none.

use super::bytes::{before, byte};
use super::context::Context;
use super::kinds::Span;
use super::number::{Chain, Digits};
use super::words::{CARD, NOT};

/// A card's number among the groups from `first` on: how many of them it takes.
pub(super) fn window(text: &[u8], chain: &Chain, first: usize, taken: &[Span]) -> Option<usize> {
    let groups = chain.groups();
    if groups[first].1 - groups[first].0 > 19 {
        return None;
    }
    let mut digits = Digits::default();
    let mut best = None;
    for (index, &(start, end)) in groups.iter().enumerate().skip(first) {
        if digits.all().len() + (end - start) > 19 || (index > first && !even(text, chain, first, index)) {
            break;
        }
        text[start..end].iter().for_each(|digit| digits.push(digit - b'0'));
        let count = index + 1 - first;
        if digits.all().len() >= 12 && plausible(chain, first, count) && follows(text, chain, first, count) {
            best = verified(text, chain, (first, count), &digits, taken).then_some(count).or(best);
        }
    }
    best
}

/// All gaps so far are the same one: space, dash or dot.
fn even(text: &[u8], chain: &Chain, first: usize, index: usize) -> bool {
    let gap = chain.gap(text, index);
    (gap == chain.gap(text, first + 1) && matches!(gap, b" " | b"-" | b".")) || (gap == b" - " && gap == chain.gap(text, first + 1))
}

/// As printed on cards, or the whole chain in any groups.
fn plausible(chain: &Chain, first: usize, count: usize) -> bool {
    count == 1 || count == chain.groups().len() || printed(chain, first, count)
}

fn printed(chain: &Chain, first: usize, count: usize) -> bool {
    let lengths = chain.groups()[first..first + count].iter().map(|(start, end)| end - start);
    let printed: [&[usize]; 8] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[4, 4, 4, 4, 2], &[6, 13], &[8, 8], &[4, 4, 4]];
    printed.iter().any(|printed| lengths.clone().eq(printed.iter().copied()))
}

/// What comes before and behind doesn't make it part of a longer number: a check value, a date of expiry or another card may follow.
fn follows(text: &[u8], chain: &Chain, first: usize, count: usize) -> bool {
    let groups = chain.groups();
    let spaced = count > 1;
    if first > 0 {
        let gap = chain.gap(text, first);
        let (start, end) = groups[first - 1];
        let own = first == 1 || chain.gap(text, first - 1) == gap;
        if !gap.contains(&b' ') || (own && spaced && gap == chain.gap(text, first + 1) && end - start == 4) {
            return false;
        }
    }
    let Some(&(start, end)) = groups.get(first + count) else { return true };
    let gap = chain.gap(text, first + count);
    let cut = gap.contains(&b' ') || gap == b"/";
    cut && (!spaced || gap != chain.gap(text, first + 1) || end - start != 4 || groups.len() - first >= count + 4)
}

fn verified(text: &[u8], chain: &Chain, (first, count): (usize, usize), digits: &Digits, taken: &[Span]) -> bool {
    let groups = chain.groups();
    let (start, end) = (groups[first].0, groups[first + count - 1].1);
    let value = digits.all();
    let Some(certain) = issuer(value) else { return false };
    if !luhn(value) || value.iter().all(|digit| *digit == value[0]) {
        return false;
    }
    let money =
        matches!(before(text, start), b'$' | b'+') || text[..start].ends_with("€".as_bytes()) || text[..start].ends_with("£".as_bytes());
    let joined = matches!(before(text, start), b'-' | b'_') || byte(text, end) == b'%';
    if money || (joined && count == 1 && before(text, start) != b'-') {
        return false;
    }
    let context = Context::read(text, start, end, taken);
    let label = context.label();
    if label & NOT != 0 && label & CARD == 0 && !(certain && printed(chain, first, count)) {
        return false;
    }
    certain || context.leans(CARD, 8)
}

/// Whether issuer and length are a card's; true when nothing else looks so, false when words must say it.
fn issuer(digits: &[u8]) -> Option<bool> {
    let lead = |count: usize| digits.iter().take(count).fold(0_u32, |value, &digit| value * 10 + u32::from(digit));
    let (two, three, four, length) = (lead(2), lead(3), lead(4), digits.len());
    let sixteen_up = (16..=19).contains(&length);
    let known = match digits[0] {
        4 => matches!(length, 13 | 16 | 19),
        3 if matches!(two, 34 | 37) => length == 15,
        // The issuer's range is 3528 to 3589; generators of test data use all of 35.
        3 if two == 35 => sixteen_up,
        3 if (300..=305).contains(&three) || three == 309 || matches!(two, 36 | 38 | 39) => length == 14 || sixteen_up,
        2 if four == 2131 => length == 15,
        1 if four == 1800 => length == 15,
        2 if (2221..=2720).contains(&four) => length == 16,
        2 if (2200..=2205).contains(&four) => sixteen_up,
        5 if (51..=55).contains(&two) => length == 16,
        6 | 5 if matches!(two, 50 | 56..=58 | 60..=69) => (12..=19).contains(&length),
        8 if matches!(two, 81 | 82) => sixteen_up,
        9 if four == 9792 => length == 16,
        _ => false,
    };
    let long = length > 16 && matches!(two, 35 | 36 | 62 | 65 | 81);
    known.then_some(matches!(length, 15 | 16) || digits[0] == 4 || long || (length == 14 && digits[0] == 3))
}

fn luhn(digits: &[u8]) -> bool {
    let twice = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(index, &digit)| u32::from(if index % 2 == 1 { twice(digit) } else { digit })).sum();
    sum.is_multiple_of(10)
}
