//! Effects inside a turn: keyed, so that a repeated call gets what the first one gave, and held back while a person is asked.

use interlock_journal::PayloadKind;
use interlock_kernel::{EffectClass, EffectKey, EffectOutcome, Follows, Input, Name, Ref, Running, State, TermsSpec, Turn, TurnId};
use sha2::{Digest as _, Sha256};

use crate::effect::{Effect, EffectStart, Ended, Noting};
use crate::engine::{Core, Engine};
use crate::guarding::{Call, Judged, Note, Outside, withheld};
use crate::live::{Batch, Live, OpenEffect};
use crate::spending::is_model;
use crate::step::{Owed, Step};
use crate::{EngineError, settle};

impl Engine {
    /// A tool is about to be called.
    pub fn effect_begun(&self, run: u64, turn: u32, mut effect: Effect) -> Result<EffectStart, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(EffectStart::TooLate) };
        let acts = effect.class != EffectClass::Pure;
        if acts && live.turn(turn).is_some_and(|speaker| has_promised(live, speaker)) {
            return Ok(EffectStart::NotPure);
        }
        // What is recorded, and what the key is made of, is masked; the tool is given what the configuration opens to it.
        effect.is_open = live.guarding.is_as_given(&effect.arguments);
        if let Some(masked) = live.guarding.mask_json(&effect.arguments, &mut Vec::new())? {
            effect.arguments = masked;
        }
        let Some(mut key) = live.effect_key(turn, &effect.tool, &effect.arguments) else { return Ok(EffectStart::TooLate) };
        if core.broken.key_reuse {
            key = EffectKey(core.salts.draw());
        }
        if let Some(known) = live.known(key) {
            let call = Call { turn, key, tool: &effect.tool, acts, required: &effect.scopes, arguments: &effect.arguments };
            // What was done stands; but a stand-in without the right to it is not told what it gave.
            let Some(reason) = (if is_memory(&effect.tool) { None } else { live.has_no_right(&call)? }) else {
                live.sees_again(turn, key);
                return Ok(known);
            };
            self.noted(core, run)?;
            return Ok(EffectStart::Denied { reason });
        }
        if !is_memory(&effect.tool) {
            let call = Call { turn, key, tool: &effect.tool, acts, required: &effect.scopes, arguments: &effect.arguments };
            match live.judge(&call)? {
                Judged::Goes => {}
                Judged::Asks(about) => {
                    let terms = core.terms.as_deref().cloned().unwrap_or_else(TermsSpec::anybody);
                    effect.approve = Some(effect.approve.unwrap_or(terms));
                    effect.about = about;
                }
                Judged::Refused(reason) => {
                    self.noted(core, run)?;
                    return Ok(EffectStart::Denied { reason });
                }
            }
        }
        if !is_memory(&effect.tool)
            && let Some(reason) = core.tool_short(run, (turn, key), &effect.tool, self.clock.now())
        {
            self.noted(core, run)?;
            return Ok(EffectStart::Denied { reason });
        }
        if acts && !core.broken.intent_before_effect {
            let begun = core.intend(self, run, turn, key, effect);
            if !matches!(begun, Ok(EffectStart::Run { .. } | EffectStart::UnderWay { .. })) {
                core.spending.unsent(run, key);
            }
            return begun;
        }
        let Some(live) = core.live.get_mut(&run) else { return Ok(EffectStart::TooLate) };
        let Effect { tool, class, arguments, is_open, .. } = effect;
        let open = if is_open { None } else { live.opened(&tool, &arguments)? };
        live.effects.open.insert(key, OpenEffect { turn, tool, class, arguments, intended: None });
        self.noted(core, run)?;
        Ok(EffectStart::Run { key, after: 0, arguments: open })
    }

    /// Record what the guards noted of something that gave no input of its own.
    pub(crate) fn noted(&self, core: &mut Core, run: u64) -> Result<(), EngineError> {
        let Some(live) = core.live.get_mut(&run) else { return Ok(()) };
        for Note { turn, ruling, key } in std::mem::take(&mut live.guarding.notes) {
            let input = Input::Ruled { turn, ruling, key, follows: Follows::Nothing };
            core.feed(&self.journal, run, input, Batch::default(), self.clock.now())?;
        }
        Ok(())
    }

    /// Something that a turn does at once, such as a read of the memory: recorded whole.
    /// Unless it is noted, nothing is recorded, and the turn must not do it.
    pub fn effect_noted(
        &self,
        run: u64,
        turn: u32,
        (tool, acts): (Name, bool),
        arguments: Vec<u8>,
        result: Vec<u8>,
    ) -> Result<Noting, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        let Some(live) = core.live.get_mut(&run) else { return Ok(Noting::TooLate) };
        let Some(speaker) = live.turn(turn) else { return Ok(Noting::TooLate) };
        if acts && has_promised(live, speaker) {
            return Ok(Noting::NotPure);
        }
        let arguments = live.guarding.mask_accessed(&arguments)?.unwrap_or(arguments);
        let result = live.guarding.mask_json(&result, &mut Vec::new())?.unwrap_or(result);
        let key = EffectKey(core.salts.draw()); // a repetition is a read of its own: it may have found something else
        let mut batch = Batch::default();
        let arguments = batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Arguments, arguments)?;
        let result = batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Result, result)?;
        let (class, outcome) = (EffectClass::Pure, EffectOutcome::Returned(result));
        let input = Input::EffectEnded { turn: TurnId(turn), key, tool, class, arguments, outcome, label: None, assigned: None };
        let now = self.clock.now();
        core.feed(&self.journal, run, input, batch, now)?;
        Ok(Noting::Noted)
    }

    /// The domains inside whose walls a turn is taken, the outermost first. Domains of one name may lie in different ones.
    pub fn domains(&self, run: u64, turn: u32) -> Result<Vec<Name>, EngineError> {
        let core = self.lock()?;
        let Some(live) = core.live.get(&run) else { return Ok(Vec::new()) };
        let Some(speaker) = live.turn(turn) else { return Ok(Vec::new()) };
        let plan = settle::plan_of(&live.state);
        let walls = plan.upwards(speaker.node).filter(|at| plan.domain(*at).is_some());
        let mut names: Vec<Name> = walls.filter_map(|at| plan.node(at)).map(|node| node.name.clone()).collect();
        names.reverse();
        Ok(names)
    }

    /// Whether an effect that was begun is to be stopped: its turn took too long, and it can be begun again under its key.
    pub fn is_cut_off(&self, run: u64, key: EffectKey) -> Result<bool, EngineError> {
        let core = self.lock()?;
        let intent = core.live.get(&run).and_then(Live::running).and_then(|running| running.intents.get(&key));
        Ok(intent.is_some_and(|intent| intent.orphaned))
    }

    /// A tool returned, or raised. Returns the journal's ticket (none if the run no longer cares) and what follows for the run.
    /// `outside` is what screens and models outside saw of what it returned.
    pub fn effect_ended(
        &self,
        run: u64,
        key: EffectKey,
        returned: bool,
        result: Vec<u8>,
        outside: Option<&Outside>,
    ) -> Result<Ended, EngineError> {
        let mut guard = self.lock()?;
        let core = &mut *guard;
        if core.broken.intent_before_effect {
            core.intend_late(self, run, key)?;
        }
        let open = core.live.get_mut(&run).and_then(|live| live.effects.open.remove(&key));
        let (Some(open), Some(live)) = (open, core.live.get_mut(&run)) else {
            core.stats.absorbed += 1;
            return Ok(Ended { ticket: None, step: Step::of(Owed::Nothing), result: None, withheld: None });
        };
        let mut batch = Batch::default();
        let arguments = match open.intended {
            Some(journalled) => journalled,
            None => batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Arguments, open.arguments)?,
        };
        let heard = match (returned, is_memory(&open.tool)) {
            (true, false) => {
                let asked = live.held.bytes(arguments.number).map(<[u8]>::to_vec).unwrap_or_default();
                Some(live.hear(open.turn, (&open.tool, open.class != EffectClass::Pure), &asked, (&result, outside))?)
            }
            (true, true) | (false, _) => None,
        };
        let masked = match (&heard, returned) {
            (None, false) => live.guarding.mask(&String::from_utf8_lossy(&result), &mut Vec::new())?.map(String::into_bytes),
            (None, true) | (Some(_), _) => None,
        };
        let (left, withheld, label, values) = match heard {
            Some(heard) => {
                if let Some(kept) = heard.quarantined {
                    let kept = batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Quarantine, kept)?;
                    live.guarding.keeps(kept);
                }
                (heard.result, heard.withheld, Some(heard.label), heard.assigned)
            }
            // What a tool raises was written by whoever writes what it returns.
            None if !is_memory(&open.tool) => (None, None, Some(live.guarding.guard().labels.emits(&open.tool)), None),
            None => (None, None, None, None),
        };
        let kind = if returned { PayloadKind::Result } else { PayloadKind::ErrorText };
        let result = batch.bytes(&mut live.held, &mut core.salts, kind, left.clone().or(masked).unwrap_or(result))?;
        if let Some(label) = label {
            live.guarding.mark(result, label);
            live.guarding.sees(open.turn, label);
        }
        let assigned = match label.zip(values) {
            Some((label, values)) => {
                let kept = serde_json::to_vec(&values.split('\n').collect::<Vec<_>>())?;
                live.guarding.assigns(label, values);
                Some(batch.bytes(&mut live.held, &mut core.salts, PayloadKind::Result, kept)?)
            }
            None => None,
        };
        let outcome = if returned { EffectOutcome::Returned(result) } else { EffectOutcome::Raised(result) };
        let acts = open.intended.is_some();
        let (turn, tool, class) = (TurnId(open.turn), open.tool, open.class);
        let input = Input::EffectEnded { turn, key, tool, class, arguments, outcome, label, assigned };
        let now = self.clock.now();
        let ticket = core.feed(&self.journal, run, input, batch, now)?;
        // Only what acts can have been waited for by the run itself.
        let step = if acts && core.live.contains_key(&run) { core.owed(&self.journal, run, now)? } else { Step::of(Owed::Nothing) };
        Ok(Ended { ticket, step, result: left, withheld })
    }
}

