//! Findings that overlap become one: the longer of two that contain each other, the stronger kind with both extents otherwise.

use super::kinds::{FIRST_CUSTOM, KindId, Span};

/// Sort, and let no two overlap.
pub(super) fn resolve(spans: &mut Vec<Span>) {
    if spans.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return;
    }
    spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end), rank(span.kind)));
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for &span in spans.iter() {
        match kept.last_mut() {
            Some(last) if span.start < last.end => {
                if span.end > last.end {
                    let longer = span.end - span.start > last.end - last.start;
                    let stronger = rank(span.kind) < rank(last.kind);
                    if stronger || (longer && last.kind.0 >= FIRST_CUSTOM && span.kind.0 < FIRST_CUSTOM) {
                        last.kind = span.kind;
                    }
                    last.end = span.end;
                }
            }
            _ => kept.push(span),
        }
    }
    *spans = kept;
}

/// Own kinds come before the built-in ones of the same place.
fn rank(kind: KindId) -> (bool, u16) {
    (kind.0 < FIRST_CUSTOM, kind.0)
}
