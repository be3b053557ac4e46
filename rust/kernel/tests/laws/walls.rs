//! The domain law: what a turn inside a domain sees was made inside it or imported, and nothing leaves but by an export.

use std::collections::BTreeMap;

use interlock_kernel::plan::Plan;
use interlock_kernel::{CrossingOutcome, Event, Fact, Failure, Heard, NodeId, Ref, State, view};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

/// Inside which domain each message was made, by its number; nothing is outside of all.
type Homes = BTreeMap<u32, Option<NodeId>>;

fn domain_of(plan: &Plan, node: NodeId) -> Option<NodeId> {
    plan.node(node).and_then(|node| node.domain)
}

/// What an event brings into the world, and where.
fn settle(plan: &Plan, turns: &mut BTreeMap<u32, NodeId>, homes: &mut Homes, event: &Event) {
    let mut at = |message: Ref, home| {
        homes.insert(message.number, home);
    };
    match event {
        Event::RunStarted(started) => at(started.message, None),
        Event::TurnStarted(turn) => {
            turns.insert(turn.turn.0, turn.node);
        }
        Event::TurnReplied(reply) => {
            let home = turns.get(&reply.turn.0).and_then(|node| domain_of(plan, *node));
            at(reply.reply, home);
            reply.delegated.iter().filter_map(|(_, task)| *task).for_each(|task| at(task, home));
        }
        Event::TurnFailed(failed) => {
            let home = turns.get(&failed.turn.0).and_then(|node| domain_of(plan, *node));
            if let Failure::Raised(text) | Failure::WrongType(text) = &failed.failure {
                at(*text, home);
            }
        }
        Event::Crossed(crossed) => {
            if let CrossingOutcome::Passed { message, .. } = &crossed.outcome {
                at(*message, if crossed.way == Fact::Import { Some(crossed.domain) } else { domain_of(plan, crossed.domain) });
            }
        }
        Event::ReviewDecided(decided) => decided.content.into_iter().chain(decided.decision).for_each(|said| at(said, None)),
        Event::RunResumed(_)
        | Event::ReplyChecked(_)
        | Event::FactNeeded(_)
        | Event::RouteChosen(_)
        | Event::HandedOff(_)
        | Event::HandOffRefused(_)
        | Event::EffectIntended(_)
        | Event::EffectCompleted(_)
        | Event::ReviewOpened(_)
        | Event::RunDelivered(_)
        | Event::RunFailed(_)
        | Event::RunCancelled(_)
        | Event::Forked(_)
        | Event::BranchEnded(_)
        | Event::CalledOff(_)
        | Event::Reconciled(_)
        | Event::FloorPassed(_)
        | Event::TurnDropped(_)
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

/// Every reference in what a turn sees, the reasons of failures included.
fn seen(heard: &Heard<'_>) -> Vec<Ref> {
    match heard {
        Heard::Task(message) | Heard::Summary(message) => vec![*message],
        Heard::Said { said, .. } => vec![said.message],
        Heard::Lost { failure: Some(Failure::Raised(text) | Failure::WrongType(text)), .. } => vec![*text],
        Heard::Lost { .. } => Vec::new(),
    }
}

pub(crate) fn walls_hold(world: &World) -> Checked {
    let plan = &world.plan;
    let (mut homes, mut turns) = (Homes::new(), BTreeMap::new());
    for (events, event) in world.journal.iter().enumerate() {
        settle(plan, &mut turns, &mut homes, event);
        let home = |message: Ref| homes.get(&message.number).copied();
        let story = || world.story()[..=events].join("\n");
        if let Event::Crossed(crossed) = event {
            let from = if crossed.way == Fact::Import { domain_of(plan, crossed.domain) } else { Some(crossed.domain) };
            prop_assert_eq!(home(crossed.from), Some(from), "what comes to a wall comes from one side\n{}", story());
        }
        if let Event::RunDelivered(delivered) = event {
            prop_assert_eq!(home(delivered.message), Some(None), "what is delivered is outside\n{}", story());
        }
        if let (Event::FactNeeded(needed), State::Running(running)) = (event, world.after(events + 1)) {
            let Some(strand) = running.strand(needed.strand).filter(|_| needed.fact == Fact::Agreement) else { continue };
            let answers =
                strand.forks.iter().filter(|fork| fork.node == needed.node).flat_map(|fork| &fork.branches).filter_map(|branch| {
                    match &branch.end {
                        Some(interlock_kernel::BranchEnd::Answered(said)) => Some(said.message),
                        Some(interlock_kernel::BranchEnd::Lost { .. } | interlock_kernel::BranchEnd::CalledOff) | None => None,
                    }
                });
            for answer in answers {
                prop_assert_eq!(home(answer), Some(domain_of(plan, needed.node)), "what is compared is on this side\n{}", story());
            }
        }
        let (Event::TurnStarted(started), State::Running(running)) = (event, world.after(events + 1)) else { continue };
        let here = Some(domain_of(plan, started.node));
        prop_assert_eq!(home(started.message), here, "the message is not from here\n{}", story());
        let strand = running.strand(started.strand).unwrap();
        let turn = strand.turns().find(|turn| turn.id == started.turn).unwrap();
        for heard in view(running, strand, turn) {
            for message in seen(&heard) {
                prop_assert_eq!(home(message), here, "the view holds what is not from here: {:?}\n{}", heard, story());
            }
        }
        if let Some(Failure::Raised(text) | Failure::WrongType(text)) = &turn.feedback {
            prop_assert_eq!(home(*text), here, "the feedback is not from here\n{}", story());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn what_is_made_inside_a_domain_leaves_it_only_by_an_export(world in storms()) {
        walls_hold(&lived(world)?)?;
    }
}
