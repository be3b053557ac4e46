//! Images and links that carry data away in their address: whoever shows the text fetches them.

/// Names of parameters that carry what was said.
const CARRIERS: &[&str] = &[
    "q",
    "d",
    "c",
    "data",
    "secret",
    "token",
    "key",
    "password",
    "conversation",
    "history",
    "prompt",
    "content",
    "text",
    "msg",
    "message",
    "email",
    "payload",
    "info",
    "leak",
    "context",
    "summary",
    "s",
    "exfil",
    "chat",
    "log",
    "body",
    "p",
    "user",
    "account",
];
/// An address is looked at up to this length.
const LONGEST: usize = 2_048;
/// So much in one parameter is more than a size or an id.
const MUCH: usize = 24;

/// The link whose `](` or `src=` lies at `at`: from its beginning to its end, if its address carries data.
pub(crate) fn verify(text: &[u8], at: usize) -> Option<(usize, usize)> {
    if text[at..].starts_with(b"](") {
        let open = text[at.saturating_sub(200)..at].iter().rposition(|byte| *byte == b'[').map(|from| at.saturating_sub(200) + from)?;
        let image = open > 0 && text[open - 1] == b'!';
        let end = address(text, at + 2, |byte| byte == b')')?;
        return carries(&text[at + 2..end], image).then_some((open - usize::from(image), end));
    }
    let from = at + text[at..].iter().take(5).position(|byte| *byte == b'=')? + 1;
    let from = from + usize::from(matches!(text.get(from), Some(b'"' | b'\'')));
    let end = address(text, from, |byte| matches!(byte, b'"' | b'\'' | b'>'))?;
    carries(&text[from..end], true).then_some((at, end))
}

/// The end of an address of the web, which is the only sort that is fetched.
fn address(text: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = text.get(from..)?;
    let scheme = rest[..rest.len().min(8)].to_ascii_lowercase();
    if ![b"http://".as_slice(), b"https://", b"//"].iter().any(|known| scheme.starts_with(known)) {
        return None;
    }
    let length = rest.iter().take(LONGEST).position(|byte| ends(*byte) || byte.is_ascii_whitespace());
    Some(from + length.unwrap_or_else(|| rest.len().min(LONGEST)))
}

/// Whether the query of an address carries more than a size or an id: a slot to be filled in, much of anything, or a parameter named for it.
fn carries(address: &[u8], image: bool) -> bool {
    let lower = address.to_ascii_lowercase();
    if lower.iter().any(|byte| matches!(byte, b'{' | b'[' | b'<')) || memchr::memmem::find(&lower, b"%7b").is_some() {
        return true;
    }
    let Some(query) = lower.iter().position(|byte| *byte == b'?').map(|at| &lower[at + 1..]) else { return false };
    query.split(|byte| *byte == b'&').any(|part| {
        let Some(at) = part.iter().position(|byte| *byte == b'=') else { return image && part.len() >= MUCH };
        let (name, value) = (&part[..at], &part[at + 1..]);
        let named = CARRIERS.iter().any(|carrier| carrier.as_bytes() == name);
        image && (value.len() >= MUCH || (named && !value.is_empty())) || (named && value.len() >= MUCH)
    })
}
