//! What a reviewer is shown: the piece of an untrusted source that a refused value comes from, and nothing beside it.

use memchr::memmem;

use super::trace::Source;
use interlock_kernel::Integrity;

/// A piece of a source, in bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub source: Option<usize>,
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub(super) fn text(&self, sources: &[Source<'_>]) -> String {
        let text = self.source.and_then(|at| sources.get(at)).and_then(|source| source.text.get(self.start..self.end));
        text.unwrap_or_default().to_owned()
    }
}

/// The value itself, its longest word, or (where it is nowhere) the source that lowered the context, without a piece of it.
pub(super) fn locate(value: &str, sources: &[Source<'_>], needed: Integrity) -> Span {
    let low = || sources.iter().enumerate().filter(|(_, source)| source.label.integrity < needed);
    let find = |piece: &str| {
        low().find_map(|(at, source)| position(source.text, piece).map(|start| Span { source: Some(at), start, end: start + piece.len() }))
    };
    let value = value.trim();
    if let Some(span) = (!value.is_empty()).then(|| find(value)).flatten() {
        return span;
    }
    let mut words: Vec<&str> = value.split_whitespace().filter(|word| word.len() >= 3).take(64).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let partly = words.into_iter().take(16).find_map(find);
    partly.unwrap_or_else(|| Span { source: lowest(sources, needed), start: 0, end: 0 })
}

/// All of the source that lowered the context.
pub(super) fn whole(sources: &[Source<'_>], needed: Integrity) -> Span {
    let source = lowest(sources, needed);
    Span { source, start: 0, end: source.map_or(0, |at| sources[at].text.len()) }
}

/// All of the most confidential source.
pub(super) fn secret(sources: &[Source<'_>]) -> Option<usize> {
    sources.iter().enumerate().max_by_key(|(at, source)| (source.label.confidentiality, std::cmp::Reverse(*at))).map(|(at, _)| at)
}

fn lowest(sources: &[Source<'_>], needed: Integrity) -> Option<usize> {
    let low = sources.iter().enumerate().filter(|(_, source)| source.label.integrity < needed);
    low.min_by_key(|(at, source)| (source.label.integrity, *at)).map(|(at, _)| at)
}

/// As it stands, or with other capitals if it is ASCII.
fn position(text: &str, piece: &str) -> Option<usize> {
    let exact = memmem::find(text.as_bytes(), piece.as_bytes());
    if exact.is_some() || !piece.is_ascii() {
        return exact;
    }
    let (text, piece) = (text.to_ascii_lowercase(), piece.to_ascii_lowercase());
    memmem::find(text.as_bytes(), piece.as_bytes())
}
