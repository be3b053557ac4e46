//! The law that carries everything: a journal can be cut anywhere, and the run goes on from there.

use interlock_kernel::limits::RUN_DEADLINE_MS;
use interlock_kernel::{Input, State};
use interlock_testkit::{World, fold, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms, without_crashes, worlds};

pub(crate) fn folds_to_what_was_lived(world: &World) -> Checked {
    let mut state = State::new(world.plan.clone());
    for (events, event) in world.journal.iter().enumerate() {
        prop_assert_eq!(&state, world.after(events));
        state = interlock_kernel::evolve(state, event).unwrap();
    }
    prop_assert_eq!(&state, &world.state);
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn every_prefix_folds_to_a_state_that_the_run_passed_through(world in storms()) {
        folds_to_what_was_lived(&lived(world)?)?;
    }

    #[test]
    fn from_every_prefix_what_is_owed_finishes_the_run(world in storms()) {
        let world = lived(without_crashes(world))?;
        // Every prefix of a short journal, and sixteen of a long one.
        let far = world.journal.len().div_ceil(16).max(1);
        for events in (1..=world.journal.len()).step_by(far) {
            let mut again = world.at_prefix(events).unwrap();
            if events % 2 == 0 {
                again.tell(Input::Reopened { deadline: again.now.after_ms(RUN_DEADLINE_MS) }).unwrap();
            }
            let again = lived(again)?;
            prop_assert!(again.journal.len() >= events, "a journal only grows");
            prop_assert_eq!(&world.journal[..events], &again.journal[..events]);
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_journal(world in worlds()) {
        let once = lived(world.clone())?;
        let twice = lived(world)?;
        prop_assert_eq!(once.journal, twice.journal);
    }

    #[test]
    fn a_restart_loses_nothing_but_time(world in worlds(), cut in 0_usize..60) {
        let mut world = lived(world)?;
        let journal = world.journal.clone();
        world.crash(cut).map_err(|trouble| TestCaseError::fail(format!("{trouble:?}")))?;
        let kept = world.journal.len().min(journal.len());
        prop_assert!(world.journal[..kept].iter().zip(&journal).take(kept.saturating_sub(1)).all(|(now, then)| now == then));
        prop_assert_eq!(&fold(&world.plan, &world.journal).unwrap(), &world.state);
        lived(world)?;
    }
}
