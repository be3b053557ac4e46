//! What a recorded run knows of the world: who was asked what and what came of it, which facts were found, what a person decided, and
//! what came from outside. It folds the run; it decides nothing.

use interlock_kernel::{
    BranchEnd, Command, CrossingOutcome, EffectClass, EffectCompleted, EffectIntended, EffectKey, Event, Fact, Failure, Label, Micros,
    Name, Neighbour, NodeId, Phase, Ref, ReviewDecided, ReviewId, ReviewSubject, ReviewVerdict, ReviewWhy, RouteChosen, RunDerived,
    RunFailCode, Running, State, StrandId, Terms, TermsSpec, TurnId, TurnReplied, evolve, facts,
};
use rustc_hash::FxHashMap;

use super::shelf::Shelf;
use crate::EngineError;

/// Something that the world is asked. Messages stand for what they say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    Agent(Name, u32),
    Neighbours(u32),
    Agreement(NodeId, Vec<u32>),
    /// A domain's wall, on the way in or out.
    Wall(NodeId, bool, u32),
    /// A person, for this reason, about this and this tool.
    Person(u8, u32, Option<Name>),
}

impl Question {
    /// The question that a command asks, and the number by which the run knows it.
    pub(super) fn of_fact(command: &Command, shelf: &Shelf) -> Option<(u32, Self)> {
        let Command::FindFact { ask, fact, node, message, about } = command else { return None };
        let question = match fact {
            Fact::Neighbours => Self::Neighbours(shelf.same(*message)),
            Fact::Agreement => Self::Agreement(*node, about.iter().map(|one| shelf.same(*one)).collect()),
            Fact::Import => Self::Wall(*node, true, shelf.same(*message)),
            Fact::Export => Self::Wall(*node, false, shelf.same(*message)),
        };
        Some((*ask, question))
    }

    pub(super) fn of_review(why: ReviewWhy, about: Ref, subject: &ReviewSubject, shelf: &Shelf) -> Self {
        let tool = match subject {
            ReviewSubject::Effect { tool, .. } => Some(tool.clone()),
            ReviewSubject::Run | ReviewSubject::Delivery => None,
        };
        Self::Person(why as u8, shelf.same(about), tool)
    }
}

/// What came of a question, one thing after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub at: Micros,
    pub came: Vec<Came>,
}

#[derive(Debug, Clone)]
pub(super) struct Came {
    /// Microseconds after it was asked.
    pub after: u64,
    pub seq: u32,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Replied(TurnReplied),
    Failed(Failure, Option<Label>),
    /// A stand-in was started beside the agent.
    Hedged,
    Neighbours(Vec<Neighbour>, u64),
    Agreement(Vec<u32>),
    Crossed(CrossingOutcome),
    NoFact(Ref),
    /// The turn wanted to call a tool that acts.
    Begun(Box<Begun>),
    /// A tool returned or raised.
    Effected(Box<EffectCompleted>),
    Word(Box<Word>),
    /// A review was due.
    TimeUp,
    /// It had not answered when a limit passed.
    LimitPassed,
    /// Nobody waited for it any longer.
    Unheard,
}

#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub key: EffectKey,
    pub tool: Name,
    pub class: EffectClass,
    pub arguments: Ref,
    /// It asked for a person's yes on these terms.
    pub approve: Option<TermsSpec>,
}

/// What a person said, and who.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub by: Name,
    pub what: Says,
}

#[derive(Debug, Clone)]
pub(super) enum Says {
    Decides { verdict: ReviewVerdict, content: Option<Ref>, decision: Ref, deadline: Micros },
    Claims { until: Micros },
    Reassigns { role: Option<Name>, person: Option<Name>, decision: Ref },
}

/// What nobody had asked for.
#[derive(Debug, Clone)]
pub(super) enum Outside {
    Cancelled(Option<Ref>),
    Reopened(Micros),
    Derived(RunDerived),
    /// The clock moved on when nobody was at work.
    TimePassed,
}

/// An event with its number and its time.
pub(super) type Numbered = (u32, Micros, Event);

