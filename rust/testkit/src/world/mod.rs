//! A shell without a world: one run, a virtual clock, agents that follow a script, and faults on demand.
//!
//! It carries out what the kernel owes and keeps every state that the run passed through. Nothing sleeps, nothing is random.

mod agents;
mod chaos;
mod faults;
mod people;
mod shell;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use chaos::{Chaos, chaos};
pub use faults::{Faults, Reviews, faults};
use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::plan::Plan;
use interlock_kernel::{Command, Corrupt, Event, Input, Micros, Refusal, RunId, State, due, evolve};

use crate::{Papers, Script, ScriptedRules, Shelf, story};

/// More steps than any run of a generated plan takes.
const ENOUGH: usize = 100_000;

/// One run and all that is around it.
#[derive(Clone)]
pub struct World {
    pub plan: Arc<Plan>,
    pub shelf: Shelf,
    pub script: Script,
    pub faults: Faults,
    pub now: Micros,
    pub state: State,
    pub journal: Vec<Event>,
    /// Before each event of the journal: the time and the state.
    pub passed: Vec<Moment>,
    /// Every input that was taken, in order.
    pub told: Vec<Told>,
    /// What will come in after its time.
    late: Vec<Input>,
    /// Errands that were begun, and the answers that are on their way.
    flights: BTreeMap<shell::Errand, shell::Flight>,
    steps: usize,
}

#[derive(Debug, Clone)]
pub struct Moment {
    pub at: Micros,
    pub state: State,
}

#[derive(Debug, Clone)]
pub struct Told {
    pub input: Input,
    pub at: Micros,
    /// How many events the journal held after it.
    pub journal: usize,
}

/// What must never happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// An input that was owed is refused.
    Refused {
        input: Box<Input>,
        refusal: Refusal,
    },
    /// The kernel's own event can't be recorded.
    Corrupt(Corrupt),
    /// A command was carried out, and nothing came of it.
    Idle {
        command: Box<Option<Command>>,
    },
    /// A late reply had an effect.
    NotAbsorbed {
        input: Box<Input>,
        events: Vec<Event>,
    },
    /// A state that was folded is not the state that was lived.
    Forgot,
    Endless,
}

impl World {
    pub fn new(plan: Arc<Plan>, script: Script) -> Self {
        Self {
            state: State::new(Arc::clone(&plan)),
            plan,
            shelf: Shelf::default(),
            script,
            faults: Faults::default(),
            now: Micros(1_000_000),
            journal: Vec::new(),
            passed: Vec::new(),
            told: Vec::new(),
            late: Vec::new(),
            flights: BTreeMap::new(),
            steps: 0,
        }
    }

    #[must_use]
    pub fn with_rules(mut self, rules: ScriptedRules) -> Self {
        self.shelf.rules = rules;
        self
    }

    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// Let the run begin.
    pub fn ask(&mut self, question: &str) -> Result<usize, Trouble> {
        let message = self.shelf.papers.keep(question);
        let deadline = self.now.after_ms(self.faults.hurry_ms.unwrap_or(RUN_DEADLINE_MS));
        self.tell(Input::Requested { run: RunId(1), rules: None, message, request: None, deadline })
    }

    /// Offer an input; how many events came of it.
    pub fn tell(&mut self, input: Input) -> Result<usize, Trouble> {
        let decided = self.shelf.decide(&self.state, input.clone(), self.now);
        let events = decided.map_err(|refusal| Trouble::Refused { input: Box::new(input.clone()), refusal })?;
        let count = events.len();
        for event in events {
            let next = evolve(self.state.clone(), &event).map_err(Trouble::Corrupt)?;
            let state = std::mem::replace(&mut self.state, next);
            self.passed.push(Moment { at: self.now, state });
            self.journal.push(event);
        }
        self.told.push(Told { input, at: self.now, journal: self.journal.len() });
        Ok(count)
    }

    /// Go on until the run is over, or waits for a person who does not come.
    pub fn run(&mut self) -> Result<&mut Self, Trouble> {
        while !self.is_settled() {
            self.steps += 1;
            if self.steps > ENOUGH {
                return Err(Trouble::Endless);
            }
            self.step()?;
        }
        Ok(self)
    }

    pub fn is_settled(&self) -> bool {
        match &self.state {
            State::Unstarted(_) => false,
            State::Running(running) => running.paused && self.waits_in_vain(),
            State::InReview(waiting) => waiting.decided.is_none() && self.waits_in_vain(),
            State::Ended(_) => true,
        }
    }

    /// Nobody comes, nothing ends by itself, and no time runs out.
    fn waits_in_vain(&self) -> bool {
        self.faults.reviews == Reviews::Await && due(&self.state).is_none() && !self.is_acting()
    }

    /// The state after so many events.
    pub fn after(&self, events: usize) -> &State {
        self.passed.get(events).map_or(&self.state, |moment| &moment.state)
    }

    /// The same world when its journal was that short, with no faults to come.
    pub fn at_prefix(&self, events: usize) -> Result<Self, Trouble> {
        let journal: Vec<Event> = self.journal.iter().take(events).cloned().collect();
        let mut world = Self::new(Arc::clone(&self.plan), self.script.clone());
        world.state = fold(&self.plan, &journal).map_err(Trouble::Corrupt)?;
        world.now = self.passed.get(events).map_or(self.now, |moment| moment.at);
        world.passed = self.passed.iter().take(events).cloned().collect();
        world.shelf = self.shelf.clone();
        world.journal = journal;
        Ok(world)
    }

    pub fn papers(&self) -> &Papers {
        &self.shelf.papers
    }

    /// What happened, in plain words.
    pub fn story(&self) -> Vec<String> {
        story(&self.plan, &self.shelf.papers, &self.journal)
    }
}

/// The state that a journal tells.
pub fn fold(plan: &Arc<Plan>, journal: &[Event]) -> Result<State, Corrupt> {
    journal.iter().try_fold(State::new(Arc::clone(plan)), evolve)
}
