//! What a recorded run was told, by number. What was erased leaves a gap; what says the same is known to say the same.

use interlock_journal::{Payload, PayloadKind};
use interlock_kernel::{Content, Digest, Payloads, Ref};
use rustc_hash::FxHashMap;

use crate::EngineError;
use crate::live::Said;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    said: Vec<Option<Said>>,
    /// For each payload the first that says the same.
    first: Vec<u32>,
    user: Option<Vec<u8>>,
}

impl Shelf {
    pub(crate) fn of(payloads: Vec<Payload>) -> Result<Self, EngineError> {
        let (mut said, mut user) = (Vec::new(), None);
        for payload in payloads {
            let place = payload.number as usize;
            if said.len() <= place {
                said.resize_with(place + 1, || None);
            }
            match payload.kind {
                PayloadKind::Message => said[place] = Some(crate::fold::said(&payload.bytes)?),
                PayloadKind::Request => {
                    let about: serde_json::Value = serde_json::from_slice(&payload.bytes)?;
                    user = about.get("user").filter(|user| !user.is_null()).map(|user| user.to_string().into_bytes());
                }
                // No decision looks at these.
                PayloadKind::Arguments
                | PayloadKind::Result
                | PayloadKind::ErrorText
                | PayloadKind::Decision
                | PayloadKind::Document
                | PayloadKind::Quarantine => {}
            }
        }
        Ok(Self::with(said, user))
    }

    pub(crate) fn with(said: Vec<Option<Said>>, user: Option<Vec<u8>>) -> Self {
        let mut known = FxHashMap::default();
        let first = (0..).zip(&said).map(|(number, one)| one.as_ref().map_or(number, |one| *known.entry(substance(one)).or_insert(number)));
        let first = first.collect();
        Self { said, first, user }
    }

    /// The first message that says what this one says: its text, its data and its labels.
    pub(crate) fn same(&self, message: Ref) -> u32 {
        self.first.get(message.number as usize).copied().unwrap_or(message.number)
    }

    pub(crate) fn get(&self, message: Ref) -> Option<&Said> {
        self.said.get(message.number as usize)?.as_ref()
    }

    /// Take in a message that was never recorded. Nothing of it is written, so it needs no commitment.
    pub(crate) fn keep(&mut self, said: Said) -> Result<Ref, EngineError> {
        let number = u32::try_from(self.said.len()).map_err(|_| EngineError::Internal("a run has more than 4 billion payloads"))?;
        let before = self.said.iter().position(|one| one.as_ref().is_some_and(|one| substance(one) == substance(&said)));
        self.first.push(before.and_then(|place| self.first.get(place).copied()).unwrap_or(number));
        self.said.push(Some(said));
        Ok(Ref { number, commitment: Digest::default() })
    }
}

/// What makes two messages the same.
fn substance(said: &Said) -> (&str, Option<&[u8]>, &[interlock_kernel::Name]) {
    (&said.text, said.data.as_deref(), &said.labels)
}

impl Payloads for Shelf {
    fn content(&self, number: u32) -> Option<Content<'_>> {
        let said = self.said.get(number as usize)?.as_ref()?;
        Some(Content { text: &said.text, data: said.data.as_deref(), labels: &said.labels })
    }

    fn user(&self) -> Option<&[u8]> {
        self.user.as_deref()
    }
}
