//! Whoever has the turn by way of an agent has that agent, and everybody before it, among its delegators.

use interlock_kernel::{Event, Floor, FloorPassed, HandOffWhy, Name, NodeId, Phase, Running, State, Strand, Turn, delegators};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

/// The turn that a strand has an answer of.
fn answered(strand: &Strand) -> Option<&Turn> {
    if let Phase::Answered { turn, .. } | Phase::Routed { turn, .. } = &strand.phase { Some(turn) } else { None }
}

/// Who passes the turn on with an event, and to which nodes.
fn passes_on<'a>(before: &'a Running, event: &Event) -> Option<(&'a Turn, Vec<NodeId>)> {
    if let Event::HandedOff(passed) = event {
        let strand = before.strands.iter().find(|strand| answered(strand).is_some_and(|turn| turn.id == passed.turn))?;
        let opens = before.plan.relay(passed.relay)?.router == Some(strand.relay(passed.relay)?.member);
        let names = matches!(passed.why, HandOffWhy::Named | HandOffWhy::Routed) && !opens;
        return answered(strand).filter(|_| names).map(|turn| (turn, vec![passed.to]));
    }
    let Event::FloorPassed(FloorPassed { forum, next, strand, .. }) = event else { return None };
    let (turn, spec) = (answered(before.strand(*strand)?)?, before.plan.forum(*forum)?);
    let to: Vec<NodeId> = match next {
        Floor::Delegates(to) => to.iter().map(|(node, _)| *node).collect(),
        Floor::Member { node, .. } | Floor::Summary { next: node, .. } => vec![*node],
        Floor::Answer { .. } | Floor::Open(_) => return None,
    };
    let leads = before.plan.upwards(turn.node).any(|above| Some(above) == spec.lead);
    (leads && to.iter().all(|node| spec.members.contains(node))).then_some((turn, to))
}

/// The forum whose lead gets the floor, or whose members get it by turn, by rules or at a limit: nobody has chosen them.
fn chosen_by_nobody(before: &Running, event: &Event) -> Option<NodeId> {
    let Event::FloorPassed(FloorPassed { forum, next: Floor::Member { .. }, summary: None, .. }) = event else { return None };
    passes_on(before, event).is_none().then_some(*forum)
}

/// The agent of a turn that starts.
fn starts(event: &Event) -> Option<&Name> {
    if let Event::TurnStarted(started) = event { Some(&started.agent) } else { None }
}

pub(crate) fn delegators_add_up(world: &World) -> Checked {
    for events in 1..world.journal.len() {
        let (State::Running(before), State::Running(after)) = (world.after(events), world.after(events + 1)) else { continue };
        let told = || world.story()[..=events.min(world.story().len() - 1)].join("\n");
        if let Some((turn, to)) = passes_on(before, &world.journal[events]) {
            for node in to {
                let now = delegators(after, node);
                let was = delegators(before, turn.node);
                prop_assert!(was.iter().chain([&turn.agent]).all(|agent| now.contains(agent)), "{now:?} lacks some of {was:?}\n{}", told());
            }
        }
        if let Event::HandedOff(passed) = &world.journal[events]
            && passed.why == HandOffWhy::Returned
        {
            let relay = after.strands.iter().find_map(|strand| strand.relay(passed.relay));
            prop_assert!(relay.is_some_and(|relay| relay.delegators.is_empty()), "{}", told());
        }
        if let Some(forum) = chosen_by_nobody(before, &world.journal[events]) {
            let state = after.strands.iter().find_map(|strand| strand.forum(forum));
            prop_assert!(state.is_some_and(|state| state.delegators.is_empty()), "{}", told());
        }
        if let Event::FloorPassed(FloorPassed { forum, next: Floor::Member { node, .. }, summary: Some(_), .. }) = &world.journal[events] {
            let chose = before.strands.iter().find_map(|strand| strand.forum(*forum)).map(|state| &state.delegators);
            let now = delegators(after, *node);
            prop_assert!(chose.is_some_and(|chose| chose.iter().all(|agent| now.contains(agent))), "{}", told());
        }
        for (_, turn) in after.turns_at_work() {
            let found = delegators(after, turn.node);
            let spoke: Vec<&Name> = world.journal[..=events].iter().filter_map(starts).collect();
            prop_assert!(found.iter().all(|agent| spoke.contains(&agent)), "{found:?} and only {spoke:?} spoke\n{}", told());
            let once = found.iter().collect::<std::collections::BTreeSet<_>>().len() == found.len();
            prop_assert!(once, "{found:?} names one of them twice\n{}", told());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn who_hands_on_is_a_delegator_of_whoever_gets_the_turn(world in storms()) {
        delegators_add_up(&lived(world)?)?;
    }
}
