//! Never silent: a live run always owes something, and whatever it owes moves it on.

use interlock_kernel::{Command, Event, Phase, State, outstanding};
use interlock_testkit::{Faults, Reviews, World, law, most_turns};
use proptest::prelude::*;

use crate::{lived, storms, worlds};

/// One thing that moves the run and one alarm; a person; or nothing any more.
fn owes_what_it_should(state: &State) -> bool {
    let owed = outstanding(state);
    match state {
        State::Unstarted(_) | State::Ended(_) => owed.is_empty(),
        State::InReview(_) => matches!(owed[..], [Command::Advance | Command::AwaitReview { .. }]),
        State::Running(running) => match owed[..] {
            [Command::Advance | Command::CallAgent(_) | Command::FindFact { .. }, Command::WakeAt(at)] => at <= running.deadline,
            _ => false,
        },
    }
}

proptest! {
    #![proptest_config(law())]

    /// `World::run` fails on a command that changes nothing, so every case here also shows that nothing is done in vain.
    #[test]
    fn a_live_run_owes_something_and_a_finished_one_nothing(world in storms()) {
        let world = lived(world)?;
        for events in 1..=world.journal.len() {
            let state = world.after(events);
            prop_assert!(owes_what_it_should(state), "{:?} owes {:?}", state, outstanding(state));
        }
    }

    #[test]
    fn turns_are_bounded_by_the_plan(world in worlds()) {
        let world = lived(world)?;
        let turns = world.journal.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count() as u64;
        prop_assert!(turns <= most_turns(&world.plan), "{turns} turns, and {} are the most", most_turns(&world.plan));
    }

    #[test]
    fn turns_and_visits_are_counted_without_a_gap(world in storms()) {
        let world = lived(world)?;
        let started: Vec<_> = world.journal.iter().filter_map(|event| if let Event::TurnStarted(turn) = event { Some(turn) } else { None }).collect();
        for (number, turn) in started.iter().enumerate() {
            prop_assert_eq!(turn.turn.0 as usize, number);
            let before = started[..number].iter().rev().find(|other| other.node == turn.node);
            match before {
                None => prop_assert_eq!((turn.visit, turn.attempt), (1, 1)),
                Some(before) if turn.visit == before.visit => {
                    prop_assert!(turn.attempt == before.attempt + 1 || (turn.fallback && !before.fallback && turn.attempt == 1));
                }
                Some(before) => prop_assert_eq!((turn.visit, turn.attempt), (before.visit + 1, 1)),
            }
        }
    }

    #[test]
    fn a_call_says_what_its_turn_was_started_with(world in worlds()) {
        let world = lived(world)?;
        for (events, event) in world.journal.iter().enumerate() {
            let Event::TurnStarted(turn) = event else { continue };
            let Some(Command::CallAgent(call)) = outstanding(world.after(events + 1)).into_iter().next() else {
                return Err(TestCaseError::fail("a turn without a call"));
            };
            prop_assert_eq!((call.turn, call.node, &call.agent, call.attempt), (turn.turn, turn.node, &turn.agent, turn.attempt));
            prop_assert_eq!((call.visit, call.message, call.due), (turn.visit, turn.message, turn.due));
            prop_assert_eq!(call.priority, turn.priority, "the priority of {:?}", turn);
            prop_assert_eq!(call.feedback.is_some(), turn.attempt > 1 || turn.fallback, "a later attempt knows why");
        }
    }

    #[test]
    fn a_run_ends_once_and_is_answered_at_most_once(world in storms()) {
        let world = lived(world)?;
        let ends = |event: &Event| matches!(event, Event::RunDelivered(_) | Event::RunFailed(_) | Event::RunCancelled(_));
        let end = world.journal.iter().position(ends);
        prop_assert_eq!(end.is_some(), world.state.is_over());
        prop_assert!(end.is_none_or(|end| end + 1 == world.journal.len()), "nothing follows the end");
    }

    #[test]
    fn a_person_who_decides_ends_the_wait(world in worlds()) {
        let waiting = lived(world)?;
        if matches!(waiting.state, State::InReview(_)) {
            for reviews in [Reviews::Answer, Reviews::Reject] {
                let ended: World = lived(waiting.clone().with_faults(Faults { reviews, ..Faults::default() }))?;
                prop_assert!(ended.state.is_over());
            }
        }
    }

    /// A run that has just been handed on stands in no relay but those around its new place.
    #[test]
    fn a_run_stands_only_in_the_relays_around_it(world in worlds()) {
        let world = lived(world)?;
        for events in 1..=world.journal.len() {
            let State::Running(running) = world.after(events) else { continue };
            let at = match &running.phase {
                Phase::Entering { node, .. } => *node,
                Phase::AwaitingFact { relay, .. } => *relay,
                Phase::InTurn(turn) | Phase::Answered { turn, .. } | Phase::Routed { turn, .. } | Phase::Missed { turn, .. } => turn.node,
                Phase::Unroutable { .. } => continue,
            };
            let around: Vec<_> = running.plan.relays_around(at).collect();
            for relay in &running.relays {
                let stands = around.contains(&(relay.node, relay.member));
                prop_assert!(stands, "inside relay {:?} at {at:?}, which is not in it\n{}", relay.node, world.story()[..events].join("\n"));
            }
        }
    }
}
