//! A recorded run decided anew, against recorded answers: who was asked the same gives the same answer, as late as it did.
//!
//! As long as every decision is the recorded one, things come in the order in which they were recorded. From the first other decision on
//! a clock counts the durations that were recorded; of two things at one moment the one that was recorded first comes first. Limits pass
//! where they passed in the recorded run; only an `escalation_after` in time counts by that clock, because it is a rule.

use interlock_kernel::plan::Plan;
use interlock_kernel::{
    Book, CallAgent, Command, Crossing, CrossingOutcome, Escalation, Event, Gates, HandOff, Input, Micros, NodeId, Refusal, Reply, Rules,
    RunStarted, State, TurnId, calls, decide, evolve, facts, may_advance, wakes_at,
};

use rustc_hash::FxHashMap;

use super::recording::{Asked, Came, Outside, Question, Recording, What};
use super::shelf::Shelf;
use crate::{EngineError, settle};

/// More steps than any run takes.
const ENOUGH: usize = 1_000_000;

/// The rules under which runs are decided anew.
pub(super) struct Under<'a> {
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
struct Pending {
    errand: Errand,
    since: Micros,
    /// Where in the recording its answer is, and how much of it has come.
    question: Question,
    number: usize,
    came: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Errand {
    Turn(TurnId),
    Fact(u32),
}

/// What comes next.
enum Next {
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

struct Again<'a> {
    under: &'a Under<'a>,
    recording: &'a Recording,
    recorded: &'a [Event],
    shelf: &'a mut Shelf,
    state: State,
    events: Vec<Event>,
    now: Micros,
    pending: Vec<Pending>,
    /// How often each question was asked.
    asked: FxHashMap<Question, usize>,
    /// For the how-manieth time a turn or a fact asked its question.
    times: FxHashMap<Errand, usize>,
    outside: usize,
    reviews: usize,
    /// How many events are the recorded ones so far, if all are.
    in_step: Option<usize>,
}

/// Decide a run anew. `recorded` holds its events without those of effects, which decide nothing.
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
        reviews: 0,
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

enum Stop {
    /// A payload that a decision looks at is gone.
    Erased,
    Error(EngineError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Error(error)
    }
}

type Step<T> = Result<T, Stop>;

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
            let in_review = matches!(self.state, State::InReview(_));
            if in_review && self.review()? {
                continue;
            }
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
    fn feed(&mut self, input: Input) -> Step<()> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let book = Book { rules: self.under.rules, gates: self.under.gates, payloads: &*self.shelf };
            let run = 0;
            let events = decide(&self.state, input, &book, self.now).map_err(|refusal| match refusal {
                Refusal::PayloadMissing { .. } => Stop::Erased,
                refusal => Stop::Error(EngineError::Refused { run, refusal }),
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

    /// Whether the recorded run was cut off or called off at this very point.
    fn is_interrupted(&self) -> bool {
        let next = self.in_step.and_then(|place| self.recorded.get(place));
        matches!(next, Some(Event::RunResumed(_) | Event::RunCancelled(_)))
    }

    /// Whether the run is still in step with the recorded one.
    fn compare(&mut self, event: &Event) {
        let Some(place) = self.in_step else { return };
        let is_same = self.recorded.get(place).is_some_and(|recorded| self.is_same(recorded, event));
        self.in_step = is_same.then_some(place + 1);
    }

    /// Whether two events are one decision, whatever rule took it and when.
    fn is_same(&self, recorded: &Event, event: &Event) -> bool {
        match (recorded, event) {
            (Event::TurnStarted(then), Event::TurnStarted(now)) => {
                let same = self.shelf.same(then.message) == self.shelf.same(now.message);
                same && (then.node, &then.agent, then.strand, then.hedge) == (now.node, &now.agent, now.strand, now.hedge)
            }
            (Event::RouteChosen(then), Event::RouteChosen(now)) => {
                let same = self.shelf.same(then.message) == self.shelf.same(now.message);
                let (old, new) = (&then.decision, &now.decision);
                same && (then.relay, then.strand) == (now.relay, now.strand)
                    && (&old.target, &old.fallback, old.escalation) == (&new.target, &new.fallback, new.escalation)
            }
            (then, now) => then.name() == now.name(),
        }
    }

    /// Ask for what is newly owed. Where that was never asked, the run can't go on.
    fn take_up(&mut self) -> Step<Option<RanOut>> {
        let mut turns = calls(&self.state, |_| true);
        turns.sort_unstable_by_key(|call| call.turn); // as they were started
        let facts: Vec<Command> = facts(&self.state);
        let owed: Vec<u32> = facts.iter().filter_map(|command| Some(Question::of_fact(command, self.shelf)?.0)).collect();
        self.pending.retain(|pending| match pending.errand {
            Errand::Turn(turn) => turns.iter().any(|call| call.turn == turn),
            Errand::Fact(ask) => owed.contains(&ask),
        });
        for call in &turns {
            if !self.pending.iter().any(|pending| pending.errand == Errand::Turn(call.turn))
                && let Some(ran_out) = self.ask_agent(call)
            {
                return Ok(Some(ran_out));
            }
        }
        for command in &facts {
            let Some((ask, question)) = Question::of_fact(command, self.shelf) else { continue };
            if self.pending.iter().any(|pending| pending.errand == Errand::Fact(ask)) {
                continue;
            }
            if let Some(ran_out) = self.ask_fact(command, ask, question)? {
                return Ok(Some(ran_out));
            }
            if self.pending.iter().all(|pending| pending.errand != Errand::Fact(ask)) {
                return Ok(None); // a wall answered at once, and what is owed is another thing now
            }
        }
        Ok(None)
    }

    fn ask_agent(&mut self, call: &CallAgent) -> Option<RanOut> {
        let question = Question::Agent(call.agent.clone(), self.shelf.same(call.message));
        let number = self.before(Errand::Turn(call.turn));
        if self.answer(&question, number).is_some() {
            self.wait(Errand::Turn(call.turn), question, number);
            return None;
        }
        let was_asked = |one: &Question| matches!(one, Question::Agent(agent, _) if *agent == call.agent);
        let why = if number > 0 {
            "was not asked this so often"
        } else if self.recording.asked.keys().any(was_asked) {
            "was asked with another message"
        } else {
            "was not asked"
        };
        Some(RanOut { who: call.agent.to_string(), why })
    }

    fn ask_fact(&mut self, command: &Command, ask: u32, question: Question) -> Step<Option<RanOut>> {
        let node = self.node_of(command);
        // A fact is the same however often it is asked for, and what was asked last was not asked in vain.
        let last = self.recording.asked.get(&question).map_or(0, |all| all.len().saturating_sub(1));
        let number = self.before(Errand::Fact(ask)).min(last);
        match (&question, self.answer(&question, number).map(|asked| &asked.came[..])) {
            (Question::Neighbours(_), Some([Came { what: What::Neighbours(found, _), .. }])) if self.needs_more(node, found.len()) => {
                Ok(Some(RanOut { who: "the nearest examples".into(), why: "fewer were recorded than are to vote" }))
            }
            (_, Some(_)) => {
                self.wait(Errand::Fact(ask), question, number);
                Ok(None)
            }
            (Question::Wall(_, inwards, _), None) => self.cross(command, ask, *inwards).map(|()| None),
            (Question::Neighbours(_), None) => Ok(Some(RanOut { who: "the nearest examples".into(), why: "were not looked for" })),
            (Question::Agreement(..) | Question::Agent(..), None) => {
                Ok(Some(RanOut { who: format!("the comparison of {}", self.name(node)), why: "was not made of these answers" }))
            }
        }
    }

    /// Count what is asked now, even if it is called off before anybody hears of it.
    fn count(&mut self, event: &Event) {
        if let Event::TurnStarted(started) = event {
            let question = Question::Agent(started.agent.clone(), self.shelf.same(started.message));
            self.count_one(Errand::Turn(started.turn), question);
        }
        for command in facts(&self.state) {
            if let Some((ask, question)) = Question::of_fact(&command, self.shelf) {
                self.count_one(Errand::Fact(ask), question);
            }
        }
    }

    fn count_one(&mut self, errand: Errand, question: Question) {
        if !self.times.contains_key(&errand) {
            let count = self.asked.entry(question).or_insert(0);
            self.times.insert(errand, *count);
            *count += 1;
        }
    }

    /// How often the question of an errand had been asked before.
    fn before(&self, errand: Errand) -> usize {
        self.times.get(&errand).copied().unwrap_or(0)
    }

    fn wait(&mut self, errand: Errand, question: Question, number: usize) {
        self.pending.push(Pending { errand, since: self.now, question, number, came: 0 });
    }

    fn answer(&self, question: &Question, number: usize) -> Option<&Asked> {
        self.recording.asked.get(question)?.get(number)
    }

    /// Whether the runtime's table wants more neighbours than were recorded, and there may be more.
    fn needs_more(&self, node: NodeId, recorded: usize) -> bool {
        let plan = settle::plan_of(&self.state);
        let is_the_plans = plan.upwards(node).any(|above| plan.domain(above).is_some_and(|domain| domain.table.is_some()));
        match self.under.neighbours {
            Some((now, then)) if !is_the_plans => now > recorded && then.is_none_or(|then| then <= recorded),
            Some(_) | None => false,
        }
    }

    /// What a contract lets through is no fact that must have been recorded: the plan says it.
    fn cross(&mut self, command: &Command, ask: u32, inwards: bool) -> Step<()> {
        let Command::FindFact { node, message, .. } = command else { return Ok(()) };
        let plan = std::sync::Arc::clone(settle::plan_of(&self.state));
        let domain = plan.domain(*node).ok_or(EngineError::Internal("a message stands at a wall that is none"))?;
        let contract = if inwards { &domain.imports } else { &domain.exports };
        let given = self.shelf.get(*message).ok_or(Stop::Erased)?;
        let crossing = match crate::walls::pass(contract, given)? {
            Err(label) => Crossing::Refused { label },
            Ok((said, dropped)) => Crossing::Passes { message: self.shelf.keep(said)?, dropped },
        };
        self.feed(Input::CrossingFound { ask, crossing })
    }

    /// The decision of the person who was asked the same. Says whether there is one.
    fn review(&mut self) -> Step<bool> {
        let State::InReview(waiting) = &self.state else { return Ok(false) };
        let (review, why, about) = (waiting.review, waiting.why, self.shelf.same(waiting.about));
        let rest = self.recording.reviews.iter().skip(self.reviews);
        let Some((place, found)) = (self.reviews..).zip(rest).find(|(_, one)| (one.why, one.about) == (why, about)) else {
            return Ok(false);
        };
        let Some((seq, decision, verdict)) = found.decided else { return Ok(false) };
        if self.recording.outside.get(self.outside).is_some_and(|(first, _, _)| *first < seq) {
            return Ok(false); // something else came before
        }
        self.reviews = place + 1;
        self.feed(Input::ReviewAnswered { review, decision, verdict })?;
        Ok(true)
    }

    fn next(&self) -> Next {
        let came = self.pending.iter().enumerate().filter_map(|(place, pending)| {
            let asked = self.answer(&pending.question, pending.number)?;
            let came = asked.came.get(pending.came)?;
            let since = if self.in_step.is_some() { asked.at } else { pending.since };
            let at = Micros(since.0.saturating_add(came.after));
            Some((if self.in_step.is_some() { Micros(0) } else { at }, came.seq, place, at))
        });
        let first = came.min();
        let outside = self.recording.outside.get(self.outside).map(|(seq, at, _)| (*seq, *at));
        let outside = outside.map(|(seq, at)| (if self.in_step.is_some() { Micros(0) } else { at }, seq, at));
        let escalates = if self.in_step.is_some() { None } else { self.escalates_at() };
        match (first, outside) {
            (Some((order, seq, _, _)), Some((out, out_seq, at))) if (out, out_seq) <= (order, seq) => Next::Outside { at },
            (None, Some((_, _, at))) => Next::Outside { at },
            (Some((_, _, _, at)), _) if escalates.is_some_and(|limit| limit <= at) => Next::Escalates { at: escalates.unwrap_or(at) },
            (Some((_, _, place, at)), _) => Next::Came { place, at },
            (None, None) => Next::Nothing,
        }
    }

    /// When the first of the rules that count time calls a person.
    fn escalates_at(&self) -> Option<Micros> {
        let State::Running(running) = &self.state else { return None };
        let routes = running.strands.iter().flat_map(|strand| strand.relays.iter().filter_map(|relay| relay.route.as_ref()));
        let times = routes.filter_map(|route| match route.decision.escalation {
            Some(Escalation::AfterMs(ms)) => Some(route.at.after_ms(ms)),
            Some(Escalation::Attempts(_)) | None => None,
        });
        times.min()
    }

    /// The next thing that came of a question.
    fn come(&mut self, place: usize) -> Step<Option<RanOut>> {
        let Some(pending) = self.pending.get_mut(place) else { return Ok(None) };
        let number = pending.came;
        pending.came += 1;
        let (errand, question, which) = (pending.errand, pending.question.clone(), pending.number);
        let Some(came) = self.answer(&question, which).and_then(|asked| asked.came.get(number)).cloned() else { return Ok(None) };
        match (errand, came.what) {
            (Errand::Turn(turn), What::Replied(reply)) => {
                let hand_off = reply.hand_off.map(|target| HandOff { target });
                let (content, empty, confidence, intent) = (reply.reply, reply.empty, reply.confidence, reply.intent);
                let (delegated, spent) = (reply.delegated, Some(reply.spent));
                self.feed(Input::Replied { turn, reply: Reply { content, empty, confidence, intent, hand_off, delegated, spent } })?;
            }
            (Errand::Turn(turn), What::Failed(failure)) => self.feed(Input::AttemptFailed { turn, failure })?,
            (Errand::Fact(ask), What::Neighbours(neighbours, index)) => self.feed(Input::NeighboursFound { ask, neighbours, index })?,
            (Errand::Fact(ask), What::Agreement(pairs)) => self.feed(Input::AgreementFound { ask, pairs })?,
            (Errand::Fact(ask), What::Crossed(outcome)) => self.feed(Input::CrossingFound { ask, crossing: crossing(outcome) })?,
            (Errand::Fact(ask), What::NoFact(why)) => self.feed(Input::FactFailed { ask, why })?,
            (Errand::Turn(_), What::Hedged) => self.feed(Input::TimePassed)?,
            (Errand::Turn(_) | Errand::Fact(_), What::LimitPassed) => self.limit_passes()?,
            (Errand::Turn(_) | Errand::Fact(_), What::Unheard) => {
                let who = if let Question::Agent(agent, _) = question { agent.to_string() } else { "a fact".into() };
                return Ok(Some(RanOut { who, why: "was not waited for" }));
            }
            // The recording puts answers to turns under agents and facts under facts.
            (Errand::Turn(_), What::Neighbours(..) | What::Agreement(_) | What::Crossed(_) | What::NoFact(_))
            | (Errand::Fact(_), What::Replied(_) | What::Failed(_) | What::Hedged) => {
                return Err(EngineError::Internal("an answer was recorded under another question").into());
            }
        }
        Ok(None)
    }

    /// Nobody answered before the first limit passed, whichever that is here.
    fn limit_passes(&mut self) -> Step<()> {
        if let State::Running(running) = &self.state {
            self.now = if self.in_step.is_some() { self.now } else { self.now.max(wakes_at(running)) };
        }
        self.feed(Input::TimePassed)
    }

    fn node_of(&self, command: &Command) -> NodeId {
        if let Command::FindFact { node, .. } = command { *node } else { NodeId(0) }
    }

    fn name(&self, node: NodeId) -> String {
        let plan: &Plan = settle::plan_of(&self.state);
        plan.node(node).map_or_else(String::new, |node| node.name.to_string())
    }
}

fn crossing(outcome: CrossingOutcome) -> Crossing {
    match outcome {
        CrossingOutcome::Passed { message, dropped } => Crossing::Passes { message, dropped },
        CrossingOutcome::Refused { label } => Crossing::Refused { label },
    }
}
