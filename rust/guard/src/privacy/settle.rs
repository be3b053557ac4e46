//! What touches a finding is looked at again with the finding gone: `ada@example.com+49 30 2345678` is two of them, and a text that was
//! masked has none left.

use super::bytes::{before, byte};
use super::kinds::Span;
use super::resolve::resolve;

/// Stands for a finding; a placeholder like any other.
const HOLE: &str = "⟦A:1⟧";
/// Each round finds what the round before uncovered.
const ROUNDS: usize = 4;

/// Look again as long as something is found beside a finding.
pub(super) fn settle(text: &str, found: &mut Vec<Span>, look: impl Fn(&str) -> Vec<Span>) {
    for _ in 0..ROUNDS {
        if !found.iter().any(|span| touched(text.as_bytes(), span)) {
            return;
        }
        let more = look(&with_holes(text, found));
        if more.is_empty() {
            return;
        }
        let mut places = Vec::with_capacity(more.len());
        let (mut holes, mut ahead, mut behind) = (found.iter().peekable(), 0, 0);
        for span in more {
            // Bytes that the holes before it are longer and shorter by.
            while let Some(hole) = holes.next_if(|hole| hole.start + ahead <= span.start + behind) {
                ahead += HOLE.len();
                behind += hole.end - hole.start;
            }
            let shift = |at: usize| (at + behind).saturating_sub(ahead);
            places.push(Span { kind: span.kind, start: shift(span.start), end: shift(span.end) });
        }
        found.append(&mut places);
        found.sort_unstable_by_key(|span| span.start);
        resolve(found);
    }
}

fn with_holes(text: &str, found: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for span in found {
        out.push_str(text.get(done..span.start).unwrap_or_default());
        out.push_str(HOLE);
        done = span.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Its neighbours are neither spaces nor the marks of a sentence.
fn touched(text: &[u8], span: &Span) -> bool {
    let (left, right) = (before(text, span.start), byte(text, span.end));
    let plain_left = left.is_ascii_whitespace()
        || matches!(left, b'(' | b'"' | b'\'' | b'<' | b'>' | b'|' | b'*' | b'[' | b'{' | b',' | b';' | b'`' | b':');
    // `1:` may be the end of an address in version 6.
    let plain_left = plain_left && !(left == b':' && before(text, span.start - 1).is_ascii_digit());
    let next = byte(text, span.end + 1);
    let ends =
        matches!(right, b'.' | b':' | b')' | b']') && (next.is_ascii_whitespace() || matches!(next, b'"' | b'\'' | b'.' | b',' | b'<'));
    let plain_right =
        right.is_ascii_whitespace() || matches!(right, b'"' | b'\'' | b'<' | b'>' | b'|' | b'*' | b'}' | b',' | b';' | b'`' | b'!' | b'?');
    !(plain_left && (plain_right || ends))
}