#[derive(Debug, Default)]
pub(super) struct Recording {
    pub asked: FxHashMap<Question, Vec<Asked>>,
    pub outside: Vec<(u32, Micros, Outside)>,
}

/// A question that is open, by its place in the recording.
type Place = (Question, usize);

struct Listener<'a> {
    shelf: &'a Shelf,
    found: Recording,
    turns: Vec<(TurnId, Place)>,
    facts: Vec<(u32, Place)>,
    /// Every turn there was: what it set going may end after it.
    all_turns: FxHashMap<TurnId, Place>,
    reviews: FxHashMap<ReviewId, Place>,
}

impl Recording {
    /// Fold a run. Gives what it tells of the world, and the state in which it ended.
    pub(super) fn of(run: u64, start: State, events: &[Numbered], shelf: &Shelf) -> Result<(Self, State), EngineError> {
        let (all_turns, reviews) = (FxHashMap::default(), FxHashMap::default());
        let mut listener = Listener { shelf, found: Self::default(), turns: Vec::new(), facts: Vec::new(), all_turns, reviews };
        let mut state = start;
        for (seq, at, event) in events {
            listener.hear_before(&state, (*seq, *at), event);
            state = evolve(state, event).map_err(|corrupt| EngineError::Corrupt { run, corrupt })?;
            listener.hear_after(&state, (*seq, *at), event);
        }
        Ok((listener.found, state))
    }
}

