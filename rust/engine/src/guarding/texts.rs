//! Texts that enter a run and leave it: screened once, masked once, and never shown unmasked but to whom they belong.

use interlock_guard::labels::{Integrity, Label};
use interlock_guard::privacy::{self, Egress, Placeholder};
use interlock_guard::safety::{self, Finding, Verdict};
use interlock_kernel::{Gate, Name, Ref, Ruled};
use interlock_vault::VaultError;

use super::{Guarding, Outside};
use crate::EngineError;

/// Where a text enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Ingress,
    ToolResult,
}

impl Place {
    fn gate(self) -> Gate {
        match self {
            Self::Ingress => Gate::Ingress,
            Self::ToolResult => Gate::ToolResult,
        }
    }

    fn screened(self) -> safety::Place {
        match self {
            Self::Ingress => safety::Place::Ingress,
            Self::ToolResult => safety::Place::ToolResult,
        }
    }
}

/// What is left of what came in.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    /// In its place, if it is not left as it was.
    pub text: Option<String>,
    pub data: Option<Vec<u8>>,
    pub verdict: Option<Ruled>,
    /// Which screens said so.
    pub rules: Vec<Name>,
    /// Kinds of personal data that were masked.
    pub masked: Vec<Name>,
    /// Placeholders were in it that this run never gave out.
    pub forged: bool,
}

/// JSON is screened as the text that it is.
fn as_text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

impl Guarding {
    /// Something comes in at a gate: what the screens say, and what is left of it once it is masked.
    /// `outside` is what was seen of it outside of the core.
    pub(crate) fn enter(&self, place: Place, text: &str, data: Option<&[u8]>, outside: Option<&Outside>) -> Result<Entered, EngineError> {
        let mut entered = Entered::default();
        if !self.is_on(place.gate()) {
            return Ok(entered);
        }
        if !self.guard().off.safety {
            for part in [text, data.map(as_text).unwrap_or_default()] {
                let screened = self.guard().safety.screen(place.screened(), part);
                entered.hear(screened.verdict, &screened.findings);
            }
            if let Some(outside) = outside {
                entered.hear_outside(outside);
            }
        }
        let text_left = self.disarm(text, &mut entered.forged)?;
        let masked = self.mask(text_left.as_deref().unwrap_or(text), &mut entered.masked)?.or(text_left);
        entered.text = self.mask_names(masked.as_deref().unwrap_or(text), outside, &mut entered.masked)?.or(masked);
        if let Some(data) = data {
            let disarmed = self.disarm(as_text(data), &mut entered.forged)?.map(String::into_bytes);
            let masked = self.mask_json(disarmed.as_deref().unwrap_or(data), &mut entered.masked)?.or(disarmed);
            entered.data = self.mask_names_json(masked.as_deref().unwrap_or(data), outside, &mut entered.masked)?.or(masked);
        }
        Ok(entered)
    }

    /// Personal data in a text becomes placeholders. Nothing if there is none.
    pub(crate) fn mask(&self, text: &str, kinds: &mut Vec<Name>) -> Result<Option<String>, EngineError> {
        if self.guard().off.privacy {
            return Ok(None);
        }
        let mut failed = None;
        let masked = self.guard().privacy.mask(text, &mut |kind, value| self.mint(kind, value, kinds, &mut failed));
        failed.map_or(Ok(masked), |error| Err(error.into()))
    }

