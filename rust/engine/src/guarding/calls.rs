//! A turn's calls of tools: whether they may be made, with what, and what comes back into the run.

use interlock_guard::access::{Action, Decision, Request, User};
use interlock_guard::labels::{self, Integrity, Label, LabelVerdict, OnViolation, Source};
use interlock_kernel::{EffectKey, Gate, Name, Ruled, State};

use super::{ASKED, Guarding, Outside, Place};
use crate::EngineError;
use crate::live::{Body, Live};

/// A tool that a turn wants to call.
pub(crate) struct Call<'a> {
    pub turn: u32,
    pub key: EffectKey,
    pub tool: &'a Name,
    /// It changes something outside.
    pub acts: bool,
    /// The scopes that the code says it needs.
    pub required: &'a [Name],
    /// As they are recorded: masked.
    pub arguments: &'a [u8],
}

/// What the guards say of a call.
pub(crate) enum Judged {
    Goes,
    /// A person is to look at it: at this, where it says what is not trusted.
    Asks(Option<String>),
    Refused(String),
}

/// What is left of a tool's result.
pub(crate) struct Heard {
    /// In its place, if it is not left as it was.
    pub result: Option<Vec<u8>>,
    /// It was kept out, and this says by what.
    pub withheld: Option<String>,
    /// What was kept out, masked, for the quarantine.
    pub quarantined: Option<Vec<u8>>,
    pub label: Label,
    /// Values in it that the tool's own system assigned, one on each line.
    pub assigned: Option<String>,
}

impl Live {
    /// Why a turn may not have what an earlier attempt's call gave, if it may not.
    pub(crate) fn has_no_right(&mut self, call: &Call<'_>) -> Result<Option<String>, EngineError> {
        let Some(agent) = self.turn(call.turn).map(|turn| turn.agent.clone()) else { return Ok(None) };
        if let Some(said) = self.killed(Some(call.turn), &agent, Some(call.tool), Gate::ToolCall, Some(call.key)) {
            return Ok(Some(said));
        }
        if self.guarding.guard().off.access || !self.guarding.is_on(Gate::ToolCall) {
            return Ok(None);
        }
        let opened = self.opened(call.tool, call.arguments)?;
        let arguments = opened.as_deref().unwrap_or(call.arguments);
        let decision = self.may(call.turn, &agent, Action::CallTool, call.tool, (call.required, Some(arguments)));
        Ok((!decision.allowed && !decision.review).then(|| self.denied(Gate::ToolCall, call, &decision)))
    }

    /// Whether a call may be made. What is not simply let pass is noted.
    pub(crate) fn judge(&mut self, call: &Call<'_>) -> Result<Judged, EngineError> {
        let Some(speaker) = self.turn(call.turn) else { return Ok(Judged::Goes) }; // the kernel says that it is too late
        let agent = speaker.agent.clone();
        if let Some(said) = self.killed(Some(call.turn), &agent, Some(call.tool), Gate::ToolCall, Some(call.key)) {
            return Ok(Judged::Refused(said));
        }
        if !self.guarding.is_on(Gate::ToolCall) {
            return Ok(Judged::Goes);
        }
        let arguments = std::str::from_utf8(call.arguments).unwrap_or_default();
        if !self.guarding.guard().off.privacy && self.guarding.is_on(Gate::Unmask) && self.guarding.unmask(arguments)?.1 {
            let ruling = self.guarding.ruling(Gate::Unmask, Ruled::Forged, Some(call.tool.clone()), vec!["privacy:placeholder".into()]);
            self.guarding.note(Some(call.turn), ruling, Some(call.key));
            return Ok(Judged::Refused("a placeholder in its arguments is forged, or belongs to another run".into()));
        }
        let approved = matches!(&self.state, State::Running(running) if running.approved.contains_key(&call.key));
        let mut asks = false;
        if !self.guarding.guard().off.access {
            let opened = self.opened(call.tool, call.arguments)?; // limits are about values, not about what stands for them
            let arguments = opened.as_deref().unwrap_or(call.arguments);
            let decision = self.may(call.turn, &agent, Action::CallTool, call.tool, (call.required, Some(arguments)));
            if !decision.allowed && !(decision.review && (approved || call.acts)) {
                return Ok(Judged::Refused(self.denied(Gate::ToolCall, call, &decision)));
            }
            if !decision.allowed && !approved {
                self.rule(Gate::ToolCall, Ruled::Reviewed, call, policies_of(&decision));
                asks = true;
            }
        }
        if approved {
            return Ok(Judged::Goes); // a person has seen it
        }
        let about = match self.violation(call) {
            None => None,
            Some((OnViolation::Review, text)) if call.acts => {
                self.rule(Gate::ToolCall, Ruled::Reviewed, call, vec!["labels".into()]);
                asks = true;
                Some(text)
            }
            Some((_, text)) => {
                self.rule(Gate::ToolCall, Ruled::Denied, call, vec!["labels".into()]);
                return Ok(Judged::Refused(text));
            }
        };
        Ok(if asks { Judged::Asks(about) } else { Judged::Goes })
    }

