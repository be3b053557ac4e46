//! A run's side of the guards: what enters it is screened and masked, what it calls is judged, and what leaves it is unmasked.
//! Whatever is not simply let pass is noted, and recorded with the input that it belongs to.

mod calls;
mod gates;
mod kills;
mod memories;
mod outside;
mod people;
mod recorded;
mod rights;
mod texts;

use std::cell::Cell;
use std::sync::Arc;

use interlock_guard::labels::{Confidentiality, Integrity, Label};
use interlock_guard::{Guard, Off};
use interlock_kernel::{EffectKey, Gate, Name, Ref, Ruled, Ruling, RunId, TurnId};
use interlock_vault::{Scope, Vault, subject};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::EngineError;
use crate::engine::Core;

pub(crate) use calls::{Call, Judged, withheld};
pub(crate) use kills::Kills;
pub use outside::{Named, Outside, Saying, Sighting};
pub(crate) use texts::Place;

/// What a request begins with: its user wrote it, and may have it sent where they want. What is personal in it is masked.
pub(crate) const ASKED: Label = Label::new(Integrity::User, Confidentiality::Public);

/// What anybody may have written, for the tenant's eyes.
pub(crate) const ANYBODY: Label = Label::new(Integrity::Untrusted, Confidentiality::Tenant);

/// The user on whose behalf a run is, as far as guards look at them.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Who {
    pub id: String,
    #[serde(default)]
    pub tenant: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A run that is over: where its placeholders mean something, and the subject that was made for it alone.
#[derive(Debug)]
pub(crate) struct Past {
    scope: Scope,
    alone: Option<Arc<str>>,
}

/// So many runs are let go of together: each time takes a look at every value.
const TOGETHER: usize = 1_024;

impl Core {
    /// In memory, a run's values go with the run: as many runs are kept as the journal keeps.
    pub(crate) fn outlive(&mut self, run: &Guarding) -> Result<(), EngineError> {
        let Some(past) = &mut self.past else { return Ok(()) };
        if !run.has_minted.get() {
            return Ok(());
        }
        let alone = run.who.is_none().then(|| Arc::clone(&run.subject));
        past.push_back(Past { scope: run.scope, alone });
        if past.len() < self.limits.retain.saturating_add(TOGETHER) {
            return Ok(());
        }
        let gone: Vec<Past> = past.drain(..TOGETHER).collect();
        let scopes: Vec<Scope> = gone.iter().map(|past| past.scope).collect();
        self.guards.vault.forget(&scopes)?;
        let alone: Vec<String> = gone.into_iter().filter_map(|past| past.alone).map(|subject| subject.to_string()).collect();
        self.guards.vault.erase_all(&alone)?;
        Ok(())
    }
}

/// A ruling that is recorded with the run's next input.
#[derive(Debug)]
pub(crate) struct Note {
    pub turn: Option<TurnId>,
    pub ruling: Ruling,
    pub key: Option<EffectKey>,
}

/// What a run asks the guards with.
#[derive(Debug, Clone)]
pub(crate) struct Guards {
    pub guard: Arc<Guard>,
    pub vault: Arc<Vault>,
}

/// The guards of one run.
#[derive(Debug)]
pub(crate) struct Guarding {
    pub guards: Guards,
    scope: Scope,
    subject: Arc<str>,
    pub who: Option<Who>,
    /// Why the request may not come in.
    pub objection: Option<Ruling>,
    pub notes: Vec<Note>,
    /// What a turn has seen beside its message, by number.
    contexts: FxHashMap<u32, Label>,
    /// The labels of results, and of messages that are trusted less than their place says, by payload.
    marks: FxHashMap<u32, Label>,
    pub kills: Arc<Kills>,
    /// Values that tools' own systems assigned, and how far they are trusted.
    assigned: Vec<(Label, String)>,
    /// Whether a placeholder of this run stands for something.
    has_minted: Cell<bool>,
    /// Values for which a turn's code vouched.
    pub endorsed: Vec<(Label, String)>,
    /// Messages that may not leave the run, and the screens outside that say so, by payload.
    unfit: FxHashMap<u32, Vec<Name>>,
    /// While a run is folded: the label of all that came in so far.
    worst: Label,
}

impl Guards {
    /// The guards that hold where nothing is configured.
    pub(crate) fn default_set(vault: Arc<Vault>) -> Result<Self, EngineError> {
        Ok(Self { guard: Arc::new(Guard::compile("{}", Off::default())?), vault })
    }
}

impl Guarding {
    /// The guards of a run, on behalf of a user (JSON) if there is one. `origin` is the run that placeholders were made for.
    pub(crate) fn of(guards: &Guards, kills: &Arc<Kills>, user: Option<&[u8]>, origin: RunId) -> Result<Self, EngineError> {
        let who: Option<Who> = user.map(serde_json::from_slice).transpose()?;
        let subject = match &who {
            Some(who) => subject::of_user(who.tenant.as_deref(), &who.id),
            None => subject::of_run(&origin.to_string()),
        };
        Ok(Self {
            guards: guards.clone(),
            scope: origin.0.to_be_bytes(),
            subject: subject.into(),
            who,
            objection: None,
            notes: Vec::new(),
            contexts: FxHashMap::default(),
            marks: FxHashMap::default(),
            kills: Arc::clone(kills),
            assigned: Vec::new(),
            has_minted: Cell::new(false),
            endorsed: Vec::new(),
            unfit: FxHashMap::default(),
            worst: ASKED,
        })
    }

    /// The run began before: nobody knows here whether it has values in the vault.
    pub(crate) fn has_past(&self) {
        self.has_minted.set(true);
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guards.guard
    }

    /// Whether a gate is asked at all. Only tests and measurements switch one off.
    fn is_on(&self, gate: Gate) -> bool {
        !self.guard().off.gates[gate as usize - 1]
    }

    pub(crate) fn ruling(&self, gate: Gate, verdict: Ruled, resource: Option<Name>, rules: Vec<Name>) -> Ruling {
        Ruling { gate, policy: self.guard().revision(), verdict, resource, rules, about: None }
    }

    pub(crate) fn note(&mut self, turn: Option<u32>, ruling: Ruling, key: Option<EffectKey>) {
        self.notes.push(Note { turn: turn.map(TurnId), ruling, key });
    }

    /// A payload is of this label.
    pub(crate) fn mark(&mut self, payload: Ref, label: Label) {
        self.marks.insert(payload.number, label);
    }

    pub(crate) fn label_of(&self, payload: u32) -> Option<Label> {
        self.marks.get(&payload).copied()
    }

    /// Payloads from this number on were not kept: others will have their numbers.
    pub(crate) fn forget_from(&mut self, number: usize) {
        self.marks.retain(|payload, _| (*payload as usize) < number);
        self.unfit.retain(|payload, _| (*payload as usize) < number);
    }

    /// A turn has seen something of this label.
    pub(crate) fn sees(&mut self, turn: u32, label: Label) {
        let seen = self.contexts.entry(turn).or_insert(Label::NEUTRAL);
        *seen = seen.join(label);
    }

    /// What a turn has seen so far, beside its message.
    pub(crate) fn seen(&self, turn: u32) -> Label {
        self.contexts.get(&turn).copied().unwrap_or(Label::NEUTRAL)
    }
}
