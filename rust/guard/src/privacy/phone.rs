//! Telephone numbers: by country code, by the forms of national numbers, and, where digits alone say too little, by the words around.

use super::bytes::{alnum, before, byte, run};
use super::context::Near;
use super::dates;
use super::number::Chain;
use super::phone_codes::international;
use super::words::{NOT, NUMBER, PHONE};

/// How sure the digits alone are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Only a word that names another kind of number speaks against it.
    Sure,
    /// A word about telephones must stand near.
    Likely,
    Never,
}

/// Where the number that is the whole chain starts and ends, its plus, bracket and extension with it.
pub(super) fn whole(text: &[u8], chain: &Chain, near: &Near<'_>) -> Option<(usize, usize)> {
    let total = chain.total();
    if !(7..=17).contains(&total) || chain.groups().len() > 7 || in_account(text, chain) {
        return None;
    }
    let (start, plus) = opening(text, chain.start());
    let end = extension(text, closing(text, chain, start));
    if !free(text, start, end, plus) {
        return None;
    }
    let form = form(text, chain, plus, start < chain.start());
    if form == Form::Never {
        return None;
    }
    let context = near.words();
    let said = match form {
        Form::Sure => !context.denied() || context.has_before(PHONE, 2),
        Form::Likely => context.leans(PHONE, 8) || (mobile(text, chain) && context.has_before(NUMBER, 2) && !context.has_before(NOT, 5)),
        Form::Never => false,
    };
    said.then_some((start, end))
}

/// Groups of four behind a country and a sum: an IBAN with a wrong one, and no telephone's number.
fn in_account(text: &[u8], chain: &Chain) -> bool {
    let head = chain.start().checked_sub(5).and_then(|from| text.get(from..chain.start()));
    chain.lengths().next() == Some(4)
        && matches!(head, Some([a, b, c, d, b' ' | b'-']) if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit())
}

/// The plus and the bracket before the first digit.
fn opening(text: &[u8], first: usize) -> (usize, bool) {
    let mut at = first;
    let mut plus = false;
    for _ in 0..3 {
        match before(text, at) {
            b'+' if !plus => (at, plus) = (at - 1, true),
            b'(' if text.get(at) != Some(&b'(') => at -= 1,
            b' ' if at >= 2 && text[at - 2] == b'+' && !plus => (at, plus) = (at - 2, true),
            _ => break,
        }
    }
    let bracket = text.get(at) == Some(&b'(');
    // A bracket that closes only behind the number, or never, is the sentence's.
    let own = bracket
        && text.get(at..first + 12).unwrap_or(&text[at..]).iter().position(|&byte| byte == b')').is_some_and(|close| {
            let close = at + close;
            byte(text, close + 1).is_ascii_digit()
                || (matches!(byte(text, close + 1), b' ' | b'-' | b'/' | b'.') && byte(text, close + 2).is_ascii_digit())
        });
    if bracket && !own { (at + 1, plus && text.get(at + 1) == Some(&b'+')) } else { (at, plus) }
}

fn closing(text: &[u8], chain: &Chain, start: usize) -> usize {
    let level = text[start..chain.end].iter().fold(0_i32, |level, &byte| level + i32::from(byte == b'(') - i32::from(byte == b')'));
    if level > 0 && byte(text, chain.end) == b')' { chain.end + 1 } else { chain.end }
}

/// Behind `x12`, `ext. 12`, `#12`, if it stands there.
fn extension(text: &[u8], end: usize) -> usize {
    let gap = run(text, end, 2, |byte| matches!(byte, b' ' | b','));
    let word = run(text, gap, 10, |byte| byte.is_ascii_alphabetic() || byte == b'#');
    let named = matches!(
        text.get(gap..word).map(<[u8]>::to_ascii_lowercase).as_deref(),
        Some(b"x" | b"ext" | b"extn" | b"extension" | b"#" | b"durchwahl" | b"poste")
    );
    let digits = run(text, word, 3, |byte| matches!(byte, b' ' | b'.' | b':'));
    let last = run(text, digits, 7, |byte| byte.is_ascii_digit());
    if named && (1..=6).contains(&(last - digits)) && !alnum(byte(text, last)) { last } else { end }
}

