//! One run that goes on: its state, what it was told, and what is under way for it.

use std::sync::Arc;

use interlock_journal::{MessageBody, Payload, PayloadKind, SaltSource};
use interlock_kernel::{Content, EffectClass, EffectKey, Event, Micros, Name, Payloads, Ref, RunId, State};
use interlock_rules::RuleBook;
use rustc_hash::FxHashMap;

use crate::EngineError;

#[derive(Debug)]
pub(crate) struct Live {
    pub number: u64,
    pub id: RunId,
    pub state: State,
    pub rules: RuleBook,
    pub held: Held,
    /// The next frame's number in the run.
    pub seq: u32,
    /// The turn that holds a slot.
    pub slot: Option<u32>,
    /// The turn that waits for one.
    pub queued: Option<u32>,
    /// The earliest wake-up that the deadline heap has for this run.
    pub armed: Option<Micros>,
    pub key: Option<Arc<str>>,
    pub effects: Underway,
    pub watched: bool,
}

/// Effects that were begun and have not ended, and how often each call was made in this attempt.
#[derive(Debug, Default)]
pub(crate) struct Underway {
    pub open: FxHashMap<EffectKey, OpenEffect>,
    pub occurrences: FxHashMap<EffectKey, u16>,
}

#[derive(Debug)]
pub(crate) struct OpenEffect {
    pub turn: u32,
    pub tool: Name,
    pub class: EffectClass,
    pub arguments: Vec<u8>,
    /// Set when the intent was journalled, and the arguments with it.
    pub intended: Option<Ref>,
}

/// What the run was told, by payload number.
#[derive(Debug, Default)]
pub(crate) struct Held {
    bodies: Vec<Body>,
    pub user: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) enum Body {
    Message(Said),
    Bytes(Vec<u8>),
}

/// A message that the run holds.
#[derive(Debug)]
pub(crate) struct Said {
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub sender: Option<Name>,
}

impl Held {
    /// A run that was told nothing yet, on behalf of a user (JSON) if there is one.
    pub(crate) fn of(user: Option<Vec<u8>>) -> Self {
        Self { bodies: Vec::new(), user }
    }

    /// Every message, in the order in which they were said.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Said> {
        self.bodies.iter().filter_map(|body| match body {
            Body::Message(said) => Some(said),
            Body::Bytes(_) => None,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.bodies.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.bodies.truncate(len);
    }

    pub(crate) fn push(&mut self, body: Body) {
        self.bodies.push(body);
    }

    pub(crate) fn message(&self, number: u32) -> Option<&Said> {
        match self.bodies.get(number as usize)? {
            Body::Message(body) => Some(body),
            Body::Bytes(_) => None,
        }
    }

    pub(crate) fn bytes(&self, number: u32) -> Option<&[u8]> {
        match self.bodies.get(number as usize)? {
            Body::Bytes(bytes) => Some(bytes),
            Body::Message(body) => Some(body.text.as_bytes()),
        }
    }

    pub(crate) fn text(&self, number: u32) -> Option<String> {
        self.bytes(number).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Payloads for Held {
    fn content(&self, number: u32) -> Option<Content<'_>> {
        self.message(number).map(|body| Content { text: &body.text, data: body.data.as_deref() })
    }

    fn user(&self) -> Option<&[u8]> {
        self.user.as_deref()
    }
}

/// Events and payloads of one feed, appended to the journal in one piece.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub events: Vec<Event>,
    pub payloads: Vec<Payload>,
}

impl Batch {
    /// Take a message in: it gets the next number, a salt and a commitment.
    pub(crate) fn message(&mut self, held: &mut Held, salts: &mut SaltSource, body: Said) -> Result<Ref, EngineError> {
        let bytes = MessageBody { text: &body.text, data: body.data.as_deref(), sender: body.sender.as_deref() }.encode()?;
        held.push(Body::Message(body));
        self.payload(held.len() - 1, salts, PayloadKind::Message, bytes)
    }

    pub(crate) fn bytes(&mut self, held: &mut Held, salts: &mut SaltSource, kind: PayloadKind, bytes: Vec<u8>) -> Result<Ref, EngineError> {
        held.push(Body::Bytes(bytes.clone()));
        self.payload(held.len() - 1, salts, kind, bytes)
    }

    fn payload(&mut self, place: usize, salts: &mut SaltSource, kind: PayloadKind, bytes: Vec<u8>) -> Result<Ref, EngineError> {
        let number = u32::try_from(place).map_err(|_| EngineError::Internal("a run has more than 4 billion payloads"))?;
        let payload = Payload { number, kind, salt: salts.draw(), bytes };
        let reference = payload.reference();
        self.payloads.push(payload);
        Ok(reference)
    }
}
