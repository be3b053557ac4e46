//! One pass over a text: a deterministic automaton over every byte as it is read, for whatever makes a closer look worth its time.
//! Most texts have nothing of it, and cost this pass only.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use super::fold::{READ, read_word};
use super::injection::{ALSO, MARKS, ROLES, WORDS};
use super::secrets::KEYS;

/// What an anchor stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word of a rule.
    Word,
    /// The same, each letter thirteen further.
    Rotated,
    /// The same, from its end.
    Reversed,
    /// Of `MARKS`, by number.
    Mark(usize),
    /// Of `ROLES`, by number.
    Role(usize),
    /// Of `KEYS`, by number.
    Key(usize),
    /// An address of an image or a link.
    Link,
    /// A control character that terminals obey.
    Control,
}

/// An anchor in a text, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// An automaton, and what each of its patterns stands for.
struct Table {
    dfa: DFA,
    kinds: Vec<Kind>,
    start: StateID,
}

/// The automata: one for ASCII, small enough for the nearer caches, and one for what other scripts add.
pub(crate) struct Anchors {
    ascii: Table,
    other: Table,
    /// Words that count only between spaces; also where a text begins with them.
    short: Vec<Vec<u8>>,
}

/// Words of fewer bytes are parts of too many others.
const SHORT: usize = 5;
/// What stands around a short word.
const AROUND: [(char, char); 9] =
    [(' ', ' '), (' ', ','), (' ', '.'), (' ', ':'), ('\n', ' '), ('\n', ','), ('\n', ':'), ('"', ' '), ('-', ' ')];
/// Fewer bytes make no word that only its reverse or rotation would have.
const DISTINCT: usize = 6;
/// Classes whose words are also searched for reversed and rotated: every injection that is worth its disguise has one of them.
const TURNED: [&str; 3] = ["drop!", "show!", "promptonly!"];
/// Parts that long texts are read in at once: a byte's state waits for the byte before, and parts don't wait for one another.
const PARTS: usize = 4;
/// Texts from this length on are read in parts, in bytes.
const LONG: usize = 512;

pub(crate) static ANCHORS: LazyLock<Option<Anchors>> = LazyLock::new(Anchors::new);

impl Anchors {
    /// None if the tables were too large for the automaton, which a test rules out.
    fn new() -> Option<Self> {
        let (mut patterns, mut short) = (marks(), Vec::new());
        for (class, words) in WORDS.iter().filter(|(class, _)| class.ends_with('!')).chain(&[("also", ALSO)]) {
            for word in words.split_whitespace().map(|word| word.trim_end_matches('*')) {
                let bytes = read_word(word);
                if bytes.len() >= SHORT {
                    patterns.push((bytes, Kind::Word));
                } else {
                    patterns.extend(AROUND.map(|(before, after)| (read_word(&format!("{before}{word}{after}")), Kind::Word)));
                    short.push(bytes);
                }
                if (*class == "also" || TURNED.contains(class)) && word.len() >= DISTINCT && word.is_ascii() {
                    patterns.push((read_word(&rotate(word)), Kind::Rotated));
                    patterns.push((read_word(&word.chars().rev().collect::<String>()), Kind::Reversed));
                }
            }
        }
        let (ascii, other) = patterns.into_iter().partition(|(pattern, _)| pattern.is_ascii());
        Some(Self { ascii: Table::new(ascii)?, other: Table::new(other)?, short })
    }

    /// Every anchor of a text.
    pub(crate) fn find(&self, text: &[u8], ascii: bool) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.short.iter().any(|word| begins(text, word)) {
            hits.push(Hit { kind: Kind::Word, start: 0, end: 1 });
        }
        self.ascii.find(text, &mut hits);
        if !ascii {
            self.other.find(text, &mut hits);
            hits.sort_by_key(|hit| hit.start);
        }
        hits
    }
}

