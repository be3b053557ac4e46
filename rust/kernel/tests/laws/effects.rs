//! What acts: first intended, once if it may only be once, never forgotten, and never against a person's word.

use std::collections::{BTreeMap, BTreeSet};

use interlock_kernel::{
    EffectClass, EffectKey, EffectOutcome, Event, Input, ReviewDecided, ReviewId, ReviewSubject, ReviewVerdict, ReviewWhy, RunId, State,
    limits,
};
use interlock_testkit::{World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms, without_crashes, worlds};

/// What the journal alone tells about effects and the reviews of them.
#[derive(Default)]
struct Told {
    intended: BTreeSet<EffectKey>,
    ended: BTreeSet<EffectKey>,
    /// Those that may be intended once more, because a person, or the time that a person was given, said so.
    approved: BTreeSet<EffectKey>,
    rejected: BTreeSet<EffectKey>,
    decided: BTreeSet<EffectKey>,
    open: BTreeMap<ReviewId, (EffectKey, ReviewWhy)>,
}

impl Told {
    fn record(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::EffectIntended(intended) => return self.intend(intended.key, intended.class),
            Event::EffectCompleted(done) => {
                let acts = done.class != EffectClass::Pure;
                self.ended.insert(done.key);
                if acts && !self.intended.contains(&done.key) {
                    return Err(format!("{:?} ended, and was not intended", done.key));
                }
            }
            Event::ReviewOpened(opened) => {
                if let ReviewSubject::Effect { key, .. } = &opened.subject {
                    self.open.insert(opened.review, (*key, opened.why));
                }
            }
            Event::ReviewDecided(ReviewDecided { review, verdict, .. }) => {
                if let Some((key, why)) = self.open.remove(review) {
                    self.decide(key, why, *verdict);
                }
            }
            Event::ReviewWithdrawn(withdrawn) => {
                self.open.remove(&withdrawn.review);
            }
            Event::RunStarted(_)
            | Event::RunResumed(_)
            | Event::TurnStarted(_)
            | Event::TurnReplied(_)
            | Event::TurnFailed(_)
            | Event::ReplyChecked(_)
            | Event::FactNeeded(_)
            | Event::RouteChosen(_)
            | Event::HandedOff(_)
            | Event::HandOffRefused(_)
            | Event::GateRuled(_)
            | Event::RunDelivered(_)
            | Event::RunFailed(_)
            | Event::RunCancelled(_)
            | Event::Forked(_)
            | Event::BranchEnded(_)
            | Event::CalledOff(_)
            | Event::Reconciled(_)
            | Event::FloorPassed(_)
            | Event::Crossed(_)
            | Event::TurnDropped(_)
            | Event::FactFailed(_)
            | Event::RunPaused(_)
            | Event::ReviewClaimed(_)
            | Event::ReviewReassigned(_)
            | Event::ReviewSigned(_)
            | Event::RunDerived(_) => {}
        }
        Ok(())
    }

    fn intend(&mut self, key: EffectKey, class: EffectClass) -> Result<(), String> {
        if self.open.values().any(|(open, why)| *open == key && *why == ReviewWhy::Approval) {
            return Err(format!("{key:?} is intended, and a person is still asked"));
        }
        if self.rejected.contains(&key) {
            return Err(format!("{key:?} is intended, and was rejected"));
        }
        let again = !self.intended.insert(key);
        if again && class == EffectClass::EffectOnce && !self.approved.contains(&key) {
            return Err(format!("{key:?} is intended again"));
        }
        self.approved.remove(&key);
        Ok(())
    }

    fn decide(&mut self, key: EffectKey, why: ReviewWhy, verdict: ReviewVerdict) {
        self.decided.insert(key);
        match verdict {
            ReviewVerdict::Approved | ReviewVerdict::Edited if why != ReviewWhy::EffectForgotten => {
                self.approved.insert(key);
            }
            ReviewVerdict::Rejected => {
                self.rejected.insert(key);
            }
            ReviewVerdict::Answered => {
                self.ended.insert(key);
            }
            ReviewVerdict::Approved | ReviewVerdict::Edited => {} // it is let be, which is no leave to do it again
        }
    }
}