/// Nothing touches it that makes it part of something else: letters, a currency, a percent sign, a time, a decimal.
fn free(text: &[u8], start: usize, end: usize, plus: bool) -> bool {
    let (left, right) = (before(text, start), byte(text, end));
    let second = if start >= 2 { text[start - 2] } else { b' ' };
    let glued = alnum(left) || matches!(left, b'_' | b'$' | b'%' | b'+' | b'*' | b'^' | b'@') || (left == b'.' && alnum(second));
    let identifier = matches!(left, b'-' | b'/' | b'\\' | b'=' | b'&') && (alnum(second) || second == b'_') && !(left == b'=' || plus);
    let hash = left == b'#' && !plus;
    let minus = left == b'-' && !alnum(second) && second != b' ' && second != b'\n' && second != b'-';
    let money =
        text[..start].ends_with("€".as_bytes()) || text[..start].ends_with("£".as_bytes()) || text[..start].ends_with("¥".as_bytes());
    let coin = text.get(end..).is_some_and(|rest| rest.starts_with("€".as_bytes()) || rest.starts_with(" €".as_bytes()));
    let time = right == b':' && byte(text, end + 1).is_ascii_digit();
    let decimal = right == b',' && !plus && fraction(text, end + 1);
    let version = matches!(right, b'-' | b'.' | b'/') && alnum(byte(text, end + 1)) && !byte(text, end + 1).is_ascii_uppercase();
    !(glued
        || identifier
        || hash
        || minus
        || money
        || coin
        || time
        || decimal
        || version
        || alnum(right)
        || matches!(right, b'_' | b'%' | b'@'))
}

/// One to three digits, and no further column of a table behind them.
fn fraction(text: &[u8], at: usize) -> bool {
    let end = run(text, at, 4, |byte| byte.is_ascii_digit());
    let column = matches!(byte(text, end), b',' | b';' | b'|' | b'"')
        || (matches!(byte(text, end), b'.' | b'-' | b':' | b'/') && alnum(byte(text, end + 1)));
    (1..=3).contains(&(end - at)) && !column
}

fn form(text: &[u8], chain: &Chain, plus: bool, bracket: bool) -> Form {
    let digits = chain.digits(text);
    let digits = digits.all();
    if plus {
        return if international(digits) { Form::Sure } else { Form::Never };
    }
    if dates::date(text, chain)
        || dates::years(text, chain)
        || numbered_by_year(text, chain)
        || digits.iter().all(|digit| *digit == digits[0])
    {
        return Form::Never;
    }
    if let Some(form) = exit_code(chain, digits) {
        return form;
    }
    north_american(text, chain, digits).or_else(|| trunk(text, chain, digits)).or_else(|| grouped(text, chain, bracket)).unwrap_or({
        let dotted_thousands = chain.groups().len() > 1 && chain.gaps_are(text, b'.') && chain.lengths().skip(1).all(|length| length == 3);
        let long = digits.len() > 13 || (digits.len() > 12 && chain.groups().len() > 1);
        let ragged = chain.groups().len() > 1 && chain.lengths().filter(|&length| length == 1).count() > 1;
        if long || ragged || (dotted_thousands && chain.groups().len() < 4 && digits[0] != 0 && digits.len() < 9) {
            Form::Never
        } else {
            Form::Likely
        }
    })
}

/// `2024-1234-5678`: the number of a file or an order, counted by year.
fn numbered_by_year(text: &[u8], chain: &Chain) -> bool {
    let year = chain.lengths().next() == Some(4) && (1990..=2040).contains(&chain.number(text, 0));
    year && chain.total() > 8 && (chain.gaps_are(text, b'-') || chain.gaps_are(text, b'/'))
}