/// The patterns that are no words.
fn marks() -> Vec<(Vec<u8>, Kind)> {
    let mut patterns: Vec<(Vec<u8>, Kind)> = Vec::new();
    patterns.extend(MARKS.iter().enumerate().map(|(at, (mark, ..))| (read_word(mark), Kind::Mark(at))));
    patterns.extend(ROLES.iter().enumerate().map(|(at, (role, _))| (read_word(role), Kind::Role(at))));
    patterns.extend(KEYS.iter().enumerate().map(|(at, key)| (read_word(key.prefix), Kind::Key(at))));
    patterns.extend(["](http", "](//", "src=", "href="].map(|link| (read_word(link), Kind::Link)));
    patterns.extend(["\u{1b}[", "\0", "\u{8}"].map(|control| (read_word(control), Kind::Control)));
    patterns
}

impl Table {
    fn new(patterns: Vec<(Vec<u8>, Kind)>) -> Option<Self> {
        let (words, kinds): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        let dfa = DFA::builder().match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored).prefilter(false).build(&words).ok()?;
        let start = dfa.start_state(Anchored::No).ok()?;
        Some(Self { dfa, kinds, start })
    }

    fn find(&self, text: &[u8], hits: &mut Vec<Hit>) {
        if text.len() < LONG {
            self.run(text, 0..text.len(), self.start, usize::MAX, hits);
        } else {
            self.parts(text, hits);
        }
    }

    /// Every part reads on as far as a pattern that begins in it may reach, and keeps nothing that begins behind it.
    fn parts(&self, text: &[u8], hits: &mut Vec<Hit>) {
        let length = text.len() / PARTS;
        let parts: [&[u8]; PARTS] = std::array::from_fn(|part| &text[part * length..(part + 1) * length]);
        let (mut states, mut found) = ([self.start; PARTS], [const { Vec::new() }; PARTS]);
        for at in 0..length {
            for part in 0..PARTS {
                states[part] = self.dfa.next_state(Anchored::No, states[part], READ[parts[part][at] as usize]);
                if self.dfa.is_special(states[part]) {
                    self.collect(states[part], part * length + at + 1, usize::MAX, &mut found[part]);
                }
            }
        }
        for (part, mut found) in found.into_iter().enumerate() {
            let end = (part + 1) * length;
            hits.append(&mut found);
            let (until, before) =
                if part + 1 == PARTS { (text.len(), usize::MAX) } else { ((end + self.dfa.max_pattern_len()).min(text.len()), end) };
            self.run(text, end..until, states[part], before, hits);
        }
    }

    fn run(&self, text: &[u8], range: Range<usize>, mut state: StateID, before: usize, hits: &mut Vec<Hit>) {
        for at in range {
            state = self.dfa.next_state(Anchored::No, state, READ[text[at] as usize]);
            if self.dfa.is_special(state) {
                self.collect(state, at + 1, before, hits);
            }
        }
    }

    /// What ends here and begins before a place.
    #[cold]
    fn collect(&self, state: StateID, end: usize, before: usize, hits: &mut Vec<Hit>) {
        if !self.dfa.is_match(state) {
            return;
        }
        for index in 0..self.dfa.match_len(state) {
            let pattern = self.dfa.match_pattern(state, index);
            let start = end - self.dfa.pattern_len(pattern);
            if start < before {
                hits.push(Hit { kind: self.kinds[pattern.as_usize()], start, end });
            }
        }
    }
}

fn begins(text: &[u8], word: &[u8]) -> bool {
    text.len() > word.len()
        && !text[word.len()].is_ascii_alphanumeric()
        && text[..word.len()].iter().zip(word).all(|(byte, letter)| READ[*byte as usize] == *letter)
}

/// Every Latin letter thirteen further.
pub(crate) fn rotate(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'a'..='m' | 'A'..='M' => char::from(letter as u8 + 13),
            'n'..='z' | 'N'..='Z' => char::from(letter as u8 - 13),
            other => other,
        })
        .collect()
}
