//! Carrying out what is owed: calls, facts, reviews, and the clock.

use interlock_kernel::{
    CallAgent, Command, EffectClass, EffectKey, EffectOutcome, Failure, HandOff, Input, Micros, Name, Neighbour, NodeId, Reply, ReviewId,
    ReviewVerdict, State, outstanding,
};

use super::{Reviews, Trouble, World};
use crate::{Act, Deed, NEVER, Said, Whom};

/// What a step of the shell itself takes, in microseconds.
const STEP: u64 = 10;

impl World {
    /// Do the first thing that is owed, unless the clock comes before it.
    pub fn step(&mut self) -> Result<(), Trouble> {
        if matches!(self.state, State::Unstarted(_)) {
            return self.ask("question").map(|_| ());
        }
        self.suffer()?;
        if self.is_settled() {
            return Ok(());
        }
        self.now = Micros(self.now.0 + STEP);
        let mut owed = outstanding(&self.state).into_iter();
        let first = owed.next();
        let wake = owed.find_map(|command| if let Command::WakeAt(at) = command { Some(at) } else { None });
        let events = match &first {
            _ if wake.is_some_and(|at| at <= self.now) => self.tell(Input::TimePassed)?,
            Some(Command::Advance) => self.tell(Input::Advanced)?,
            Some(Command::CallAgent(call)) => self.call(call, wake)?,
            Some(Command::FindFact { ask, message, .. }) => {
                let intent = Name::from(self.papers().text(*message));
                self.tell(Input::NeighboursFound {
                    ask: *ask,
                    neighbours: vec![Neighbour { example: 0, intent, score: 900_000 }],
                    index: 1,
                })?
            }
            Some(Command::AwaitReview { review }) => self.decide_review(*review)?,
            Some(Command::WakeAt(_)) | None => 0,
        };
        if events == 0 { Err(Trouble::Idle { command: Box::new(first) }) } else { Ok(()) }
    }

    /// The agent acts. If it needs longer than it has, the clock speaks first and the answer comes late.
    fn call(&mut self, call: &CallAgent, wake: Option<Micros>) -> Result<usize, Trouble> {
        let act = self.script.act(call.turn);
        for deed in &act.deeds {
            self.act_on_the_world(call, deed)?;
        }
        let answer = self.answer(call, &act);
        let ready = self.now.after_ms(act.takes_ms);
        match wake {
            Some(at) if at <= ready => {
                self.now = self.now.max(at);
                if act.takes_ms != NEVER {
                    self.late.push(answer);
                }
                self.tell(Input::TimePassed)
            }
            Some(_) | None => {
                self.now = ready;
                self.tell(answer)
            }
        }
    }

    fn answer(&mut self, call: &CallAgent, act: &Act) -> Input {
        let turn = call.turn;
        match &act.said {
            Said::Raised => Input::AttemptFailed { turn, failure: Failure::Raised(self.shelf.papers.keep("boom")) },
            Said::WrongType => Input::AttemptFailed { turn, failure: Failure::WrongType(self.shelf.papers.keep("int")) },
            Said::Reply { text, confidence, intent, hand_off } => {
                let content = self.shelf.papers.keep(text);
                let hand_off = hand_off.as_ref().map(|whom| HandOff { target: self.name_of(call.node, whom) });
                let reply = Reply { content, empty: text.is_empty(), confidence: *confidence, intent: intent.clone(), hand_off };
                Input::Replied { turn, reply }
            }
        }
    }

    fn name_of(&self, speaker: NodeId, whom: &Whom) -> Name {
        let plan = &self.plan;
        let members = plan.relays_around(speaker).next().and_then(|(relay, _)| plan.relay(relay)).map(|relay| &relay.members[..]);
        let node = match whom {
            Whom::Named(name) => return name.clone(),
            Whom::Member(number) => members.map_or(*number, |all| all.get(number % all.len().max(1)).map_or(0, |id| id.0.into())),
            Whom::Node(number) => *number,
        };
        let nodes = plan.nodes();
        nodes.get(node % nodes.len().max(1)).map_or_else(|| "nobody".into(), |node| node.name.clone())
    }

    /// A tool is called: an effect only while its intent is open, and nothing again that once returned.
    fn act_on_the_world(&mut self, call: &CallAgent, deed: &Deed) -> Result<(), Trouble> {
        let key = key_of(call, deed);
        let (turn, tool, arguments) = (call.turn, Name::from("tool"), call.message);
        if deed.class == EffectClass::Effect {
            self.tell(Input::EffectBegun { turn, key, tool: tool.clone(), arguments })?;
        }
        let State::Running(running) = &self.state else { return Ok(()) };
        let may = match deed.class {
            EffectClass::Pure => !running.effects.contains_key(&key),
            EffectClass::Effect => running.intents.contains_key(&key),
        };
        if !may {
            return Ok(());
        }
        let result = self.shelf.papers.keep("result");
        let outcome = if deed.raises { EffectOutcome::Raised(result) } else { EffectOutcome::Returned(result) };
        let ended = Input::EffectEnded { turn, key, tool, class: deed.class, arguments, outcome };
        if deed.late {
            self.late.push(ended);
            return Ok(());
        }
        self.tell(ended).map(|_| ())
    }

    fn decide_review(&mut self, review: ReviewId) -> Result<usize, Trouble> {
        let verdict = match self.faults.reviews {
            Reviews::Await => return Ok(0),
            Reviews::Answer => ReviewVerdict::Answered,
            Reviews::Reject => ReviewVerdict::Rejected,
        };
        let decision = self.shelf.papers.keep("a person's answer");
        self.tell(Input::ReviewAnswered { review, decision, verdict })
    }
}

/// The attempts of one effect share its key.
fn key_of(call: &CallAgent, deed: &Deed) -> EffectKey {
    let mut key = [0; 16];
    key[..2].copy_from_slice(&call.node.0.to_be_bytes());
    key[2..4].copy_from_slice(&call.visit.to_be_bytes());
    key[4] = deed.number;
    key[5] = u8::from(deed.class == EffectClass::Pure);
    EffectKey(key)
}
