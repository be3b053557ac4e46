//! A recorded run decided anew, against recorded answers: who was asked the same gives the same answer, as late as it did.
//!
//! As long as every decision is the recorded one, things come in the order in which they were recorded. From the first other decision on
//! a clock counts the durations that were recorded; of two things at one moment the one that was recorded first comes first. Limits pass
//! where they passed in the recorded run; only an `escalation_after` in time counts by that clock, because it is a rule.

use interlock_kernel::{
    Book, Event, Gates, Input, Micros, Refusal, ReviewId, Rules, RunDerived, RunStarted, State, TurnId, decide, evolve, may_advance,
};
use rustc_hash::FxHashMap;

use super::recording::{Outside, Question, Recording};
use super::shelf::Shelf;
use crate::{EngineError, settle};

/// More steps than any run takes.
const ENOUGH: usize = 1_000_000;

/// The rules under which runs are decided anew.
pub(super) struct Under<'a> {
    /// The run's number, for errors.
    pub run: u64,
    pub rules: &'a dyn Rules,
    pub gates: &'a dyn Gates,
    /// How many neighbours the runtime's table looks at now, and how many the recorded run's did.
    pub neighbours: Option<(usize, Option<usize>)>,
}

/// Where a run could not go on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RanOut {
    /// The agent, or what the fact is about.
    pub who: String,
    pub why: &'static str,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Redecided {
    pub events: Vec<Event>,
    pub state: State,
    /// Where it could not go on, if it did not come to its end.
    pub ran_out: Option<RanOut>,
    /// Something that it needs was erased.
    pub erased: bool,
}

/// Something that is waited for.
pub(super) struct Pending {
    pub errand: Errand,
    pub since: Micros,
    /// Where in the recording its answer is, and how much of it has come.
    pub question: Question,
    pub number: usize,
    pub came: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Errand {
    Turn(TurnId),
    Fact(u32),
    Review(ReviewId),
}

/// What comes next.
pub(super) enum Next {
    Came {
        place: usize,
        at: Micros,
    },
    Outside {
        at: Micros,
    },
    /// A rule's time is up.
    Escalates {
        at: Micros,
    },
    Nothing,
}

pub(super) struct Again<'a> {
    pub under: &'a Under<'a>,
    pub recording: &'a Recording,
    pub recorded: &'a [Event],
    pub shelf: &'a mut Shelf,
    pub state: State,
    pub events: Vec<Event>,
    pub now: Micros,
    pub pending: Vec<Pending>,
    /// How often each question was asked.
    pub asked: FxHashMap<Question, usize>,
    /// For the how-manieth time a turn or a fact asked its question.
    pub times: FxHashMap<Errand, usize>,
    pub outside: usize,
    /// How many events are the recorded ones so far, if all are.
    pub in_step: Option<usize>,
}

/// Decide a run anew. `recorded` holds its events.
pub(super) fn again(
    under: &Under<'_>,
    (started, at): (&RunStarted, Micros),
    start: State,
    (recording, recorded): (&Recording, &[Event]),
    shelf: &mut Shelf,
) -> Result<Redecided, EngineError> {
    let mut again = Again {
        under,
        recording,
        recorded,
        shelf,
        state: start,
        events: Vec::new(),
        now: at,
        pending: Vec::new(),
        asked: FxHashMap::default(),
        times: FxHashMap::default(),
        outside: 0,
        in_step: Some(0),
    };
    let (run, message, request, deadline) = (started.run, started.message, started.request, started.deadline);
    let asked = Input::Requested { run, rules: under.rules.revision(), message, request, deadline };
    let (ran_out, erased) = match again.run(asked) {
        Ok(ran_out) => (ran_out, false),
        Err(Stop::Erased) => (None, true),
        Err(Stop::Error(error)) => return Err(error),
    };
    Ok(Redecided { events: again.events, state: again.state, ran_out, erased })
}

pub(super) enum Stop {
    /// A payload that a decision looks at is gone.
    Erased,
    Error(EngineError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Error(error)
    }
}

pub(super) type Step<T> = Result<T, Stop>;

