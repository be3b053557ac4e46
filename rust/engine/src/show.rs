//! What a turn is shown beside its message: the thread, the reports, the answers of branches. Also what a person is shown.

use interlock_guard::labels::Label;
use interlock_kernel::plan::Plan;
use interlock_kernel::{BranchEnd, Contributed, Contribution, Failure, Heard, InReview, NodeId, Ref, State, TurnId, view};

use crate::engine::Engine;
use crate::live::{Body, Held, Live, Said};
use crate::step::Shown;
use crate::{EngineError, settle};

impl Engine {
    /// What a turn may see of the pattern around it; the first is what the pattern was given, if there is any.
    pub fn view(&self, run: u64, turn: u32) -> Result<Vec<Shown>, EngineError> {
        let mut core = self.lock()?;
        let Some(live) = core.live.get_mut(&run) else { return Ok(Vec::new()) };
        let heard = live.heard(turn);
        let shown: Vec<Shown> = heard.iter().map(|one| live.held.show(settle::plan_of(&live.state), *one)).collect();
        let errors = heard.iter().filter_map(|one| live.label_of_error(*one)).fold(Label::NEUTRAL, Label::join);
        if shown.len() > 1 {
            live.saw_all(turn); // what others said is in it, and they may have read anything
            live.guarding.sees(turn, errors);
        }
        Ok(shown)
    }

    /// What a turn's agent may reach.
    pub fn scopes(&self, run: u64, turn: u32) -> Result<Vec<String>, EngineError> {
        let core = self.lock()?;
        let Some(live) = core.live.get(&run) else { return Ok(Vec::new()) };
        Ok(live.scopes_of(turn).iter().map(ToString::to_string).collect())
    }
}

impl Live {
    fn heard(&self, turn: u32) -> Vec<Heard<'_>> {
        let State::Running(running) = &self.state else { return Vec::new() };
        let found = running.turns_at_work().find(|(_, found)| found.id == TurnId(turn));
        found.map_or_else(Vec::new, |(strand, turn)| view(running, strand, turn))
    }

    /// The label of the error text that says why a branch or a delegate was lost. It is no message, and may be made of anything that was read there.
    fn label_of_error(&self, heard: Heard<'_>) -> Option<Label> {
        if let Heard::Lost { failure: Some(Failure::Raised(text) | Failure::WrongType(text)), .. } = heard {
            return Some(self.label(text.number));
        }
        None
    }
}

impl Held {
    fn show(&self, plan: &Plan, heard: Heard<'_>) -> Shown {
        match heard {
            Heard::Task(message) | Heard::Summary(message) => self.shown(message),
            Heard::Said { by, said, option } => Shown {
                sender: name(plan, by).or(Some(said.agent.clone())),
                confidence: said.confidence,
                option,
                ..self.shown(said.message)
            },
            Heard::Lost { by, why, failure } => {
                let text = settle::why_lost(why, failure, self);
                Shown { text, sender: name(plan, by), lost: true, ..Shown::default() }
            }
        }
    }

    /// What a person who decides is shown: the thread or the reports with what was said in vain, or the answers that conflict.
    pub(crate) fn for_a_person(&self, waiting: &InReview) -> Vec<Shown> {
        let Some(trunk) = waiting.running.trunk() else { return Vec::new() };
        let plan = &waiting.running.plan;
        // The thread or the reports, in order, those that came to nothing among them.
        let is_attached =
            |one: &Contribution| matches!(&one.what, Contributed::Said(said) if waiting.open.attached.contains(&said.message));
        let thread = trunk.forums.iter().rev().find(|forum| forum.said.iter().any(is_attached));
        let heard = thread.into_iter().flat_map(|forum| &forum.said).map(|one| match &one.what {
            Contributed::Said(said) => Heard::Said { by: one.member, said, option: None },
            Contributed::Lost { why, failure } => Heard::Lost { by: one.member, why: *why, failure: failure.as_ref() },
        });
        // Then the answers that conflict, and what was said besides.
        let branches = || trunk.forks.iter().flat_map(|fork| &fork.branches);
        let answer = |message: &Ref| {
            branches().find_map(|branch| match branch.end.as_ref()? {
                BranchEnd::Answered(said) if said.message == *message => Some(Heard::Said { by: branch.node, said, option: None }),
                BranchEnd::Answered(_) | BranchEnd::Lost { .. } | BranchEnd::CalledOff => None,
            })
        };
        let is_shown = |message: &&Ref| {
            let same = |one: &Contribution| matches!(&one.what, Contributed::Said(said) if said.message == **message);
            thread.is_some_and(|forum| forum.said.iter().any(same))
        };
        let rest = waiting.open.attached.iter().filter(|message| !is_shown(message));
        let shown = |message: &Ref| answer(message).map_or_else(|| self.shown(*message), |heard| self.show(plan, heard));
        let lost = branches().filter_map(|branch| match branch.end.as_ref()? {
            BranchEnd::Lost { why, failure } => Some(Heard::Lost { by: branch.node, why: *why, failure: failure.as_ref() }),
            BranchEnd::Answered(_) | BranchEnd::CalledOff => None,
        });
        let lost = lost.map(|heard| self.show(plan, heard));
        heard.map(|heard| self.show(plan, heard)).chain(rest.map(shown)).chain(lost).collect()
    }

    /// Everything that was said, in order, whatever walls stand between.
    pub(crate) fn all_said(&self) -> Vec<Shown> {
        (0..self.len()).filter_map(|number| self.message(u32::try_from(number).ok()?).map(show_said)).collect()
    }

    /// What is attached to a review: a message, or what a gate says of a call.
    pub(crate) fn attached(&self, one: Ref) -> Shown {
        match self.body(one.number) {
            Some(Body::Bytes(bytes)) => Shown { text: String::from_utf8_lossy(bytes).into_owned(), ..Shown::default() },
            Some(Body::Message(said)) => show_said(said),
            None => Shown::default(),
        }
    }

    /// A message as it was said.
    pub(crate) fn shown(&self, message: Ref) -> Shown {
        self.message(message.number).map(show_said).unwrap_or_default()
    }
}

fn show_said(said: &Said) -> Shown {
    let (text, data, sender, labels) = (said.text.clone(), said.data.clone(), said.sender.clone(), said.labels.clone());
    Shown { text, data, sender, labels, ..Shown::default() }
}

fn name(plan: &Plan, node: NodeId) -> Option<interlock_kernel::Name> {
    plan.node(node).map(|node| node.name.clone())
}
