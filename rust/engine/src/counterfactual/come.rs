//! What comes next: an answer, something from outside, or the end of a rule's time.

use interlock_kernel::{
    Crossing, CrossingOutcome, EffectCompleted, Escalation, HandOff, Input, Micros, Reply, ReviewId, Reviewer, State, due, wakes_at,
};

use super::again::{Again, Errand, Next, RanOut, Step};
use super::recording::{Begun, Question, Says, What, Word};
use crate::EngineError;

impl Again<'_> {
    pub(super) fn next(&self) -> Next {
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
    pub(super) fn come(&mut self, place: usize) -> Step<Option<RanOut>> {
        let Some(pending) = self.pending.get_mut(place) else { return Ok(None) };
        let number = pending.came;
        pending.came += 1;
        let (errand, question, which) = (pending.errand, pending.question.clone(), pending.number);
        let Some(came) = self.answer(&question, which).and_then(|asked| asked.came.get(number)).cloned() else { return Ok(None) };
        match (errand, came.what) {
            (Errand::Turn(turn), What::Replied(reply)) => {
                let hand_off = reply.hand_off.map(|target| HandOff { target });
                let (content, empty, confidence, intent) = (reply.reply, reply.empty, reply.confidence, reply.intent);
                let (delegated, spent, label) = (reply.delegated, Some(reply.spent), reply.label);
                let reply = Reply { content, empty, confidence, intent, hand_off, delegated, spent, label };
                self.feed(Input::Replied { turn, reply })?;
            }
            (Errand::Turn(turn), What::Failed(failure, label)) => self.feed(Input::AttemptFailed { turn, failure, label })?,
            (Errand::Fact(ask), What::Neighbours(neighbours, index)) => self.feed(Input::NeighboursFound { ask, neighbours, index })?,
            (Errand::Fact(ask), What::Agreement(pairs)) => self.feed(Input::AgreementFound { ask, pairs })?,
            (Errand::Fact(ask), What::Crossed(outcome)) => self.feed(Input::CrossingFound { ask, crossing: crossing(outcome) })?,
            (Errand::Fact(ask), What::NoFact(why)) => self.feed(Input::FactFailed { ask, why })?,
            (Errand::Turn(_), What::Hedged) => self.feed(Input::TimePassed)?,
            (Errand::Turn(turn), What::Begun(begun)) => {
                let Begun { key, tool, class, arguments, approve } = *begun;
                self.tell(Input::EffectBegun { turn, key, tool, class, arguments, approve, attached: Vec::new() })?;
            }
            (Errand::Turn(turn), What::Effected(completed)) => {
                let EffectCompleted { key, tool, class, arguments, outcome, label, assigned, .. } = *completed;
                self.tell(Input::EffectEnded { turn, key, tool, class, arguments, outcome, label, assigned })?;
            }
            (Errand::Review(review), What::Word(word)) => self.hear(review, *word)?,
            (Errand::Review(_), What::TimeUp) => {
                let due = if self.in_step.is_some() { None } else { due(&self.state) };
                self.now = due.map_or(self.now, |due| self.now.max(due));
                self.feed(Input::TimePassed)?;
            }
            (Errand::Turn(_) | Errand::Fact(_), What::LimitPassed) => self.limit_passes()?,
            (Errand::Turn(_) | Errand::Fact(_), What::Unheard) => {
                let who = if let Question::Agent(agent, _) = question { agent.to_string() } else { "a fact".into() };
                return Ok(Some(RanOut { who, why: "was not waited for" }));
            }
            // The recording puts every answer under its question.
            (
                Errand::Turn(_),
                What::Neighbours(..) | What::Agreement(_) | What::Crossed(_) | What::NoFact(_) | What::Word(_) | What::TimeUp,
            )
            | (
                Errand::Fact(_),
                What::Replied(_) | What::Failed(..) | What::Hedged | What::Begun(_) | What::Effected(_) | What::Word(_) | What::TimeUp,
            )
            | (
                Errand::Review(_),
                What::Replied(_)
                | What::Failed(..)
                | What::Hedged
                | What::Neighbours(..)
                | What::Agreement(_)
                | What::Crossed(_)
                | What::NoFact(_)
                | What::Begun(_)
                | What::Effected(_)
                | What::LimitPassed
                | What::Unheard,
            ) => {
                return Err(EngineError::Internal("an answer was recorded under another question").into());
            }
        }
        Ok(None)
    }

    /// A person says what they said. Here as there they have the role that is asked for.
    fn hear(&mut self, review: ReviewId, word: Word) -> Step<()> {
        let open = match &self.state {
            State::InReview(waiting) => Some(&waiting.open),
            State::Running(running) => running.open.get(&review),
            State::Unstarted(_) | State::Ended(_) => None,
        };
        let roles = open.and_then(|open| open.terms.role.clone()).into_iter().collect();
        let by = Reviewer { name: word.by, roles };
        self.tell(match word.what {
            Says::Decides { verdict, content, decision, deadline } => {
                Input::ReviewAnswered { review, by, decision, verdict, content, deadline }
            }
            Says::Claims { until } => Input::ReviewClaimed { review, by, until },
            Says::Reassigns { role, person, decision } => Input::ReviewReassigned { review, by, role, person, decision },
        })
    }

    /// Nobody answered before the first limit passed, whichever that is here.
    fn limit_passes(&mut self) -> Step<()> {
        if let State::Running(running) = &self.state {
            self.now = if self.in_step.is_some() { self.now } else { wakes_at(running).map_or(self.now, |at| self.now.max(at)) };
        }
        self.feed(Input::TimePassed)
    }
}

fn crossing(outcome: CrossingOutcome) -> Crossing {
    match outcome {
        CrossingOutcome::Passed { message, dropped } => Crossing::Passes { message, dropped },
        CrossingOutcome::Refused { label } => Crossing::Refused { label },
    }
}
