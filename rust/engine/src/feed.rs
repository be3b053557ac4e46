//! What the shell tells the engine about a run: answers, failures, vectors, time, decisions.

use interlock_journal::{Journal, PayloadKind, SaltSource};
use interlock_kernel::{Confidence, Failure, HandOff, Input, Micros, Name, Ref, Reply, Spent, TurnId};

use crate::EngineError;
use crate::engine::{Core, Engine};
use crate::guarding::Outside;
use crate::live::{Batch, Live, Said};
use crate::resume::Resumed;
use crate::step::{Owed, Step};

/// So many runs that rest are woken at once when many reviews are due: each takes about a tenth of a millisecond.
const AT_ONCE: usize = 64;

/// What an agent answered.
#[derive(Debug, Default)]
pub struct Answer {
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub confidence: Option<Confidence>,
    pub intent: Option<Name>,
    pub hand_off: Option<Name>,
    pub labels: Vec<Name>,
    pub tokens: Option<u32>,
    pub delegated: Vec<Delegation>,
    /// Beside a handoff, the data is for the next one, and not its reason.
    pub writes: bool,
    /// What screens and models outside saw of it.
    pub outside: Option<Outside>,
}

/// What changed because time passed.
#[derive(Debug)]
pub struct Expired {
    pub steps: Vec<(u64, Step)>,
    pub woken: Vec<Resumed>,
    /// Why a run that was due could not be looked at: the first of them.
    pub failed: Option<EngineError>,
}

/// To whom a supervisor delegates; without a text the member gets what the hierarchy was given.
#[derive(Debug)]
pub struct Delegation {
    pub member: Name,
    pub text: Option<String>,
    pub data: Option<Vec<u8>>,
}

impl Engine {
    /// An agent answered. A late or repeated answer changes nothing and is counted.
    pub fn replied(&self, run: u64, turn: u32, answer: Answer) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let (sender, domain) = (sender(live, turn), live.domain_of(turn));
            let labels = labels(live, turn, answer.labels)?;
            let trust = live.context(turn);
            let named = answer.hand_off.iter().chain(answer.delegated.iter().map(|one| &one.member));
            if let Some(refused) = live.may_hand_over(turn, named) {
                return failed(live, salts, batch, turn, (refused, Failure::Raised));
            }
            let (text, data) = live.guarding.said(answer.text, answer.data, answer.outside.as_ref())?;
            // Beside a handoff, data holds its reason: it is no message to the next.
            let empty = text.is_empty() && (data.is_none() || (answer.hand_off.is_some() && !answer.writes));
            let body = Said { text, data, sender: sender.clone(), labels: labels.clone(), domain };
            let content = batch.message(&mut live.held, salts, body)?;
            live.guarding.mark(content, trust);
            if let Some(outside) = &answer.outside {
                live.guarding.hear_reply(Some(turn), (sender.clone(), content), outside);
            }
            let mut delegated = Vec::with_capacity(answer.delegated.len());
            for Delegation { member, text, data } in answer.delegated {
                let written = match (text, data) {
                    (None, None) => None,
                    (text, data) => {
                        let (text, data) = live.guarding.said(text.unwrap_or_default(), data, answer.outside.as_ref())?;
                        let (sender, labels) = (sender.clone(), labels.clone());
                        let written = batch.message(&mut live.held, salts, Said { text, data, sender, labels, domain })?;
                        live.guarding.mark(written, trust);
                        Some(written)
                    }
                };
                delegated.push((member, written));
            }
            let hand_off = answer.hand_off.map(|target| HandOff { target });
            let spent = answer.tokens.map(|tokens| Spent { tokens, estimated: false });
            let (confidence, intent) = (answer.confidence, answer.intent);
            let label = live.guarding.label_of(content.number);
            let reply = Reply { content, empty, confidence, intent, hand_off, delegated, spent, label };
            Ok(Input::Replied { turn: TurnId(turn), reply })
        })
    }

    /// An agent raised, with the error's text.
    pub fn raised(&self, run: u64, turn: u32, text: String) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| failed(live, salts, batch, turn, (text, Failure::Raised)))
    }

    /// An agent answered with something that is no reply.
    pub fn answered_wrongly(&self, run: u64, turn: u32, text: String) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| failed(live, salts, batch, turn, (text, Failure::WrongType)))
    }

    /// The vector that `Owed::Embed` asked for. The scan runs outside the engine's lock.
    pub fn embedded(&self, run: u64, ask: u32, vector: &[f32]) -> Result<Step, EngineError> {
        let semantic = self.lock()?.semantic.clone().ok_or(EngineError::NoIndex)?;
        let neighbours = semantic.nearest(vector)?;
        self.tell(run, |_, _, _| Ok(Input::NeighboursFound { ask, neighbours, index: semantic.revision() }))
    }

    /// How far the answers agree that `Owed::Compare` asked about: each pair, in parts per million.
    pub fn compared(&self, run: u64, ask: u32, pairs: Vec<u32>) -> Result<Step, EngineError> {
        self.tell(run, |_, _, _| Ok(Input::AgreementFound { ask, pairs }))
    }

    /// A question can't be answered; the text says why.
    pub fn fact_failed(&self, run: u64, ask: u32, text: String) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let why = batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, live.guarding.told(text)?.into_bytes())?;
            Ok(Input::FactFailed { ask, why })
        })
    }

    pub fn cancel(&self, run: u64, reason: Option<String>) -> Result<Step, EngineError> {
        self.tell(run, |live, salts, batch| {
            let reason = match reason {
                Some(text) => Some(batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, live.guarding.told(text)?.into_bytes())?),
                None => None,
            };
            Ok(Input::CancelRequested { reason })
        })
    }

    /// The timer fired: what changed, run by run, and the runs that were woken because a review of theirs was due.
    pub fn expire(&self) -> Result<Expired, EngineError> {
        let mut core = self.lock()?;
        let now = self.clock.now();
        let (mut steps, mut woken, mut failed) = (Vec::new(), Vec::new(), None);
        for run in core.deadlines.due(now) {
            if woken.len() >= AT_ONCE && core.resting.contains_key(&run) {
                core.deadlines.push(now, run); // folding all of them would keep everybody else waiting
                continue;
            }
            let Some(live) = core.live.get_mut(&run) else {
                // Or it ended before its time. One that can't be folded stops nobody else.
                match core.overdue(self, run, now) {
                    Ok(resumed) => woken.extend(resumed),
                    Err(error) => failed = failed.or(Some(error)),
                }
                continue;
            };
            live.armed = None;
            let mut moved = false;
            // Several limits may have passed at once, one strand's after the other's.
            while core.feed(&self.journal, run, Input::TimePassed, Batch::default(), now)?.is_some() {
                moved = true;
            }
            if moved {
                steps.push((run, core.owed(&self.journal, run, now)?));
            } else {
                core.arm(run);
            }
        }
        let moves = core.agents.due(now);
        core.refused.extend(moves.refused);
        for grant in moves.go {
            let (run, turn) = (grant.ticket.run, grant.ticket.turn);
            if let Some(offered) = core.live.get_mut(&run).and_then(|live| live.offered.iter_mut().find(|one| one.turn == turn)) {
                offered.waits = false;
                let owed = core.granted(run, turn)?;
                steps.push((run, Step::of(owed)));
            }
        }
        Ok(Expired { steps, woken, failed })
    }

    /// The earliest deadline, after `expire`: arm the timer for it.
    pub fn next_wake(&self) -> Result<Option<Micros>, EngineError> {
        Ok(self.lock()?.news())
    }

    /// The call of a turn that some step's `granted` named.
    pub fn take(&self, run: u64, turn: u32) -> Result<Owed, EngineError> {
        self.lock()?.granted(run, turn)
    }

    /// What a run owes that some step's `upset` named.
    pub fn look(&self, run: u64) -> Result<Step, EngineError> {
        self.lock()?.owed(&self.journal, run, self.clock.now())
    }

    fn tell(
        &self,
        run: u64,
        input: impl FnOnce(&mut Live, &mut SaltSource, &mut Batch) -> Result<Input, EngineError>,
    ) -> Result<Step, EngineError> {
        self.lock()?.tell(&self.journal, run, self.clock.now(), input)
    }
}

