//! The cures of a relay, counted here by the journal alone and compared with what the kernel counts.

use std::collections::BTreeMap;

use interlock_kernel::plan::Plan;
use interlock_kernel::{Event, HandOffWhy, NodeId, Phase, RouteChosen, RouteDecision, State, Target};
use interlock_testkit::law;
use proptest::prelude::*;

use crate::{lived, storms, worlds};

/// The members that each present activation of a relay was handed to, in order, and who has the turn.
#[derive(Default)]
struct Ledger {
    relays: BTreeMap<NodeId, (NodeId, Vec<(NodeId, HandOffWhy)>)>,
}

impl Ledger {
    /// A turn leaves the relays that are not around it, and enters those that are.
    fn enter(&mut self, plan: &Plan, node: NodeId) {
        let around: Vec<_> = plan.relays_around(node).collect();
        self.relays.retain(|relay, _| around.iter().any(|(other, _)| other == relay));
        for (relay, member) in around {
            self.relays.entry(relay).or_insert_with(|| (member, vec![(member, HandOffWhy::Named)]));
        }
    }

    /// A handoff ends the activations of every relay below it.
    fn pass(&mut self, plan: &Plan, relay: NodeId, to: NodeId, why: HandOffWhy) {
        self.relays.retain(|other, _| *other == relay || plan.upwards(relay).any(|above| above == *other));
        if let Some((member, handed)) = self.relays.get_mut(&relay) {
            *member = to;
            handed.push((to, why));
        }
    }

    fn count(&self, relay: NodeId) -> usize {
        self.relays.get(&relay).map_or(0, |(_, handed)| handed.len() - 1)
    }

    fn record(&mut self, plan: &Plan, event: &Event) {
        match event {
            Event::TurnStarted(turn) => self.enter(plan, turn.node),
            Event::HandedOff(passed) => self.pass(plan, passed.relay, passed.to, passed.why),
            Event::RouteChosen(RouteChosen { turn: None, relay, decision: RouteDecision { target: Target::Agent(agent), .. }, .. }) => {
                if let Some(member) = plan.member(*relay, agent) {
                    self.enter(plan, member);
                }
            }
            // Nothing of this moves the turn among members.
            Event::RunStarted(_)
            | Event::RunResumed(_)
            | Event::TurnReplied(_)
            | Event::TurnFailed(_)
            | Event::ReplyChecked(_)
            | Event::FactNeeded(_)
            | Event::RouteChosen(_)
            | Event::HandOffRefused(_)
            | Event::EffectIntended(_)
            | Event::EffectCompleted(_)
            | Event::ReviewOpened(_)
            | Event::ReviewDecided(_)
            | Event::RunDelivered(_)
            | Event::RunFailed(_)
            | Event::RunCancelled(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn every_handoff_keeps_to_its_relay(world in storms()) {
        let world = lived(world)?;
        let story = world.story().join("\n  ");
        let mut ledger = Ledger::default();
        for event in &world.journal {
            if let Event::HandedOff(passed) = event {
                let limits = world.plan.relay(passed.relay).unwrap();
                let (member, handed) = &ledger.relays[&passed.relay];
                prop_assert!(limits.members.contains(&passed.to), "the target is a member of\n  {story}");
                prop_assert!(*member != passed.to, "nobody hands off to itself in\n  {story}");
                prop_assert!(ledger.count(passed.relay) < usize::from(limits.max_handoffs), "the limit holds in\n  {story}");
                if passed.why == HandOffWhy::Returned {
                    prop_assert_eq!(Some(&passed.to), limits.members.first(), "the turn goes back to the entry");
                    prop_assert!(limits.returns);
                } else if !limits.revisit {
                    prop_assert!(handed.iter().all(|(before, _)| *before != passed.to), "nobody is visited twice in\n  {story}");
                }
            }
            ledger.record(&world.plan, event);
        }
    }

    #[test]
    fn the_kernel_counts_handoffs_as_the_journal_does(world in worlds()) {
        let world = lived(world)?;
        let mut ledger = Ledger::default();
        for (events, event) in world.journal.iter().enumerate() {
            ledger.record(&world.plan, event);
            let State::Running(running) = world.after(events + 1) else { continue };
            let Phase::InTurn(turn) = &running.phase else { continue };
            for relay in &running.relays {
                let counted = (ledger.count(relay.node), ledger.relays.get(&relay.node).map(|(member, _)| *member));
                prop_assert_eq!((usize::from(relay.handoffs), Some(relay.member)), counted, "{}", world.story()[..=events].join("\n"));
            }
            prop_assert_eq!(running.relays.len(), running.plan.relays_around(turn.node).count());
        }
    }

    #[test]
    fn a_refused_handoff_is_always_followed_by_a_cure(world in worlds()) {
        let world = lived(world)?;
        for (events, event) in world.journal.iter().enumerate() {
            if let Event::HandOffRefused(_) = event {
                let cure = world.journal[events + 1..].iter().find(|event| !matches!(event, Event::EffectCompleted(_)));
                prop_assert!(matches!(cure, Some(Event::TurnStarted(_) | Event::HandedOff(_) | Event::ReviewOpened(_) | Event::RunFailed(_))), "{cure:?}");
            }
        }
    }
}
