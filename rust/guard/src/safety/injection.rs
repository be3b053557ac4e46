//! Prompt injection and jailbreaks: signals from words near one another, forged roles and calls, and the same in disguise.
//! A signal is no proof and its absence is none: what is untrusted stays untrusted, and labels and access decide what it may cause.

mod decode;
mod rules;
mod tokens;
mod words;

use std::sync::LazyLock;

pub(crate) use decode::{DEPTH, boundary, decode, spaced};
pub(crate) use rules::{MARKS, ROLES};
pub(crate) use words::{ALSO, WORDS};

use rules::{ENOUGH, NEAR, ROLE, RULES, Weight};
use tokens::{Match, Vocabulary};

use super::anchors::{Hit, Kind};

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::new);

/// Words this far from an anchor are read with it, in bytes.
const WINDOW: usize = 120;
/// More findings than this say no more.
const MOST: usize = 64;

/// Something that may be part of an injection, in bytes of the text that is screened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signal {
    /// Which rule or mark: each counts once.
    pub(crate) rule: usize,
    pub(crate) why: &'static str,
    /// How it was disguised, if it was.
    pub(crate) how: Option<&'static str>,
    pub(crate) weight: Weight,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Signals of a folded text, in its own bytes.
pub(crate) fn signals(text: &[u8], hits: &[Hit]) -> Vec<Match> {
    let mut found = Vec::new();
    for hit in hits {
        match hit.kind {
            Kind::Mark(at) => {
                found.push(Match { rule: RULES.len() + at, why: MARKS[at].2, weight: MARKS[at].1, start: hit.start, end: hit.end });
            }
            Kind::Role(at) if begins_a_line(text, hit.start) => {
                found.push(Match { rule: RULES.len() + MARKS.len() + at, why: ROLE, weight: ROLES[at].1, start: hit.start, end: hit.end });
            }
            Kind::Role(_) | Kind::Word | Kind::Rotated | Kind::Reversed | Kind::Key(_) | Kind::Link | Kind::Control => {}
        }
    }
    for (start, end) in windows(text, hits, Kind::Word) {
        let tokens = VOCABULARY.tokens(text, start, end);
        VOCABULARY.matches(&tokens, &mut found);
    }
    found
}

/// Signals in letters that are written together, wherever words end.
pub(crate) fn squeezed(letters: &[u8]) -> Vec<Match> {
    let (read, mut tokens, mut found) =
        (letters.iter().map(|byte| super::fold::READ[*byte as usize]).collect::<Vec<u8>>(), Vec::new(), Vec::new());
    VOCABULARY.squeezed(&read, 0, read.len(), &mut tokens);
    VOCABULARY.matches(&tokens, &mut found);
    found
}

/// Stretches around anchors of one kind, those that meet made one, cut between words.
pub(crate) fn windows(text: &[u8], hits: &[Hit], kind: Kind) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for hit in hits.iter().filter(|hit| hit.kind == kind) {
        let start = hit.start.saturating_sub(WINDOW);
        let end = (hit.end + WINDOW).min(text.len());
        match stretches.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => stretches.push((start, end)),
        }
    }
    for (start, end) in &mut stretches {
        *start -= if *start == 0 { 0 } else { text[..*start].iter().rev().take(WINDOW).position(u8::is_ascii_whitespace).unwrap_or(0) };
        *end += text[*end..].iter().take(WINDOW).position(|byte| !byte.is_ascii_alphanumeric() && *byte < 0x80).unwrap_or(0);
    }
    stretches
}

/// Nothing before it on its line but what marks a heading or a quotation.
fn begins_a_line(text: &[u8], at: usize) -> bool {
    let before = text[..at]
        .iter()
        .rev()
        .take(8)
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'#' | b'!' | b'*' | b'[' | b'<' | b'"' | b'>' | b'-' | b'|'));
    before.is_none_or(|byte| *byte == b'\n')
}

/// Findings at one place: signals that are enough alone, and weaker ones that are enough together.
pub(crate) fn findings(mut signals: Vec<Signal>, place: usize) -> Vec<(usize, usize, String)> {
    signals.retain(|signal| signal.weight[place] > 0);
    signals.sort_by_key(|signal| (signal.start, signal.end));
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    for at in 0..signals.len() {
        let first = signals[at];
        if found.last().is_some_and(|last| first.start < last.1) {
            continue;
        }
        if found.len() == MOST {
            break;
        }
        if let Some((end, why)) = enough(&signals[at..], place) {
            found.push((first.start, end, why));
        }
    }
    found
}

/// The end of the first signals, each reason counted once, that are enough together, and their reasons.
fn enough(signals: &[Signal], place: usize) -> Option<(usize, String)> {
    let first = signals.first()?;
    let (mut total, mut end) = (0, 0);
    let mut reasons: Vec<(&str, Option<&str>)> = Vec::new();
    let mut counted: Vec<usize> = Vec::new();
    for signal in signals.iter().take(MOST).take_while(|signal| signal.start <= first.start + NEAR) {
        if counted.contains(&signal.rule) {
            continue;
        }
        let weight = signal.weight[place];
        if weight >= ENOUGH && total > 0 {
            return None; // it is a finding by itself, from its own beginning
        }
        total += weight + if signal.how.is_some() { 40 } else { 0 };
        end = end.max(signal.end);
        counted.push(signal.rule);
        if !reasons.iter().any(|(why, _)| *why == signal.why) {
            reasons.push((signal.why, signal.how));
        }
        if total >= ENOUGH {
            let named: Vec<String> =
                reasons.iter().map(|(why, how)| how.map_or_else(|| (*why).to_owned(), |how| format!("{why}, {how}"))).collect();
            return Some((end, named.join("; ")));
        }
    }
    None
}
