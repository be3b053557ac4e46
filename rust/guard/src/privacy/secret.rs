//! Keys of known makers, by their prefixes, and private keys in PEM. The form of each is the maker's own documentation's.

use super::bytes::{alnum, before, byte, run, run_back};

/// Prefix, fewest and most characters behind it, and which.
const PREFIXES: &[(&str, usize, usize, Letters)] = &[
    ("ghp_", 30, 255, Letters::Alnum),
    ("gho_", 30, 255, Letters::Alnum),
    ("ghu_", 30, 255, Letters::Alnum),
    ("ghs_", 30, 255, Letters::Alnum),
    ("ghr_", 30, 255, Letters::Alnum),
    ("github_pat_", 22, 255, Letters::Url),
    ("glpat-", 20, 64, Letters::Url),
    ("gldt-", 20, 64, Letters::Url),
    ("glptt-", 20, 64, Letters::Url),
    ("glrt-", 20, 64, Letters::Url),
    ("sk-", 20, 255, Letters::Key),
    ("sk_live_", 16, 255, Letters::Alnum),
    ("sk_test_", 16, 255, Letters::Alnum),
    ("rk_live_", 16, 255, Letters::Alnum),
    ("rk_test_", 16, 255, Letters::Alnum),
    ("pk_live_", 16, 255, Letters::Alnum),
    ("pk_test_", 16, 255, Letters::Alnum),
    ("whsec_", 24, 255, Letters::Base64),
    ("xoxa-", 10, 255, Letters::Url),
    ("xoxb-", 10, 255, Letters::Url),
    ("xoxp-", 10, 255, Letters::Url),
    ("xoxr-", 10, 255, Letters::Url),
    ("xoxs-", 10, 255, Letters::Url),
    ("xoxe-", 10, 255, Letters::Url),
    ("xoxc-", 10, 255, Letters::Url),
    ("xoxd-", 10, 255, Letters::Url),
    ("xapp-", 10, 255, Letters::Url),
    ("npm_", 36, 36, Letters::Alnum),
    ("pypi-", 40, 255, Letters::Url),
    ("hf_", 30, 40, Letters::Alnum),
    ("dop_v1_", 64, 64, Letters::Alnum),
    ("doo_v1_", 64, 64, Letters::Alnum),
    ("dor_v1_", 64, 64, Letters::Alnum),
    ("shpat_", 32, 32, Letters::Alnum),
    ("shpca_", 32, 32, Letters::Alnum),
    ("shppa_", 32, 32, Letters::Alnum),
    ("shpss_", 32, 32, Letters::Alnum),
    ("gsk_", 40, 64, Letters::Alnum),
    ("r8_", 37, 40, Letters::Alnum),
    ("lin_api_", 40, 48, Letters::Alnum),
    ("figd_", 40, 64, Letters::Url),
    ("dckr_pat_", 27, 36, Letters::Url),
    ("glsa_", 32, 64, Letters::Url),
    ("glc_", 32, 255, Letters::Base64),
    ("nvapi-", 60, 80, Letters::Url),
    ("pplx-", 40, 64, Letters::Alnum),
    ("tvly-", 24, 64, Letters::Url),
    ("sq0csp-", 40, 48, Letters::Url),
    ("sq0atp-", 22, 22, Letters::Url),
    ("ops_", 64, 255, Letters::Url),
    ("hvs.", 24, 255, Letters::Url),
    ("sbp_", 40, 40, Letters::Alnum),
    ("vercel_", 24, 64, Letters::Alnum),
    ("ntn_", 40, 60, Letters::Alnum),
    ("secret_", 40, 60, Letters::Alnum),
    ("PMAK-", 59, 59, Letters::Url),
    ("NRAK-", 27, 27, Letters::Alnum),
    ("rubygems_", 48, 48, Letters::Alnum),
    ("ya29.", 30, 255, Letters::Url),
    ("SG.", 50, 80, Letters::Dotted),
    ("AGE-SECRET-KEY-", 59, 59, Letters::Alnum),
    ("GOCSPX-", 28, 28, Letters::Url),
    ("key-", 32, 32, Letters::Hex),
    ("xai-", 60, 100, Letters::Alnum),
    ("dp.pt.", 40, 48, Letters::Alnum),
    ("dp.st.", 40, 64, Letters::Dotted),
    ("dp.sa.", 40, 48, Letters::Alnum),
    ("pscale_tkn_", 32, 64, Letters::Dotted),
    ("pscale_oauth_", 32, 64, Letters::Dotted),
    ("pscale_pw_", 32, 64, Letters::Dotted),
    ("hvb.", 138, 255, Letters::Url),
    ("sntryu_", 64, 64, Letters::Alnum),
    ("shptka_", 32, 32, Letters::Alnum),
    ("glft-", 20, 64, Letters::Url),
    ("glsoat-", 20, 64, Letters::Url),
    ("glcbt-", 20, 64, Letters::Url),
    ("CFPAT-", 43, 43, Letters::Url),
    ("rdme_", 70, 70, Letters::Alnum),
    ("dckr_oat_", 27, 36, Letters::Url),
    ("rzp_live_", 14, 24, Letters::Alnum),
    ("rzp_test_", 14, 24, Letters::Alnum),
    ("xkeysib-", 64, 90, Letters::Url),
    ("sntrys_", 60, 255, Letters::Base64),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    Alnum,
    Hex,
    Url,
    Base64,
    Dotted,
    /// Of letters, digits, dashes and underscores, with a digit or a capital: `sk-learn-…` is a name.
    Key,
}

