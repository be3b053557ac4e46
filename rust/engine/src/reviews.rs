//! People's words about runs that wait for them. A run that rests in a review is not in memory: it is folded when somebody speaks.

use interlock_journal::{Journal, PayloadKind};
use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::{
    Follows, Input, Micros, Name, OpenReview, Ref, ReviewId, ReviewSubject, ReviewVerdict, Reviewer, RunId, State, TermsSpec, due,
};

use crate::engine::{Core, Engine};
use crate::live::{Batch, Live, Said};
use crate::resume::Resumed;
use crate::step::{Owed, Step};
use crate::{EngineError, settle};

/// What a person says about a review.
#[derive(Debug)]
pub struct Word {
    pub by: Reviewer,
    /// Whose people they are; without one they are the service's own.
    pub tenant: Option<Name>,
    /// Why, in their words.
    pub reason: String,
    pub says: Says,
}

#[derive(Debug)]
pub enum Says {
    Decides {
        verdict: ReviewVerdict,
        /// The answer, with JSON beside it; for an effect the JSON is its result, or its changed arguments.
        text: Option<String>,
        data: Option<Vec<u8>>,
    },
    Claims {
        for_ms: u64,
    },
    Reassigns {
        role: Option<Name>,
        person: Option<Name>,
    },
}

impl Engine {
    /// Terms for reviews of which a plan says nothing, as JSON; `null` for none.
    pub fn set_review_terms(&self, text: &str) -> Result<(), EngineError> {
        let terms: Option<TermsSpec> = serde_json::from_str(text)?;
        self.lock()?.terms = terms.map(std::sync::Arc::new);
        Ok(())
    }

    /// A person decides, claims or reassigns one of a run's reviews; without a number the one that is open.
    /// Of two who decide at once one wins, and the other is told by `Refused`.
    ///
    /// # Errors
    /// `NotInReview` when nothing is open, `WhichReview` when several are and none was named, `Refused` when it can't be said by them, or any more.
    pub fn review(&self, run: u64, number: Option<u32>, word: Word) -> Result<Resumed, EngineError> {
        let mut core = self.lock()?;
        let now = self.clock.now();
        let waited = core.waiting.remove(&run);
        let woken = core.wake_up(self, run, now);
        let heard = match &woken {
            Ok(_) => core.hear(&self.journal, run, number, word, now),
            Err(_) => Ok(()),
        };
        if matches!(woken, Ok(true)) && heard.is_err() {
            core.rest(run);
        }
        if let (Some(waits), true) = (waited, woken.is_err() || heard.is_err()) {
            core.waiting.insert(run, waits); // nothing was said in it
        }
        woken?;
        heard?;
        core.go_on(self, run, now)
    }
}

impl Core {
    /// Bring a run that rests back into memory. Gives whether it did: the run may go on beside a review of one effect.
    pub(crate) fn wake_up(&mut self, engine: &Engine, run: u64, now: Micros) -> Result<bool, EngineError> {
        if self.live.contains_key(&run) {
            return Ok(false);
        }
        let mut folded = self.fold(&engine.journal, run)?;
        let is_open = match &folded.state {
            State::InReview(waiting) => waiting.decided.is_none(),
            State::Running(running) => !running.open.is_empty(), // paused, or waiting for an agent that is not here
            State::Unstarted(_) | State::Ended(_) => false,
        };
        if !is_open && !matches!(folded.state, State::Ended(_)) {
            let status = settle::status(&folded.state).name();
            return Err(EngineError::NotInReview { run: folded.id.to_string(), status });
        }
        if let State::Ended(_) = folded.state {
            let status = settle::status(&folded.state).name();
            return Err(Self::ended(engine, run, folded.id, status));
        }
        let row = engine.journal.find_id(folded.id)?;
        (folded.key, folded.thread) = row.map(|row| (row.key, row.thread)).unwrap_or_default();
        if let Some(key) = &folded.key {
            self.keys.insert(key.clone(), run);
        }
        let has_lost = matches!(&folded.state, State::Running(running) if running.intents.values().any(|intent| !intent.orphaned));
        self.live.insert(run, folded);
        self.resting.remove(&run);
        if has_lost {
            // The process went down while it waited for the end of what acted.
            let deadline = now.after_ms(RUN_DEADLINE_MS);
            self.feed(&engine.journal, run, Input::Reopened { deadline }, Batch::default(), now)?;
        }
        Ok(true)
    }

    /// What to say to somebody who decides a run that is over: who was faster, if a review of it was decided.
    fn ended(engine: &Engine, run: u64, id: RunId, status: &'static str) -> EngineError {
        let frames = engine.journal.frames(run).unwrap_or_default(); // the fold has just read them
        let decided = frames.iter().rev().filter_map(interlock_journal::Frame::event).find_map(|event| {
            let interlock_kernel::Event::ReviewDecided(decided) = event else { return None };
            Some((decided.review, decided.by.clone()))
        });
        match decided {
            Some((review, by)) => EngineError::Refused { run, refusal: interlock_kernel::Refusal::ReviewClosed { review, by } },
            None => EngineError::NotInReview { run: id.to_string(), status },
        }
    }

