//! Personal data and secrets in texts: finding them by their structure, and putting placeholders in their place.
//!
//! Nothing here decides who may see a value: the vault and the gates do. A text is looked at once, byte by byte; what begins to look like a
//! number, an address or a key is read by a parser of its own, and words around decide where digits alone say too little.

mod assigned;
mod bytes;
mod card;
mod classes;
mod context;
mod crypto;
mod custom;
mod dates;
mod email;
mod fold;
mod iban;
mod identity;
mod ip;
mod json;
mod kinds;
mod mask;
mod number;
mod phone;
mod phone_codes;
mod placeholder;
mod resolve;
mod scan;
mod secret;
mod settle;
mod spec;
mod url;
mod words;

pub use kinds::{KindId, NAMED, STRUCTURED, Span};
pub use placeholder::{Placeholder, placeholders, replace};
pub use spec::{Deny, Egress, Ner, Pattern, Spec, Unmask};

use crate::SpecError;
use classes::{Classes, classes};
use custom::Custom;
use fold::Folded;
use kinds::Kinds;
use scan::{Disguised, Scan};

/// Compiled detectors. By default all structured kinds, and none of one's own.
#[derive(Debug, Clone)]
pub struct Privacy {
    on: Kinds,
    classes: Classes,
    custom: Custom,
    unmask: Unmask,
    ner: Ner,
    named: Vec<&'static str>,
}

impl Default for Privacy {
    fn default() -> Self {
        let (unmask, ner) = (Unmask::default(), Ner::default());
        Self { on: Kinds::ALL, classes: classes(Kinds::ALL), custom: Custom::default(), unmask, ner, named: Vec::new() }
    }
}

impl Privacy {
    /// Detectors for a configuration; the error names the wrong part of it.
    pub fn compile(spec: &Spec) -> Result<Self, SpecError> {
        let (on, named) = chosen(spec)?;
        let custom = Custom::compile(spec)?;
        Ok(Self { on, classes: classes(on), custom, unmask: spec.unmask, ner: spec.ner, named })
    }

    /// What is found, in order, without overlaps, on character boundaries. Nothing is found inside a well-formed placeholder.
    pub fn scan(&self, text: &str) -> Vec<Span> {
        let mut found = self.look(text);
        settle::settle(text, &mut found, |text| self.look(text));
        found
    }

    /// One look at the whole text.
    fn look(&self, text: &str) -> Vec<Span> {
        let mut found = Vec::new();
        if !self.custom.is_empty() {
            self.custom.scan(text, &mut found);
        }
        let own = found.len();
        if let Err(Disguised) = Scan::new(text.as_bytes(), self.on, true, &mut found).run(&self.classes) {
            found.truncate(own);
            self.scan_folded(text, &mut found);
        }
        resolve::resolve(&mut found);
        found
    }

    /// The same on a plain copy, and back to the places in the original.
    fn scan_folded(&self, text: &str, found: &mut Vec<Span>) {
        let folded = Folded::new(text.as_bytes());
        let mut plain = Vec::new();
        if let Some(copy) = std::str::from_utf8(&folded.text).ok().filter(|_| !self.custom.is_empty()) {
            self.custom.scan(copy, &mut plain);
        }
        if let Err(Disguised) = Scan::new(&folded.text, self.on, false, &mut plain).run(&self.classes) {
            return; // never without folding
        }
        found.extend(plain.into_iter().map(|span| Span { kind: span.kind, start: folded.start(span.start), end: folded.end(span.end) }));
    }

    /// The name of a kind, such as `EMAIL_ADDRESS`.
    pub fn name(&self, kind: KindId) -> &str {
        let index = usize::from(kind.0);
        let own = || index.checked_sub(STRUCTURED.len()).and_then(|index| self.custom.names.get(index)).map_or("UNKNOWN", String::as_str);
        STRUCTURED.get(index).copied().unwrap_or_else(own)
    }

    /// Where placeholders turn into values again when they leave.
    pub fn unmask(&self) -> Unmask {
        self.unmask
    }

    /// Who looks for names and places; and for which kinds, all of them if none was named.
    pub fn ner(&self) -> (Ner, &[&'static str]) {
        (self.ner, &self.named)
    }
}

/// The built-in kinds that were asked for, and those that need a model.
fn chosen(spec: &Spec) -> Result<(Kinds, Vec<&'static str>), SpecError> {
    let Some(kinds) = &spec.kinds else { return Ok((Kinds::ALL, Vec::new())) };
    let (mut on, mut named) = (0, Vec::new());
    for (index, kind) in kinds.iter().enumerate() {
        if let Some(number) = STRUCTURED.iter().position(|known| known == kind) {
            on |= 1 << number;
        } else if let Some(known) = NAMED.iter().find(|known| *known == kind) {
            if spec.ner == Ner::None {
                let message = format!("{kind} has no structure to go by: it needs a model");
                return Err(SpecError {
                    path: format!("kinds.{index}"),
                    message,
                    hint: "set `ner: spacy` (extra interlock[ner])".to_owned(),
                });
            }
            named.push(*known);
        } else {
            let message = format!("there is no kind {kind:?}");
            return Err(SpecError { path: format!("kinds.{index}"), message, hint: format!("known: {}", STRUCTURED.join(", ")) });
        }
    }
    Ok((Kinds(on), named))
}
