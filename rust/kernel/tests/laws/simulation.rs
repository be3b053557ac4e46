//! Two thousand runs in which answers are lost, late, doubled and overtake each other, and the process dies anywhere.

use interlock_testkit::{Chaos, Faults, World, chaos};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{Checked, alive, effects, gates, handoffs, hedges, limits, lived, people, prefixes, storms, strands, walls};

const SEEDS: u32 = 2_000;

type Invariant = (&'static str, fn(&World) -> Checked);

/// Every law that holds of a run as it was lived.
const INVARIANTS: [Invariant; 22] = [
    ("a live run owes something", alive::owes_something),
    ("turns are bounded", alive::turns_are_bounded),
    ("turns and visits are counted", alive::turns_are_counted),
    ("calls say what was started", alive::calls_are_true),
    ("one end", alive::ends_once),
    ("strands stand where they are", alive::stands_around),
    ("choke points are guarded", gates::choke_points_are_guarded),
    ("effects after intents", gates::effects_follow_intents),
    ("handoffs keep to their relay", handoffs::handoffs_keep_to_their_relay),
    ("handoffs are counted", handoffs::handoffs_are_counted),
    ("the journal folds", prefixes::folds_to_what_was_lived),
    ("limits", limits::limits_are_kept),
    ("authority", limits::authority_only_narrows),
    ("every branch is waited for", strands::every_branch_has_one_that_waits),
    ("who is over is silent", strands::who_is_over_is_silent),
    ("walls", walls::walls_hold),
    ("one of two answers", hedges::one_answer_stands),
    ("effects as decided", effects::effects_keep_to_what_was_decided),
    ("no intent is forgotten", effects::no_intent_is_forgotten),
    ("people decide once, on terms", people::people_decide_once_and_on_terms),
    ("a pause is a pause", people::a_pause_is_a_pause),
    ("no answer without leave", people::nothing_is_delivered_without_leave),
];

#[test]
fn two_thousand_seeds_of_chaos_break_no_law() {
    let mut runner = TestRunner::deterministic();
    let hostile = (storms(), chaos(), any::<u16>()).prop_map(|(world, chaos, seed)| {
        let crashes = vec![(1 + usize::from(seed % 50), usize::from(seed % 7)), (1 + usize::from(seed % 23), usize::from(seed % 3))];
        let chaos = Chaos {
            seed: u64::from(seed) + 1,
            lost: chaos.lost.max(30),
            doubled: 200,
            hasty: 300,
            delay_ms: chaos.delay_ms.max(20),
            ..chaos
        };
        let faults = Faults { repeats: true, crashes, chaos, ..world.faults.clone() };
        world.with_faults(faults)
    });
    let (mut events, mut turns, mut violations) = (0, 0, Vec::new());
    for seed in 0..SEEDS {
        let world = hostile.new_tree(&mut runner).unwrap().current();
        let world = match lived(world) {
            Ok(world) => world,
            Err(why) => {
                violations.push(format!("seed {seed}: {why}"));
                continue;
            }
        };
        events += world.journal.len();
        turns += world.told.len();
        for (law, holds) in INVARIANTS {
            if let Err(why) = holds(&world) {
                violations.push(format!("seed {seed}, {law}: {why}"));
            }
        }
    }
    println!("{SEEDS} seeds, {events} events from {turns} inputs, {} laws each: {} violations", INVARIANTS.len(), violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
