//! What screens and models outside of the core saw of a text: facts that come with it, and that count as the core's own.

use interlock_guard::labels::{Integrity, Label};
use interlock_guard::privacy;
use interlock_kernel::{Gate, Name, Ref, Ruled, Ruling};
use serde::Deserialize;

use super::texts::Entered;
use super::{Guarding, Note};
use crate::EngineError;

/// Facts about one text, with the JSON beside it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outside {
    pub findings: Vec<Sighting>,
    /// They are masked wherever they stand as whole words.
    pub names: Vec<Named>,
}

/// A screen saw something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    pub screen: Name,
    pub verdict: Saying,
}

/// What a screen says of what it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Saying {
    Flag,
    Block,
}

/// A name that a model found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// One of [`privacy::NAMED`].
    #[serde(rename = "type")]
    pub kind: Name,
    pub text: String,
}

impl Outside {
    /// The hardest that screens say, and which of them see anything at all.
    pub(super) fn verdict(&self) -> (Option<Ruled>, Vec<Name>) {
        let blocks = self.findings.iter().any(|found| found.verdict == Saying::Block);
        let verdict = if blocks { Ruled::Blocked } else { Ruled::Flagged };
        let mut rules: Vec<Name> = Vec::new();
        for found in &self.findings {
            if !rules.contains(&found.screen) {
                rules.push(found.screen.clone());
            }
        }
        ((!rules.is_empty()).then_some(verdict), rules)
    }

    /// What can be masked, the longest first.
    fn known(&self) -> Vec<&Named> {
        let known =
            |name: &&Named| privacy::NAMED.contains(&&*name.kind) && !name.text.trim().is_empty() && !name.text.contains(['⟦', '⟧']);
        let mut names: Vec<&Named> = self.names.iter().filter(known).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.text.len()));
        names
    }
}

impl Entered {
    /// What screens outside say counts like what the core's own do.
    pub(super) fn hear_outside(&mut self, outside: &Outside) {
        let (verdict, rules) = outside.verdict();
        if self.verdict != Some(Ruled::Blocked) {
            self.verdict = verdict.or(self.verdict);
        }
        for rule in rules {
            if !self.rules.contains(&rule) {
                self.rules.push(rule);
            }
        }
    }
}

impl Guarding {
    /// Names become placeholders, outside of those that are there. Nothing if none stands in the text.
    pub(super) fn mask_names(&self, text: &str, outside: Option<&Outside>, kinds: &mut Vec<Name>) -> Result<Option<String>, EngineError> {
        let names = outside.map(Outside::known).unwrap_or_default();
        if names.is_empty() || self.guard().off.privacy {
            return Ok(None);
        }
        let mut taken: Vec<(usize, usize, Option<&Named>)> =
            privacy::placeholders(text).filter(|found| found.well_formed).map(|found| (found.start, found.end, None)).collect();
        for name in names {
            for (start, found) in text.match_indices(name.text.trim()) {
                let end = start + found.len();
                if is_whole(text, start, end) && !taken.iter().any(|(from, to, _)| start < *to && *from < end) {
                    taken.push((start, end, Some(name)));
                }
            }
        }
        taken.sort_unstable_by_key(|(start, ..)| *start);
        let (mut out, mut done, mut failed) = (String::new(), 0, None);
        for (start, end, name) in taken.iter().filter_map(|(start, end, name)| Some((*start, *end, (*name)?))) {
            let token = self.mint(&name.kind, &text[start..end], kinds, &mut failed);
            out.push_str(&text[done..start]);
            out.extend(["⟦", &name.kind, ":", &token, "⟧"]);
            done = end;
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        out.push_str(&text[done..]);
        Ok((done > 0).then_some(out))
    }

    /// As `mask_names`, inside the strings of JSON.
    pub(super) fn mask_names_json(
        &self,
        json: &[u8],
        outside: Option<&Outside>,
        kinds: &mut Vec<Name>,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        if outside.is_none_or(|outside| outside.names.is_empty()) {
            return Ok(None);
        }
        let (mut out, mut done, mut at) = (Vec::new(), 0, 0);
        while let Some(start) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'"')).map(|found| at + found) {
            let end = string_end(json, start);
            at = end;
            let Ok(text) = serde_json::from_slice::<String>(&json[start..end]) else { continue };
            if let Some(masked) = self.mask_names(&text, outside, kinds)? {
                out.extend_from_slice(&json[done..start]);
                out.extend(serde_json::to_vec(&masked)?);
                done = end;
            }
        }
        out.extend_from_slice(&json[done..]);
        Ok((done > 0).then_some(out))
    }

    /// What screens outside say of an answer: it is trusted less, or may not leave the run.
    pub(crate) fn hear_reply(&mut self, turn: Option<u32>, (agent, content): (Option<Name>, Ref), outside: &Outside) {
        if self.guard().off.safety || !self.is_on(Gate::Egress) {
            return;
        }
        let (Some(verdict), rules) = outside.verdict() else { return };
        if verdict == Ruled::Blocked {
            self.unfit.insert(content.number, rules.clone());
        } else {
            let label = self.label_of(content.number).unwrap_or(super::ASKED);
            self.mark(content, label.join(Label::new(Integrity::Untrusted, label.confidentiality)));
        }
        let ruling = Ruling { about: Some(content), ..self.ruling(Gate::Egress, verdict, agent, rules) };
        self.notes.push(Note { turn: turn.map(interlock_kernel::TurnId), ruling, key: None });
    }

    /// The screens outside that an answer may not leave the run for.
    pub(super) fn held_back(&self, content: u32) -> &[Name] {
        self.unfit.get(&content).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is made of a message goes on with its label, and with what screens said of it.
    pub(crate) fn follows(&mut self, from: Ref, to: Ref) {
        if let Some(label) = self.label_of(from.number) {
            self.mark(to, label);
        }
        if let Some(rules) = self.unfit.get(&from.number).cloned() {
            self.unfit.insert(to.number, rules);
        }
    }
}

/// No letter or digit goes on before or behind it.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !goes_on(text[..start].chars().next_back()) && !goes_on(text[end..].chars().next())
}

/// Behind the quote that closes the string which opens at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}
