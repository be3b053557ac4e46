//! The law of re-deciding: under the same rules, every run that was recorded goes the same way to the same end.
#![allow(clippy::unwrap_used)]

use interlock_kernel::{Event, Input, Payloads, Ref, State, may_advance};
use interlock_testkit::{Chaos, Faults, Told, World, faults, law, plans, scripted_rules, scripts};
use proptest::prelude::*;

use super::again::{Under, again};
use super::recording::{Numbered, Recording};
use super::shelf::Shelf;
use super::{end, route};
use crate::live::Said;

fn storms() -> impl Strategy<Value = World> {
    plans().prop_flat_map(|plan| {
        let rules = scripted_rules(&plan);
        (Just(plan), scripts(), rules, faults()).prop_map(|(plan, script, rules, faults)| {
            // The engine takes the steps that need nothing before it hears the next answer, and commits them together.
            let faults = Faults { chaos: Chaos { hasty: 0, ..faults.chaos }, crashes: Vec::new(), ..faults };
            World::new(plan, script).with_rules(rules).with_faults(faults)
        })
    })
}

fn shelf(world: &World) -> Shelf {
    let papers = world.papers();
    let said = (0..).map_while(|number| papers.content(number)).map(|content| Some(Said { text: content.text.into(), ..Said::default() }));
    Shelf::with(said.collect(), papers.user().map(<[u8]>::to_vec))
}

fn numbered(world: &World) -> Vec<Numbered> {
    (0..).zip(&world.journal).zip(&world.passed).map(|((seq, event), moment)| (seq, moment.at, event.clone())).collect()
}

/// Whether something came between two steps that need nothing from outside: the engine takes them as one.
fn is_torn(world: &World) -> bool {
    let before = std::iter::once(0).chain(world.told.iter().map(|told| told.journal));
    let comes_between = |told: &Told| !matches!(told.input, Input::Advanced | Input::CancelRequested { .. });
    before.zip(&world.told).any(|(events, told)| comes_between(told) && told.journal > events && may_advance(world.after(events)))
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn under_the_same_rules_a_run_goes_the_same_way_to_the_same_end(mut world in storms()) {
        world.run().map_err(|trouble| TestCaseError::fail(format!("{trouble:?}")))?;
        if is_torn(&world) {
            return Ok(());
        }
        let events = numbered(&world);
        let Some((_, at, Event::RunStarted(started))) = events.first().cloned() else { panic!("a run starts") };
        let mut shelf = shelf(&world);
        let (recording, ended) = Recording::of(1, State::new(world.plan.clone()), &events, &shelf).unwrap();
        prop_assert_eq!(&ended, &world.state);
        let recorded: Vec<Event> = world.journal.clone();
        let under = Under { run: 1, rules: &world.shelf.rules, gates: &world.shelf.gates, neighbours: None };
        let found = again(&under, (&started, at), State::new(world.plan.clone()), (&recording, &recorded), &mut shelf).unwrap();
        prop_assert_eq!(&found.ran_out, &None, "\n  {}", world.story().join("\n  "));
        prop_assert_eq!(names(&found.events), names(&recorded), "\n  {}", world.story().join("\n  "));
        prop_assert_eq!(route::parting(&recorded, &found.events, false), None);
        prop_assert_eq!(end(&found.state), end(&ended));
        let message = |event: &Event| if let Event::RunDelivered(delivered) = event { Some(delivered.message) } else { None };
        let answers = |events: &[Event]| -> Vec<Ref> { events.iter().filter_map(message).collect() };
        prop_assert_eq!(answers(&found.events), answers(&recorded));
    }
}