impl Letters {
    fn has(self, byte: u8) -> bool {
        alnum(byte)
            && match self {
                Self::Hex => byte.is_ascii_hexdigit(),
                Self::Alnum | Self::Url | Self::Base64 | Self::Dotted | Self::Key => true,
            }
            || match self {
                Self::Alnum | Self::Hex => false,
                Self::Url | Self::Key => matches!(byte, b'-' | b'_'),
                Self::Base64 => matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
                Self::Dotted => matches!(byte, b'-' | b'_' | b'.'),
            }
    }
}

/// One bit for each pair of bytes that stands before the mark of a prefix: most marks of a text have none of them.
const PAIRS: [u64; 64] = {
    let mut bits = [0_u64; 64];
    let mut index = 0;
    while index < PREFIXES.len() {
        let prefix = PREFIXES[index].0.as_bytes();
        let bit = pair(prefix[prefix.len() - 3], prefix[prefix.len() - 2]);
        bits[bit / 64] |= 1 << (bit % 64);
        index += 1;
    }
    bits
};

const fn pair(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize) & 0xfff
}

/// A key whose prefix ends with the mark at `mark`: `_`, `-` or `.`.
pub(super) fn prefixed(text: &[u8], mark: usize) -> Option<(usize, usize)> {
    let bit = pair(*text.get(mark.checked_sub(2)?)?, text[mark - 1]);
    (PAIRS[bit / 64] >> (bit % 64) & 1 == 1).then_some(())?;
    let head = text.get(mark.saturating_sub(16)..=mark)?;
    for &(prefix, fewest, most, letters) in PREFIXES {
        if !head.ends_with(prefix.as_bytes()) {
            continue;
        }
        let start = mark + 1 - prefix.len();
        let mut end = run(text, mark + 1, most + 1, |byte| letters.has(byte));
        while end > mark + 1 && matches!(text[end - 1], b'-' | b'_' | b'.' | b'/') {
            end -= 1;
        }
        let body = &text[mark + 1..end];
        let named = letters == Letters::Key && !(body.iter().any(u8::is_ascii_digit) && body.len() >= 20);
        if !alnum(before(text, start)) && (fewest..=most).contains(&body.len()) && !named {
            return Some((start, end));
        }
    }
    None
}

/// A key that one word gives away, whose prefix no mark ends: the word `start..end`, and what may hang on it.
pub(super) fn worded(text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let word = text.get(start..end)?;
    let hex = |from: usize, count: usize| word.len() == from + count && word[from..].iter().all(u8::is_ascii_hexdigit);
    let stands = !matches!(before(text, start), b'_' | b'-' | b'/') && !matches!(byte(text, end), b'_' | b'/');
    // Databricks, Twilio.
    if (word.starts_with(b"dapi") && hex(4, 32)) || (word.starts_with(b"SK") && hex(2, 32)) {
        return stands.then_some((start, end));
    }
    // Atlassian, Meta.
    let long = [&b"ATATT3"[..], b"ATCTT3", b"EAACEdEose0cBA"].into_iter().any(|prefix| word.starts_with(prefix));
    long.then(|| (start, run(text, start, 512, |byte| alnum(byte) || matches!(byte, b'-' | b'_' | b'='))))
}