impl Core {
    /// Build the input with its payloads, feed it, and say what is owed; absorb it if the run is over.
    pub(crate) fn tell(
        &mut self,
        journal: &Journal,
        run: u64,
        now: Micros,
        input: impl FnOnce(&mut Live, &mut SaltSource, &mut Batch) -> Result<Input, EngineError>,
    ) -> Result<Step, EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return self.absorb(run).map(|()| Step::of(Owed::Nothing)) };
        let mut batch = Batch::default();
        let input = input(live, &mut self.salts, &mut batch)?;
        match self.feed(journal, run, input, batch, now)? {
            Some(_) => self.owed(journal, run, now),
            None => self.absorb(run).map(|()| Step::of(Owed::Nothing)),
        }
    }

    /// An input for a run that is over, or that said nothing new.
    fn absorb(&mut self, run: u64) -> Result<(), EngineError> {
        if run == 0 || run >= self.next_run {
            return Err(EngineError::UnknownRun { run: run.to_string() });
        }
        self.stats.absorbed += 1;
        Ok(())
    }
}

/// An attempt failed, with the reason masked: the next attempt is told, and is trusted no more than this one was.
fn failed(
    live: &mut Live,
    salts: &mut SaltSource,
    batch: &mut Batch,
    turn: u32,
    (text, failure): (String, fn(Ref) -> Failure),
) -> Result<Input, EngineError> {
    let trust = live.context(turn);
    let text = batch.bytes(&mut live.held, salts, PayloadKind::ErrorText, live.guarding.told(text)?.into_bytes())?;
    live.guarding.mark(text, trust);
    Ok(Input::AttemptFailed { turn: TurnId(turn), failure: failure(text), label: Some(trust) })
}

fn sender(live: &Live, turn: u32) -> Option<Name> {
    live.turn(turn).map(|now| now.agent.clone())
}

/// What a reply is marked with: what it says itself, and whatever its turn's message was marked with.
fn labels(live: &Live, turn: u32, given: Vec<Name>) -> Result<Vec<Name>, EngineError> {
    let mut labels = given;
    checked(&labels)?;
    let heard = live.turn(turn).and_then(|turn| live.held.message(turn.message.number));
    for label in heard.map(|said| &said.labels[..]).unwrap_or_default() {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    Ok(labels)
}

pub(crate) fn checked(labels: &[Name]) -> Result<(), EngineError> {
    match labels.iter().find(|label| label.is_empty() || label.contains('\n')) {
        Some(label) => Err(EngineError::Label { label: label.to_string() }),
        None => Ok(()),
    }
}
