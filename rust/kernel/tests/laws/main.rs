//! The laws of a run, tried on thousands of plans, scripts and mishaps. Each module holds the laws of one kind.
#![allow(clippy::unwrap_used)]

mod absorbed;
mod alive;
mod gates;
mod handoffs;
mod prefixes;
mod robust;

use std::collections::BTreeMap;

use interlock_kernel::{EffectOutcome, Event};
use interlock_testkit::{Faults, World, faults, plans, scripted_rules, scripts};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// A run that is about to begin, with nothing going wrong but what its agents do.
fn worlds() -> impl Strategy<Value = World> {
    plans().prop_flat_map(|plan| {
        let rules = scripted_rules(&plan);
        (Just(plan), scripts(), rules).prop_map(|(plan, script, rules)| World::new(plan, script).with_rules(rules))
    })
}

/// The same, and now the process dies, messages come twice, and people lose patience.
fn storms() -> impl Strategy<Value = World> {
    (worlds(), faults()).prop_map(|(world, faults)| world.with_faults(faults))
}

/// A run from its question to its end, or to a person.
fn lived(mut world: World) -> Result<World, TestCaseError> {
    match world.run() {
        Ok(_) => Ok(world),
        Err(trouble) => Err(TestCaseError::fail(format!("{trouble:?}\n  {}", world.story().join("\n  ")))),
    }
}

/// Crashes shorten the journal, so laws that count everything go without them.
fn without_crashes(world: World) -> World {
    let faults = Faults { crashes: Vec::new(), ..world.faults.clone() };
    world.with_faults(faults)
}

/// The laws say nothing about what never happens: here every kind of event, and every end, does.
#[test]
fn the_worlds_are_wild_enough() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..4_000 {
        let world = lived(storms().new_tree(&mut runner).unwrap().current()).unwrap();
        for line in world.journal.iter().map(kind) {
            *seen.entry(line).or_insert(0) += 1;
        }
    }
    assert!(seen.len() >= 40 && seen.values().all(|times| *times > 5), "{} kinds: {seen:#?}", seen.len());
}

/// An event's kind, and its reason where it has one.
fn kind(event: &Event) -> String {
    let why = match event {
        Event::TurnStarted(turn) => format!("fallback {}, again {}", turn.fallback, turn.attempt > 1),
        Event::RouteChosen(chosen) => format!("within a turn {}", chosen.turn.is_some()),
        Event::HandedOff(passed) => format!("{:?}", passed.why),
        Event::HandOffRefused(refused) => format!("{:?}", refused.why),
        Event::ReviewOpened(opened) => format!("{:?}", opened.why),
        Event::ReviewDecided(decided) => format!("{:?}", decided.verdict),
        Event::RunFailed(failed) => format!("{:?}", failed.code),
        Event::EffectCompleted(done) => format!("{:?} {}", done.class, matches!(done.outcome, EffectOutcome::Raised(_))),
        Event::ReplyChecked(checked) => format!("{}", checked.verdicts.iter().any(|verdict| verdict.failed.is_some())),
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::FactNeeded(_)
        | Event::EffectIntended(_)
        | Event::RunDelivered(_)
        | Event::RunCancelled(_) => String::new(),
    };
    format!("{} {why}", event.name())
}
