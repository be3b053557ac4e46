//! The gates that the kernel asks: ingress, before a turn, and before the answer is released.

use std::sync::Arc;

use interlock_guard::access::Action;
use interlock_guard::budget::Target;
use interlock_guard::safety::{Place, Verdict as Screened};
use interlock_kernel::plan::Step;
use interlock_kernel::{Consulted, Gate, Gates, Name, NodeId, Passage, Ruled, Ruling, State, Subject, Verdict};

use super::calls::said_by;
use super::kills::named;

use crate::live::Live;

impl Gates for Live {
    fn pass(&self, gate: Gate, _subject: Subject<'_>) -> Consulted<Passage> {
        Consulted::Decided(Passage { gate, policy: self.guarding.guard().revision(), verdict: Verdict::Passed })
    }

    fn objection(&self, gate: Gate, subject: Subject<'_>) -> Option<Ruling> {
        if !self.guarding.is_on(gate) {
            return None;
        }
        match gate {
            Gate::Ingress => self.guarding.objection.clone().or_else(|| self.tenant_stopped(gate)),
            Gate::AgentToAgent => self.may_have_the_turn(subject, Action::HandTo, gate),
            Gate::ModelContext => self.stopped(subject, gate).or_else(|| self.may_have_the_turn(subject, Action::CallModel, gate)),
            Gate::Egress => self.unfit(subject),
            // Where a value is unmasked is decided where it would be: at the call, and at the delivery by the configuration.
            Gate::Unmask | Gate::ToolCall | Gate::ToolResult | Gate::Memory | Gate::ReviewDecision => None,
        }
    }
}

impl Live {
    fn stopped(&self, subject: Subject<'_>, gate: Gate) -> Option<Ruling> {
        let agent = subject.agent?;
        let tenant = self.guarding.who.as_ref().and_then(|who| who.tenant.as_deref());
        let kill = self.guarding.kills.is_killed(agent, None, tenant)?;
        Some(self.guarding.ruling(gate, Ruled::Killed, Some(agent.clone()), vec![named(&kill.target).into()]))
    }

    /// Whether the tenant on whose behalf the run is was stopped.
    fn tenant_stopped(&self, gate: Gate) -> Option<Ruling> {
        let tenant = self.guarding.who.as_ref()?.tenant.as_deref()?;
        let kill = self.guarding.kills.is_killed("", None, Some(tenant)).filter(|kill| matches!(kill.target, Target::Tenant(_)))?;
        Some(self.guarding.ruling(gate, Ruled::Killed, Some(tenant.into()), vec![named(&kill.target).into()]))
    }

    /// Whether an agent may have the turn, from whom it comes and on the user's behalf.
    fn may_have_the_turn(&self, subject: Subject<'_>, action: Action, gate: Gate) -> Option<Ruling> {
        let guard = self.guarding.guard();
        let (agent, node) = (subject.agent?, subject.node?);
        if guard.off.access {
            return None;
        }
        let State::Running(running) = &self.state else { return None };
        let step = running.plan.step(node)?;
        let from = subject.content.and_then(|message| self.held.message(message.number)).and_then(|said| said.sender.clone());
        let who: &Name = match (action, &from) {
            (Action::HandTo, Some(from)) if from != agent => from,
            (Action::HandTo, _) => return None, // nobody hands it over: the plan begins with it, or it goes on
            _ => agent,
        };
        let of = |step: &Step| match () {
            () if step.agent == *who => Some(Arc::clone(&step.scopes)),
            () if step.fallback.as_ref() == Some(who) => Some(Arc::clone(&step.fallback_scopes)),
            () => None,
        };
        let elsewhere =
            || running.plan.nodes().iter().enumerate().find_map(|(at, _)| of(running.plan.step(NodeId(u16::try_from(at).ok()?))?));
        let scopes = of(step).filter(|_| action != Action::HandTo).or_else(elsewhere).unwrap_or_else(|| Arc::from([]));
        let scopes = self.narrowed(running, (node, who), &scopes);
        let decision = self.guarding.may(who, &scopes, action, agent, (&[], None), subject.domain);
        if decision.allowed {
            return None;
        }
        Some(self.guarding.ruling(gate, Ruled::Denied, Some(agent.clone()), said_by(&decision)))
    }

    /// Why a turn's agent may not hand over to one of these, if it may not. It is noted.
    pub(crate) fn may_hand_over<'a>(&mut self, turn: u32, to: impl Iterator<Item = &'a Name>) -> Option<String> {
        if self.guarding.guard().off.access || !self.guarding.is_on(Gate::AgentToAgent) {
            return None;
        }
        let agent = self.turn(turn)?.agent.clone();
        for target in to {
            let decision = self.may(turn, &agent, Action::HandTo, target, (&[], None));
            if decision.allowed {
                continue;
            }
            let ruling = self.guarding.ruling(Gate::AgentToAgent, Ruled::Denied, Some(target.clone()), said_by(&decision));
            self.guarding.note(Some(turn), ruling, None);
            return Some(format!("agent {agent:?} may not hand over to {target:?}: {}", self.says_no(turn, &decision)));
        }
        None
    }

    /// What a screen has against releasing an answer: a person looks at it.
    fn unfit(&self, subject: Subject<'_>) -> Option<Ruling> {
        let guard = self.guarding.guard();
        if guard.off.safety {
            return None;
        }
        let said = self.held.message(subject.content?.number)?;
        let data = said.data.as_deref().and_then(|data| std::str::from_utf8(data).ok()).unwrap_or_default();
        // What is looked at is what the user would read, but for what they wrote themselves. What can't be had stays hidden.
        let asked = self.held.message(0);
        let theirs = |token: &str| {
            asked.is_some_and(|asked| asked.text.contains(token) || asked.data.as_deref().is_some_and(|data| holds(data, token)))
        };
        let opened = [said.text.as_str(), data].map(|text| self.guarding.unmask_but(text, theirs));
        let is_open = opened.iter().all(Result::is_ok);
        let blocked = [said.text.as_str(), data].into_iter().zip(opened).find_map(|(text, opened)| {
            let opened = opened.ok().flatten();
            // Our own brackets are no disguise, and a text of ASCII is read several times as fast.
            let left = opened.as_deref().unwrap_or(text);
            let plain = left.contains('⟦').then(|| left.replace('⟦', "[").replace('⟧', "]"));
            let text = plain.as_deref().unwrap_or(left);
            let screened = guard.safety.screen(Place::Egress, text);
            (screened.verdict == Screened::Block).then_some(screened)
        });
        let unread = (!is_open).then(|| Name::from("vault"));
        let own = blocked.iter().flat_map(|screened| &screened.findings).map(|finding| Name::from(finding.screen));
        let mut rules: Vec<Name> = own.chain(unread).chain(self.guarding.held_back(subject.content?.number).iter().cloned()).collect();
        rules.dedup();
        if rules.is_empty() {
            return None;
        }
        let ruling = self.guarding.ruling(Gate::Egress, Ruled::Reviewed, subject.agent.cloned(), rules);
        Some(Ruling { about: subject.content, ..ruling })
    }
}

fn holds(data: &[u8], token: &str) -> bool {
    std::str::from_utf8(data).is_ok_and(|data| data.contains(token))
}
