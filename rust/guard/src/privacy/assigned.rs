//! Secrets without a prefix: `password = …`, `"api_key": "…"`, `Authorization: Bearer …`. The name says what it is, the value must look so.

use super::bytes::{alnum, byte, run, run_back};
use super::placeholder;
use super::url::placeholder_like;

/// The last word of a name that holds a secret, without marks between its words, and whether the value is chosen by a person.
const NAMES: &[(&str, bool)] = &[
    ("password", true),
    ("passwd", true),
    ("passphrase", true),
    ("pwd", true),
    ("pass", true),
    ("kennwort", true),
    ("passwort", true),
    ("contraseña", true),
    ("motdepasse", true),
    ("senha", true),
    ("wachtwoord", true),
    ("пароль", true),
    ("パスワード", true),
    ("密码", true),
    ("pw", true),
    ("secret", false),
    ("secretkey", false),
    ("clientsecret", false),
    ("token", false),
    ("authtoken", false),
    ("accesstoken", false),
    ("refreshtoken", false),
    ("bearertoken", false),
    ("apikey", false),
    ("apitoken", false),
    ("apisecret", false),
    ("accesskey", false),
    ("secretaccesskey", false),
    ("accountkey", false),
    ("sharedaccesskey", false),
    ("privatekey", false),
    ("authkey", false),
    ("masterkey", false),
    ("encryptionkey", false),
    ("signingkey", false),
    ("credential", false),
    ("credentials", false),
    ("sessionid", false),
    ("sessiontoken", false),
    ("authorization", false),
    ("sig", false),
    ("key", false),
];
/// Values that say there is none.
const HOLES: &[&str] = &[
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "required",
    "string",
    "changeme",
    "example",
    "redacted",
    "hidden",
    "password",
    "secret",
];

/// The value behind the `:` or `=` at `mark`.
pub(super) fn value(text: &[u8], mark: usize) -> Option<(usize, usize)> {
    let chosen = name(text, mark)?;
    let mut start = run(text, mark + 1, 3, |byte| matches!(byte, b' ' | b'\t' | b'=' | b'>'));
    for scheme in [&b"Bearer "[..], b"bearer ", b"Basic ", b"basic ", b"token ", b"Token "] {
        if text.get(start..).is_some_and(|rest| rest.starts_with(scheme)) {
            start += scheme.len();
        }
    }
    let quote = byte(text, start);
    let quoted = matches!(quote, b'"' | b'\'' | b'`');
    let escaped = quote == b'\\' && byte(text, start + 1) == b'"';
    let (from, end) = if quoted {
        (start + 1, run(text, start + 1, 512, |byte| byte != quote && byte != b'\n'))
    } else if escaped {
        (start + 2, run(text, start + 2, 512, |byte| byte != b'\\' && byte != b'\n'))
    } else {
        (start, bare(text, start))
    };
    let end = placeholder::stop(text, from, end);
    (looks_secret(text.get(from..end)?, chosen, quoted || escaped) && byte(text, end) != b'(').then_some((from, end))
}

/// The words before the mark name a secret; whether it is one that people choose.
fn name(text: &[u8], mark: usize) -> Option<bool> {
    let end = run_back(text, mark, 3, |byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\\' | b']' | b'*'));
    let start = run_back(text, end, 40, |byte| alnum(byte) || matches!(byte, b'_' | b'-' | b'.' | b' ') || byte >= 0x80);
    let mut joined = [0_u8; 40];
    let mut count = 0;
    for byte in text.get(start..end)?.iter().filter(|byte| !matches!(byte, b'_' | b'-' | b' ' | b'.')) {
        *joined.get_mut(count)? = byte.to_ascii_lowercase();
        count += 1;
    }
    let joined = &joined[..count];
    let alone = |name: &str| {
        let short = name.len() <= 4;
        !short || joined.len() == name.len() || boundary(text.get(start..end).unwrap_or_default(), name.len())
    };
    let found = NAMES.iter().filter(|(name, _)| joined.ends_with(name.as_bytes()) && alone(name)).max_by_key(|(name, _)| name.len())?;
    (found.0 != "key" || joined.ends_with(b"apikey")).then_some(found.1)
}

/// A short name is a word of its own: `pass`, `user_pass`; not `compass`.
fn boundary(shown: &[u8], length: usize) -> bool {
    shown.len() == length || shown.get(shown.len().wrapping_sub(length + 1)).is_some_and(|&byte| !alnum(byte))
}

fn bare(text: &[u8], start: usize) -> usize {
    let mut end =
        run(text, start, 512, |byte| byte > b' ' && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' | b';' | b',' | b'\\' | b'|'));
    while text[start..end].ends_with(b"**") {
        end -= 2;
    }
    while end > start && matches!(text[end - 1], b'.' | b',' | b'!' | b'?' | b')' | b']' | b'}' | b':') && end - start > 1 {
        end -= 1;
    }
    end
}

fn looks_secret(value: &[u8], chosen: bool, quoted: bool) -> bool {
    let digit = value.iter().any(u8::is_ascii_digit);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let mark = value.iter().any(u8::is_ascii_punctuation);
    let spaced = value.contains(&b' ');
    let code = !quoted && (value.contains(&b'(') || value.contains(&b'[') || value.ends_with(b"/"));
    let hole = placeholder_like(value) || HOLES.iter().any(|hole| value.eq_ignore_ascii_case(hole.as_bytes()));
    if hole || code || value.starts_with("⟦".as_bytes()) || value.starts_with(b"//") {
        return false;
    }
    if chosen {
        let mixed = [digit, mark, upper && lower && !value[1..].iter().all(u8::is_ascii_lowercase)].into_iter().filter(|has| *has).count();
        let whole = quoted || !spaced;
        return value.len() >= 6 && whole && (mixed > 0 || (quoted && !spaced));
    }
    !spaced && value.len() >= 12 && digit && (lower || upper) && entropy(value) >= 3.0
}

/// Shannon's, in bits for each byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let all = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / all).map(|share| -share * share.log2()).sum()
}
