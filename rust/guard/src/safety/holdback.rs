//! A stream of text whose end is held back: nothing goes out that may still turn out to be part of something blocked.

use super::look::Look;
use super::{Finding, Place, Safety, Verdict};

/// Characters a token has, for want of the model's own count.
const TOKEN: usize = 4;

/// What may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// The next piece; empty while all is held back.
    Text(String),
    /// Nothing more ever goes out. What was released before is free of whatever was found, if that is no longer than the window.
    Blocked(Finding),
}

/// Screens a stream as it comes. What is blocked as a whole is blocked before its first character goes out, however the text is cut,
/// if it is no longer than the window and what it is found by lies within it.
#[derive(Debug, Clone)]
pub struct Holdback {
    safety: Safety,
    place: Place,
    /// Characters held back.
    window: usize,
    /// The text so far, kept whole: patterns look back, and findings are told by their place in it.
    text: String,
    released: usize,
    looked: usize,
    findings: Vec<Finding>,
    blocked: Option<Finding>,
}

impl Holdback {
    /// Hold back `window_tokens` tokens of four characters each; at least one.
    pub fn new(safety: &Safety, place: Place, window_tokens: u32) -> Self {
        let window = TOKEN * window_tokens.max(1) as usize;
        let (text, findings) = (String::new(), Vec::new());
        Self { safety: safety.clone(), place, window, text, released: 0, looked: 0, findings, blocked: None }
    }

    /// Take in the next piece, and say what may go out now.
    pub fn push(&mut self, piece: &str) -> Released {
        if let Some(finding) = &self.blocked {
            return Released::Blocked(finding.clone());
        }
        self.text.push_str(piece);
        // The last word may go on: "gun" is none yet if "ning" follows.
        let space = self.text[self.looked..].rfind(char::is_whitespace).map(|at| self.looked + at);
        let until = match space {
            Some(at) => at + self.text[at..].chars().next().map_or(0, char::len_utf8),
            None if self.text.len() - self.looked > self.window => self.text.len(),
            None => return Released::Text(String::new()),
        };
        self.look(until, false)
    }

    /// The text is complete: the rest of it, or what blocks it.
    pub fn finish(&mut self) -> Released {
        if let Some(finding) = &self.blocked {
            return Released::Blocked(finding.clone());
        }
        self.look(self.text.len(), true)
    }

    /// What was flagged so far, in bytes of the whole text.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Look at what is held back and as much before it, up to `until`, and release what is further back than the window.
    fn look(&mut self, until: usize, whole: bool) -> Released {
        let from = self.context();
        let mut seen = Look::new(&self.safety, self.place, &self.text[..until], from).all();
        self.looked = until;
        if let Some(at) = seen.findings.iter().position(|finding| finding.verdict == Verdict::Block) {
            let finding = seen.findings.swap_remove(at);
            self.blocked = Some(finding.clone());
            return Released::Blocked(finding);
        }
        for finding in seen.findings {
            if !self.findings.iter().any(|known| known.screen == finding.screen && known.start < finding.end && finding.start < known.end) {
                self.findings.push(finding);
            }
        }
        let end = if whole { until } else { back(&self.text[..until], self.window) };
        if end <= self.released {
            return Released::Text(String::new());
        }
        let piece = self.text[self.released..end].to_owned();
        self.released = end;
        Released::Text(piece)
    }

    /// A window before what is held back, from a word's beginning.
    fn context(&self) -> usize {
        let start = back(&self.text[..self.released], self.window);
        let earliest = back(&self.text[..start], self.window);
        self.text[earliest..start].rfind(char::is_whitespace).map_or(if earliest == 0 { 0 } else { start }, |at| earliest + at)
    }
}

/// The place so many characters before the end.
fn back(text: &str, characters: usize) -> usize {
    text.char_indices().rev().take(characters).last().map_or(text.len(), |(at, _)| at)
}
