//! Never silent: a live run always owes something, and whatever it owes moves it on.

use interlock_kernel::{Command, Event, NodeId, Phase, ReviewSubject, State, Strand, Then, TurnId, calls, due, outstanding};
use interlock_testkit::{Faults, Reviews, World, law, most_turns};
use proptest::prelude::*;

use crate::{Checked, lived, storms, worlds};

/// Something that moves the run, and one alarm at the end; a person; or nothing any more.
fn owes_what_it_should(state: &State) -> bool {
    let owed = outstanding(state);
    match state {
        State::Unstarted(_) | State::Ended(_) => owed.is_empty(),
        State::InReview(waiting) if waiting.decided.is_some() => matches!(owed[..], [Command::Advance]),
        State::InReview(waiting) => {
            let wakes = waiting.open.terms.due.is_some();
            matches!((&owed[..], wakes), ([Command::AwaitReview { .. }], false) | ([Command::AwaitReview { .. }, Command::WakeAt(_)], true))
        }
        State::Running(running) => {
            let (alarms, rest): (Vec<_>, Vec<_>) = owed.iter().partition(|one| matches!(one, Command::WakeAt(_)));
            let at = match alarms[..] {
                [Command::WakeAt(at)] => Some(*at),
                _ => None,
            };
            let once = rest.iter().enumerate().all(|(place, one)| !rest[..place].contains(one));
            let moves = rest.iter().any(|one| !matches!(one, Command::AwaitReview { .. }));
            if running.paused {
                return !rest.is_empty() && !moves && once && at == due(state);
            }
            // It moves by itself, or by what an effect that is under way comes to; and it never forgets its end.
            let acts = running.intents.values().any(|intent| !intent.orphaned);
            (moves || acts) && once && at.is_some_and(|at| at <= running.deadline)
        }
    }
}

pub(crate) fn owes_something(world: &World) -> Checked {
    for events in 1..=world.journal.len() {
        let state = world.after(events);
        prop_assert!(owes_what_it_should(state), "{:?} owes {:?}", state, outstanding(state));
    }
    Ok(())
}

fn is_of_effect(event: &Event) -> bool {
    matches!(event, Event::ReviewOpened(opened) if matches!(opened.subject, ReviewSubject::Effect { .. }))
}

/// Whether a turn is taken again after a person's decision.
fn is_woken(world: &World, turn: TurnId) -> bool {
    let started = |event: &Event| matches!(event, Event::TurnStarted(started) if started.turn == turn);
    let Some(events) = world.journal.iter().position(started) else { return false };
    let (State::Running(running), Event::TurnStarted(started)) = (world.after(events), &world.journal[events]) else { return false };
    running.strand(started.strand).is_some_and(|strand| matches!(strand.phase, Phase::Woken { .. }))
}

pub(crate) fn turns_are_bounded(world: &World) -> Checked {
    let asked = world.journal.iter().filter(|event| is_of_effect(event)).count() as u64;
    let started = world.journal.iter().filter(|event| matches!(event, Event::TurnStarted(_))).count() as u64;
    let turns = started.saturating_sub(asked); // each review of an effect may have a turn taken again
    prop_assert!(turns <= most_turns(&world.plan), "{turns} turns, and {} are the most", most_turns(&world.plan));
    Ok(())
}

pub(crate) fn turns_are_counted(world: &World) -> Checked {
    let started: Vec<_> =
        world.journal.iter().filter_map(|event| if let Event::TurnStarted(turn) = event { Some(turn) } else { None }).collect();
    for (number, turn) in started.iter().enumerate() {
        prop_assert_eq!(turn.turn.0 as usize, number);
        let before: Vec<_> = started[..number].iter().filter(|other| other.node == turn.node).collect();
        let last_visit = before.last().map_or(0, |other| other.visit);
        let same = before.iter().filter(|other| other.visit == turn.visit);
        if is_woken(world, turn.turn) {
            prop_assert!(same.clone().any(|other| other.fallback == turn.fallback && other.attempt == turn.attempt), "{turn:?}");
        } else if turn.attempt > 1 {
            prop_assert!(same.clone().any(|other| other.fallback == turn.fallback && other.attempt + 1 == turn.attempt), "{turn:?}");
        } else if turn.fallback {
            prop_assert!(turn.visit == last_visit && same.clone().any(|other| !other.fallback), "{turn:?}");
        } else {
            prop_assert_eq!(turn.visit, last_visit + 1);
        }
    }
    Ok(())
}

