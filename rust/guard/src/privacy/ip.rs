//! Internet addresses, version 4 (four groups of a chain) and version 6 (from a colon outwards).

use std::net::Ipv6Addr;

use super::bytes::{alnum, before, byte, run, run_back};
use super::context::Context;
use super::kinds::Span;
use super::number::Chain;
use super::words::{ADDRESS, VERSION};

/// The address that the groups from `first` on are: 0 to 255 each, without zeros in front, and not four of a longer row.
pub(super) fn version_4(text: &[u8], chain: &Chain, first: usize, taken: &[Span]) -> Option<(usize, usize)> {
    let groups = chain.groups().get(first..first + 4)?;
    let dotted = |index: usize| chain.gap(text, index) == b".";
    let inside = (1..4).all(|step| dotted(first + step));
    let longer = first > 0 && dotted(first) || first + 4 < chain.groups().len() && dotted(first + 4);
    (inside && !longer && groups.iter().all(|&(start, end)| octet(&text[start..end]))).then_some(())?;
    let (start, end) = (groups[0].0, groups[3].1);
    let (left, right) = (before(text, start), byte(text, end));
    let glued = alnum(left) || alnum(right) || matches!(left, b'_' | b'.') || right == b'_';
    let pinned = text[..start].ends_with(b"==");
    let product = pinned || matches!(left, b'/' | b'-') && start >= 2 && text[start - 2].is_ascii_alphabetic();
    let product = product || (left == b':' && image(text, start - 1, taken));
    let file = matches!(right, b'.' | b'-') && (alnum(byte(text, end + 1))) && !byte(text, end + 1).is_ascii_digit();
    (!glued && !product && !file).then_some(())?;
    let context = Context::read(text, start, end, taken);
    (context.label() & VERSION == 0).then_some((start, end))
}

/// `registry/name:1.2.3.4` and `image: name:1.2.3.4`: what stands behind the colon at `colon` is a version.
fn image(text: &[u8], colon: usize, taken: &[Span]) -> bool {
    let from = run_back(text, colon, 128, |byte| alnum(byte) || matches!(byte, b'.' | b'_' | b'-' | b'/'));
    let path = &text[from..colon];
    let address = byte(text, from) == b'/' || path.windows(2).any(|pair| pair == b"//");
    !path.is_empty() && !address && (path.contains(&b'/') || Context::read(text, from, from, taken).label() & VERSION != 0)
}

fn octet(digits: &[u8]) -> bool {
    let value = digits.iter().take(4).fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'));
    digits.len() <= 3 && value <= 255 && (digits.len() == 1 || digits[0] != b'0')
}

/// The address around the colon at `colon`.
pub(super) fn version_6(text: &[u8], colon: usize, taken: &[Span]) -> Option<(usize, usize)> {
    let part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    let start = run_back(text, colon, 45, part);
    let mut end = run(text, colon, 45, |byte| part(byte) || byte == b'.');
    while end > start && matches!(text[end - 1], b'.') {
        end -= 1;
    }
    let single_end = text[end - 1] == b':' && !text[start..end].ends_with(b"::");
    let end = if single_end { end - 1 } else { end };
    let shown = std::str::from_utf8(text.get(start..end)?).ok()?;
    let address: Ipv6Addr = shown.parse().ok()?;
    let left = before(text, start);
    let glued = alnum(left) || matches!(left, b'_' | b'.' | b'$') || alnum(byte(text, end)) || byte(text, end) == b'_';
    // `items[1::2]` is a slice of a list, `[::1]:80` a host.
    let slice = left == b'[' && start >= 2 && (alnum(text[start - 2]) || matches!(text[start - 2], b'_' | b']' | b')'));
    let pairs = shown.split(':').count() == 8 && shown.split(':').all(|group| group.len() == 2);
    (!glued && !slice && !pairs && plain(text, shown, &address, start, end, taken)).then_some((start, zone(text, end)))
}

/// Short forms may be times, slices or paths of names: they need a digit, and more than two groups or a word that says so.
fn plain(text: &[u8], shown: &str, address: &Ipv6Addr, start: usize, end: usize, taken: &[Span]) -> bool {
    let groups = shown.split(':').filter(|group| !group.is_empty()).count();
    let digit = shown.bytes().any(|byte| byte.is_ascii_digit());
    if !shown.contains("::") || (digit && groups > 2) || (digit && is_known(address)) || address.to_ipv4_mapped().is_some() {
        return true;
    }
    // `a::b` is a name in a name space.
    (digit || shown.len() > 6) && groups > 0 && Context::read(text, start, end, taken).has(ADDRESS, 4)
}

/// The loop-back, link-local, unique local and documentation addresses, and those that are routed.
fn is_known(address: &Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_loopback() || first & 0xffc0 == 0xfe80 || first & 0xfe00 == 0xfc00 || first & 0xe000 == 0x2000 || first & 0xff00 == 0xff00
}

fn zone(text: &[u8], end: usize) -> usize {
    if byte(text, end) != b'%' {
        return end;
    }
    let after = run(text, end + 1, 16, |byte| alnum(byte) || matches!(byte, b'.' | b'_' | b'-'));
    if after == end + 1 { end } else { after }
}
