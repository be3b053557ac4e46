//! The cures of a relay, counted here by the journal alone and compared with what the kernel counts.

use std::collections::BTreeMap;

use interlock_kernel::plan::Plan;
use interlock_kernel::{Event, Fact, HandOffWhy, HandedOff, NodeId, RouteChosen, State, StrandId, Target, TurnId};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms, without_crashes};

/// One activation of a relay: who has the turn, who had it, and how often it was handed on.
struct Activation {
    member: NodeId,
    visited: Vec<NodeId>,
    handoffs: usize,
}

type Relays = BTreeMap<NodeId, Activation>;

/// What every line of execution is inside of, by the journal alone.
#[derive(Default)]
struct Ledger {
    strands: BTreeMap<StrandId, (NodeId, Relays)>,
    turns: BTreeMap<TurnId, StrandId>,
}

impl Ledger {
    fn strand(&mut self, id: StrandId) -> &mut (NodeId, Relays) {
        self.strands.entry(id).or_insert((NodeId(0), Relays::new()))
    }

    fn of(&self, turn: TurnId) -> &Relays {
        &self.strands[&self.turns[&turn]].1
    }

    /// What a handoff passes on: the turn it names may be a branch's that has ended.
    fn activation(&self, relay: NodeId) -> Option<&Activation> {
        self.strands.values().find_map(|(_, relays)| relays.get(&relay))
    }

    /// A strand leaves the relays that are not around where it goes, and enters those that are.
    fn enter(&mut self, plan: &Plan, id: StrandId, node: NodeId) {
        let (root, relays) = self.strand(id);
        let around: Vec<_> = plan.relays_within(node, *root).collect();
        relays.retain(|relay, _| around.iter().any(|(other, _)| other == relay));
        for (relay, member) in around {
            relays.entry(relay).or_insert_with(|| Activation { member, visited: vec![member], handoffs: 0 });
        }
    }

    /// A handoff ends the activations of every relay below it. That a router gives its task on is none.
    fn pass(&mut self, plan: &Plan, passed: &HandedOff) {
        let Some((_, relays)) = self.strands.values_mut().find(|(_, relays)| relays.contains_key(&passed.relay)) else { return };
        relays.retain(|other, _| *other == passed.relay || plan.upwards(passed.relay).any(|above| above == *other));
        if let Some(activation) = relays.get_mut(&passed.relay) {
            let is_opening = plan.relay(passed.relay).is_some_and(|relay| relay.router == Some(activation.member));
            activation.handoffs += usize::from(!is_opening);
            activation.member = passed.to;
            activation.visited.push(passed.to);
        }
    }

    fn record(&mut self, plan: &Plan, event: &Event) {
        match event {
            Event::TurnStarted(turn) => {
                self.turns.insert(turn.turn, turn.strand);
                self.enter(plan, turn.strand, turn.node);
            }
            Event::HandedOff(passed) => self.pass(plan, passed),
            Event::RouteChosen(RouteChosen { turn: None, strand, relay, decision, .. }) => {
                let opener = match &decision.target {
                    Target::Agent(agent) => plan.member(*relay, agent),
                    Target::Router => plan.relay(*relay).and_then(|relay| relay.router),
                    Target::Review => None,
                };
                self.enter(plan, *strand, opener.unwrap_or(*relay));
            }
            Event::Forked(forked) => {
                if plan.parallel(forked.node).is_some() {
                    self.enter(plan, forked.strand, forked.node);
                }
                self.strands.extend(forked.branches.iter().map(|branch| (branch.strand, (branch.node, Relays::new()))));
            }
            Event::BranchEnded(ended) => {
                let root = self.strand(ended.strand).0;
                self.strands.retain(|_, (other, _)| plan.upwards(*other).all(|above| above != root));
            }
            Event::CalledOff(called) => self.strands.retain(|_, (root, _)| plan.upwards(*root).skip(1).all(|above| above != called.node)),
            Event::FloorPassed(passed) => self.enter(plan, passed.strand, passed.forum),
            Event::FactNeeded(needed) if needed.fact != Fact::Agreement => self.enter(plan, needed.strand, needed.node),
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
            | Event::Reconciled(_)
            | Event::Crossed(_)
            | Event::TurnDropped(_)
            | Event::RunPaused(_)
            | Event::ReviewClaimed(_)
            | Event::ReviewReassigned(_)
            | Event::ReviewSigned(_)
            | Event::ReviewWithdrawn(_)
            | Event::GateRuled(_)
            | Event::RunDerived(_)
            | Event::FactFailed(_)
            | Event::RunCancelled(_) => {}
        }
    }
}