impl Again<'_> {
    fn run(&mut self, first: Input) -> Step<Option<RanOut>> {
        self.feed(first)?;
        for _ in 0..ENOUGH {
            if self.state.is_over() {
                return Ok(None);
            }
            if let Some(ran_out) = self.take_up()? {
                return Ok(Some(ran_out));
            }
            let in_review = match &self.state {
                State::InReview(_) => true,
                State::Running(running) => running.paused,
                State::Unstarted(_) | State::Ended(_) => false,
            };
            match self.next() {
                Next::Came { place, at } => {
                    self.now = self.now.max(at);
                    if let Some(ran_out) = self.come(place)? {
                        return Ok(Some(ran_out));
                    }
                }
                Next::Outside { at } => {
                    self.now = self.now.max(at);
                    let found = self.recording.outside.get(self.outside).map(|(_, _, what)| what.clone());
                    self.outside += 1;
                    match found {
                        Some(Outside::Cancelled(reason)) => self.feed(Input::CancelRequested { reason })?,
                        Some(Outside::Reopened(deadline)) => self.feed(Input::Reopened { deadline })?,
                        Some(Outside::Derived(RunDerived { from, seq, deadline, message, .. })) => {
                            self.tell(Input::Derived { from, seq, deadline, message })?;
                        }
                        Some(Outside::TimePassed) => self.feed(Input::TimePassed)?,
                        None => {}
                    }
                }
                Next::Escalates { at } => {
                    self.now = self.now.max(at);
                    self.feed(Input::TimePassed)?;
                }
                Next::Nothing if in_review => return Ok(None), // a person is asked who never was
                Next::Nothing => return Ok(Some(RanOut { who: "the run".into(), why: "nothing that was recorded goes on from here" })),
            }
        }
        Err(EngineError::Internal("a run that was decided anew has no end").into())
    }

    /// Decide, record, and go on as long as nothing from outside is needed.
    pub(super) fn feed(&mut self, input: Input) -> Step<()> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let book = Book { rules: self.under.rules, gates: self.under.gates, payloads: &*self.shelf };
            let run = self.under.run;
            let events = decide(&self.state, input, &book, self.now).map_err(|refusal| match refusal {
                Refusal::PayloadMissing { .. } => Stop::Erased,
                Refusal::UnknownTurn { .. }
                | Refusal::UnknownReview { .. }
                | Refusal::AlreadyStarted
                | Refusal::NotStarted
                | Refusal::NotAwaited
                | Refusal::WrongPairs { .. }
                | Refusal::GateNeeds { .. }
                | _ => Stop::Error(EngineError::Refused { run, refusal }),
            })?;
            let moved = !events.is_empty();
            for event in events {
                let stand_in = settle::placeholder(&self.state);
                let before = std::mem::replace(&mut self.state, stand_in);
                self.state = evolve(before, &event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
                self.compare(&event);
                self.count(&event);
                self.events.push(event);
            }
            if moved && may_advance(&self.state) && !self.is_interrupted() {
                next = Some(Input::Advanced);
            }
        }
        Ok(())
    }

    /// As `feed`, for what may come at the wrong moment here: what is refused changes nothing.
    pub(super) fn tell(&mut self, input: Input) -> Step<()> {
        match self.feed(input) {
            Err(Stop::Error(EngineError::Refused { .. })) => Ok(()),
            other => other,
        }
    }

    /// Whether the recorded run was cut off or called off at this very point.
    fn is_interrupted(&self) -> bool {
        let next = self.in_step.and_then(|place| self.recorded.get(place));
        matches!(next, Some(Event::RunResumed(_) | Event::RunCancelled(_) | Event::RunDerived(_)))
    }

    /// Whether the run is still in step with the recorded one.
    fn compare(&mut self, event: &Event) {
        let Some(place) = self.in_step else { return };
        let is_same = self.recorded.get(place).is_some_and(|recorded| self.is_same(recorded, event));
        self.in_step = is_same.then_some(place + 1);
    }

    /// Whether two events are one decision, whatever rule took it and when.
    fn is_same(&self, recorded: &Event, event: &Event) -> bool {
        if let (Event::TurnStarted(then), Event::TurnStarted(now)) = (recorded, event) {
            let same = self.shelf.same(then.message) == self.shelf.same(now.message);
            return same && (then.node, &then.agent, then.strand, then.hedge) == (now.node, &now.agent, now.strand, now.hedge);
        }
        if let (Event::RouteChosen(then), Event::RouteChosen(now)) = (recorded, event) {
            let same = self.shelf.same(then.message) == self.shelf.same(now.message);
            let (old, new) = (&then.decision, &now.decision);
            return same
                && (then.relay, then.strand) == (now.relay, now.strand)
                && (&old.target, &old.fallback, old.escalation) == (&new.target, &new.fallback, new.escalation);
        }
        recorded.name() == event.name()
    }
}
