//! Words of a folded text and their classes, and rules over them.

use rustc_hash::FxHashMap;

use super::rules::{RULES, Weight};
use super::words::WORDS;
use crate::safety::fold::{READ, read_word};

/// A set of classes of words.
pub(crate) type Classes = u128;

/// A word that may count: where it stands in the folded text, and what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) classes: Classes,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A longer word is several, written together or in a script without spaces.
const LONG: usize = 18;

/// Words and stems with their classes.
pub(crate) struct Vocabulary {
    whole: FxHashMap<Vec<u8>, Classes>,
    stems: FxHashMap<Vec<u8>, Classes>,
    /// Lengths that stems have, and that words and stems have, longest first.
    stem_lengths: Vec<usize>,
    lengths: Vec<usize>,
    rules: Vec<Compiled>,
    ai: Classes,
    job: Classes,
}

/// A rule with its classes as sets.
struct Compiled {
    why: &'static str,
    weight: Weight,
    /// What may stand between this and the one before, and the classes.
    steps: Vec<(usize, Classes)>,
}

/// A rule that holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match {
    /// Which rule or mark: each counts once.
    pub(crate) rule: usize,
    pub(crate) why: &'static str,
    pub(crate) weight: Weight,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        let (mut whole, mut stems) = (FxHashMap::default(), FxHashMap::default());
        for (at, (_, words)) in WORDS.iter().enumerate() {
            for word in words.split_whitespace() {
                let (table, word) = match word.strip_suffix('*') {
                    Some(stem) => (&mut stems, stem),
                    None => (&mut whole, word),
                };
                *table.entry(read_word(word)).or_insert(0) |= 1 << at;
            }
        }
        let sorted = |words: &mut dyn Iterator<Item = &Vec<u8>>| {
            let mut lengths: Vec<usize> = words.map(Vec::len).collect();
            lengths.sort_unstable_by(|one, other| other.cmp(one));
            lengths.dedup();
            lengths
        };
        let stem_lengths = sorted(&mut stems.keys());
        let lengths = sorted(&mut whole.keys().chain(stems.keys()));
        let rules = RULES.iter().map(|rule| Compiled { why: rule.why, weight: rule.weight, steps: steps(rule.words) }).collect();
        Self { whole, stems, stem_lengths, lengths, rules, ai: set("ai"), job: set("job") }
    }

    fn classes(&self, word: &[u8]) -> Classes {
        let mut classes = self.whole.get(word).copied().unwrap_or(0);
        for length in &self.stem_lengths {
            if let Some(stem) = word.get(..*length) {
                classes |= self.stems.get(stem).copied().unwrap_or(0);
            }
        }
        classes
    }

    /// The words of a stretch of the folded text.
    pub(crate) fn tokens(&self, text: &[u8], from: usize, to: usize) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut word = Vec::with_capacity(32);
        let mut at = from;
        while at < to {
            if !is_letter(text, at) {
                at += 1;
                continue;
            }
            let start = at;
            word.clear();
            while at < to && (is_letter(text, at) || text[at] == b'\'') {
                if text[at] != b'\'' {
                    word.push(READ[text[at] as usize]);
                }
                at += 1;
            }
            let classes = if word.len() <= 32 { self.classes(&word) } else { 0 };
            if classes == 0 && (word.len() >= LONG || word[0] >= 0xC0) {
                self.squeezed(&word, start, at, &mut tokens);
            } else {
                // `assistant manager` is somebody's job.
                if let Some(last) = tokens.last_mut().filter(|last: &&mut Token| classes & self.job != 0 && last.end + 1 == start) {
                    last.classes &= !self.ai;
                }
                tokens.push(Token { classes, start, end: at });
            }
        }
        tokens
    }

    /// The words of letters that are written together, the longest that fits first. What is no word counts as one for every four bytes.
    pub(crate) fn squeezed(&self, word: &[u8], start: usize, end: usize, tokens: &mut Vec<Token>) {
        let place = |at: usize| if word.len() == end - start { start + at } else { start };
        let last = |at: usize| if word.len() == end - start { start + at } else { end };
        let (mut at, mut unknown) = (0, 0);
        while at < word.len() {
            let found = self.lengths.iter().filter(|length| **length >= 2).find_map(|length| {
                let piece = word.get(at..at + length)?;
                let classes = self.whole.get(piece).copied().unwrap_or(0) | self.stems.get(piece).copied().unwrap_or(0);
                (classes != 0).then_some((*length, classes))
            });
            if let Some((length, classes)) = found {
                tokens.push(Token { classes, start: place(at), end: last(at + length) });
                at += length;
                unknown = 0;
            } else {
                at += 1;
                unknown += 1;
                if unknown % 6 == 0 {
                    tokens.push(Token { classes: 0, start: place(at - 1), end: last(at) });
                }
            }
        }
    }

    /// Every rule that holds, once for each word it begins with.
    pub(crate) fn matches(&self, tokens: &[Token], found: &mut Vec<Match>) {
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.classes != 0) {
            for (number, rule) in self.rules.iter().enumerate() {
                if token.classes & rule.steps[0].1 != 0
                    && let Some(last) = reaches(&rule.steps[1..], tokens, at + 1)
                {
                    found.push(Match { rule: number, why: rule.why, weight: rule.weight, start: token.start, end: tokens[last].end });
                }
            }
        }
    }
}

/// The last word of the shortest way through a rule's steps. Gaps are small, so ways are few.
fn reaches(steps: &[(usize, Classes)], tokens: &[Token], from: usize) -> Option<usize> {
    let Some(((gap, classes), rest)) = steps.split_first() else { return Some(from - 1) };
    (from..tokens.len().min(from + gap + 1)).filter(|at| tokens[*at].classes & classes != 0).find_map(|at| reaches(rest, tokens, at + 1))
}

fn steps(words: &str) -> Vec<(usize, Classes)> {
    let mut gap = 0;
    let mut steps = Vec::new();
    for part in words.split(' ') {
        match part.parse() {
            Ok(number) => gap = number,
            Err(_) => steps.push((gap, part.split('|').map(set).fold(0, |all, one| all | one))),
        }
    }
    steps
}

/// The set with one class, by its name with or without the sign for a class that is searched for.
fn set(name: &str) -> Classes {
    let at = WORDS.iter().position(|(class, _)| class.trim_end_matches('!') == name);
    debug_assert!(at.is_some(), "no class {name}");
    at.map_or(0, |at| 1 << at)
}

/// A letter as it is read. A sign is one beside a letter; an exclamation mark only before one, so that it still ends sentences.
fn is_letter(text: &[u8], at: usize) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let next = || text.get(at + 1).is_some_and(plain);
    match text[at] {
        b'!' => next(),
        b'@' | b'$' => next() || (at > 0 && (plain(&text[at - 1]) || text[at - 1] == text[at])),
        byte => plain(&byte),
    }
}
