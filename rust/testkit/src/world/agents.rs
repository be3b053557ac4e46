//! What those who were asked do and say: agents by their script, facts by their texts, and a person.

use interlock_kernel::plan::NodeKind;
use interlock_kernel::{
    CallAgent, Command, Crossing, EffectClass, EffectKey, EffectOutcome, Fact, Failure, HandOff, Input, Name, Neighbour, NodeId, Ref,
    Reply, Spent, State, calls,
};

use super::shell::Flight;
use super::{Trouble, World};
use crate::{Act, Deed, NEVER, Said, Whom};

impl World {
    /// Ask for what is owed; what the answer will be, and when.
    pub(super) fn start(&mut self, command: &Command) -> Result<Option<Flight>, Trouble> {
        match command {
            Command::CallAgent(call) => {
                let act = self.script.act(call.turn);
                for deed in &act.deeds {
                    if !self.act_on_the_world(call, deed)? {
                        // It stands still in the middle, and what it would have said comes too late.
                        let answer = self.answer(call, &act);
                        self.late.push(answer);
                        return Ok(None);
                    }
                }
                let answer = self.answer(call, &act);
                let ready = if act.takes_ms == NEVER { None } else { self.arrives(u64::from(call.turn.0), act.takes_ms) };
                Ok(Some(Flight { ready, answer }))
            }
            Command::FindFact { ask, fact, node, message, about } => {
                let answer = self.find(*ask, *fact, *node, *message, about);
                Ok(Some(Flight { ready: self.arrives(u64::from(*ask) << 32, 0), answer }))
            }
            Command::AwaitReview { review } => Ok(self.ask_people(*review)),
            Command::Advance | Command::WakeAt(_) => Ok(None),
        }
    }

    fn answer(&mut self, call: &CallAgent, act: &Act) -> Input {
        let turn = call.turn;
        match &act.said {
            Said::Raised => Input::AttemptFailed { turn, failure: Failure::Raised(self.shelf.papers.keep("boom")), label: None },
            Said::WrongType => Input::AttemptFailed { turn, failure: Failure::WrongType(self.shelf.papers.keep("int")), label: None },
            Said::Reply { text, confidence, intent, hand_off, delegated, tokens } => {
                let content = self.shelf.papers.keep(text);
                let hand_off = hand_off.as_ref().and_then(|whom| Some(HandOff { target: self.name_of(call.node, whom, false)? }));
                let task = |(whom, text): &(Whom, Option<Name>)| {
                    Some((self.name_of(call.node, whom, true)?, text.as_ref().map(|text| self.shelf.papers.keep(text))))
                };
                let delegated = delegated.iter().filter_map(task).collect();
                let intent = intent.clone().or_else(|| self.routes(call.node).then(|| "billing".into()).filter(|_| self.is_wild()));
                let (confidence, intent, spent) = (*confidence, intent, tokens.map(|tokens| Spent { tokens, estimated: false }));
                Input::Replied {
                    turn,
                    reply: Reply { content, empty: text.is_empty(), confidence, intent, hand_off, delegated, spent, label: None },
                }
            }
        }
    }

    /// The name that an agent means; nothing when it means a member and there is nobody to pass the turn to.
    fn name_of(&self, speaker: NodeId, whom: &Whom, delegates: bool) -> Option<Name> {
        let plan = &self.plan;
        let node = match whom {
            Whom::Named(name) => return Some(name.clone()),
            Whom::Member(number) => {
                let members = plan.members(self.group_of(speaker, delegates)?);
                members.get(number % members.len().max(1))?.0.into()
            }
            Whom::Node(number) => *number,
        };
        let nodes = plan.nodes();
        Some(nodes.get(node % nodes.len().max(1)).map_or_else(|| "nobody".into(), |node| node.name.clone()))
    }

    /// Whether its rules were generated; then routers mostly know an intent, since a run ends with one that does not.
    fn is_wild(&self) -> bool {
        !self.shelf.rules.names.is_empty() && !self.steps.is_multiple_of(4)
    }

    /// Whether it is asked for an intent.
    fn routes(&self, speaker: NodeId) -> bool {
        self.plan.relays_around(speaker).any(|(relay, member)| self.plan.relay(relay).is_some_and(|found| found.router == Some(member)))
    }

