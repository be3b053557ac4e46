//! Secrets without a prefix: `password = …`, `"api_key": "…"`, `Authorization: Bearer …`. The name says what it is, the value must look so.

use super::bytes::{alnum, before, byte, run, run_back};
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
    start = behind_scheme(text, start);
    let quote = byte(text, start);
    let quoted = matches!(quote, b'"' | b'\'' | b'`');
    let escaped = quote == b'\\' && byte(text, start + 1) == b'"';
    let (from, end) = if quoted {
        (behind_scheme(text, start + 1), run(text, start + 1, 512, |byte| byte != quote && byte != b'\n'))
    } else if escaped {
        (behind_scheme(text, start + 2), run(text, start + 2, 512, |byte| byte != b'\\' && byte != b'\n'))
    } else {
        (start, bare(text, start))
    };
    let end = placeholder::stop(text, from, end);
    let other = !quoted && !escaped && variable(text, mark, text.get(from..end)?);
    (!other && looks_secret(text.get(from..end)?, chosen, quoted || escaped) && byte(text, end) != b'(').then_some((from, end))
}

/// Behind `Bearer` and the like.
fn behind_scheme(text: &[u8], start: usize) -> usize {
    let schemes = [&b"Bearer "[..], b"bearer ", b"Basic ", b"basic ", b"token ", b"Token "];
    schemes
        .into_iter()
        .find(|scheme| text.get(start..).is_some_and(|rest| rest.starts_with(scheme)))
        .map_or(start, |scheme| start + scheme.len())
}

/// `password == Confirm`, `pw = self.password`, `newPassword`, `DB_PASSWORD`: the name of another place, and no value. `MyDogSecret` is one.
fn variable(text: &[u8], mark: usize, value: &[u8]) -> bool {
    let named = value.iter().all(|&byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'-'));
    let lower = value.to_ascii_lowercase();
    let compared = text.get(mark..mark + 2) == Some(b"==") || matches!(byte(text, mark.wrapping_sub(1)), b'=' | b'!');
    let written = value.first().is_some_and(u8::is_ascii_lowercase) || !value.iter().any(u8::is_ascii_lowercase);
    named
        && (compared
            || written && [&b"password"[..], b"passwd", b"passphrase", b"secret", b"token"].into_iter().any(|name| lower.ends_with(name)))
}

/// What `the password is …`, `Passwort lautet …` tells: the word's `assw` is at `place`.
pub(super) fn told(text: &[u8], place: usize) -> Option<(usize, usize)> {
    let mut end = run(text, place, 12, |byte| byte.is_ascii_alphabetic());
    let noun = text.get(place.checked_sub(1)?..end)?.to_ascii_lowercase();
    matches!(noun.as_slice(), b"password" | b"passwort" | b"passwd" | b"passwords").then_some(())?;
    let mut told = false;
    for _ in 0..3 {
        let from = run(text, end, 2, |byte| byte == b' ');
        let to = run(text, from, 8, |byte| byte.is_ascii_alphabetic());
        let link = text.get(from..to)?.to_ascii_lowercase();
        let links = [&b"is"[..], b"was", b"ist", b"lautet", b"war", b"now", b"to", b"still", b"set", b"jetzt", b"changed"];
        if from == end || byte(text, to) != b' ' || !links.contains(&link.as_slice()) {
            break;
        }
        (told, end) = (true, to);
    }
    let from = run(text, end, 2, |byte| byte == b' ');
    let quote = byte(text, from);
    let quoted = matches!(quote, b'"' | b'\'' | b'`');
    let from = if quoted { from + 1 } else { from };
    let end = if quoted { run(text, from, 128, |byte| byte != quote && byte != b'\n') } else { bare(text, from) };
    let end = placeholder::stop(text, from, end);
    let value = text.get(from..end)?;
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    let marked = value.iter().any(|byte| byte.is_ascii_digit() || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'^' | b'+'));
    let marked = marked || (value.len() >= 12 && value[1..].iter().filter(|byte| byte.is_ascii_uppercase()).count() >= 2);
    (told && letter && marked && !value.contains(&b' ') && looks_secret(value, true, quoted)).then_some((from, end))
}