pub(crate) fn handoffs_keep_to_their_relay(world: &World) -> Checked {
    let story = || world.story().join("\n  ");
    let mut ledger = Ledger::default();
    for event in &world.journal {
        if let Event::HandedOff(passed) = event {
            let limits = world.plan.relay(passed.relay).unwrap();
            let Activation { member, visited, handoffs } = ledger.activation(passed.relay).unwrap();
            let is_opening = limits.router == Some(*member);
            prop_assert!(limits.members.contains(&passed.to), "the target is a member of\n  {}", story());
            prop_assert!(*member != passed.to, "nobody hands off to itself in\n  {}", story());
            prop_assert!(is_opening || *handoffs < usize::from(limits.max_handoffs), "the limit holds in\n  {}", story());
            if passed.why == HandOffWhy::Returned {
                prop_assert_eq!(Some(&passed.to), limits.members.first(), "the turn goes back to the entry");
                prop_assert!(limits.returns);
            } else if !limits.revisit {
                prop_assert!(!visited.contains(&passed.to), "nobody is visited twice in\n  {}", story());
            }
        }
        ledger.record(&world.plan, event);
    }
    Ok(())
}

pub(crate) fn handoffs_are_counted(world: &World) -> Checked {
    let mut ledger = Ledger::default();
    for (events, event) in world.journal.iter().enumerate() {
        ledger.record(&world.plan, event);
        let State::Running(running) = world.after(events + 1) else { continue };
        for (strand, turn) in running.turns_at_work() {
            for relay in &strand.relays {
                let counted = ledger.of(turn.id).get(&relay.node).map(|activation| (activation.handoffs, activation.member));
                prop_assert_eq!(Some((usize::from(relay.handoffs), relay.member)), counted, "{}", world.story()[..=events].join("\n"));
            }
            prop_assert_eq!(strand.relays.len(), running.plan.relays_within(turn.node, strand.root).count());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn every_handoff_keeps_to_its_relay(world in storms()) {
        handoffs_keep_to_their_relay(&lived(world)?)?;
    }

    #[test]
    fn the_kernel_counts_handoffs_as_the_journal_does(world in storms()) {
        handoffs_are_counted(&lived(world)?)?;
    }

    #[test]
    fn a_refused_handoff_is_always_followed_by_a_cure(world in storms()) {
        let world = lived(without_crashes(world))?;
        for (events, event) in world.journal.iter().enumerate() {
            let Event::HandOffRefused(refused) = event else { continue };
            let State::Running(running) = world.after(events + 1) else { continue };
            let strand = running.strand_of(refused.turn).unwrap().id;
            let cures = |event: &Event| {
                matches!(event, Event::TurnStarted(turn) if turn.strand == strand)
                    || matches!(event, Event::HandedOff(passed) if passed.turn == refused.turn)
                    || matches!(event, Event::BranchEnded(_) | Event::CalledOff(_) | Event::ReviewOpened(_))
                    || matches!(event, Event::RunFailed(_) | Event::RunCancelled(_))
            };
            prop_assert!(world.journal[events + 1..].iter().any(cures), "nothing follows {refused:?}");
        }
    }
}
