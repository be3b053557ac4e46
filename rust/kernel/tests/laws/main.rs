//! The laws of a run, tried on thousands of plans, scripts and mishaps. Each module holds the laws of one kind.
#![allow(clippy::unwrap_used)]

mod absorbed;
mod alive;
mod delegators;
mod effects;
mod gates;
mod handoffs;
mod hedges;
mod limits;
mod people;
mod prefixes;
mod robust;
mod simulation;
mod strands;
mod votes;
mod walls;

use std::collections::BTreeMap;

use interlock_kernel::{BranchEnd, CrossingOutcome, EffectOutcome, Event, Floor, JoinVerdict, TriedOutcome};
use interlock_testkit::{Faults, World, faults, plans, scripted_rules, scripts};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// What a law says of one run.
type Checked = Result<(), TestCaseError>;

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
    let often = seen.values().filter(|times| **times > 5).count();
    assert!(seen.len() >= 95 && often >= 80, "{} kinds, {often} of them often: {seen:#?}", seen.len());
}

/// An outcome without its place.
fn said(outcome: TriedOutcome) -> &'static str {
    match outcome {
        TriedOutcome::Won(_) => "won",
        TriedOutcome::Tied => "tied",
        TriedOutcome::NoQuorum => "no quorum",
        TriedOutcome::NoBallots => "no ballots",
        TriedOutcome::WithinMargin => "within margin",
        TriedOutcome::NoOverride => "no override",
        TriedOutcome::Review => "review",
    }
}

/// An event's kind, and its reason where it has one.
fn kind(event: &Event) -> String {
    let why = match event {
        Event::TurnStarted(turn) => format!("fallback {}, again {}, beside {}", turn.fallback, turn.attempt > 1, turn.hedge),
        Event::RouteChosen(chosen) => format!("within a turn {}", chosen.turn.is_some()),
        Event::HandedOff(passed) => format!("{:?}", passed.why),
        Event::HandOffRefused(refused) => format!("{:?}", refused.why),
        Event::ReviewOpened(opened) => format!("{:?}", opened.why),
        Event::ReviewDecided(decided) => format!("{:?} by nobody {}", decided.verdict, decided.by.is_none()),
        Event::ReviewSigned(signed) => format!("{:?}", signed.verdict),
        Event::ReviewReassigned(reassigned) => format!("by nobody {}", reassigned.by.is_none()),
        Event::EffectIntended(intended) => format!("{:?}", intended.class),
        Event::RunFailed(failed) => format!("{:?}", failed.code),
        Event::EffectCompleted(done) => format!("{:?} {}", done.class, matches!(done.outcome, EffectOutcome::Raised(_))),
        Event::ReplyChecked(checked) => format!("{}", checked.verdicts.iter().any(|verdict| verdict.failed.is_some())),
        Event::FactNeeded(needed) => format!("{:?}", needed.fact),
        Event::BranchEnded(ended) => match &ended.end {
            BranchEnd::Answered(_) => "answered".into(),
            BranchEnd::Lost { why, .. } => format!("lost {why:?}"),
            BranchEnd::CalledOff => "called off".into(),
        },
        Event::Reconciled(reconciled) => match reconciled.verdict {
            JoinVerdict::Chosen(_) => format!("{:?}", reconciled.tried.iter().map(|tried| said(tried.outcome)).collect::<Vec<_>>()),
            JoinVerdict::Synthesis | JoinVerdict::Open(_) => format!("{:?}", reconciled.verdict),
        },
        Event::FloorPassed(passed) => match &passed.next {
            Floor::Member { .. } => "member".into(),
            Floor::Summary { .. } => "summary".into(),
            Floor::Delegates(to) => format!("delegates to {}", to.len()),
            Floor::Answer { why, .. } => format!("{why:?}"),
            Floor::Open(why) => format!("open {why:?}"),
        },
        Event::Crossed(crossed) => format!("{:?} {}", crossed.way, matches!(crossed.outcome, CrossingOutcome::Passed { .. })),
        Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::TurnReplied(_)
        | Event::TurnFailed(_)
        | Event::RunDelivered(_)
        | Event::Forked(_)
        | Event::CalledOff(_)
        | Event::TurnDropped(_)
        | Event::FactFailed(_)
        | Event::RunPaused(_)
        | Event::ReviewClaimed(_)
        | Event::ReviewWithdrawn(_)
        | Event::GateRuled(_)
        | Event::RunDerived(_)
        | Event::RunCancelled(_) => String::new(),
    };
    format!("{} {why}", event.name())
}