/// `-u user:password`: the colon is at `colon`.
pub(super) fn of_user(text: &[u8], colon: usize) -> Option<(usize, usize)> {
    (!byte(text, colon + 1).is_ascii_whitespace() && alnum(before(text, colon))).then_some(())?;
    let start = run_back(text, colon, 64, |byte| alnum(byte) || matches!(byte, b'.' | b'_' | b'-' | b'@'));
    let quote = byte(text, start.wrapping_sub(1));
    let flag = text.get(..if matches!(quote, b'"' | b'\'') { start - 1 } else { start })?;
    let option = [&b" -u "[..], b" -u", b" --user ", b" --user=", b" --proxy-user "].into_iter().any(|option| flag.ends_with(option));
    (start < colon && option).then_some(())?;
    let end = placeholder::stop(text, colon + 1, bare(text, colon + 1));
    (end > colon + 3 && !placeholder_like(text.get(colon + 1..end)?)).then_some((colon + 1, end))
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
    let counts = match found.0 {
        "key" => joined.ends_with(b"apikey"),
        "sig" => matches!(byte(text, start.wrapping_sub(1)), b'?' | b'&'), // of a signed address; elsewhere it is a digest
        _ => true,
    };
    counts.then_some(found.1)
}

/// A short name is a word of its own: `pass`, `user_pass`; not `compass`.
fn boundary(shown: &[u8], length: usize) -> bool {
    shown.len() == length || shown.get(shown.len().wrapping_sub(length + 1)).is_some_and(|&byte| !alnum(byte))
}

fn bare(text: &[u8], start: usize) -> usize {
    let mut end =
        run(text, start, 512, |byte| byte > b' ' && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b';' | b',' | b'\\' | b'|'));
    end = start + parameter(&text[start..end]);
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
    let code = !quoted && (called(value) || value.ends_with(b"/"));
    let hole = placeholder_like(value) || HOLES.iter().any(|hole| value.eq_ignore_ascii_case(hole.as_bytes()));
    let digest = [&b"sha256"[..], b"sha384", b"sha512", b"sha1"].into_iter().any(|name| value.starts_with(name));
    if hole || code || digest || value.starts_with("⟦".as_bytes()) || value.starts_with(b"//") {
        return false;
    }
    if chosen {
        let mixed = [digit, mark, upper && lower && !value[1..].iter().all(u8::is_ascii_lowercase)].into_iter().filter(|has| *has).count();
        let whole = quoted || !spaced;
        return value.len() >= 6 && whole && (mixed > 0 || (quoted && !spaced));
    }
    !spaced && value.len() >= 12 && digit && (lower || upper) && entropy(value) >= 3.0
}

/// Where the next parameter of an address starts: `p4ss&word` is one value, `p4ss&next=1` has another behind it.
fn parameter(value: &[u8]) -> usize {
    let next = |at: usize| {
        let end = run(value, at + 1, 40, |byte| alnum(byte) || matches!(byte, b'_' | b'-' | b'.'));
        let entity = matches!(&value[at + 1..], b"quot" | b"amp" | b"lt" | b"gt" | b"apos" | b"nbsp" | b"#39");
        (end > at + 1 && byte(value, end) == b'=') || entity || at + 1 == value.len()
    };
    memchr::memchr_iter(b'&', value).find(|&at| next(at)).unwrap_or(value.len())
}

/// `getenv(…)`, `os.environ[…]`: a name with a bracket behind it, and in the bracket a name, a string or the end.
fn called(value: &[u8]) -> bool {
    let Some(open) = value.iter().position(|byte| matches!(byte, b'(' | b'[')) else { return false };
    let plain = |byte: u8| alnum(byte) || matches!(byte, b'_' | b'.' | b':' | b'$' | b'-' | b'>');
    let name = value[..open].strip_suffix(b"!").unwrap_or(&value[..open]);
    let closes = value[open..].iter().any(|byte| matches!(byte, b')' | b']'));
    let inside = value[open + 1..].iter().all(|&byte| plain(byte) && !byte.is_ascii_digit());
    let word = name.len() > 3 && !name.iter().any(u8::is_ascii_digit);
    name.first().is_none_or(|first| !first.is_ascii_digit()) && name.iter().all(|&byte| plain(byte)) && (word || closes || inside)
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