    fn rule(&mut self, gate: Gate, verdict: Ruled, call: &Call<'_>, rules: Vec<Name>) {
        let ruling = self.guarding.ruling(gate, verdict, Some(call.tool.clone()), rules);
        self.guarding.note(Some(call.turn), ruling, Some(call.key));
    }

    fn denied(&mut self, gate: Gate, call: &Call<'_>, decision: &Decision) -> String {
        let mut rules = policies_of(decision);
        let missing = decision.why.iter().flat_map(|why| &why.missing);
        rules.extend(missing.map(|missing| Name::from(format!("scope:{}", missing.scope))));
        rules.extend(self.narrowed_by(call.turn, decision).map(|(_, by)| Name::from(format!("via:{by}"))));
        if rules.is_empty() {
            rules.push("default".into());
        }
        self.rule(gate, Ruled::Denied, call, rules);
        self.says_no(call.turn, decision)
    }

    pub(crate) fn may(
        &self,
        turn: u32,
        agent: &Name,
        action: Action,
        resource: &str,
        (required, arguments): (&[Name], Option<&[u8]>),
    ) -> Decision {
        let scopes = self.scopes_of(turn);
        let domain = self.turn(turn).and_then(|turn| crate::settle::plan_of(&self.state).domain_name(turn.node));
        self.guarding.may(agent, &scopes, action, resource, (required, arguments), domain)
    }

    /// What labels have against a call, in words that show exactly what is not trusted.
    fn violation(&self, call: &Call<'_>) -> Option<(OnViolation, String)> {
        let guard = self.guarding.guard();
        if guard.off.labels || !guard.declares(call.tool) {
            return None;
        }
        let sources = self.sources();
        let context = self.context(call.turn);
        let endorsed: Vec<Source<'_>> =
            self.guarding.endorsed.iter().map(|(label, text)| Source { label: *label, text, data: None }).collect();
        let judged = labels::Call::new(call.tool, call.acts, call.arguments, context, &sources).with_endorsed(&endorsed);
        let verdict = guard.labels.judge(&judged);
        match verdict {
            LabelVerdict::Pass => None,
            LabelVerdict::Violates { argument, on, span, .. } => {
                let place = if argument.is_empty() { "the call itself".into() } else { format!("its argument {argument:?}") };
                let shown: String = span.chars().take(SHOWN).collect();
                Some((on, format!("{place} is not trusted enough: {shown:?}")))
            }
        }
    }

    /// A turn is given once more what was returned before, perhaps to another attempt.
    pub(crate) fn sees_again(&mut self, turn: u32, key: EffectKey) {
        let State::Running(running) = &self.state else { return };
        let given = running.effects.get(&key).or_else(|| running.raised_once.get(&key));
        if let Some(label) = given.and_then(|given| self.guarding.label_of(given.number)) {
            self.guarding.sees(turn, label);
        }
    }