pub(crate) fn calls_are_true(world: &World) -> Checked {
    for (events, event) in world.journal.iter().enumerate() {
        let Event::TurnStarted(turn) = event else { continue };
        let calls = calls(world.after(events + 1), |other| other.id == turn.turn);
        let [call] = &calls[..] else { return Err(TestCaseError::fail("a turn without a call")) };
        prop_assert_eq!((call.turn, call.node, &call.agent, call.attempt), (turn.turn, turn.node, &turn.agent, turn.attempt));
        prop_assert_eq!((call.visit, call.message, call.due, call.strand), (turn.visit, turn.message, turn.due, turn.strand));
        prop_assert_eq!(call.priority, turn.priority, "the priority of {:?}", turn);
        if is_woken(world, turn.turn) {
            continue; // it knows what it knew before
        }
        let is_later = (turn.attempt > 1 || turn.fallback) && !turn.hedge;
        prop_assert_eq!(call.feedback.is_some(), is_later, "a later attempt knows why");
    }
    Ok(())
}

pub(crate) fn ends_once(world: &World) -> Checked {
    let ends = |event: &Event| matches!(event, Event::RunDelivered(_) | Event::RunFailed(_) | Event::RunCancelled(_));
    let end = world.journal.iter().position(ends);
    prop_assert_eq!(end.is_some(), world.state.is_over());
    prop_assert!(end.is_none_or(|end| end + 1 == world.journal.len()), "nothing follows the end");
    Ok(())
}

pub(crate) fn stands_around(world: &World) -> Checked {
    for events in 1..=world.journal.len() {
        let State::Running(running) = world.after(events) else { continue };
        for strand in &running.strands {
            let (Some(at), plan) = (place(strand), &running.plan) else { continue };
            let around: Vec<_> = plan.relays_within(at, strand.root).collect();
            let story = || world.story()[..events].join("\n");
            for relay in &strand.relays {
                let stands = around.contains(&(relay.node, relay.member));
                prop_assert!(stands, "inside relay {:?} at {at:?}, which is not in it\n{}", relay.node, story());
            }
            let is_above = |node: NodeId| plan.upwards_to(at, strand.root).any(|above| above == node);
            prop_assert!(strand.forums.iter().all(|forum| is_above(forum.node)), "inside a forum that was left\n{}", story());
            prop_assert!(strand.forks.iter().all(|fork| is_above(fork.node)), "beside a fork that was left\n{}", story());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    /// `World::run` fails on a command that changes nothing, so every case here also shows that nothing is done in vain.
    #[test]
    fn a_live_run_owes_something_and_a_finished_one_nothing(world in storms()) {
        owes_something(&lived(world)?)?;
    }

    #[test]
    fn turns_are_bounded_by_the_plan(world in storms()) {
        turns_are_bounded(&lived(world)?)?;
    }

    #[test]
    fn turns_and_visits_are_counted_without_a_gap(world in storms()) {
        turns_are_counted(&lived(world)?)?;
    }

    #[test]
    fn a_call_says_what_its_turn_was_started_with(world in storms()) {
        calls_are_true(&lived(world)?)?;
    }

    #[test]
    fn a_run_ends_once_and_is_answered_at_most_once(world in storms()) {
        ends_once(&lived(world)?)?;
    }

    #[test]
    fn a_person_who_decides_ends_the_wait(world in worlds()) {
        let waiting = lived(world)?;
        if !waiting.state.is_over() {
            for reviews in [Reviews::Answer, Reviews::Reject, Reviews::Approve, Reviews::Wild(7)] {
                let ended: World = lived(waiting.clone().with_faults(Faults { reviews, ..Faults::default() }))?;
                prop_assert!(ended.state.is_over());
            }
        }
    }

    /// A run that has just been handed on stands in no pattern but those around its new place.
    #[test]
    fn a_strand_stands_only_in_the_patterns_around_it(world in storms()) {
        stands_around(&lived(world)?)?;
    }
}

/// Where a strand is, when that is one place.
fn place(strand: &Strand) -> Option<NodeId> {
    place_in(strand, &strand.phase)
}

fn place_in(strand: &Strand, phase: &Phase) -> Option<NodeId> {
    match phase {
        Phase::Entering { node, .. } => Some(*node),
        Phase::AwaitingFact { relay, .. } => Some(*relay),
        Phase::Paused { turn, .. }
        | Phase::Woken { turn }
        | Phase::InTurn(turn)
        | Phase::Answered { turn, .. }
        | Phase::Routed { turn, .. }
        | Phase::Missed { turn, .. } => Some(turn.node),
        Phase::Held { then, .. } => place_in(strand, then),
        Phase::Delegating { forum, .. } => Some(*forum),
        Phase::Forked => strand.forks.last().map(|fork| fork.node),
        Phase::AtWall { walls, then: Then::Leave(..), .. } => walls.last().copied(),
        // Something was left, and what stands around is closed when the next node is entered.
        Phase::Stuck { .. } | Phase::Left { .. } | Phase::AtWall { then: Then::Enter(_) | Then::Delegate { .. }, .. } => None,
    }
}
