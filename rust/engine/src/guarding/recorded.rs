//! What a run's journal says of labels: after a restart everything counts for what it counted before, or for less.

use interlock_guard::labels::{Integrity, Label};
use interlock_kernel::{CrossingOutcome, EffectCompleted, EffectOutcome, Event, Failure, Gate, GateRuled, Ruled};
use serde::{Deserialize, Serialize};

use super::{ANYBODY, ASKED, Guarding};
use crate::effects::is_native;
use crate::live::Held;

/// A value for which a turn's code vouched, as the journal keeps it beside the ruling.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Vouched {
    pub label: Label,
    pub text: String,
}

impl Guarding {
    /// A tool's own system assigned these values of its result, which is of this label.
    pub(crate) fn assigns(&mut self, result: Label, values: String) {
        self.assigned.push((Label::new(Integrity::Developer, result.confidentiality), values));
    }

    /// What an event of a run that is folded says of labels. Where it says nothing, because it is older than labels in journals,
    /// there is as little trust as there may have been.
    pub(crate) fn recall(&mut self, event: &Event, held: &Held) {
        if let Event::GateRuled(ruled) = event {
            self.recall_ruling(ruled, held);
        } else if let Event::EffectCompleted(done) = event {
            self.recall_effect(done, held);
        } else if let Event::TurnReplied(reply) = event {
            let label = reply.label.unwrap_or(self.worst);
            self.worst = self.worst.join(label);
            let said = std::iter::once(reply.reply).chain(reply.delegated.iter().filter_map(|(_, written)| *written));
            said.for_each(|message| self.mark(message, label));
        } else if let Event::TurnFailed(failed) = event
            && let Failure::Raised(text) | Failure::WrongType(text) = &failed.failure
        {
            self.mark(*text, failed.label.unwrap_or(self.worst));
        } else if let Event::Crossed(crossed) = event
            && let CrossingOutcome::Passed { message, .. } = crossed.outcome
        {
            self.follows(crossed.from, message);
        }
    }

    fn recall_ruling(&mut self, ruled: &GateRuled, held: &Held) {
        let ruling = &ruled.ruling;
        if ruling.verdict == Ruled::Flagged {
            self.worst = self.worst.join(ANYBODY);
            if ruling.gate == Gate::Ingress {
                self.flags_request();
            }
        } else if (ruling.gate, ruling.verdict) == (Gate::Egress, Ruled::Blocked) {
            self.unfit.extend(ruling.about.map(|about| (about.number, ruling.rules.clone())));
        } else if ruling.verdict == Ruled::Endorsed
            && let Some(vouched) = ruling.about.and_then(|about| serde_json::from_slice::<Vouched>(held.bytes(about.number)?).ok())
        {
            self.endorsed.push((vouched.label, vouched.text));
        }
    }

    fn recall_effect(&mut self, done: &EffectCompleted, held: &Held) {
        let label = done.label.unwrap_or(ANYBODY);
        self.worst = self.worst.join(label);
        if done.label.is_none() && is_native(&done.tool) {
            return; // the turn looks there again
        }
        let (EffectOutcome::Returned(result) | EffectOutcome::Raised(result)) = done.outcome;
        self.mark(result, label);
        self.sees(done.turn.0, label); // whether it calls again or not
        let kept = done.assigned.and_then(|values| held.bytes(values.number));
        if let Some(values) = kept.and_then(|kept| serde_json::from_slice::<Vec<String>>(kept).ok()) {
            self.assigns(label, values.join("\n"));
        }
    }

    /// A screen has something against what the user wrote: it is anybody's.
    pub(super) fn flags_request(&mut self) {
        self.marks.insert(REQUEST, Label::new(Integrity::Untrusted, ASKED.confidentiality));
    }
}

/// The payload that a run begins with.
const REQUEST: u32 = 0;
