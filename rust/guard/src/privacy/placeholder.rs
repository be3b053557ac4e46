//! Placeholders `⟦KIND:token⟧`: what they look like, finding them, putting values in their place.
//!
//! A token is 16 letters and digits of base32 (`a-z2-7`) with a letter among them, as the vault makes them, or up to six of `a-z0-9`.
//! Anything else between the brackets is text like any other: a number can't hide there.

use memchr::memmem;

const OPEN: &[u8] = "⟦".as_bytes();
const CLOSE: &[u8] = "⟧".as_bytes();
/// Longer ones are none: kind, colon, token and brackets.
const LONGEST: usize = 96;

/// What stands between the brackets at `start..end`. A malformed one has neither kind nor token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholder<'a> {
    pub start: usize,
    pub end: usize,
    pub kind: &'a str,
    pub token: &'a str,
    pub well_formed: bool,
}

/// All placeholders of a text, in order; an opening bracket that nothing closes is a malformed one.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + opening(text.as_bytes().get(at..)?)?;
        let found = well_formed_at(text, start).unwrap_or_else(|| malformed_at(text, start));
        at = found.end;
        Some(found)
    })
}

/// The text with what `value` gives in place of each placeholder; `None` when it gave nothing.
pub fn replace(text: &str, mut value: impl FnMut(Placeholder<'_>) -> Option<String>) -> Option<String> {
    let mut replaced: Option<String> = None;
    let mut done = 0;
    for found in placeholders(text) {
        let Some(value) = value(found) else { continue };
        let out = replaced.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(text.get(done..found.start).unwrap_or_default());
        out.push_str(&value);
        done = found.end;
    }
    let mut out = replaced?;
    out.push_str(text.get(done..).unwrap_or_default());
    Some(out)
}

/// Put one together.
pub(super) fn push(out: &mut String, kind: &str, token: &str) {
    out.push('⟦');
    out.push_str(kind);
    out.push(':');
    out.push_str(token);
    out.push('⟧');
}

/// Where a well-formed placeholder that starts at `start` ends.
pub(super) fn end_of(text: &[u8], start: usize) -> Option<usize> {
    parts(text, start).map(|(_, close)| close + CLOSE.len())
}

pub(super) fn starts_at(text: &[u8], at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(OPEN))
}

/// `end`, or where the first opening bracket between `start` and it stands.
pub(super) fn stop(text: &[u8], start: usize, end: usize) -> usize {
    text.get(start..end).and_then(opening).map_or(end, |open| start + open)
}

/// Where a well-formed placeholder that ends at `end` starts.
pub(super) fn ending_at(text: &[u8], end: usize) -> Option<usize> {
    let head = text.get(..end)?.strip_suffix(CLOSE)?;
    let from = head.len().saturating_sub(LONGEST);
    let start = from + memmem::rfind(head.get(from..)?, OPEN)?;
    (end_of(text, start) == Some(end)).then_some(start)
}

/// Where the first opening bracket stands. Its first byte is rare: a search for it needs nothing prepared.
fn opening(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(OPEN[0], text).find(|&at| text[at..].starts_with(OPEN))
}

/// The places of colon and closing bracket.
fn parts(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let rest = text.get(start..text.len().min(start + LONGEST))?.strip_prefix(OPEN)?;
    let colon = rest.iter().position(|byte| !(byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_'))?;
    let named = rest[0].is_ascii_uppercase() && rest[colon] == b':';
    let token = &rest[colon + 1..];
    let length = token.iter().position(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit()))?;
    let (token, end) = token.split_at(length);
    let minted =
        length == 16 && !token.iter().any(|byte| matches!(byte, b'0' | b'1' | b'8' | b'9')) && token.iter().any(u8::is_ascii_lowercase);
    let counted = (1..=6).contains(&length);
    let inner = start + OPEN.len();
    (named && (minted || counted) && end.starts_with(CLOSE)).then_some((inner + colon, inner + colon + 1 + length))
}

fn well_formed_at(text: &str, start: usize) -> Option<Placeholder<'_>> {
    let (colon, close) = parts(text.as_bytes(), start)?;
    let (kind, token) = (text.get(start + OPEN.len()..colon)?, text.get(colon + 1..close)?);
    Some(Placeholder { start, end: close + CLOSE.len(), kind, token, well_formed: true })
}

/// Up to the closing bracket, if one comes soon and before another opens; else the bracket alone.
fn malformed_at(text: &str, start: usize) -> Placeholder<'_> {
    let inner = start + OPEN.len();
    let bytes = text.as_bytes();
    let near = bytes.get(inner..bytes.len().min(inner + LONGEST)).unwrap_or_default();
    let next = memmem::find(near, OPEN).unwrap_or(near.len());
    let end = memmem::find(near, CLOSE).filter(|&close| close < next).map_or(inner, |close| inner + close + CLOSE.len());
    Placeholder { start, end, kind: "", token: "", well_formed: false }
}
