//! The book of a test: scripted rules, open gates that count, and payloads kept in a list.

use std::cell::Cell;
use std::sync::Arc;

use interlock_kernel::{
    Book, Consulted, Content, Digest, Event, Gate, Gates, Input, Micros, Passage, Payloads, Ref, Refusal, State, Subject, Verdict, decide,
};

use crate::ScriptedRules;

/// Everything that a decision may consult, in one place.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    pub rules: ScriptedRules,
    pub gates: OpenGates,
    pub papers: Papers,
}

impl Shelf {
    /// What the kernel decides with this book. Changes nothing but the gates' count.
    pub fn decide(&self, state: &State, input: Input, now: Micros) -> Result<Vec<Event>, Refusal> {
        decide(state, input, &Book { rules: &self.rules, gates: &self.gates, payloads: &self.papers }, now)
    }
}

/// Lets everything pass, and counts how often each gate was asked.
#[derive(Debug, Clone, Default)]
pub struct OpenGates {
    asked: Cell<[u32; 9]>,
}

impl OpenGates {
    pub fn asked(&self, gate: Gate) -> u32 {
        self.asked.get()[gate as usize - 1]
    }
}

impl Gates for OpenGates {
    fn pass(&self, gate: Gate, _: Subject<'_>) -> Consulted<Passage> {
        let mut asked = self.asked.get();
        asked[gate as usize - 1] += 1;
        self.asked.set(asked);
        Consulted::Decided(Passage { gate, policy: 0, verdict: Verdict::Passed })
    }
}

/// A run's payloads, by number.
#[derive(Debug, Clone, Default)]
pub struct Papers {
    texts: Vec<Arc<str>>,
}

impl Papers {
    /// Keep a text, and get the reference that events hold.
    pub fn keep(&mut self, text: &str) -> Ref {
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        Ref { number, commitment: commitment(number, text) }
    }

    pub fn text(&self, reference: Ref) -> &str {
        self.texts.get(reference.number as usize).map_or("(missing)", |text| text)
    }
}

impl Payloads for Papers {
    fn content(&self, number: u32) -> Option<Content<'_>> {
        self.texts.get(number as usize).map(|text| Content { text, data: None, labels: &[] })
    }

    fn user(&self) -> Option<&[u8]> {
        Some(br#"{"id":"u-42"}"#)
    }
}

/// Stands in for a salted SHA-256: different for each payload, which is all that a test needs.
fn commitment(number: u32, text: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes[4..12].copy_from_slice(&crate::rules::mix(text).to_be_bytes());
    Digest(bytes)
}
