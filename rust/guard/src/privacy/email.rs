//! E-mail addresses, from the `@` outwards; unicode and quoted ones too, and those that are spelt with `[at]` or ` at … dot … `.

use super::bytes::{alnum, before, byte, run, run_back, word};
use super::placeholder;

const LOCAL: usize = 64;
const DOMAIN: usize = 255;
/// Names of files that look like addresses: `icon@2x.png`.
const FILES: [&str; 14] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "html", "json", "yaml", "yml", "toml", "lock"];

/// The address whose `@` is at `at`.
pub(super) fn at_sign(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = local(text, at)?;
    if text.get(..start).is_some_and(|left| left.ends_with(b"://")) {
        return None; // a user of a host, such as `https://git@host`
    }
    let end = domain(text, at + 1)?;
    let remote =
        byte(text, end) == b':' && (alnum(byte(text, end + 1)) || byte(text, end + 1) == b'/') && text.get(start..at) == Some(b"git");
    (!remote).then_some((start, end))
}

fn local(text: &[u8], at: usize) -> Option<usize> {
    if before(text, at) == b'"' {
        let from = at.saturating_sub(LOCAL);
        let open = from + memchr::memrchr(b'"', text.get(from..at.checked_sub(1)?)?)?;
        let quoted = text.get(open + 1..at - 1)?;
        let whole = placeholder::stop(text, open, at) == at;
        return (whole && !quoted.is_empty() && !quoted.contains(&b'\n') && !alnum(before(text, open))).then_some(open);
    }
    let mut start = run_back(text, at, LOCAL, |byte| word(byte) || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'&' | b'~'));
    while start < at && !char_start(text, start) {
        start += 1;
    }
    // What an address can't start with belongs to the sentence.
    while start < at && !(word(text[start]) || matches!(text[start], b'_' | b'+')) {
        start += 1;
    }
    start = after_foreign(text, start, at);
    (start < at && text[at - 1] != b'\'').then_some(start)
}

/// Brackets, quotes and dashes outside ASCII end the local part; letters do not.
fn after_foreign(text: &[u8], start: usize, at: usize) -> usize {
    let Some(part) = text.get(start..at).and_then(|part| std::str::from_utf8(part).ok()) else { return start };
    part.char_indices().rev().find(|(_, c)| !c.is_ascii() && !c.is_alphanumeric()).map_or(start, |(index, c)| start + index + c.len_utf8())
}

fn char_start(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

fn domain(text: &[u8], from: usize) -> Option<usize> {
    if byte(text, from) == b'[' {
        let end = run(text, from + 1, 48, |byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
        let inside = std::str::from_utf8(text.get(from + 1..end)?).ok()?;
        return (byte(text, end) == b']' && inside.parse::<std::net::IpAddr>().is_ok()).then_some(end + 1);
    }
    let mut end = run(text, from, DOMAIN, |byte| word(byte) || matches!(byte, b'.' | b'-'));
    end = before_foreign(text, from, end);
    while end > from && !word(text[end - 1]) {
        end -= 1;
    }
    let name = text.get(from..end)?;
    if let Some(twice) = memchr::memmem::find(name, b"..") {
        end = from + twice;
    }
    let name = std::str::from_utf8(text.get(from..end)?).ok()?;
    let (rest, last) = name.rsplit_once('.')?;
    let numbered = rest.split('.').filter(|label| label.bytes().all(|byte| byte.is_ascii_digit())).count();
    let scaled = rest.len() == 2 && rest.ends_with('x') && rest.as_bytes()[0].is_ascii_digit();
    let labels = rest.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let plain = !FILES.contains(&last.to_ascii_lowercase().as_str());
    (labels && top_level(last) && plain && numbered < 2 && !scaled).then_some(end)
}

fn before_foreign(text: &[u8], from: usize, end: usize) -> usize {
    let part = text.get(from..end).unwrap_or_default();
    let valid = match std::str::from_utf8(part) {
        Ok(part) => part,
        Err(error) => std::str::from_utf8(&part[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.char_indices().find(|(_, c)| !c.is_ascii() && !c.is_alphanumeric()).map_or(from + valid.len(), |(index, _)| from + index)
}

fn top_level(last: &str) -> bool {
    let coded = last.len() > 4 && last.as_bytes()[..4].eq_ignore_ascii_case(b"xn--");
    let letters = last.chars().all(char::is_alphabetic) && last.chars().count() >= 2 && last.len() <= 63;
    coded || letters || (!last.is_ascii() && last.chars().count() >= 2)
}

/// `john [at] x [dot] com`, `john(at)x.com`: the bracket is at `open`.
pub(super) fn bracketed(text: &[u8], open: usize) -> Option<(usize, usize)> {
    let after = spelt(text, open, b"at")?;
    let name_end = run_back(text, open, 2, |byte| byte == b' ');
    let start = run_back(text, name_end, LOCAL, |byte| alnum(byte) || matches!(byte, b'.' | b'_' | b'+' | b'-'));
    let start = run(text, start, LOCAL, |byte| !alnum(byte));
    (start < name_end).then_some(())?;
    let mut at = run(text, after, 2, |byte| byte == b' ');
    let mut labels = 0;
    loop {
        let end = run(text, at, 63, |byte| alnum(byte) || byte == b'-');
        if end == at {
            return None;
        }
        labels += 1;
        let gap = run(text, end, 2, |byte| byte == b' ');
        let next = spelt(text, gap, b"dot").or_else(|| spelt(text, gap, b"."));
        let next = next.map(|next| run(text, next, 2, |byte| byte == b' '));
        let next = next.or_else(|| (byte(text, end) == b'.' && alnum(byte(text, end + 1))).then_some(end + 1));
        match next {
            Some(next) => at = next,
            None => return (labels > 1 && text[at..end].iter().all(u8::is_ascii_alphabetic) && end - at > 1).then_some((start, end)),
        }
    }
}

/// Behind `[word]`, `(word)`, `{word}` or `<word>`, in any case.
fn spelt(text: &[u8], open: usize, what: &[u8]) -> Option<usize> {
    let close = match byte(text, open) {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        b'<' => b'>',
        _ => return None,
    };
    let from = run(text, open + 1, 1, |byte| byte == b' ');
    let to = from + what.len();
    let same = text.get(from..to)?.eq_ignore_ascii_case(what);
    let end = run(text, to, 1, |byte| byte == b' ');
    (same && byte(text, end) == close).then_some(end + 1)
}

/// `john at x dot com`: the word `dot` is at `dot`, with a space on both sides.
pub(super) fn spoken(text: &[u8], dot: usize) -> Option<(usize, usize)> {
    let name = |byte: u8| alnum(byte) || matches!(byte, b'.' | b'_' | b'-' | b'+');
    let end = run(text, dot + 4, 24, |byte| byte.is_ascii_alphabetic());
    let last = text.get(dot + 4..end)?.to_ascii_lowercase();
    let known: [&[u8]; 12] = [b"com", b"org", b"net", b"edu", b"gov", b"io", b"de", b"co", b"uk", b"fr", b"eu", b"info"];
    known.contains(&last.as_slice()).then_some(())?;
    let host_end = dot - 1;
    let host = run_back(text, host_end, 63, name);
    let word = text.get(host.checked_sub(4)?..host)?;
    (host < host_end && word.eq_ignore_ascii_case(b" at ")).then_some(())?;
    let start = run_back(text, host - 4, LOCAL, name);
    (start < host - 4).then_some((start, end))
}