/// What the runtime itself does for a turn: nobody else had a hand in what is recorded of it.
pub(crate) fn is_native(tool: &str) -> bool {
    is_memory(tool) || is_model(tool)
}

/// Effects that reach the memory pass its gate, not the tools'.
pub(crate) fn is_memory(tool: &str) -> bool {
    tool.starts_with("memory.")
}

impl Core {
    /// Record the intent, or ask a person first.
    fn intend(&mut self, engine: &Engine, run: u64, turn: u32, key: EffectKey, effect: Effect) -> Result<EffectStart, EngineError> {
        let Effect { tool, class, arguments, approve, about, is_open, .. } = effect;
        let Some(live) = self.live.get_mut(&run) else { return Ok(EffectStart::TooLate) };
        if live.effects.open.contains_key(&key) && live.intent(key).is_some() {
            return Ok(EffectStart::UnderWay { key });
        }
        let now = engine.clock.now();
        let given = arguments.clone();
        let mut batch = Batch::default();
        // What was written down for this key before stands: an earlier attempt's arguments, or a person's.
        let asked = match live.journalled(key) {
            Some(known) => known,
            None => batch.bytes(&mut live.held, &mut self.salts, PayloadKind::Arguments, arguments)?,
        };
        let attached = match about {
            Some(text) => vec![batch.bytes(&mut live.held, &mut self.salts, PayloadKind::Quarantine, text.into_bytes())?],
            None => Vec::new(),
        };
        let input = Input::EffectBegun { turn: TurnId(turn), key, tool: tool.clone(), class, arguments: asked, approve, attached };
        let after = self.feed(&engine.journal, run, input, batch, now)?.unwrap_or(0);
        let Some(live) = self.live.get_mut(&run) else { return Ok(EffectStart::TooLate) };
        let Some(intended) = live.intent(key) else {
            return Ok(EffectStart::Paused { step: Box::new(self.owed(&engine.journal, run, now)?) });
        };
        let recorded = live.held.bytes(intended.number).map(<[u8]>::to_vec).unwrap_or_default();
        let is_as_asked = is_open && recorded == given;
        let open = if is_memory(&tool) || is_as_asked { None } else { live.opened(&tool, &recorded)? };
        let arguments = open.or_else(|| (recorded != given).then_some(recorded));
        let open = OpenEffect { turn, tool, class, arguments: Vec::new(), intended: Some(intended) };
        live.effects.open.insert(key, open);
        Ok(EffectStart::Run { key, after, arguments })
    }
}

