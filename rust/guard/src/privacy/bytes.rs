//! Questions about single bytes, and walks over runs of them.

pub(super) fn alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The byte before `at`, or a space at the start of the text.
pub(super) fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ')
}

/// The byte at `at`, or a space past the end.
pub(super) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(b' ')
}

/// Where the run of bytes that `keep` ends, from `at` on and at most `limit` bytes far.
pub(super) fn run(text: &[u8], at: usize, limit: usize, keep: impl Fn(u8) -> bool) -> usize {
    let end = text.len().min(at.saturating_add(limit));
    text.get(at..end).map_or(at, |rest| at + rest.iter().position(|&byte| !keep(byte)).unwrap_or(rest.len()))
}

/// Where the run of bytes that `keep` and that ends before `at` starts, at most `limit` bytes back.
pub(super) fn run_back(text: &[u8], at: usize, limit: usize, keep: impl Fn(u8) -> bool) -> usize {
    let from = at.saturating_sub(limit);
    text.get(from..at).map_or(at, |rest| from + rest.iter().rposition(|&byte| !keep(byte)).map_or(0, |last| last + 1))
}

/// Neither a letter, a digit nor an underscore touches `start..end`. Letters outside ASCII don't count: they may need no spaces.
pub(super) fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let touches = |byte: u8| alnum(byte) || byte == b'_';
    !touches(before(text, start)) && !touches(byte(text, end))
}

/// What a letter outside ASCII is made of, near enough: any byte of it.
pub(super) fn word(byte: u8) -> bool {
    alnum(byte) || byte >= 0x80
}