impl Listener<'_> {
    /// An answer is known by the question that was open before it.
    fn hear_before(&mut self, before: &State, moment: (u32, Micros), event: &Event) {
        if let Event::TurnReplied(reply) = event {
            self.turn_came(reply.turn, moment, What::Replied(reply.clone()));
        } else if let Event::TurnFailed(failed) = event {
            self.turn_came(failed.turn, moment, What::Failed(failed.failure.clone(), failed.label));
        } else if let Event::FactFailed(failed) = event {
            self.fact_came(Some(failed.ask), moment, What::NoFact(failed.why));
        } else if let Event::RouteChosen(RouteChosen { turn: None, strand, decision, .. }) = event {
            let (neighbours, index) = (decision.evidence.neighbours.clone(), decision.evidence.index.unwrap_or(0));
            self.fact_came(open_fact(before, *strand), moment, What::Neighbours(neighbours, index));
        } else if let Event::Reconciled(reconciled) = event {
            let pairs = reconciled.agreement.clone().unwrap_or_default();
            self.fact_came(open_fact(before, reconciled.strand), moment, What::Agreement(pairs));
        } else if let Event::Crossed(crossed) = event {
            self.fact_came(open_fact(before, crossed.strand), moment, What::Crossed(crossed.outcome.clone()));
        } else {
            self.hear_effect(event, moment);
            self.hear_person(event, moment);
        }
    }

    fn hear_effect(&mut self, event: &Event, moment: (u32, Micros)) {
        let (turn, what) = if let Event::EffectIntended(intended) = event {
            let EffectIntended { turn, key, tool, arguments, class, .. } = intended.clone();
            (turn, What::Begun(Box::new(Begun { key, tool, class, arguments, approve: None })))
        } else if let Event::EffectCompleted(completed) = event {
            (completed.turn, What::Effected(Box::new(completed.clone())))
        } else if let Event::ReviewOpened(opened) = event
            && let ReviewSubject::Effect { turn, key, tool } = &opened.subject
            && opened.why != ReviewWhy::EffectForgotten
        {
            let is_unknown = opened.why == ReviewWhy::EffectUnknown;
            let class = if is_unknown { EffectClass::EffectOnce } else { EffectClass::Effect };
            let due_ms = opened.terms.due.map(|due| due.0.saturating_sub(moment.1.0) / 1_000);
            let Terms { role, approvals, on_expiry, .. } = opened.terms.clone();
            let approve = Some(TermsSpec { role, approvals, due_ms, on_expiry });
            (*turn, What::Begun(Box::new(Begun { key: *key, tool: tool.clone(), class, arguments: opened.about, approve })))
        } else {
            return;
        };
        if let Some(place) = self.all_turns.get(&turn).cloned() {
            self.came(&place, moment, what);
        }
    }

    fn hear_person(&mut self, event: &Event, moment: (u32, Micros)) {
        let word = |by: &Name, what| What::Word(Box::new(Word { by: by.clone(), what }));
        let (review, what) = if let Event::ReviewDecided(decided) = event {
            let ReviewDecided { review, verdict, content, deadline, .. } = *decided;
            let says = decided.by.as_ref().zip(decided.decision);
            let says = says.map(|(by, decision)| word(by, Says::Decides { verdict, content, decision, deadline }));
            (review, says.unwrap_or(What::TimeUp))
        } else if let Event::ReviewSigned(signed) = event {
            let Some(decision) = signed.decision else { return };
            let says = Says::Decides { verdict: signed.verdict, content: signed.content, decision, deadline: moment.1 };
            (signed.review, word(&signed.by, says))
        } else if let Event::ReviewClaimed(claimed) = event {
            (claimed.review, word(&claimed.by, Says::Claims { until: claimed.until }))
        } else if let Event::ReviewReassigned(passed) = event {
            let says = passed
                .by
                .as_ref()
                .zip(passed.decision)
                .map(|(by, decision)| word(by, Says::Reassigns { role: passed.role.clone(), person: passed.person.clone(), decision }));
            (passed.review, says.unwrap_or(What::TimeUp))
        } else {
            return;
        };
        if let Some(place) = self.reviews.get(&review).cloned() {
            self.came(&place, moment, what);
        }
    }

    /// What is asked now, and what is not waited for any longer.
    fn hear_after(&mut self, after: &State, moment: (u32, Micros), event: &Event) {
        let (seq, at) = moment;
        if let Event::TurnStarted(started) = event {
            let place = self.ask(Question::Agent(started.agent.clone(), self.shelf.same(started.message)), at);
            if started.hedge {
                let beside = running(after).and_then(|running| running.strand(started.strand)?.phase.in_turn());
                if let Some(beside) = beside.map(|turn| turn.id) {
                    self.turn_hedged(beside, moment);
                }
            }
            self.all_turns.insert(started.turn, place.clone());
            self.turns.push((started.turn, place));
        } else if let Event::ReviewOpened(opened) = event {
            let place = self.ask(Question::of_review(opened.why, opened.about, &opened.subject, self.shelf), at);
            self.reviews.insert(opened.review, place);
        } else if let Event::RunCancelled(cancelled) = event {
            self.found.outside.push((seq, at, Outside::Cancelled(cancelled.reason)));
        } else if let Event::RunResumed(resumed) = event {
            self.found.outside.push((seq, at, Outside::Reopened(resumed.deadline)));
        } else if let Event::RunDerived(derived) = event {
            self.found.outside.push((seq, at, Outside::Derived(derived.clone())));
        }
        for command in facts(after) {
            let Some((ask, question)) = Question::of_fact(&command, self.shelf) else { continue };
            if !self.facts.iter().any(|(open, _)| *open == ask) {
                let place = self.ask(question, at);
                self.facts.push((ask, place));
            }
        }
        self.forget(after, moment, event);
    }

    /// Questions that are open no more, and were not answered.
    fn forget(&mut self, after: &State, moment: (u32, Micros), event: &Event) {
        if self.turns.is_empty() && self.facts.is_empty() {
            if counts_time(event) {
                self.found.outside.push((moment.0, moment.1, Outside::TimePassed));
            }
            return;
        }
        let works = |turn: TurnId| running(after).is_some_and(|running| running.turns_at_work().any(|(_, found)| found.id == turn));
        let asked: Vec<u32> = facts(after).iter().filter_map(|command| Some(Question::of_fact(command, self.shelf)?.0)).collect();
        let what = if is_limit(event) { What::LimitPassed } else { What::Unheard };
        let gone: Vec<TurnId> = self.turns.iter().map(|(turn, _)| *turn).filter(|turn| !works(*turn)).collect();
        let mut is_alone = gone.is_empty();
        for turn in gone {
            self.turn_came(turn, moment, what.clone());
        }
        let gone: Vec<u32> = self.facts.iter().map(|(ask, _)| *ask).filter(|ask| !asked.contains(ask)).collect();
        is_alone &= gone.is_empty();
        for ask in gone {
            self.fact_came(Some(ask), moment, what.clone());
        }
        if is_alone && counts_time(event) {
            self.found.outside.push((moment.0, moment.1, Outside::TimePassed));
        }
    }

    fn ask(&mut self, question: Question, at: Micros) -> Place {
        let all = self.found.asked.entry(question.clone()).or_default();
        all.push(Asked { at, came: Vec::new() });
        (question, all.len() - 1)
    }

    fn turn_came(&mut self, turn: TurnId, moment: (u32, Micros), what: What) {
        if let Some(open) = self.turns.iter().position(|(open, _)| *open == turn) {
            let (_, place) = self.turns.swap_remove(open);
            self.came(&place, moment, what);
        }
    }

    fn turn_hedged(&mut self, turn: TurnId, moment: (u32, Micros)) {
        let place = self.turns.iter().find(|(open, _)| *open == turn).map(|(_, place)| place.clone());
        if let Some(place) = place {
            self.came(&place, moment, What::Hedged);
        }
    }

    fn fact_came(&mut self, ask: Option<u32>, moment: (u32, Micros), what: What) {
        if let Some(open) = self.facts.iter().position(|(open, _)| Some(*open) == ask) {
            let (_, place) = self.facts.swap_remove(open);
            self.came(&place, moment, what);
        }
    }

    fn came(&mut self, (question, number): &Place, (seq, at): (u32, Micros), what: What) {
        if let Some(asked) = self.found.asked.get_mut(question).and_then(|all| all.get_mut(*number)) {
            asked.came.push(Came { after: at.0.saturating_sub(asked.at.0), seq, what });
        }
    }
}