    /// The label of all that a turn has seen.
    pub(crate) fn context(&self, turn: u32) -> Label {
        let heard = self.turn(turn).map(|turn| turn.message.number);
        heard.map_or(ASKED, |number| self.label(number)).join(self.guarding.seen(turn))
    }

    pub(crate) fn label(&self, payload: u32) -> Label {
        self.guarding.label_of(payload).unwrap_or(ASKED)
    }

    /// Everything that values may have been copied from, with its label: messages, and what tools and memories gave.
    fn sources(&self) -> Vec<Source<'_>> {
        let of = |number: u32| {
            Some(match self.held.body(number)? {
                Body::Message(said) => Source { label: self.label(number), text: &said.text, data: said.data.as_deref() },
                Body::Bytes(bytes) => {
                    // Only what came in was marked: arguments are the agent's own, and prove nothing.
                    let label = self.guarding.label_of(number)?;
                    // Of what is not trusted a person may be shown a piece; of what is, only its values count.
                    let text = if label.integrity == Integrity::Untrusted { std::str::from_utf8(bytes).unwrap_or_default() } else { "" };
                    Source { label, text, data: Some(bytes) }
                }
            })
        };
        let assigned = self.guarding.assigned.iter().map(|(label, text)| Source { label: *label, text, data: None });
        (0..u32::try_from(self.held.len()).unwrap_or(u32::MAX)).filter_map(of).chain(assigned).collect()
    }

    /// The arguments that a tool is given: in the clear where the configuration opens them to it. Nothing if they are as recorded.
    pub(crate) fn opened(&self, tool: &Name, arguments: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let guard = self.guarding.guard();
        if !self.guarding.is_on(Gate::Unmask)
            || interlock_guard::privacy::placeholders(std::str::from_utf8(arguments).unwrap_or_default()).next().is_none()
        {
            return Ok(None);
        }
        if guard.unmasks_all() {
            return Ok(self.guarding.unmask_json(arguments)?.0);
        }
        let mut given: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(arguments)?;
        for (_, value) in given.iter_mut().filter(|(name, _)| guard.unmasks(tool, name)) {
            if let Some(open) = self.guarding.unmask_json(value.to_string().as_bytes())?.0 {
                *value = serde_json::from_slice(&open)?;
            }
        }
        Ok(Some(serde_json::to_vec(&given)?))
    }

    /// What a tool returned, as it enters the run.
    pub(crate) fn hear(
        &mut self,
        turn: u32,
        (tool, acts): (&Name, bool),
        arguments: &[u8],
        (result, outside): (&[u8], Option<&Outside>),
    ) -> Result<Heard, EngineError> {
        let guard = self.guarding.guard();
        let mut filtered = None;
        let place = format!("tool:{tool}");
        if !guard.off.access && guard.access.limits(&place) {
            match self.seen_of(turn, &place, result) {
                Some(left) => filtered = Some(left),
                None => return Ok(self.withheld(turn, tool, Gate::ToolResult, Ruled::Denied, vec!["data".into()], None)),
            }
        }
        let given = filtered.as_deref().unwrap_or(result);
        let entered = self.guarding.enter(Place::ToolResult, "", Some(given), outside)?;
        if entered.verdict == Some(Ruled::Blocked) {
            let quarantined = entered.data.unwrap_or_else(|| given.to_vec());
            return Ok(self.withheld(turn, tool, Gate::ToolResult, Ruled::Blocked, entered.rules, Some(quarantined)));
        }
        let left = entered.data.as_deref().unwrap_or(given);
        let (mut label, assigned) = self.emitted(turn, (tool, acts), arguments, left);
        if entered.verdict == Some(Ruled::Flagged) {
            label = label.join(Label::new(Integrity::Untrusted, label.confidentiality));
        }
        self.guarding.note_entry(&entered, (Place::ToolResult, Some(turn), Some(tool)), None);
        Ok(Heard { result: entered.data.or(filtered), withheld: None, quarantined: None, label, assigned })
    }

    /// What a result carries, and the values in it that the tool's own system assigned.
    fn emitted(&self, turn: u32, (tool, acts): (&Name, bool), arguments: &[u8], result: &[u8]) -> (Label, Option<String>) {
        let guard = self.guarding.guard();
        if guard.off.labels || !guard.declares(tool) {
            return (guard.labels.emits(tool), None);
        }
        let sources = self.sources();
        let emission = guard.labels.emit(&labels::Call::new(tool, acts, arguments, self.context(turn), &sources), Some(result));
        (emission.label, emission.assigned.map(|(_, values)| values))
    }

    /// Of a result the rows and fields that a turn may see; nothing if it may see none.
    fn seen_of(&self, turn: u32, place: &str, result: &[u8]) -> Option<Vec<u8>> {
        let agent = self.turn(turn)?.agent.clone();
        let domain = crate::settle::plan_of(&self.state).domain_name(self.turn(turn)?.node);
        self.guarding.asking(&self.scopes_of(turn), domain, |scopes, user, domain| {
            let (action, resource) = (Action::CallTool, place);
            let request = Request { agent: &agent, scopes, user, action, resource, required: &[], arguments: None, domain, tenant: None };
            self.guarding.guard().access.filter(place, &request, result)
        })
    }

    fn withheld(&mut self, turn: u32, tool: &Name, gate: Gate, verdict: Ruled, rules: Vec<Name>, quarantined: Option<Vec<u8>>) -> Heard {
        let reason = format!("what {tool:?} returned was kept out by {}", rules.join(", "));
        let ruling = self.guarding.ruling(gate, verdict, Some(tool.clone()), rules);
        self.guarding.note(Some(turn), ruling, None);
        let result = serde_json::json!({ WITHHELD: reason }).to_string().into_bytes();
        Heard { result: Some(result), withheld: Some(reason), quarantined, label: Label::NEUTRAL, assigned: None }
    }
}

