//! One pass over a text: a deterministic automaton over every byte as it is read, for whatever makes a closer look worth its time.
//! Most texts have nothing of it, and cost this pass only.

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

/// The automaton, and what each of its patterns stands for.
pub(crate) struct Anchors {
    dfa: DFA,
    kinds: Vec<Kind>,
    start: StateID,
    /// Words that count only between spaces; also where a text begins with them.
    short: Vec<Vec<u8>>,
}

/// Words of fewer bytes are parts of too many others.
const SHORT: usize = 5;
/// Fewer bytes make no word that only its reverse or rotation would have.
const DISTINCT: usize = 6;
/// Texts from this length on are read in two halves at once: one byte's state waits for the byte before, two halves don't wait for each other.
const HALVES: usize = 512;

pub(crate) static ANCHORS: LazyLock<Option<Anchors>> = LazyLock::new(Anchors::new);

impl Anchors {
    /// None if the tables were too large for the automaton, which a test rules out.
    fn new() -> Option<Self> {
        let mut patterns: Vec<(Vec<u8>, Kind)> = Vec::new();
        let mut short = Vec::new();
        let searched = WORDS.iter().filter(|(class, _)| class.ends_with('!')).flat_map(|(_, words)| words.split_whitespace());
        for word in searched.chain(ALSO.split_whitespace()) {
            let word = word.trim_end_matches('*');
            let bytes = read_word(word);
            if bytes.len() >= SHORT {
                patterns.push((bytes, Kind::Word));
            } else {
                for (before, after) in
                    [(' ', ' '), (' ', ','), (' ', '.'), (' ', ':'), ('\n', ' '), ('\n', ','), ('\n', ':'), ('"', ' '), ('-', ' ')]
                {
                    patterns.push((read_word(&format!("{before}{word}{after}")), Kind::Word));
                }
                short.push(bytes);
            }
            if word.len() >= DISTINCT && word.is_ascii() {
                patterns.push((read_word(&rotate(word)), Kind::Rotated));
                patterns.push((read_word(&word.chars().rev().collect::<String>()), Kind::Reversed));
            }
        }
        patterns.extend(MARKS.iter().enumerate().map(|(at, (mark, ..))| (read_word(mark), Kind::Mark(at))));
        patterns.extend(ROLES.iter().enumerate().map(|(at, (role, _))| (read_word(role), Kind::Role(at))));
        patterns.extend(KEYS.iter().enumerate().map(|(at, key)| (read_word(key.prefix), Kind::Key(at))));
        patterns.extend(["](http", "](//", "src=", "href="].map(|link| (read_word(link), Kind::Link)));
        patterns.extend(
            [b"\x1b[".to_vec(), vec![0], vec![8]].map(|control| (control.iter().map(|byte| READ[*byte as usize]).collect(), Kind::Control)),
        );
        let (words, kinds): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        let dfa = DFA::builder().match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored).prefilter(false).build(&words).ok()?;
        let start = dfa.start_state(Anchored::No).ok()?;
        Some(Self { dfa, kinds, start, short })
    }

    /// Every anchor of a text, in the order of their ends within each half.
    pub(crate) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.short.iter().any(|word| begins(text, word)) {
            hits.push(Hit { kind: Kind::Word, start: 0, end: 1 });
        }
        if text.len() < HALVES {
            self.one(text, &mut hits);
        } else {
            self.two(text, &mut hits);
        }
        hits
    }

    fn one(&self, text: &[u8], hits: &mut Vec<Hit>) {
        let mut state = self.start;
        for (at, byte) in text.iter().enumerate() {
            state = self.dfa.next_state(Anchored::No, state, READ[*byte as usize]);
            if self.dfa.is_special(state) {
                self.collect(state, at + 1, 0, hits);
            }
        }
    }

    /// The first half reads on as far as a pattern that begins in it may reach; the second keeps nothing that begins before it.
    fn two(&self, text: &[u8], hits: &mut Vec<Hit>) {
        let middle = text.len() / 2;
        let (first, second) = (&text[..middle], &text[middle..middle * 2]);
        let (mut one, mut two) = (self.start, self.start);
        let mut later = Vec::new();
        for (at, (left, right)) in first.iter().zip(second).enumerate() {
            one = self.dfa.next_state(Anchored::No, one, READ[*left as usize]);
            two = self.dfa.next_state(Anchored::No, two, READ[*right as usize]);
            if self.dfa.is_special(one) {
                self.collect(one, at + 1, 0, hits);
            }
            if self.dfa.is_special(two) {
                self.collect(two, middle + at + 1, 0, &mut later);
            }
        }
        for (at, byte) in text.iter().enumerate().skip(middle).take(self.dfa.max_pattern_len()) {
            one = self.dfa.next_state(Anchored::No, one, READ[*byte as usize]);
            if self.dfa.is_special(one) {
                self.collect(one, at + 1, middle, hits);
            }
        }
        for (at, byte) in text.iter().enumerate().skip(middle * 2) {
            two = self.dfa.next_state(Anchored::No, two, READ[*byte as usize]);
            if self.dfa.is_special(two) {
                self.collect(two, at + 1, 0, &mut later);
            }
        }
        hits.append(&mut later);
    }

    /// What ends here; with `middle`, only what begins before it.
    #[cold]
    fn collect(&self, state: StateID, end: usize, middle: usize, hits: &mut Vec<Hit>) {
        if !self.dfa.is_match(state) {
            return;
        }
        for index in 0..self.dfa.match_len(state) {
            let pattern = self.dfa.match_pattern(state, index);
            let start = end - self.dfa.pattern_len(pattern);
            if middle == 0 || start < middle {
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
