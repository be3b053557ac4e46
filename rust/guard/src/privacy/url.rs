//! Addresses with a password in them: `scheme://user:password@host/…`.

use super::bytes::{alnum, before, run, run_back};
use super::placeholder;

const LONGEST: usize = 2_048;
/// A user alone is a secret when it is as long as a token.
const TOKEN: usize = 16;

/// The address whose `://` has its colon at `colon`.
pub(super) fn credentials(text: &[u8], colon: usize) -> Option<(usize, usize)> {
    let start = run_back(text, colon, 24, |byte| alnum(byte) || matches!(byte, b'+' | b'-' | b'.'));
    (start < colon && text[start].is_ascii_alphabetic() && !alnum(before(text, start))).then_some(())?;
    let from = colon + 3;
    let stops = |byte: u8| byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | b'\\' | b'|' | b'^');
    let token = run(text, from, LONGEST, |byte| !stops(byte));
    let token = placeholder::stop(text, from, token);
    let token = if text[from..token].starts_with(b"'") { from } else { token };
    // A password may hold a slash: the authority ends before the first one only if an at-sign stands before it.
    let slash = from + text[from..token].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(token - from);
    let at = from + memchr::memrchr(b'@', &text[from..slash])?;
    let user = &text[from..at];
    let secret = match memchr::memchr(b':', user) {
        Some(inner) => inner + 1 < user.len() && !placeholder_like(&user[inner + 1..]),
        None => user.len() >= TOKEN && user.iter().any(u8::is_ascii_digit),
    };
    (secret && at + 1 < slash && (alnum(text[at + 1]) || text[at + 1] == b'[' || text[at + 1] >= 0x80)).then_some(())?;
    let mut end = token;
    let bracket = text[at + 1] == b'[' && text[at..end].ends_with(b"]");
    while !bracket
        && end > slash.min(at + 2)
        && matches!(text[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'}' | b'\'' | b'*')
    {
        end -= 1;
    }
    Some((start, end.max(at + 2)))
}

/// `$PASSWORD`, `{password}`, `<password>`: a hole and no password.
pub(super) fn placeholder_like(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or(b'*');
    let name = |byte: u8| alnum(byte) || matches!(byte, b'_' | b'{' | b'}' | b'(' | b')' | b'.' | b':' | b'-' | b' ');
    let percent = first == b'%' && value.len() > 7 && value[1].is_ascii_alphanumeric() && !value.ends_with(b"%");
    let marked = percent || first == b'$' && !value[1..].iter().all(|&byte| name(byte)) && !matches!(value.get(1), Some(b'{' | b'('));
    matches!(first, b'$' | b'{' | b'<' | b'%' | b'[') && !marked && !value.get(1).is_some_and(u8::is_ascii_digit)
        || value.iter().all(|&byte| byte == b'*' || byte == b'x' || byte == b'X' || byte == b'.')
}