/// `00` and `011` before a country's code.
fn exit_code(chain: &Chain, digits: &[u8]) -> Option<Form> {
    let grouped = chain.groups().len() > 1;
    let behind = if digits.starts_with(&[0, 0]) && digits.get(2) != Some(&0) {
        &digits[2..]
    } else if digits.starts_with(&[0, 1, 1]) && chain.lengths().next() == Some(3) && digits.len() > 11 {
        &digits[3..]
    } else {
        return None;
    };
    Some(if international(behind) && digits.len() >= 10 { if grouped { Form::Sure } else { Form::Likely } } else { Form::Never })
}

/// Area, exchange and line of the North American plan, after a 1 or not.
fn north_american(text: &[u8], chain: &Chain, digits: &[u8]) -> Option<Form> {
    let (national, skip) = match digits {
        [1, rest @ ..] if rest.len() == 10 => (rest, usize::from(chain.lengths().next() == Some(1))),
        all if all.len() == 10 => (all, 0),
        _ => return None,
    };
    let shape: Vec<usize> = chain.lengths().skip(skip).collect();
    let valid = national[0] > 1 && national[3] > 1;
    let spaces = chain.gaps_are(text, b' ');
    match shape.as_slice() {
        [3, 3, 4] if valid => Some(Form::Sure),
        [3, 3, 4] if text[chain.groups()[skip].1..].starts_with(b")") || (national[0] > 1 && !spaces) => Some(Form::Sure),
        _ => None,
    }
}

/// A trunk zero, an area and the rest, as most of the world writes it.
fn trunk(text: &[u8], chain: &Chain, digits: &[u8]) -> Option<Form> {
    let first = chain.lengths().next().unwrap_or(0);
    if digits[0] != 0 || digits.get(1) == Some(&0) || first < 2 || digits.len() > 14 {
        return None;
    }
    let groups = chain.groups().len();
    if groups == 1 {
        return Some(if (9..=12).contains(&digits.len()) { Form::Likely } else { Form::Never });
    }
    let whole = chain.lengths().all(|length| length >= 2) && first <= 6 && groups <= 6;
    let tight = chain.gap(text, 1) != b"." || chain.gaps_are(text, b'.');
    // Pairs alone are a French or Belgian number, of ten or nine digits; other pairs are coordinates or lists.
    let pairs = chain.lengths().all(|length| length == 2);
    let sure = whole && tight && (9..=12).contains(&digits.len()) && (!pairs || digits.len() == 10);
    Some(if sure { Form::Sure } else { Form::Likely })
}

/// Forms that hardly anything else has.
fn grouped(text: &[u8], chain: &Chain, bracket: bool) -> Option<Form> {
    let lead = text[chain.start()];
    let area = bracket && byte(text, chain.groups()[0].1) == b')';
    let brazilian = area && (chain.shaped(&[2, 4, 4]) || chain.shaped(&[2, 5, 4]) || chain.shaped(&[2, 1, 4, 4]));
    let spanish = (b'6'..=b'9').contains(&lead) && (chain.shaped(&[3, 2, 2, 2]) || chain.shaped(&[2, 3, 2, 2]));
    let russian = lead == b'8' && chain.shaped(&[1, 3, 3, 2, 2]);
    let ranged = chain.gaps_are(text, b' ') || chain.gaps_are(text, b'-');
    (brazilian || russian || (spanish && ranged)).then_some(Form::Sure)
}

/// Bare digits that begin as mobile numbers of large countries do.
fn mobile(text: &[u8], chain: &Chain) -> bool {
    let digits = chain.digits(text);
    match digits.all() {
        [0, 7, 1..=9, _, _, _, _, _, _, _, _] => true,
        [0, 1, 5..=7, rest @ ..] => (8..=9).contains(&rest.len()),
        [0, 4 | 6 | 7, rest @ ..] => rest.len() == 8,
        [6..=9, rest @ ..] => rest.len() == 9,
        _ => false,
    }
}