    fn hear(&mut self, journal: &Journal, run: u64, number: Option<u32>, word: Word, now: Micros) -> Result<(), EngineError> {
        let Some(live) = self.live.get_mut(&run) else { return Err(EngineError::Internal("a run rests that was woken")) };
        let review = live.which(number)?;
        let open = live.open_reviews().into_iter().find(|(id, _)| *id == review).map(|(_, open)| open);
        if let Some((ruling, why)) = live.may_decide(&word, open) {
            let what = ruling.resource.as_deref().unwrap_or_default().to_owned();
            let denied = EngineError::ReviewDenied { run: live.id.to_string(), by: word.by.name.to_string(), what, why };
            let input = Input::Ruled { turn: None, ruling, key: None, follows: Follows::Nothing };
            self.feed(journal, run, input, Batch::default(), now)?;
            return Err(denied);
        }
        let subject = open.map(|open| open.subject.clone());
        let mut batch = Batch::default();
        let by = word.by;
        let mut reason = |live: &mut Live, batch: &mut Batch| {
            let said = Said { text: live.guarding.told(word.reason.clone())?, sender: Some(by.name.clone()), ..Said::default() };
            batch.message(&mut live.held, &mut self.salts, said)
        };
        let input = match word.says {
            Says::Claims { for_ms } => Input::ReviewClaimed { review, by: by.clone(), until: now.after_ms(for_ms) },
            Says::Reassigns { role, person } => {
                let decision = reason(live, &mut batch)?;
                Input::ReviewReassigned { review, by: by.clone(), role, person, decision }
            }
            Says::Decides { verdict, text, data } => {
                let decision = reason(live, &mut batch)?;
                let content = content(live, &mut batch, &mut self.salts, (subject.as_ref(), verdict), (text, data), &by.name)?;
                let deadline = now.after_ms(RUN_DEADLINE_MS);
                Input::ReviewAnswered { review, by: by.clone(), decision, verdict, content, deadline }
            }
        };
        self.feed(journal, run, input, batch, now).map(|_| ())
    }

    /// After a word: the run rests again, ends, or goes on, if its plan and its agents are here.
    pub(crate) fn go_on(&mut self, engine: &Engine, run: u64, now: Micros) -> Result<Resumed, EngineError> {
        let Some(live) = self.live.get(&run) else { return Err(EngineError::Internal("a run was decided that is not live")) };
        let (id, plan) = (live.id, settle::plan_of(&live.state).clone());
        let goes_on = matches!(&live.state, State::Running(running) if !running.paused);
        if goes_on
            && live.offered.is_empty()
            && let Some(needs) = self.absent(&plan)
        {
            self.waits_for(run, id, needs);
            let settled = self.look_up(&engine.journal, run)?;
            return Ok(Resumed { run, id, step: Step::of(Owed::Settled(settled)), plan: plan.name.clone() });
        }
        let step = self.owed(&engine.journal, run, now)?;
        Ok(Resumed { run, id, step, plan: plan.name.clone() })
    }

    /// Out of memory again; only the time when its first review is due is kept.
    pub(crate) fn rest(&mut self, run: u64) {
        self.let_rest(run);
        self.leave(run);
    }

    pub(crate) fn let_rest(&mut self, run: u64) {
        if let Some(at) = self.live.get(&run).and_then(|live| due(&live.state)) {
            self.rests_until(run, at);
        }
    }

    pub(crate) fn rests_until(&mut self, run: u64, at: Micros) {
        self.resting.insert(run, at);
        self.deadlines.push(at, run);
    }

    /// The time of a resting run's review has run out: what its terms say, and what follows.
    pub(crate) fn overdue(&mut self, engine: &Engine, run: u64, now: Micros) -> Result<Option<Resumed>, EngineError> {
        if self.resting.get(&run).is_none_or(|due| *due > now) {
            return Ok(None);
        }
        self.wake_up(engine, run, now)?;
        while self.feed(&engine.journal, run, Input::TimePassed, Batch::default(), now)?.is_some() {}
        self.go_on(engine, run, now).map(Some)
    }
}

/// What stands in place of what was asked about: an answer is a message, an effect's arguments and result are JSON.
fn content(
    live: &mut Live,
    batch: &mut Batch,
    salts: &mut interlock_journal::SaltSource,
    (subject, verdict): (Option<&ReviewSubject>, ReviewVerdict),
    (text, data): (Option<String>, Option<Vec<u8>>),
    by: &Name,
) -> Result<Option<Ref>, EngineError> {
    if matches!(verdict, ReviewVerdict::Approved | ReviewVerdict::Rejected) || (text.is_none() && data.is_none()) {
        return Ok(None);
    }
    let (text, data) = live.guarding.written(text, data)?;
    if let Some(ReviewSubject::Effect { .. }) = subject {
        let kind = if verdict == ReviewVerdict::Edited { PayloadKind::Arguments } else { PayloadKind::Result };
        let bytes = match (data, text) {
            (Some(data), _) => data,
            (None, text) => serde_json::to_vec(&text)?,
        };
        return batch.bytes(&mut live.held, salts, kind, bytes).map(Some);
    }
    let said = Said { text: text.unwrap_or_default(), data, sender: Some(by.clone()), ..Said::default() };
    batch.message(&mut live.held, salts, said).map(Some)
}

impl Live {
    pub(crate) fn open_reviews(&self) -> Vec<(ReviewId, &OpenReview)> {
        match &self.state {
            State::InReview(waiting) if waiting.decided.is_none() => vec![(waiting.review, &waiting.open)],
            State::Running(running) => running.open.iter().map(|(id, open)| (*id, open)).collect(),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => Vec::new(),
        }
    }

    pub(crate) fn which(&self, number: Option<u32>) -> Result<ReviewId, EngineError> {
        match (number, &self.open_reviews()[..]) {
            (Some(number), _) => Ok(ReviewId(number)),
            (None, [(only, _)]) => Ok(*only),
            (None, []) => {
                let status = settle::status(&self.state).name();
                Err(EngineError::NotInReview { run: self.id.to_string(), status })
            }
            (None, several) => Err(EngineError::WhichReview { run: self.id.to_string(), open: several.len() }),
        }
    }
}