impl Core {
    /// For tests only: the intent of an effect that has ended, when that rule is switched off.
    fn intend_late(&mut self, engine: &Engine, run: u64, key: EffectKey) -> Result<(), EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return Ok(()) };
        if live.effects.open.get(&key).is_none_or(|open| open.class == EffectClass::Pure) {
            return Ok(());
        }
        let Some(OpenEffect { turn, tool, class, arguments, .. }) = live.effects.open.remove(&key) else { return Ok(()) };
        let effect = Effect { tool, class, arguments, approve: None, scopes: Vec::new(), about: None, is_open: false };
        self.intend(engine, run, turn, key, effect).map(|_| ())
    }
}

fn has_promised(live: &Live, speaker: &Turn) -> bool {
    let step = settle::plan_of(&live.state).step(speaker.node);
    step.is_some_and(|step| if speaker.fallback { step.fallback_pure } else { step.pure })
}

impl Live {
    /// The key that this call shares with its repetitions, if the turn has the floor.
    fn effect_key(&mut self, turn: u32, tool: &str, arguments: &[u8]) -> Option<EffectKey> {
        let origin = self.running()?.origin;
        let speaker = self.turn(turn)?;
        let mut digest = Sha256::new();
        digest.update(self.salt); // a key stands in frames, and must not tell what it was made of
        digest.update(origin.0.to_be_bytes());
        digest.update(speaker.node.0.to_be_bytes());
        digest.update(speaker.visit.to_be_bytes());
        digest.update((tool.len() as u64).to_be_bytes());
        digest.update(tool);
        digest.update(arguments);
        let call = shorten(&digest.clone().finalize());
        let occurrence = self.effects.occurrences.entry((turn, call)).or_insert(0);
        *occurrence += 1;
        digest.update(occurrence.to_be_bytes());
        Some(shorten(&digest.finalize()))
    }

