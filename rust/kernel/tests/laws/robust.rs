//! Whatever comes in, whenever: nothing panics, and the kernel can always record what it decided.

use interlock_kernel::{State, evolve, outstanding};
use interlock_testkit::{guesses, law};
use proptest::prelude::*;

use crate::{lived, worlds};

proptest! {
    #![proptest_config(law())]

    #[test]
    fn any_input_at_any_time_is_taken_absorbed_or_refused(mut world in worlds(), guesses in prop::collection::vec(guesses(), 1..30)) {
        for (number, guess) in guesses.into_iter().enumerate() {
            if number % 3 == 0 && !world.is_settled() {
                world.step().map_err(|trouble| TestCaseError::fail(format!("{trouble:?}")))?;
            }
            let Ok(events) = world.shelf.decide(&world.state, guess, world.now) else { continue };
            for event in events {
                match evolve(world.state.clone(), &event) {
                    Err(corrupt) => prop_assert!(false, "{corrupt}: {event:?}"),
                    Ok(state) => world.state = state,
                }
            }
        }
    }

    #[test]
    fn after_any_inputs_the_run_still_comes_to_an_end(mut world in worlds(), guesses in prop::collection::vec(guesses(), 1..30)) {
        world.shelf.papers.keep("what every guess refers to");
        for guess in guesses {
            // A refusal is an answer too; what matters is that the run can go on.
            let _ = world.tell(guess);
        }
        lived(world)?;
    }

    /// A forged or damaged journal is told by an error, not by a panic.
    #[test]
    fn events_in_any_order_never_panic(world in worlds(), order in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
        let world = lived(world)?;
        let mut state = State::new(world.plan.clone());
        for index in order {
            match evolve(state.clone(), index.get(&world.journal)) {
                Ok(next) => state = next,
                Err(corrupt) => prop_assert!(!corrupt.to_string().is_empty()),
            }
            prop_assert!(outstanding(&state).len() < 100);
        }
    }
}
