//! Loops that would never end by themselves end at their limit, in review, with the whole thread: for every limit from 1 to 10.

use interlock_kernel::plan::{ForumSpec, NodeSpec, StepSpec};
use interlock_kernel::{Event, ReviewWhy, State};
use interlock_testkit::{Act, RelaySpec, Script, Whom, World, agent, delegates, forum, hierarchy, maker_checker, plan_of, says, step};

use crate::attached;

const LIMITS: std::ops::RangeInclusive<u16> = 1..=10;

/// A run to its review, and why a person is asked.
fn stuck(root: NodeSpec, acts: Vec<Act>) -> (World, ReviewWhy) {
    let mut world = World::new(plan_of(root).unwrap(), Script(acts));
    world.run().unwrap();
    let State::InReview(waiting) = &world.state else { panic!("no person is asked\n{}", world.story().join("\n")) };
    let why = waiting.open.why;
    (world, why)
}

fn count(world: &World, such: fn(&Event) -> bool) -> usize {
    world.journal.iter().filter(|event| such(event)).count()
}

/// Agents that hand the turn round and round, each with a word of its own.
fn round(names: &[&str], max_handoffs: u16, retries: u16) {
    let member = |name: &&str| NodeSpec::Step(StepSpec { retries, ..agent(name) });
    let relay = RelaySpec {
        max_handoffs: Some(max_handoffs),
        revisit: true,
        ..RelaySpec::opened_by(member(&names[0]), "ring", names[1..].iter().map(member))
    };
    let turns = usize::from(max_handoffs) + 1;
    let words: Vec<String> = (0..turns).map(|turn| format!("word {turn}")).collect();
    let pass = |turn: usize| says(&words[turn]).to(Whom::Named(names[(turn + 1) % names.len()].into()));
    let (world, why) = stuck(relay.node(), (0..turns).map(pass).collect());
    assert_eq!(why, ReviewWhy::HandOffLimit);
    assert_eq!(count(&world, |event| matches!(event, Event::HandedOff(_))), usize::from(max_handoffs));
    assert_eq!(count(&world, |event| matches!(event, Event::TurnStarted(_))), turns, "a full relay is not asked again");
    assert_eq!(attached(&world), words);
}

#[test]
fn two_that_hand_back_and_forth_end_at_the_handoff_limit() {
    for max_handoffs in LIMITS {
        for retries in LIMITS {
            round(&["ann", "bob"], max_handoffs, retries);
        }
    }
}

#[test]
fn three_in_a_ring_end_at_the_handoff_limit() {
    for max_handoffs in LIMITS {
        for retries in LIMITS {
            round(&["ann", "bob", "cyd"], max_handoffs, retries);
        }
    }
}

#[test]
fn a_maker_and_a_checker_that_never_agree_end_at_the_first_of_their_limits() {
    for rounds in LIMITS {
        for tokens in LIMITS {
            for window in LIMITS {
                let spec = ForumSpec { max_tokens: Some(tokens.into()), window, ..maker_checker("desk", "maker", "checker", rounds) };
                let words: Vec<String> = (0..20).map(|turn| format!("word {turn}")).collect();
                let (world, why) = stuck(forum(spec), words.iter().map(|word| says(word).spending(1)).collect());
                let said = usize::from(tokens.min(rounds * 2));
                assert_eq!(why, ReviewWhy::ForumLimit);
                assert_eq!(count(&world, |event| matches!(event, Event::TurnStarted(_))), said);
                assert_eq!(attached(&world), words[..said], "the window hides nothing from a person");
            }
        }
    }
}

#[test]
fn a_supervisor_that_never_stops_ends_at_the_first_of_its_limits() {
    let teams: Vec<String> = (0..10).map(|team| format!("team{team}")).collect();
    for most in LIMITS {
        for fan_out in LIMITS {
            for tokens in LIMITS {
                let spec = ForumSpec {
                    max_turns: most,
                    fan_out,
                    max_tokens: Some(tokens.into()),
                    ..hierarchy("firm", step("boss"), teams.iter().map(|team| step(team)))
                };
                let named: Vec<&str> = teams[..usize::from(fan_out)].iter().map(|team| &**team).collect();
                // One turn of the supervisor, then one of each team, over and over. Only reports cost anything.
                let again = || std::iter::once(delegates(&named).spending(0)).chain(named.iter().map(|team| says(team).spending(1)));
                let (world, why) = stuck(forum(spec), again().collect());
                // It may go on as long as neither the delegations nor the tokens are used up.
                let rounds = (most / fan_out).min(tokens.div_ceil(fan_out));
                let reports: Vec<&str> = (0..rounds).flat_map(|_| named.iter().copied()).collect();
                assert_eq!(why, ReviewWhy::ForumLimit);
                assert_eq!(attached(&world), reports, "{most} at most, {fan_out} at once, {tokens} tokens");
            }
        }
    }
}

#[test]
fn a_loop_inside_a_loop_ends_at_the_inner_limit_and_then_at_the_outer() {
    for most in LIMITS {
        for rounds in LIMITS {
            let desk = forum(maker_checker("desk", "maker", "checker", rounds));
            let spec = ForumSpec { max_turns: most, ..hierarchy("firm", step("boss"), [desk]) };
            // The supervisor is the first of each round, then the desk speaks until its limit.
            let words = (0..rounds * 2).map(|turn| says(&format!("word {turn}")));
            let (world, why) = stuck(forum(spec), std::iter::once(delegates(&["desk"])).chain(words).collect());
            assert_eq!(why, ReviewWhy::ForumLimit);
            let lost = |event: &Event| {
                matches!(event, Event::BranchEnded(ended)
                    if matches!(ended.end, interlock_kernel::BranchEnd::Lost { why: ReviewWhy::ForumLimit, .. }))
            };
            assert_eq!(count(&world, lost), usize::from(most), "every debate ended, and was reported");
        }
    }
}
