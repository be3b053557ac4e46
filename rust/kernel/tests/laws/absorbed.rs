//! At-least-once delivery is normal: repeats and late replies change nothing, unknown ids are refused, an end is an end.

use interlock_kernel::{Digest, Failure, Input, Ref, Refusal, State, TurnId};
use interlock_testkit::{Told, World, bare, guesses, law};
use proptest::prelude::*;

use crate::{lived, storms, without_crashes, worlds};

fn nothing() -> Ref {
    Ref { number: 0, commitment: Digest::default() }
}

fn reply(turn: u32) -> Input {
    Input::Replied { turn: TurnId(turn), reply: bare(nothing()) }
}

fn failure(turn: u32) -> Input {
    Input::AttemptFailed { turn: TurnId(turn), failure: Failure::Raised(nothing()), label: None }
}

/// How many turns were started, and which of them agents work on.
fn turns(state: &State) -> (u32, Vec<TurnId>) {
    match state {
        State::Unstarted(_) => (0, Vec::new()),
        State::Running(running) => (running.turns, running.turns_at_work().map(|(_, turn)| turn.id).collect()),
        State::InReview(waiting) => (waiting.running.turns, Vec::new()),
        State::Ended(ended) => (ended.turns, Vec::new()),
    }
}

fn needs_several(input: &Input, state: &State) -> bool {
    let Input::ReviewAnswered { review, .. } = input else { return false };
    let open = match state {
        State::Running(running) => running.open.get(review),
        State::InReview(waiting) => Some(&waiting.open).filter(|_| waiting.review == *review),
        State::Unstarted(_) | State::Ended(_) => None,
    };
    open.is_some_and(|open| open.terms.approvals > 1)
}

/// Every such input that had an effect has none when it is offered again, in every later state. Where several people must agree, the same
/// word may be said of another proposal.
fn repeated(world: World, such: fn(&Input) -> bool) -> Result<(), TestCaseError> {
    let world = lived(without_crashes(world))?;
    let before = |number: usize| number.checked_sub(1).map_or(0, |before: usize| world.told[before].journal);
    let counts = |number: usize, told: &Told| such(&told.input) && told.journal > before(number);
    for (number, told) in world.told.iter().enumerate().filter(|(number, told)| counts(*number, told)) {
        for later in &world.told[number..] {
            let mut events = world.shelf.decide(world.after(later.journal), told.input.clone(), later.at).unwrap_or_default();
            if needs_several(&told.input, world.after(later.journal)) {
                events.clear();
            }
            let so_far = || world.story()[..later.journal].join("\n  ");
            prop_assert!(events.is_empty(), "{:?} again gives {events:?} after\n  {}", told.input, so_far());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    /// Only a tick, a restart and a step have no identity, so that a second one is simply another.
    #[test]
    fn requests_replies_reviews_and_cancels_may_come_again(world in storms()) {
        repeated(world, |input| match input {
            Input::Requested { .. } | Input::Replied { .. } | Input::AttemptFailed { .. } | Input::ReviewAnswered { .. }
            | Input::CancelRequested { .. } => true,
            Input::Reopened { .. } | Input::Advanced | Input::TimePassed | Input::NeighboursFound { .. } | Input::EffectBegun { .. }
            | Input::ReviewClaimed { .. } | Input::ReviewReassigned { .. } | Input::Derived { .. } | Input::EffectEnded { .. } | Input::AgreementFound { .. } | Input::CrossingFound { .. } | Input::FactFailed { .. } | Input::Ruled { .. } => false,
        })?;
    }

    #[test]
    fn effects_may_be_reported_again(world in storms()) {
        repeated(world, |input| matches!(input, Input::EffectBegun { .. } | Input::EffectEnded { .. }))?;
    }

    #[test]
    fn facts_may_be_found_again(world in storms()) {
        repeated(world, |input| {
            matches!(
                input,
                Input::NeighboursFound { .. } | Input::AgreementFound { .. } | Input::CrossingFound { .. } | Input::FactFailed { .. }
            )
        })?;
    }

    #[test]
    fn late_replies_are_absorbed_and_unknown_turns_refused(world in worlds()) {
        let world = lived(world)?;
        for events in 1..=world.journal.len() {
            let state = world.after(events);
            let (started, floor) = turns(state);
            for turn in 0..started + 2 {
                for input in [reply(turn), failure(turn)] {
                    let answer = world.shelf.decide(state, input, world.now);
                    if turn >= started {
                        prop_assert_eq!(answer, Err(Refusal::UnknownTurn { turn: TurnId(turn), started }));
                    } else if floor.contains(&TurnId(turn)) {
                        prop_assert!(answer.is_ok_and(|events| !events.is_empty()));
                    } else {
                        prop_assert_eq!(answer, Ok(vec![]));
                    }
                }
            }
        }
    }

    #[test]
    fn an_end_absorbs_everything(world in storms(), guess in guesses()) {
        let world = lived(world)?;
        if world.state.is_over() {
            let events = world.shelf.decide(&world.state, guess, world.now).unwrap_or_default();
            prop_assert_eq!(events, vec![]);
        }
    }
}
