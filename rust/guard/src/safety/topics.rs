//! Topics that are not talked of, by pattern. The engine of the patterns has no backtracking: its time is linear in the text.

use regex::{Regex, RegexBuilder};

use super::spec::Topic;
use crate::SpecError;

/// A compiled pattern may take so many bytes.
const SIZE: usize = 4 << 20;

/// A topic with its patterns.
#[derive(Debug, Clone)]
pub(crate) struct Banned {
    pub(crate) name: String,
    patterns: Vec<Regex>,
}

pub(crate) fn compile(topics: &[Topic]) -> Result<Vec<Banned>, SpecError> {
    topics.iter().enumerate().map(|(at, topic)| one(at, topic)).collect()
}

fn one(at: usize, topic: &Topic) -> Result<Banned, SpecError> {
    let wrong = |path: String, message: String, hint: &str| SpecError { path, message, hint: hint.to_owned() };
    if topic.name.is_empty() {
        return Err(wrong(format!("topics[{at}].name"), "a topic needs a name".to_owned(), "findings are told by it"));
    }
    if topic.patterns.is_empty() && topic.like.is_empty() {
        let message = format!("topic {:?} has neither patterns nor examples", topic.name);
        return Err(wrong(format!("topics[{at}]"), message, "give patterns, or examples under like"));
    }
    if topic.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
        return Err(wrong(format!("topics[{at}].threshold"), "a threshold lies between 0 and 1".to_owned(), "0.8 is a beginning"));
    }
    let mut patterns = Vec::with_capacity(topic.patterns.len());
    for (number, pattern) in topic.patterns.iter().enumerate() {
        let path = format!("topics[{at}].patterns[{number}]");
        let regex = RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE).dfa_size_limit(SIZE).build().map_err(|error| {
            let message = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            wrong(path.clone(), message, "patterns are those of the regex crate: no look-around, no back-references, no large repetitions")
        })?;
        if regex.is_match("") {
            return Err(wrong(
                path,
                "the pattern matches an empty text, so it would match any".to_owned(),
                "ask for at least one character",
            ));
        }
        patterns.push(regex);
    }
    Ok(Banned { name: topic.name.clone(), patterns })
}

impl Banned {
    /// Its first match at or after `from`; what lies before is seen by `\b` and `^`.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        self.patterns.iter().filter_map(|pattern| pattern.find_at(text, from)).map(|found| (found.start(), found.end())).min()
    }
}
