//! What is owed is asked of the recording: who was asked the same, for the same time. Where nobody was, the run can't go on.

use interlock_kernel::plan::Plan;
use interlock_kernel::{CallAgent, Command, Crossing, Event, Input, NodeId, OpenReview, ReviewId, State, calls, facts};

use super::again::{Again, Errand, Pending, RanOut, Step, Stop};
use super::recording::{Asked, Came, Question, What};
use crate::{EngineError, settle};

impl Again<'_> {
    /// Ask for what is newly owed. Where that was never asked, the run can't go on.
    pub(super) fn take_up(&mut self) -> Step<Option<RanOut>> {
        let mut turns = calls(&self.state, |_| true);
        turns.sort_unstable_by_key(|call| call.turn); // as they were started
        let facts: Vec<Command> = facts(&self.state);
        let owed: Vec<u32> = facts.iter().filter_map(|command| Some(Question::of_fact(command, self.shelf)?.0)).collect();
        let reviews = self.open_reviews();
        for pending in &mut self.pending {
            if let Errand::Turn(turn) = pending.errand
                && !turns.iter().any(|call| call.turn == turn)
            {
                // Of a turn that is over only what it set going is still heard of.
                let came =
                    self.recording.asked.get(&pending.question).and_then(|all| all.get(pending.number)).map_or(&[][..], |one| &one.came);
                let rest = came.iter().skip(pending.came).position(|came| matches!(came.what, What::Effected(_)));
                pending.came = rest.map_or(usize::MAX, |rest| pending.came + rest);
            }
        }
        self.pending.retain(|pending| match pending.errand {
            Errand::Turn(_) => pending.came < usize::MAX,
            Errand::Fact(ask) => owed.contains(&ask),
            Errand::Review(review) => reviews.iter().any(|(open, _)| *open == review),
        });
        for (review, question) in reviews {
            let errand = Errand::Review(review);
            let number = self.before(errand);
            if self.pending.iter().all(|pending| pending.errand != errand) && self.answer(&question, number).is_some() {
                self.wait(errand, question, number);
            }
        }
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
        let Command::FindFact { node, .. } = command else { return Ok(None) };
        let node = *node;
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
            (Question::Agreement(..) | Question::Agent(..) | Question::Person(..), None) => {
                Ok(Some(RanOut { who: format!("the comparison of {}", self.name(node)), why: "was not made of these answers" }))
            }
        }
    }

    /// Count what is asked now, even if it is called off before anybody hears of it.
    pub(super) fn count(&mut self, event: &Event) {
        if let Event::TurnStarted(started) = event {
            let question = Question::Agent(started.agent.clone(), self.shelf.same(started.message));
            self.count_one(Errand::Turn(started.turn), question);
        } else if let Event::ReviewOpened(opened) = event {
            let question = Question::of_review(opened.why, opened.about, &opened.subject, self.shelf);
            self.count_one(Errand::Review(opened.review), question);
        }
        for command in facts(&self.state) {
            if let Some((ask, question)) = Question::of_fact(&command, self.shelf) {
                self.count_one(Errand::Fact(ask), question);
            }
        }
    }

    /// The reviews that nobody has decided yet.
    fn open_reviews(&self) -> Vec<(ReviewId, Question)> {
        let ask = |open: &OpenReview| Question::of_review(open.why, open.about, &open.subject, self.shelf);
        match &self.state {
            State::InReview(waiting) if waiting.decided.is_none() => vec![(waiting.review, ask(&waiting.open))],
            State::Running(running) => running.open.iter().map(|(review, open)| (*review, ask(open))).collect(),
            State::Unstarted(_) | State::InReview(_) | State::Ended(_) => Vec::new(),
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

    pub(super) fn answer(&self, question: &Question, number: usize) -> Option<&Asked> {
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

    fn name(&self, node: NodeId) -> String {
        let plan: &Plan = settle::plan_of(&self.state);
        plan.node(node).map_or_else(String::new, |node| node.name.to_string())
    }
}