    /// As `mask_json`, for what an access of the memory was asked: the place is the runtime's own name for it, and found again by it.
    pub(crate) fn mask_accessed(&self, json: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(masked) = self.mask_json(json, &mut Vec::new())? else { return Ok(None) };
        let given: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json)?;
        let mut left: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&masked)?;
        for place in ["scope", "namespace"] {
            if let Some(name) = given.get(place) {
                left.insert(place.into(), name.clone());
            }
        }
        Ok(Some(serde_json::to_vec(&left)?))
    }

    /// As `mask`, inside the strings of JSON.
    pub(crate) fn mask_json(&self, json: &[u8], kinds: &mut Vec<Name>) -> Result<Option<Vec<u8>>, EngineError> {
        if self.guard().off.privacy {
            return Ok(None);
        }
        let mut failed = None;
        let masked = self.guard().privacy.mask_json(json, &mut |kind, value| self.mint(kind, value, kinds, &mut failed));
        failed.map_or(Ok(masked), |error| Err(error.into()))
    }

    pub(super) fn mint(&self, kind: &str, value: &str, kinds: &mut Vec<Name>, failed: &mut Option<VaultError>) -> String {
        if !kinds.iter().any(|known| **known == *kind) {
            kinds.push(kind.into());
        }
        self.has_minted.set(true);
        match self.guards.vault.mint(&self.scope, &self.subject, kind, value) {
            Ok(token) => token,
            Err(error) => {
                *failed = Some(error);
                String::new() // the whole text is refused
            }
        }
    }

    /// A placeholder that this run did not give out is made harmless: it stays readable, and stands for nothing.
    fn disarm(&self, text: &str, forged: &mut bool) -> Result<Option<String>, EngineError> {
        let mut failed = None;
        let left = privacy::replace(text, |found| match self.stands_for(&found) {
            Ok(Some(_)) => None,
            Ok(None) => {
                *forged = true;
                Some(text[found.start..found.end].replace('⟦', "[").replace('⟧', "]"))
            }
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok(left), |error| Err(error.into()))
    }

    fn stands_for(&self, found: &Placeholder<'_>) -> Result<Option<String>, VaultError> {
        if found.well_formed { self.guards.vault.reveal(&self.scope, found.kind, found.token) } else { Ok(None) }
    }

    /// The text with the values that its placeholders stand for, and whether one of them is not this run's.
    pub(crate) fn unmask(&self, text: &str) -> Result<(Option<String>, bool), EngineError> {
        self.unmask_as(text, str::to_owned)
    }

    /// As `unmask`, but for placeholders whose token is among these.
    pub(crate) fn unmask_but(&self, text: &str, is_left: impl Fn(&str) -> bool) -> Result<Option<String>, EngineError> {
        let mut failed = None;
        let left = privacy::replace(text, |found| match (!is_left(found.token)).then(|| self.stands_for(&found)).transpose() {
            Ok(value) => value.flatten(),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok(left), |error| Err(error.into()))
    }

    /// As `unmask`, for JSON: the values are written as what stands inside of a string.
    pub(crate) fn unmask_json(&self, json: &[u8]) -> Result<(Option<Vec<u8>>, bool), EngineError> {
        let (left, forged) = self.unmask_as(as_text(json), |value| {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        })?;
        Ok((left.map(String::into_bytes), forged))
    }

    fn unmask_as(&self, text: &str, written: impl Fn(&str) -> String) -> Result<(Option<String>, bool), EngineError> {
        let (mut failed, mut forged) = (None, false);
        let left = privacy::replace(text, |found| match self.stands_for(&found) {
            Ok(value) => {
                forged |= value.is_none();
                value.map(|value| written(&value))
            }
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok((left, forged)), |error| Err(error.into()))
    }

    /// What the user is shown of an answer: their own values, if the configuration gives them back.
    pub(crate) fn shown(&self, text: &mut String, data: &mut Option<Vec<u8>>) -> Result<(), EngineError> {
        if self.guard().egress == Egress::Nobody || !self.is_on(Gate::Unmask) {
            return Ok(());
        }
        if let (Some(left), _) = self.unmask(text)? {
            *text = left;
        }
        if let Some(json) = data
            && let (Some(left), _) = self.unmask_json(json)?
        {
            *json = left;
        }
        Ok(())
    }

    /// Whether a tool gets a call's arguments as its caller wrote them: all is opened to it, and no placeholder is in them.
    pub(crate) fn is_as_given(&self, arguments: &[u8]) -> bool {
        self.guard().unmasks_all() && self.is_on(Gate::Unmask) && !as_text(arguments).contains('⟦')
    }

    /// The last thing that was noted is about this payload, which was kept out.
    pub(crate) fn keeps(&mut self, kept: Ref) {
        if let Some(note) = self.notes.last_mut() {
            note.ruling.about = Some(kept);
        }
    }

    /// A text that moves between this run and another place where placeholders are kept, such as the memory of its user.
    /// What can't be moved (it was forged, or erased) stays as it is and stands for nothing there.
    pub(crate) fn carry(&self, text: &str, out: bool, place: &[u8; 16]) -> Result<Option<String>, EngineError> {
        let (from, to) = if out { (&self.scope, place) } else { (place, &self.scope) };
        let mut failed = None;
        let left = privacy::replace(text, |found| {
            let carried = found.well_formed.then(|| self.guards.vault.carry(from, to, found.kind, found.token)).transpose();
            match carried {
                Ok(token) => token.flatten().map(|token| {
                    self.has_minted.set(true);
                    format!("⟦{}:{token}⟧", found.kind)
                }),
                Err(error) => {
                    failed = Some(error);
                    None
                }
            }
        });
        failed.map_or(Ok(left), |error| Err(error.into()))
    }
}

impl Guarding {
    /// What was flagged, masked or forged in something that came in and stays, there as this payload.
    pub(crate) fn note_entry(
        &mut self,
        entered: &Entered,
        (place, turn, resource): (Place, Option<u32>, Option<&Name>),
        payload: Option<Ref>,
    ) {
        let found = [(Ruled::Flagged, &entered.rules), (Ruled::Masked, &entered.masked)];
        for (verdict, rules) in found.into_iter().filter(|(_, rules)| !rules.is_empty()) {
            let ruling = self.ruling(place.gate(), verdict, resource.cloned(), rules.clone());
            self.note(turn, ruling, None);
        }
        if entered.forged {
            let ruling = self.ruling(Gate::Unmask, Ruled::Forged, resource.cloned(), vec!["privacy:placeholder".into()]);
            self.note(turn, ruling, None);
        }
        if let (Some(payload), Some(Ruled::Flagged)) = (payload, entered.verdict) {
            self.mark(payload, Label::new(Integrity::Untrusted, super::ASKED.confidentiality));
        }
    }

    /// What an agent says is masked as it enters the run; what it makes up in its context has its context's label.
    pub(crate) fn said(
        &self,
        text: String,
        data: Option<Vec<u8>>,
        outside: Option<&Outside>,
    ) -> Result<(String, Option<Vec<u8>>), EngineError> {
        let mut kinds = Vec::new();
        let data = match data {
            Some(json) => {
                let json = self.mask_json(&json, &mut kinds)?.unwrap_or(json);
                Some(self.mask_names_json(&json, outside, &mut kinds)?.unwrap_or(json))
            }
            None => None,
        };
        let text = self.mask(&text, &mut kinds)?.unwrap_or(text);
        Ok((self.mask_names(&text, outside, &mut kinds)?.unwrap_or(text), data))
    }

    /// What a person writes in place of what was asked about, masked.
    pub(crate) fn written(&self, text: Option<String>, data: Option<Vec<u8>>) -> Result<(Option<String>, Option<Vec<u8>>), EngineError> {
        let is_text = text.is_some();
        let (text, data) = self.said(text.unwrap_or_default(), data, None)?;
        Ok((is_text.then_some(text), data))
    }

    /// The text of an error or of a reason, masked.
    pub(crate) fn told(&self, text: String) -> Result<String, EngineError> {
        Ok(self.mask(&text, &mut Vec::new())?.unwrap_or(text))
    }
}

impl Entered {
    fn hear(&mut self, verdict: Verdict, findings: &[Finding]) {
        let ruled = match verdict {
            Verdict::Pass => return,
            Verdict::Flag => Ruled::Flagged,
            Verdict::Block => Ruled::Blocked,
        };
        if self.verdict != Some(Ruled::Blocked) {
            self.verdict = Some(ruled);
        }
        for finding in findings {
            let name: Name = (*finding.screen).into();
            if !self.rules.contains(&name) {
                self.rules.push(name);
            }
        }
    }
}
