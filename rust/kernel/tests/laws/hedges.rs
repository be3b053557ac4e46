//! Two agents on one step: both pure, and one answer stands.

use std::collections::{BTreeMap, BTreeSet};

use interlock_kernel::{EffectClass, Event, Phase, State, TurnId};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

pub(crate) fn one_answer_stands(world: &World) -> Checked {
    let mut said: BTreeSet<TurnId> = BTreeSet::new();
    let mut dropped: BTreeSet<TurnId> = BTreeSet::new();
    let mut beside: BTreeMap<TurnId, TurnId> = BTreeMap::new();
    let story = |events: usize| world.story()[..=events].join("\n");
    for (events, event) in world.journal.iter().enumerate() {
        match event {
            Event::TurnStarted(turn) if turn.hedge => {
                let State::Running(running) = world.after(events) else { return Err(TestCaseError::fail("a hedge out of nothing")) };
                let Some(Phase::InTurn(first)) = running.strand(turn.strand).map(|strand| &strand.phase) else {
                    return Err(TestCaseError::fail("a hedge beside nobody"));
                };
                prop_assert!(first.node == turn.node && turn.fallback && !first.fallback, "beside another step\n{}", story(events));
                prop_assert!(running.plan.step(turn.node).is_some_and(|step| step.pure && step.hedge_ms.is_some()));
                beside.insert(turn.turn, first.id);
                beside.insert(first.id, turn.turn);
            }
            Event::TurnReplied(reply) => {
                prop_assert!(!dropped.contains(&reply.turn), "it was dropped\n{}", story(events));
                prop_assert!(said.insert(reply.turn), "it answers twice\n{}", story(events));
                let other = beside.get(&reply.turn);
                prop_assert!(other.is_none_or(|other| !said.contains(other)), "two answers stand\n{}", story(events));
            }
            // This one does not stand, so the other may speak.
            Event::ReplyChecked(checked) if checked.verdicts.iter().any(|verdict| verdict.failed.is_some()) => {
                said.remove(&checked.turn);
            }
            Event::TurnDropped(drop) => {
                prop_assert!(dropped.insert(drop.turn), "dropped twice\n{}", story(events));
                prop_assert!(beside.get(&drop.turn).is_some_and(|other| said.contains(other)), "nothing stands\n{}", story(events));
            }
            Event::EffectCompleted(done) if done.class != EffectClass::Pure => {
                prop_assert!(!beside.contains_key(&done.turn), "one of two acts\n{}", story(events));
            }
            Event::TurnStarted(_)
            | Event::ReplyChecked(_)
            | Event::EffectCompleted(_)
            | Event::RunStarted(_)
            | Event::RunResumed(_)
            | Event::TurnFailed(_)
            | Event::FactNeeded(_)
            | Event::RouteChosen(_)
            | Event::HandedOff(_)
            | Event::HandOffRefused(_)
            | Event::EffectIntended(_)
            | Event::ReviewOpened(_)
            | Event::ReviewDecided(_)
            | Event::RunDelivered(_)
            | Event::RunFailed(_)
            | Event::RunCancelled(_)
            | Event::Forked(_)
            | Event::BranchEnded(_)
            | Event::CalledOff(_)
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
            | Event::FactFailed(_) => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn of_two_agents_on_one_step_one_is_heard(world in storms()) {
        one_answer_stands(&lived(world)?)?;
    }
}