fn running(state: &State) -> Option<&Running> {
    match state {
        State::Running(running) => Some(running),
        State::Unstarted(_) | State::InReview(_) | State::Ended(_) => None,
    }
}

/// The question that a strand waits with.
fn open_fact(state: &State, strand: StrandId) -> Option<u32> {
    let strand = running(state)?.strand(strand)?;
    match &strand.phase {
        Phase::AwaitingFact { ask, .. } | Phase::AtWall { ask, .. } => Some(*ask),
        Phase::Forked => strand.forks.last()?.ask,
        Phase::Entering { .. }
        | Phase::InTurn(_)
        | Phase::Answered { .. }
        | Phase::Routed { .. }
        | Phase::Missed { .. }
        | Phase::Paused { .. }
        | Phase::Woken { .. }
        | Phase::Held { .. }
        | Phase::Stuck { .. }
        | Phase::Delegating { .. }
        | Phase::Left { .. } => None,
    }
}

/// Whether an event that ends somebody's work was brought about by the clock: nothing else ends a turn that is at work in this way.
fn is_limit(event: &Event) -> bool {
    if let Event::RunFailed(failed) = event {
        return failed.code == RunFailCode::DeadlinePassed;
    }
    if let Event::BranchEnded(ended) = event {
        return matches!(ended.end, BranchEnd::Lost { .. });
    }
    matches!(event, Event::ReviewOpened(opened) if opened.subject == ReviewSubject::Run)
}

/// Whether the clock may have brought an event about. Letting it move where it did not changes nothing.
fn counts_time(event: &Event) -> bool {
    let by_time = |why: ReviewWhy| matches!(why, ReviewWhy::BranchDeadline | ReviewWhy::Escalated | ReviewWhy::DomainLimit);
    if let Event::BranchEnded(ended) = event {
        return matches!(ended.end, BranchEnd::Lost { why, .. } if by_time(why));
    }
    if let Event::ReviewOpened(opened) = event {
        return by_time(opened.why);
    }
    matches!(event, Event::RunFailed(failed) if failed.code == RunFailCode::DeadlinePassed)
}
