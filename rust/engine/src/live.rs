//! One run that goes on: its state, what it was told, and what is under way for it.

use std::sync::Arc;

use interlock_journal::{MessageBody, Payload, PayloadKind, RemovedWhy, SaltSource};
use interlock_kernel::{Content, EffectClass, EffectKey, Event, Micros, Name, NodeId, Payloads, Ref, RunId, State, Turn, TurnId};
use interlock_rules::RuleBook;
use rustc_hash::FxHashMap;

use crate::EngineError;
use crate::guarding::Guarding;

#[derive(Debug)]
pub(crate) struct Live {
    pub number: u64,
    pub id: RunId,
    pub state: State,
    pub rules: RuleBook,
    pub held: Held,
    /// The salt of the run's first payload: whoever has erased that can't guess what an effect's key was made of.
    pub salt: [u8; 16],
    /// The next frame's number in the run.
    pub seq: u32,
    /// Turns that were offered to the shell, or wait for a slot, by number.
    pub offered: Vec<Offered>,
    /// Questions that were put to the shell.
    pub asked: Vec<u32>,
    /// The journal's ticket for the last thing that happened to it.
    pub ticket: u64,
    /// The earliest wake-up that the deadline heap has for this run.
    pub armed: Option<Micros>,
    pub key: Option<Arc<str>>,
    pub thread: Option<Arc<str>>,
    pub effects: Underway,
    pub watched: bool,
    pub guarding: Guarding,
    /// Why what was said in it is gone. Only a run that is over can be so.
    pub removed: Option<RemovedWhy>,
}

/// A turn that an agent works on, or that waits until one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offered {
    pub turn: u32,
    pub waits: bool,
}

impl Live {
    /// The turn with this number, if an agent works on it now.
    pub(crate) fn turn(&self, turn: u32) -> Option<&Turn> {
        match &self.state {
            State::Running(running) => running.turns_at_work().map(|(_, turn)| turn).find(|found| found.id == TurnId(turn)),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
        }
    }

    /// The numbers of all turns that agents work on now, sorted.
    pub(crate) fn at_work(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = match &self.state {
            State::Running(running) => running.turns_at_work().map(|(_, turn)| turn.id.0).collect(),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => Vec::new(),
        };
        numbers.sort_unstable();
        numbers
    }

    /// The domain inside whose walls a turn is taken.
    pub(crate) fn domain_of(&self, turn: u32) -> Option<NodeId> {
        let node = self.turn(turn)?.node;
        crate::settle::plan_of(&self.state).node(node)?.domain
    }
}

/// Effects that were begun and have not ended, and how often each call was made in its attempt.
#[derive(Debug, Default)]
pub(crate) struct Underway {
    pub open: FxHashMap<EffectKey, OpenEffect>,
    pub occurrences: FxHashMap<(u32, EffectKey), u16>,
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
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub sender: Option<Name>,
    pub labels: Vec<Name>,
    /// The domain inside whose walls it was said.
    pub domain: Option<NodeId>,
}

impl Held {
    /// A run that was told nothing yet, on behalf of a user (JSON) if there is one.
    pub(crate) fn of(user: Option<Vec<u8>>) -> Self {
        Self { bodies: Vec::new(), user }
    }

    /// Every message that was said inside a domain, or outside of all, in the order in which they were said.
    pub(crate) fn messages(&self, domain: Option<NodeId>) -> impl Iterator<Item = &Said> {
        self.bodies.iter().filter_map(move |body| match body {
            Body::Message(said) => (said.domain == domain).then_some(said),
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

    pub(crate) fn body(&self, number: u32) -> Option<&Body> {
        self.bodies.get(number as usize)
    }

    pub(crate) fn message(&self, number: u32) -> Option<&Said> {
        match self.bodies.get(number as usize)? {
            Body::Message(body) => Some(body),
            Body::Bytes(_) => None,
        }
    }

    pub(crate) fn message_mut(&mut self, number: u32) -> Option<&mut Said> {
        match self.bodies.get_mut(number as usize)? {
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
        self.message(number).map(|body| Content { text: &body.text, data: body.data.as_deref(), labels: &body.labels })
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
        let labels = body.labels.join("\n");
        let bytes =
            MessageBody { text: &body.text, data: body.data.as_deref(), sender: body.sender.as_deref(), labels: &labels }.encode()?;
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
