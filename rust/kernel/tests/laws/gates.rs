//! Governed by default: nothing passes a choke point unrecorded, and no gate is asked in vain.

use interlock_kernel::{EffectClass, Event, Gate, Passage};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms, without_crashes};

fn gates(passages: &[Passage]) -> Vec<Gate> {
    passages.iter().map(|passage| passage.gate).collect()
}

/// The gates that each kind of event passes, and those that it says it passed.
fn owed_and_passed(event: &Event) -> (&'static [Gate], Vec<Gate>) {
    match event {
        Event::RunStarted(started) => (&[Gate::Ingress], gates(&started.passages)),
        Event::TurnStarted(turn) => (&[Gate::AgentToAgent, Gate::ModelContext], gates(&turn.passages)),
        Event::EffectIntended(intended) => (&[Gate::ToolCall], gates(&intended.passages)),
        Event::EffectCompleted(completed) => match completed.class {
            EffectClass::Pure => (&[Gate::ToolCall, Gate::ToolResult], gates(&completed.passages)),
            EffectClass::Effect | EffectClass::EffectOnce => (&[Gate::ToolResult], gates(&completed.passages)),
        },
        // Time that runs out says nothing that could be looked at.
        Event::ReviewDecided(decided) if decided.by.is_none() => (&[], gates(&decided.passages)),
        Event::ReviewDecided(decided) => (&[Gate::ReviewDecision], gates(&decided.passages)),
        Event::ReviewSigned(signed) => (&[Gate::ReviewDecision], gates(&signed.passages)),
        Event::RunDelivered(delivered) => (&[Gate::Unmask, Gate::Egress], gates(&delivered.passages)),
        // These pass nothing on: they record what was said, chosen or ended.
        Event::RunResumed(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::ReviewOpened(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::Crossed(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewReassigned(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_)
        | Event::RunDerived(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_) => (&[], Vec::new()),
    }
}

pub(crate) fn choke_points_are_guarded(world: &World) -> Checked {
    for event in &world.journal {
        let (owed, passed) = owed_and_passed(event);
        prop_assert_eq!(owed, &passed[..], "{:?}", event);
    }
    Ok(())
}

pub(crate) fn effects_follow_intents(world: &World) -> Checked {
    for (events, event) in world.journal.iter().enumerate() {
        let Event::EffectCompleted(done) = event else { continue };
        let before = &world.journal[..events];
        if done.class != EffectClass::Pure {
            prop_assert!(before.iter().any(|event| matches!(event, Event::EffectIntended(intended) if intended.key == done.key)));
        }
        let returned = |event: &Event| {
            matches!(event, Event::EffectCompleted(other)
                if other.key == done.key && matches!(other.outcome, interlock_kernel::EffectOutcome::Returned(_)))
        };
        prop_assert!(!before.iter().any(returned), "what returned is not done again");
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn every_choke_point_is_guarded(world in storms()) {
        choke_points_are_guarded(&lived(world)?)?;
    }

    /// Memory's gate comes with the store; until then nothing asks it.
    #[test]
    fn every_question_to_a_gate_is_in_the_journal(world in storms()) {
        let world = lived(without_crashes(world))?;
        for gate in Gate::ALL {
            let recorded = world.journal.iter().flat_map(|event| owed_and_passed(event).1).filter(|passed| *passed == gate).count();
            prop_assert_eq!(world.shelf.gates.asked(gate) as usize, recorded, "{}", gate.code());
        }
    }

    #[test]
    fn an_effect_is_completed_only_after_its_intent_and_returns_once(world in storms()) {
        effects_follow_intents(&lived(world)?)?;
    }
}