    fn running(&self) -> Option<&Running> {
        match &self.state {
            State::Running(running) => Some(running),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
        }
    }

    fn intent(&self, key: EffectKey) -> Option<Ref> {
        self.running()?.intents.get(&key).filter(|intent| !intent.orphaned).map(|intent| intent.arguments)
    }

    /// The arguments that stand for an effect which was asked for before.
    fn journalled(&self, key: EffectKey) -> Option<Ref> {
        let running = self.running()?;
        let intended = running.intents.get(&key).map(|intent| intent.arguments);
        intended.or_else(|| running.approved.get(&key).copied().flatten())
    }

    /// What is known of an effect already.
    fn known(&self, key: EffectKey) -> Option<EffectStart> {
        let running = self.running()?;
        if let Some(result) = running.effects.get(&key) {
            let result = self.held.bytes(result.number)?;
            return Some(match withheld(result) {
                Some(reason) => EffectStart::Denied { reason },
                None => EffectStart::Stored { result: result.to_vec() },
            });
        }
        if let Some(text) = running.raised_once.get(&key) {
            return self.held.text(text.number).map(|text| EffectStart::Raised { text });
        }
        let reason = running.denied.get(&key)?;
        let said = reason.and_then(|reason| self.held.text(reason.number));
        let why = if reason.is_none() { "nobody decided in time" } else { "no reason was given" };
        Some(EffectStart::Denied { reason: said.filter(|text| !text.is_empty()).unwrap_or_else(|| why.into()) })
    }

    /// Whether an effect that acts is under way in this process, and its end is waited for.
    pub(crate) fn is_acting(&self) -> bool {
        let running = match &self.state {
            State::Running(running) => running,
            State::InReview(waiting) => &waiting.running,
            State::Unstarted(_) | State::Ended(_) => return false,
        };
        self.effects.open.keys().any(|key| running.intents.get(key).is_some_and(|intent| !intent.orphaned))
    }
}

fn shorten(digest: &[u8]) -> EffectKey {
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    EffectKey(key)
}
