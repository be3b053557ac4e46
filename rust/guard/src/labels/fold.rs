//! Texts made comparable, and a value found in them as a whole: never as a piece of a longer word, address or number.

use std::borrow::Cow;

use memchr::memmem;
use unicode_normalization::{UnicodeNormalization, is_nfkc, is_nfkc_quick};

/// Stands between values of a record; no text can hold it after folding.
pub(super) const SEPARATOR: char = '\u{1f}';

/// Compatibility forms composed (NFKC), each run of white space one space, nothing invisible.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        return collapse(text.chars(), out);
    }
    let text = match is_nfkc_quick(text.chars()) {
        unicode_normalization::IsNormalized::Yes => Cow::Borrowed(text),
        unicode_normalization::IsNormalized::No | unicode_normalization::IsNormalized::Maybe => Cow::Owned(text.nfkc().collect()),
    };
    out = collapse(text.chars().filter(|c| !invisible(*c)), out);
    out
}

fn collapse(chars: impl Iterator<Item = char>, mut out: String) -> String {
    let mut gap = true;
    for c in chars {
        if c.is_whitespace() || c == SEPARATOR {
            if !gap {
                out.push(' ');
            }
            gap = true;
        } else {
            out.push(c);
            gap = false;
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// Whether folding can only change white space: no lookalike form, nothing invisible. Another value is only the same if it is so byte by byte.
pub(super) fn is_plain(text: &str) -> bool {
    text.is_ascii() || (is_nfkc(text) && !text.chars().any(invisible))
}

pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Characters that a reader does not see: soft hyphen, zero-width ones, marks of direction, tags.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}')
}

/// Where `needle` stands in `hay` as a whole. Both are folded the same way.
pub(super) fn find_whole(hay: &str, needle: &str) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    let (hay_bytes, bytes) = (hay.as_bytes(), needle.as_bytes());
    memmem::find_iter(hay_bytes, bytes).find(|at| is_whole(hay, *at, at + bytes.len()))
}

/// As `find_whole`, and set apart by quotation marks or as a record's own value: for values so short that chance would find them.
pub(super) fn find_marked(hay: &str, needle: &str) -> bool {
    if needle.is_empty() {
        return false;
    }
    memmem::find_iter(hay.as_bytes(), needle.as_bytes()).any(|at| is_set_apart(hay, at, at + needle.len()))
}

/// Where `word` stands in `hay` with no letter or digit beside it.
pub(super) fn has_word(hay: &str, word: &str) -> bool {
    !word.is_empty()
        && memmem::find_iter(hay.as_bytes(), word.as_bytes()).any(|at| {
            let before = hay[..at].chars().next_back();
            let after = hay[at + word.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}

fn is_set_apart(hay: &str, start: usize, end: usize) -> bool {
    let before = hay[..start].chars().next_back();
    let after = hay[end..].chars().next();
    match (before, after) {
        (None | Some(SEPARATOR), None | Some(SEPARATOR)) => true,
        (Some(before), Some(after)) => matches!((before, after), ('"', '"') | ('“' | '„', '”' | '“') | ('«', '»') | ('`', '`')),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn is_whole(hay: &str, start: usize, end: usize) -> bool {
    is_set_apart(hay, start, end) || (left_free(&hay[..start]) && right_free(&hay[end..]) && !is_part_of_quote(hay, start, end))
}

/// Bytes within which both marks of a quotation are looked for.
const QUOTE: usize = 400;

/// Inside quotation marks and not all of what they enclose: part of a title, or of words that the user passes on and does not say.
fn is_part_of_quote(hay: &str, start: usize, end: usize) -> bool {
    let mut opened = None;
    for (at, c) in hay[..start].char_indices().rev().take_while(|(at, _)| start - at <= QUOTE) {
        if closing_mark(c).is_none() && !is_closing(c) {
            continue;
        }
        let before = hay[..at].chars().next_back();
        let after = hay[at + c.len_utf8()..].chars().next();
        if closing_mark(c).is_some() && before.is_none_or(|b| !b.is_alphanumeric() && !is_closing(b)) && after.is_some_and(|a| !is_gap(a)) {
            opened = Some((at + c.len_utf8(), c));
            break;
        }
        if is_closing(c) && after.is_none_or(|a| !a.is_alphanumeric()) {
            return false;
        }
    }
    let Some((from, mark)) = opened else { return false };
    let closes = |(at, c): &(usize, char)| {
        Some(*c) == closing_mark(mark) && hay[end + at + c.len_utf8()..].chars().next().is_none_or(|after| !after.is_alphanumeric())
    };
    let Some((length, _)) = hay[end..].char_indices().take_while(|(at, _)| *at <= QUOTE).find(closes) else { return false };
    let marks = |text: &str| text.chars().all(|c| !c.is_alphanumeric() && !is_gap(c));
    !(marks(&hay[from..start]) && marks(&hay[end..end + length]))
}

fn closing_mark(c: char) -> Option<char> {
    match c {
        '"' => Some('"'),
        '\'' => Some('\''),
        '“' => Some('”'),
        '„' => Some('“'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»')
}

/// More marks than this beside a word are no punctuation, and are not walked through again and again.
const MARKS: usize = 16;

/// Going left there is nothing but opening marks up to white space, or the `:` after a quoted key.
fn left_free(before: &str) -> bool {
    let mut rest = before.chars();
    for _ in 0..MARKS {
        let Some(c) = rest.next_back() else { return true };
        if is_gap(c) {
            return true;
        }
        if matches!(c, ':' | ',') && rest.as_str().ends_with(['"', ']', '}']) {
            return true;
        }
        if !matches!(c, '"' | '\'' | '(' | '[' | '{' | '<' | '«' | '“' | '‘' | '„' | '*' | '_' | '`' | '#' | '@') {
            return false;
        }
    }
    false
}

/// Going right there is nothing but closing marks up to white space; a possessive `'s` counts as one.
fn right_free(after: &str) -> bool {
    let after = ["'s", "’s"].iter().find_map(|s| after.strip_prefix(s)).unwrap_or(after);
    let mut chars = after.chars().peekable();
    for _ in 0..MARKS {
        let Some(c) = chars.next() else { return true };
        if is_gap(c) || (c == ',' && chars.peek() == Some(&'"')) {
            return true;
        }
        if !matches!(c, '"' | '\'' | ')' | ']' | '}' | '>' | '»' | '”' | '’' | '*' | '_' | '`' | '.' | ',' | ';' | ':' | '!' | '?' | '…')
        {
            return false;
        }
    }
    false
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, SEPARATOR | '—' | '–')
}

/// The words between gaps, each with its place, without the marks around it.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split(is_gap).filter_map(move |raw| {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '+' | '$' | '€' | '£' | '%' | '#'));
        (!word.is_empty()).then(|| (word.as_ptr() as usize - base, word))
    })
}
