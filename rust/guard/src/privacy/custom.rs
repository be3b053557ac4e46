//! Kinds that the configuration names: regular expressions in linear time, and lists of words.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use regex::{Regex, RegexBuilder};

use super::bytes::{before, byte, word};
use super::kinds::{FIRST_CUSTOM, KindId, NAMED, STRUCTURED, Span};
use super::placeholder;
use super::spec::Spec;
use crate::SpecError;

/// A compiled pattern may take this many bytes.
const SIZE: usize = 4 << 20;
/// Context words are looked for this many bytes before and behind.
const NEAR: usize = 100;

#[derive(Debug, Clone)]
struct Pattern {
    kind: KindId,
    regex: Regex,
    context: Vec<String>,
}

/// All patterns and words of a configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct Custom {
    pub(super) names: Vec<String>,
    patterns: Vec<Pattern>,
    deny: Option<AhoCorasick>,
    /// The kind of each word of `deny`.
    denied: Vec<KindId>,
}

impl Custom {
    pub(super) fn compile(spec: &Spec) -> Result<Self, SpecError> {
        let mut custom = Self::default();
        for (index, pattern) in spec.patterns.iter().enumerate() {
            let path = format!("patterns.{index}");
            let kind = custom.kind(&pattern.name, &path)?;
            let regex = RegexBuilder::new(&pattern.pattern).size_limit(SIZE).build().map_err(|error| SpecError {
                path: format!("{path}.pattern"),
                message: error.to_string(),
                hint: "patterns run in linear time: look-around and back-references are not to be had".to_owned(),
            })?;
            if regex.is_match("") {
                return Err(wrong(format!("{path}.pattern"), "it matches the empty text", "let it match at least one character"));
            }
            let context = pattern.context.iter().map(|word| word.to_lowercase()).collect();
            custom.patterns.push(Pattern { kind, regex, context });
        }
        custom.deny_words(spec)?;
        Ok(custom)
    }

    fn deny_words(&mut self, spec: &Spec) -> Result<(), SpecError> {
        let mut words = Vec::new();
        for (index, deny) in spec.deny.iter().enumerate() {
            let path = format!("deny.{index}");
            let kind = self.kind(&deny.name, &path)?;
            for (place, word) in deny.words.iter().enumerate() {
                let word = word.trim();
                if word.is_empty() {
                    return Err(wrong(format!("{path}.words.{place}"), "the word is empty", "remove it"));
                }
                for form in [word.to_owned(), word.to_lowercase(), word.to_uppercase()] {
                    words.push(form);
                    self.denied.push(kind);
                }
            }
        }
        if words.is_empty() {
            return Ok(());
        }
        let mut builder = AhoCorasickBuilder::new();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).kind(Some(AhoCorasickKind::ContiguousNFA));
        let deny = builder.build(words).map_err(|error| wrong("deny".to_owned(), &error.to_string(), "give fewer or shorter words"))?;
        self.deny = Some(deny);
        Ok(())
    }

    /// The number of a kind of one's own; the same name is the same kind.
    fn kind(&mut self, name: &str, path: &str) -> Result<KindId, SpecError> {
        let letters = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !letters || !name.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase()) || name.len() > 48 {
            let message = format!("{name:?} is no name of a kind");
            return Err(wrong(format!("{path}.name"), &message, "use capitals, digits and underscores, such as ORDER_NO"));
        }
        if STRUCTURED.contains(&name) || NAMED.contains(&name) {
            return Err(wrong(format!("{path}.name"), &format!("{name} is built in"), "give it another name"));
        }
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let number = u16::try_from(index).ok().and_then(|index| index.checked_add(FIRST_CUSTOM));
        number.map(KindId).ok_or_else(|| wrong(path.to_owned(), "there are too many kinds", "put words of one sort under one name"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.deny.is_none()
    }

    /// All places of own kinds, outside placeholders.
    pub(super) fn scan(&self, text: &str, found: &mut Vec<Span>) {
        let bytes = text.as_bytes();
        for pattern in &self.patterns {
            let places = pattern.regex.find_iter(text).filter(|place| !place.is_empty());
            let near = places.filter(|place| pattern.context.is_empty() || named_near(text, &pattern.context, place.start(), place.end()));
            found.extend(near.map(|place| Span { kind: pattern.kind, start: place.start(), end: place.end() }));
        }
        for place in self.deny.iter().flat_map(|deny| deny.find_iter(bytes)) {
            let (start, end) = (place.start(), place.end());
            let whole = |edge: u8, inner: u8| !(word(edge) && inner.is_ascii() && word(inner) && edge.is_ascii());
            let alone = whole(before(bytes, start), byte(bytes, start)) && whole(byte(bytes, end), byte(bytes, end - 1));
            if let Some(&kind) = self.denied.get(place.pattern().as_usize()).filter(|_| alone) {
                found.push(Span { kind, start, end });
            }
        }
        found.retain(|span| !inside_placeholder(bytes, span));
    }
}

/// One of the words stands within a hundred bytes.
fn named_near(text: &str, context: &[String], start: usize, end: usize) -> bool {
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let from = (0..=start.saturating_sub(NEAR)).rev().find(is_boundary).unwrap_or(0);
    let to = (text.len().min(end + NEAR)..=text.len()).find(is_boundary).unwrap_or(text.len());
    let around = format!("{}\n{}", text.get(from..start).unwrap_or_default(), text.get(end..to).unwrap_or_default()).to_lowercase();
    context.iter().any(|word| around.contains(word.as_str()))
}

/// It touches a placeholder.
fn inside_placeholder(text: &[u8], span: &Span) -> bool {
    let mut at = span.start.saturating_sub(96);
    while let Some(open) = text.get(at..span.end).and_then(|near| memchr::memmem::find(near, "⟦".as_bytes())) {
        let start = at + open;
        match placeholder::end_of(text, start) {
            Some(end) if end > span.start => return true,
            Some(end) => at = end,
            None => at = start + 3,
        }
    }
    false
}

fn wrong(path: String, message: &str, hint: &str) -> SpecError {
    SpecError { path, message: message.to_owned(), hint: hint.to_owned() }
}