fn tell(world: &World) -> Result<Told, TestCaseError> {
    let mut told = Told::default();
    for (events, event) in world.journal.iter().enumerate() {
        told.record(event).map_err(|why| TestCaseError::fail(format!("{why}\n{}", world.story()[..=events].join("\n"))))?;
    }
    Ok(told)
}

pub(crate) fn effects_keep_to_what_was_decided(world: &World) -> Checked {
    tell(world).map(|_| ())
}

/// In a run whose answer nobody but its agents gave. A person who ends a run that got stuck answers for what it leaves open.
pub(crate) fn no_intent_is_forgotten(world: &World) -> Checked {
    let by_person = world.journal.iter().any(|event| matches!(event, Event::ReviewOpened(opened) if opened.subject == ReviewSubject::Run));
    if by_person || !world.journal.iter().any(|event| matches!(event, Event::RunDelivered(_))) {
        return Ok(());
    }
    let told = tell(world)?;
    for key in &told.intended {
        prop_assert!(told.ended.contains(key) || told.decided.contains(key), "{key:?} has no end\n{}", world.story().join("\n"));
    }
    Ok(())
}

/// Keys that have an end which a later process must give instead of acting again.
fn returned(journal: &[Event]) -> BTreeSet<EffectKey> {
    let key = |event: &Event| {
        let Event::EffectCompleted(done) = event else { return None };
        matches!(done.outcome, EffectOutcome::Returned(_)).then_some(done.key)
    };
    journal.iter().filter_map(key).collect()
}

proptest! {
    #![proptest_config(law())]

    /// Intended before it ends; once, if it may only be once; not while a person is asked, and never once one has said no.
    #[test]
    fn an_effect_happens_as_it_was_decided(world in storms()) {
        effects_keep_to_what_was_decided(&lived(world)?)?;
    }

    #[test]
    fn what_was_intended_has_an_end_before_an_answer_is_released(world in storms()) {
        no_intent_is_forgotten(&lived(world)?)?;
    }

    #[test]
    fn a_run_that_is_derived_from_any_prefix_can_finish_and_repeats_no_effect(world in storms(), other in any::<bool>()) {
        let world = lived(without_crashes(world))?;
        let far = world.journal.len().div_ceil(12).max(1);
        for events in (1..=world.journal.len()).step_by(far) {
            let mut derived = world.at_prefix(events).unwrap();
            if derived.state.is_over() {
                continue;
            }
            let before = returned(&derived.journal);
            let message = other.then(|| derived.shelf.papers.keep("another question"));
            let (from, seq) = (RunId(1), u32::try_from(events).unwrap());
            let deadline = derived.now.after_ms(limits::RUN_DEADLINE_MS);
            let input = |message| Input::Derived { from, seq, deadline, message };
            // Where no message is being given, none can be put in its place.
            if derived.tell(input(message)).is_err() {
                derived.tell(input(None)).unwrap();
            }
            derived.faults.reviews = world.faults.reviews;
            let derived = lived(derived)?;
            for event in &derived.journal[events..] {
                if let Event::EffectIntended(intended) = event {
                    prop_assert!(!before.contains(&intended.key), "{:?} happens again", intended.key);
                }
            }
            effects_keep_to_what_was_decided(&derived)?;
        }
    }

    /// After a derivation nothing of the copied run's process is waited for.
    #[test]
    fn a_derived_run_waits_for_no_effect_of_the_other_process(world in worlds()) {
        let world = lived(world)?;
        for events in 1..world.journal.len() {
            let mut derived = world.at_prefix(events).unwrap();
            let deadline = derived.now.after_ms(limits::RUN_DEADLINE_MS);
            derived.tell(Input::Derived { from: RunId(1), seq: 1, deadline, message: None }).unwrap();
            let running = match &derived.state {
                State::Running(running) => running,
                State::InReview(waiting) => &waiting.running,
                State::Unstarted(_) | State::Ended(_) => continue,
            };
            prop_assert!(running.intents.values().all(|intent| intent.orphaned));
            prop_assert_eq!((running.origin, running.run), (RunId(1), RunId(1)));
        }
    }
}