/// Characters of what is not trusted that a person is shown at most.
const SHOWN: usize = 4_096;

/// Stands in a result's place when it was kept out, so that whoever asks again is told the same.
pub(crate) const WITHHELD: &str = "interlock.withheld";

/// Whether what is stored for an effect says that its result was kept out, and why.
pub(crate) fn withheld(result: &[u8]) -> Option<String> {
    if !result.starts_with(b"{\"interlock.withheld\":") {
        return None;
    }
    let said: std::collections::BTreeMap<String, String> = serde_json::from_slice(result).ok()?;
    said.get(WITHHELD).cloned()
}

/// The policies that decided, by their ids.
pub(super) fn policies_of(decision: &Decision) -> Vec<Name> {
    decision.policies.iter().map(|id| Name::from(&**id)).collect()
}

/// Who said so: the policies, or the default where none did.
pub(super) fn said_by(decision: &Decision) -> Vec<Name> {
    let policies = policies_of(decision);
    if policies.is_empty() { vec!["default".into()] } else { policies }
}

impl Guarding {
    pub(crate) fn may(
        &self,
        agent: &str,
        scopes: &[Name],
        action: Action,
        resource: &str,
        (required, arguments): (&[Name], Option<&[u8]>),
        domain: Option<&Name>,
    ) -> Decision {
        self.asking(scopes, domain, |scopes, user, domain| {
            let required: Vec<&str> = required.iter().map(|scope| &**scope).collect();
            self.guard().access.decide(&Request {
                agent,
                scopes,
                user,
                action,
                resource,
                required: &required,
                arguments,
                domain,
                tenant: None,
            })
        })
    }

    /// In whose name access is asked, as it wants it.
    fn asking<T>(&self, scopes: &[Name], domain: Option<&Name>, ask: impl FnOnce(&[&str], Option<User<'_>>, Option<&str>) -> T) -> T {
        let roles: Vec<&str> = self.who.iter().flat_map(|who| &who.roles).map(String::as_str).collect();
        let user = self.who.as_ref().map(|who| User { id: &who.id, tenant: who.tenant.as_deref(), roles: &roles });
        let scopes: Vec<&str> = scopes.iter().map(|scope| &**scope).collect();
        ask(&scopes, user, domain.map(|domain| &**domain))
    }
}
