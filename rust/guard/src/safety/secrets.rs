//! Keys that their issuers mark with a prefix, and private keys. A short list of our own: the kinds of personal data are privacy's.

/// Letters that a key is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tail {
    Alphanumeric,
    /// With `-` and `_`.
    Url,
    /// The three parts of a JSON Web Token.
    Token,
    /// The armour of a private key.
    Armour,
}

/// What a key looks like.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) prefix: &'static str,
    pub(crate) what: &'static str,
    /// So many characters at least behind the prefix.
    least: usize,
    tail: Tail,
}

const fn key(prefix: &'static str, least: usize, tail: Tail, what: &'static str) -> Key {
    Key { prefix, what, least, tail }
}

/// Prefixes as their issuers document them.
pub(crate) const KEYS: &[Key] = &[
    key("-----BEGIN ", 0, Tail::Armour, "a private key"),
    key("AKIA", 16, Tail::Alphanumeric, "an AWS access key"),
    key("ASIA", 16, Tail::Alphanumeric, "an AWS access key"),
    key("AIza", 35, Tail::Url, "a Google API key"),
    key("ya29.", 30, Tail::Url, "a Google access token"),
    key("GOCSPX-", 24, Tail::Url, "a Google client secret"),
    key("ghp_", 36, Tail::Alphanumeric, "a GitHub token"),
    key("gho_", 36, Tail::Alphanumeric, "a GitHub token"),
    key("ghu_", 36, Tail::Alphanumeric, "a GitHub token"),
    key("ghs_", 36, Tail::Alphanumeric, "a GitHub token"),
    key("ghr_", 36, Tail::Alphanumeric, "a GitHub token"),
    key("github_pat_", 40, Tail::Url, "a GitHub token"),
    key("glpat-", 20, Tail::Url, "a GitLab token"),
    key("sk-ant-", 30, Tail::Url, "an Anthropic API key"),
    key("sk-proj-", 30, Tail::Url, "an OpenAI API key"),
    key("sk-", 32, Tail::Alphanumeric, "an API key"),
    key("sk_live_", 20, Tail::Alphanumeric, "a Stripe key"),
    key("rk_live_", 20, Tail::Alphanumeric, "a Stripe key"),
    key("whsec_", 24, Tail::Alphanumeric, "a webhook secret"),
    key("xoxb-", 20, Tail::Url, "a Slack token"),
    key("xoxp-", 20, Tail::Url, "a Slack token"),
    key("xoxa-", 20, Tail::Url, "a Slack token"),
    key("xapp-", 20, Tail::Url, "a Slack token"),
    key("hf_", 30, Tail::Alphanumeric, "a Hugging Face token"),
    key("npm_", 36, Tail::Alphanumeric, "an npm token"),
    key("pypi-AgE", 50, Tail::Url, "a PyPI token"),
    key("dop_v1_", 60, Tail::Alphanumeric, "a DigitalOcean token"),
    key("SG.", 40, Tail::Url, "a SendGrid key"),
    key("eyJ", 30, Tail::Token, "a JSON Web Token"),
];

/// A key is random: so many different characters at least, and a digit among them.
const DIFFERENT: usize = 8;

/// The key that begins at `start`, to its end, if it is one.
pub(crate) fn verify(text: &[u8], start: usize, key: &Key) -> Option<(usize, usize)> {
    let tail = text.get(start + key.prefix.len()..)?;
    if !text[start..].starts_with(key.prefix.as_bytes()) || (start > 0 && text[start - 1].is_ascii_alphanumeric()) {
        return None;
    }
    let length = match key.tail {
        Tail::Alphanumeric => run(tail, |byte| byte.is_ascii_alphanumeric()),
        Tail::Url => run(tail, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')),
        Tail::Token => return token(tail).map(|length| (start, start + key.prefix.len() + length)),
        Tail::Armour => return armour(tail).map(|length| (start, start + key.prefix.len() + length)),
    };
    (length >= key.least && is_random(&tail[..length])).then(|| (start, start + key.prefix.len() + length))
}

fn run(bytes: &[u8], of: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| of(**byte)).count()
}

fn is_random(tail: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in tail {
        seen[*byte as usize] = true;
    }
    tail.iter().any(u8::is_ascii_digit) && seen.iter().filter(|seen| **seen).count() >= DIFFERENT
}

/// Header, claims and signature, with points between.
fn token(tail: &[u8]) -> Option<usize> {
    let part = |from: usize| run(&tail[from..], |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let header = part(0);
    if header < 10 || !tail[header..].starts_with(b".eyJ") {
        return None;
    }
    let claims = header + 1 + part(header + 1);
    if tail.get(claims) != Some(&b'.') {
        return None;
    }
    let signature = part(claims + 1);
    (signature >= 10).then_some(claims + 1 + signature)
}

/// `RSA PRIVATE KEY-----` and its like.
fn armour(tail: &[u8]) -> Option<usize> {
    const END: &[u8] = b"PRIVATE KEY-----";
    let named = run(&tail[..tail.len().min(40)], |byte| byte.is_ascii_uppercase() || byte == b' ');
    (named >= 11 && tail[..named].ends_with(b"PRIVATE KEY") && tail[named..].starts_with(b"-----")).then_some(named + END.len() - 11)
}
