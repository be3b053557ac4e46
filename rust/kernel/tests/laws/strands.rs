//! Lines of execution: each has one that waits for it, ends once, and is silent when it is over.

use std::collections::{BTreeMap, BTreeSet};

use interlock_kernel::{Event, Phase, Running, State, StrandId, TurnId, outstanding};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

fn hang_together(running: &Running) -> Result<(), String> {
    if running.trunk().is_none_or(|trunk| trunk.parent.is_some() || trunk.id != StrandId(0)) {
        return Err("there is no trunk".into());
    }
    for (place, strand) in running.strands.iter().enumerate() {
        if running.strands.get(place + 1).is_some_and(|next| next.id <= strand.id) {
            return Err("strands are out of order".into());
        }
        let Some(id) = strand.parent else { continue };
        let Some(parent) = running.strand(id) else { return Err(format!("{:?} has no parent", strand.id)) };
        let waits = matches!(parent.phase, Phase::Forked)
            && parent.forks.last().is_some_and(|fork| fork.branches.iter().any(|one| one.strand == strand.id && one.end.is_none()));
        if !waits {
            return Err(format!("nobody waits for {:?}", strand.id));
        }
    }
    for strand in &running.strands {
        let open = strand.forks.iter().flat_map(|fork| &fork.branches).filter(|branch| branch.end.is_none());
        if let Some(lost) = open.into_iter().find(|branch| running.strand(branch.strand).is_none()) {
            return Err(format!("{:?} waits for {:?}, which is gone", strand.id, lost.strand));
        }
        if strand.rival.is_some() && !matches!(strand.phase, Phase::InTurn(_) | Phase::Answered { .. }) {
            return Err(format!("{:?} has an agent beside none", strand.id));
        }
    }
    Ok(())
}

pub(crate) fn every_branch_has_one_that_waits(world: &World) -> Checked {
    for events in 1..=world.journal.len() {
        let running = match world.after(events) {
            State::Running(running) => running,
            State::InReview(waiting) => &waiting.running,
            State::Unstarted(_) | State::Ended(_) => continue,
        };
        hang_together(running).map_err(|why| TestCaseError::fail(format!("{why}\n{}", world.story()[..events].join("\n"))))?;
    }
    if world.state.is_over() {
        prop_assert_eq!(outstanding(&world.state), vec![], "an end leaves nothing owed");
    }
    Ok(())
}

/// Who was forked from whom, and who is over, by the journal alone.
#[derive(Default)]
struct Branches {
    parents: BTreeMap<StrandId, (StrandId, interlock_kernel::NodeId)>,
    turns: BTreeMap<TurnId, StrandId>,
    ended: BTreeSet<StrandId>,
    gone: BTreeSet<StrandId>,
}

impl Branches {
    fn end(&mut self, strand: StrandId) {
        let mut over = vec![strand];
        while let Some(one) = over.pop() {
            self.gone.insert(one);
            over.extend(self.parents.iter().filter(|(_, (parent, _))| *parent == one).map(|(child, _)| *child));
        }
    }

    fn record(&mut self, event: &Event) -> Result<(), String> {
        let speaks = |branches: &Self, turn: TurnId| match branches.turns.get(&turn) {
            Some(strand) if !branches.gone.contains(strand) => Ok(()),
            Some(_) | None => Err(format!("turn {turn:?} speaks, and its branch is over")),
        };
        match event {
            Event::TurnStarted(turn) => {
                self.turns.insert(turn.turn, turn.strand);
                speaks(self, turn.turn)
            }
            Event::TurnReplied(reply) => speaks(self, reply.turn),
            Event::TurnFailed(failed) => speaks(self, failed.turn),
            Event::TurnDropped(dropped) => speaks(self, dropped.turn),
            Event::ReplyChecked(checked) => speaks(self, checked.turn),
            Event::HandOffRefused(refused) => speaks(self, refused.turn),
            Event::EffectIntended(intended) => speaks(self, intended.turn),
            Event::Forked(forked) => {
                self.parents.extend(forked.branches.iter().map(|branch| (branch.strand, (forked.strand, forked.node))));
                Ok(())
            }
            Event::BranchEnded(ended) => {
                let again = !self.ended.insert(ended.strand) || self.gone.contains(&ended.strand);
                self.end(ended.strand);
                if again { Err(format!("{:?} ends twice", ended.strand)) } else { Ok(()) }
            }
            Event::CalledOff(called) => {
                let of = (called.strand, called.node);
                let rest: Vec<StrandId> = self.parents.iter().filter(|(_, from)| **from == of).map(|(child, _)| *child).collect();
                for strand in rest {
                    self.end(strand);
                }
                Ok(())
            }
            Event::RunStarted(_)
            | Event::RunResumed(_)
            | Event::FactNeeded(_)
            | Event::RouteChosen(_)
            | Event::HandedOff(_)
            | Event::EffectCompleted(_) // it was under way, and it happened
            | Event::ReviewOpened(_)
            | Event::ReviewDecided(_)
            | Event::RunDelivered(_)
            | Event::RunFailed(_)
            | Event::RunCancelled(_)
            | Event::Reconciled(_)
            | Event::FloorPassed(_)
            | Event::Crossed(_)
            | Event::RunPaused(_)
            | Event::ReviewClaimed(_)
            | Event::ReviewReassigned(_)
            | Event::ReviewSigned(_)
            | Event::ReviewWithdrawn(_)
            | Event::GateRuled(_)
            | Event::RunDerived(_)
            | Event::FactFailed(_) => Ok(()),
        }
    }
}

pub(crate) fn who_is_over_is_silent(world: &World) -> Checked {
    let mut branches = Branches::default();
    for event in &world.journal {
        branches.record(event).map_err(|why| TestCaseError::fail(format!("{why}\n{}", world.story().join("\n"))))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn every_strand_has_a_living_parent_that_waits_for_it(world in storms()) {
        every_branch_has_one_that_waits(&lived(world)?)?;
    }

    #[test]
    fn a_branch_ends_once_and_never_speaks_again(world in storms()) {
        who_is_over_is_silent(&lived(world)?)?;
    }
}