/// Two words with a dot at `dot`: a personal token of Airtable's, or one of Terraform's, whose second dot it is.
pub(super) fn dotted(text: &[u8], dot: usize) -> Option<(usize, usize)> {
    if text.get(dot.checked_sub(8)?..dot)? == b".atlasv1" {
        let first = run_back(text, dot - 8, 15, alnum);
        let end = run(text, dot + 1, 80, |byte| alnum(byte) || matches!(byte, b'-' | b'_' | b'='));
        return (dot - 8 - first == 14 && end - dot > 60).then_some((first, end));
    }
    let start = dot.checked_sub(17).filter(|&start| text[start..].starts_with(b"pat"))?;
    let end = run(text, dot + 1, 65, |byte| byte.is_ascii_hexdigit());
    let word = text[start..dot].iter().all(|&byte| alnum(byte)) && !alnum(before(text, start));
    (word && end - dot == 65 && !alnum(byte(text, end))).then_some((start, end))
}

/// `AKIA…`, `ASIA…`: an access key of Amazon Web Services, whose third letter from the left is at `at` less one.
pub(super) fn amazon(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at.checked_sub(1)?;
    matches!(text.get(start..start + 4)?, b"AKIA" | b"ASIA" | b"AKID").then_some(())?;
    let end = run(text, start + 4, 17, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (end - start == 20 && !alnum(before(text, start)) && !alnum(byte(text, end))).then_some((start, end))
}

/// `AIza…`: a key of Google's, whose `z` is at `at`.
pub(super) fn google(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at.checked_sub(2)?;
    (text.get(start..start + 4)? == b"AIza").then_some(())?;
    let end = run(text, start + 4, 40, |byte| alnum(byte) || matches!(byte, b'-' | b'_'));
    ((34..=36).contains(&(end - start - 4)) && !alnum(before(text, start))).then_some((start, end))
}

/// A JSON web token, whose first dot is at `dot`: two parts that begin with `eyJ`, and a signature.
pub(super) fn web_token(text: &[u8], dot: usize) -> Option<(usize, usize)> {
    let url = |byte: u8| alnum(byte) || matches!(byte, b'-' | b'_');
    text.get(dot + 1..)?.starts_with(b"eyJ").then_some(())?;
    let start = run_back(text, dot, 4_096, url);
    text.get(start..dot)?.starts_with(b"eyJ").then_some(())?;
    let payload = run(text, dot + 1, 65_536, url);
    let end = if byte(text, payload) == b'.' { run(text, payload + 1, 8_192, url) } else { payload };
    (dot - start >= 8 && payload - dot >= 8).then_some((start, end.max(payload)))
}

/// A private key in PEM, whose first dash is at `at`; without its last line it goes to the end of its base64.
pub(super) fn pem(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?.strip_prefix(b"-----BEGIN ")?;
    let line = rest.get(..rest.len().min(64))?;
    let title = memchr::memmem::find(line, b"-----")?;
    memchr::memmem::find(&line[..title], b"PRIVATE KEY").map(|_| ())?;
    let body = at + 11 + title + 5;
    let near = text.get(body..text.len().min(body + 16_384))?;
    if let Some(end) = memchr::memmem::find(near, b"-----END ") {
        let close = memchr::memmem::find(&near[end + 9..], b"-----")?;
        return Some((at, body + end + 9 + close + 5));
    }
    let end = run(text, body, 16_384, |byte| alnum(byte) || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r' | b'\\' | b' '));
    Some((at, body + text[body..end].iter().rposition(|byte| alnum(*byte) || *byte == b'=').map_or(0, |last| last + 1)))
}

/// A bot's token of Telegram's, whose colon is at `colon`: a number, and 35 characters.
pub(super) fn telegram(text: &[u8], colon: usize) -> Option<(usize, usize)> {
    let start = run_back(text, colon, 11, |byte| byte.is_ascii_digit());
    let end = run(text, colon + 1, 40, |byte| alnum(byte) || matches!(byte, b'-' | b'_'));
    ((8..=10).contains(&(colon - start)) && end - colon - 1 == 35 && text.get(colon + 1..)?.starts_with(b"AA")).then_some((start, end))
}

/// An incoming web hook of Slack's, whose `://` has its colon at `colon`.
pub(super) fn hook(text: &[u8], colon: usize) -> Option<(usize, usize)> {
    text.get(colon + 3..)?.starts_with(b"hooks.slack.com/services/").then_some(())?;
    let start = run_back(text, colon, 5, alnum);
    let end = run(text, colon + 28, 80, |byte| alnum(byte) || byte == b'/');
    (end - colon > 48).then_some((start, end))
}