    /// The nearest relay, or forum that the speaker leads.
    fn group_of(&self, speaker: NodeId, delegates: bool) -> Option<NodeId> {
        let mut inner = speaker;
        self.plan.upwards(speaker).skip(1).find(|above| {
            let member = std::mem::replace(&mut inner, *above);
            match self.plan.kind(*above) {
                Some(NodeKind::Relay(_)) => !delegates,
                Some(NodeKind::Forum(forum)) => forum.lead == Some(member) && (forum.delegates || !delegates),
                Some(NodeKind::Step(_) | NodeKind::Sequence { .. } | NodeKind::Parallel(_) | NodeKind::Domain(_)) | None => false,
            }
        })
    }

    fn find(&mut self, ask: u32, fact: Fact, node: NodeId, message: Ref, about: &[Ref]) -> Input {
        if self.is_faithless() {
            return Input::FactFailed { ask, why: self.shelf.papers.keep("nobody knows") };
        }
        match fact {
            Fact::Neighbours => {
                let intent = Name::from(self.papers().text(message));
                Input::NeighboursFound { ask, neighbours: vec![Neighbour { example: 0, intent, score: 900_000 }], index: 1 }
            }
            Fact::Agreement => {
                let texts: Vec<&str> = about.iter().map(|one| self.papers().text(*one)).collect();
                let rest =
                    |(place, first): (usize, &&str)| texts[place + 1..].iter().map(|second| alike(first, second)).collect::<Vec<_>>();
                Input::AgreementFound { ask, pairs: texts.iter().enumerate().flat_map(rest).collect() }
            }
            Fact::Import | Fact::Export => {
                let domain = self.plan.domain(node);
                let contract = domain.map(|domain| if fact == Fact::Import { &domain.imports } else { &domain.exports });
                let text = self.papers().text(message).to_owned();
                let label = Name::from("secret");
                if text.starts_with("secret") && contract.is_none_or(|contract| !contract.labels.contains(&label)) {
                    return Input::CrossingFound { ask, crossing: Crossing::Refused { label } };
                }
                let left = if contract.is_some_and(|contract| contract.text) { text.as_str() } else { "" };
                let dropped = u16::from(left.len() < text.len());
                Input::CrossingFound { ask, crossing: Crossing::Passes { message: self.shelf.papers.keep(left), dropped } }
            }
        }
    }

    /// A tool is called: an effect only once its intent is recorded, and nothing again that once returned. Whether the agent goes on.
    fn act_on_the_world(&mut self, call: &CallAgent, deed: &Deed) -> Result<bool, Trouble> {
        let is_pure = self.plan.step(call.node).is_some_and(|step| step.pure);
        if is_pure && deed.class != EffectClass::Pure {
            return Ok(true); // it promised
        }
        let key = key_of(call, deed);
        let (turn, tool, arguments, class) = (call.turn, Name::from("tool"), call.message, deed.class);
        if class != EffectClass::Pure {
            let approve = deed.approve.clone();
            let began = self.tell(Input::EffectBegun { turn, key, tool: tool.clone(), class, arguments, approve, attached: Vec::new() })?;
            if calls(&self.state, |other| other.id == turn).is_empty() {
                return Ok(false);
            }
            if began == 0 {
                return Ok(true); // it has an end that is known, or is under way
            }
        }
        let State::Running(running) = &self.state else { return Ok(false) };
        if running.effects.contains_key(&key) {
            return Ok(true);
        }
        let result = self.shelf.papers.keep("result");
        let outcome = if deed.raises { EffectOutcome::Raised(result) } else { EffectOutcome::Returned(result) };
        let ended = Input::EffectEnded { turn, key, tool, class, arguments, outcome, label: None, assigned: None };
        match deed.takes_ms {
            None => self.tell(ended).map(|_| ())?,
            Some(NEVER) => self.begin(key, None, ended),
            Some(ms) => self.begin(key, Some(self.now.after_ms(ms)), ended),
        }
        Ok(true)
    }
}

/// How far two texts agree: wholly when they are the same, otherwise by what looks like chance.
fn alike(first: &str, second: &str) -> u32 {
    if first == second { 1_000_000 } else { u32::try_from((crate::rules::mix(first) ^ crate::rules::mix(second)) % 800_000).unwrap_or(0) }
}

/// The attempts of one effect share its key.
fn key_of(call: &CallAgent, deed: &Deed) -> EffectKey {
    let mut key = [0; 16];
    key[..2].copy_from_slice(&call.node.0.to_be_bytes());
    key[2..4].copy_from_slice(&call.visit.to_be_bytes());
    key[4] = deed.number;
    key[5] = deed.class as u8;
    EffectKey(key)
}
