//! What people decide: who may, how often, and what stands still until then.

use std::collections::BTreeMap;

use interlock_kernel::{
    Event, Intent, Micros, Name, Phase, ReviewId, ReviewSubject, ReviewVerdict, Reviewer, Running, State, Terms, may_advance, outstanding,
};
use interlock_testkit::{ALWAYS, ERRS, World, law};
use proptest::prelude::*;

use crate::{Checked, lived, storms};

/// A review as the journal alone tells it.
struct Asked {
    terms: Terms,
    subject: ReviewSubject,
    claim: Option<(Name, Micros)>,
    signed: Vec<Name>,
    decided: bool,
}

/// The roles that somebody had when they said something at that time.
fn roles(world: &World, events: usize) -> Vec<Name> {
    use interlock_kernel::Input;
    let told = world.told.iter().find(|told| told.journal > events);
    match told.map(|told| &told.input) {
        Some(Input::ReviewAnswered { by: Reviewer { roles, .. }, .. } | Input::ReviewReassigned { by: Reviewer { roles, .. }, .. }) => {
            roles.clone()
        }
        _ => Vec::new(),
    }
}

impl Asked {
    /// Whether this person may say anything now.
    fn hears(&self, who: &Name, roles: &[Name], at: Micros) -> bool {
        self.terms.person.as_ref().is_none_or(|person| person == who)
            && self.terms.role.as_ref().is_none_or(|role| roles.contains(role))
            && self.claim.as_ref().is_none_or(|(holder, until)| holder == who || at >= *until)
    }
}

pub(crate) fn people_decide_once_and_on_terms(world: &World) -> Checked {
    let mut asked: BTreeMap<ReviewId, Asked> = BTreeMap::new();
    let had_crash = !world.faults.crashes.is_empty(); // then what was told before is not kept
    for (events, event) in world.journal.iter().enumerate() {
        let story = || world.story()[..=events].join("\n");
        let at = world.passed[events].at;
        if let Event::ReviewOpened(opened) = event {
            let (terms, subject) = (opened.terms.clone(), opened.subject.clone());
            let before = asked.insert(opened.review, Asked { terms, subject, claim: None, signed: Vec::new(), decided: false });
            prop_assert!(before.is_none(), "opened twice\n{}", story());
        } else if let Event::ReviewClaimed(claimed) = event {
            asked.get_mut(&claimed.review).unwrap().claim = Some((claimed.by.clone(), claimed.until));
        } else if let Event::ReviewReassigned(reassigned) = event {
            let one = asked.get_mut(&reassigned.review).unwrap();
            prop_assert!(reassigned.by.is_some() || one.terms.due.is_some_and(|due| at >= due), "time ran out early\n{}", story());
            (one.terms.role, one.terms.person) = (reassigned.role.clone(), reassigned.person.clone());
            one.terms.due = one.terms.due.filter(|_| reassigned.by.is_some());
            (one.claim, one.signed) = (None, Vec::new());
        } else if let Event::ReviewSigned(signed) = event {
            let one = asked.get_mut(&signed.review).unwrap();
            prop_assert!(had_crash || one.hears(&signed.by, &roles(world, events), at), "{} may not sign\n{}", signed.by, story());
            let open = match world.after(events + 1) {
                State::Running(running) => running.open.get(&signed.review),
                State::InReview(waiting) => Some(&waiting.open),
                State::Unstarted(_) | State::Ended(_) => None,
            };
            one.signed = open.map(|open| open.signed.clone()).unwrap_or_default();
            one.claim = None; // whoever signed is done
            let distinct: std::collections::BTreeSet<_> = one.signed.iter().collect();
            prop_assert_eq!(distinct.len(), one.signed.len(), "somebody signs twice\n{}", story());
            prop_assert!(one.signed.len() < usize::from(one.terms.approvals), "enough have signed\n{}", story());
        } else if let Event::ReviewDecided(decided) = event {
            let one = asked.get_mut(&decided.review).unwrap();
            prop_assert!(!std::mem::replace(&mut one.decided, true), "decided twice\n{}", story());
            if let Some(by) = &decided.by {
                prop_assert!(had_crash || one.hears(by, &roles(world, events), at), "{by} may not decide\n{}", story());
                let signed = usize::from(one.terms.approvals) - 1;
                let agreed = one.signed.len() == signed && !one.signed.contains(by);
                prop_assert!(decided.verdict == ReviewVerdict::Rejected || agreed, "not enough agree\n{}", story());
            } else {
                prop_assert!(one.terms.due.is_some_and(|due| at >= due), "nobody decides before its time\n{}", story());
            }
            let closed = match world.after(events + 1) {
                State::Running(running) => running.closed.get(&decided.review).cloned(),
                State::InReview(waiting) => waiting.decided.as_ref().map(|decided| decided.by.clone()),
                State::Unstarted(_) | State::Ended(_) => None,
            };
            prop_assert_eq!(closed, Some(decided.by.clone()), "it is not said who decided\n{}", story());
        } else if let Event::ReviewWithdrawn(withdrawn) = event {
            let one = asked.get_mut(&withdrawn.review).unwrap();
            prop_assert!(!std::mem::replace(&mut one.decided, true), "withdrawn after the decision\n{}", story());
            prop_assert!(matches!(one.subject, ReviewSubject::Effect { .. }), "the run itself was given up\n{}", story());
        }
    }
    Ok(())
}

/// Whether anything but a person's word can come in.
fn moves(running: &Running) -> bool {
    let awaits = |intent: &Intent| !intent.orphaned;
    running.turns_at_work().next().is_some()
        || running.strands.iter().any(interlock_kernel::Strand::asks)
        || running.intents.values().any(awaits)
}

pub(crate) fn a_pause_is_a_pause(world: &World) -> Checked {
    for events in 1..=world.journal.len() {
        let state = world.after(events);
        let State::Running(running) = state else { continue };
        let story = || world.story()[..events].join("\n");
        if running.paused {
            prop_assert!(!running.open.is_empty() && !moves(running) && !may_advance(state), "paused, and something goes on\n{}", story());
            let due = running.open.values().filter_map(|open| open.terms.due).min();
            prop_assert_eq!(interlock_kernel::wakes_at(running), due, "a pause has no end but those of its reviews\n{}", story());
        } else if !moves(running) {
            // Either something can be done at once, if only to say that nothing goes on, or an answer waits for what is under way.
            prop_assert!(may_advance(state), "nothing goes on, and that is not said: {:?}\n{}", outstanding(state), story());
        }
        for (review, open) in &running.open {
            let hangs = |phase: &Phase| matches!(phase, Phase::Paused { review: on, .. } | Phase::Held { review: on, .. } if on == review);
            let stands = running.strand(open.strand).is_some_and(|strand| hangs(&strand.phase));
            prop_assert!(stands, "nothing hangs on {review:?}\n{}", story());
        }
    }
    for (events, event) in world.journal.iter().enumerate() {
        if matches!(event, Event::RunPaused(_)) {
            let State::Running(running) = world.after(events) else { return Err(TestCaseError::fail("paused in review")) };
            prop_assert!(!running.paused && !moves(running), "paused too early\n{}", world.story()[..=events].join("\n"));
        }
    }
    Ok(())
}

/// A plan whose every answer needs a yes.
fn approves_all(world: &World) -> bool {
    world.plan.approve.as_ref().is_some_and(|approve| approve.when.is_none_or(|when| when == ALWAYS || when == ERRS))
}

pub(crate) fn nothing_is_delivered_without_leave(world: &World) -> Checked {
    let delivered = world.journal.iter().filter(|event| matches!(event, Event::RunDelivered(_))).count();
    prop_assert!(delivered <= 1);
    if delivered == 0 || !approves_all(world) {
        return Ok(());
    }
    let mut subjects = BTreeMap::new();
    let mut leave = false;
    for event in &world.journal {
        if let Event::ReviewOpened(opened) = event {
            subjects.insert(opened.review, opened.subject.clone());
        }
        if let Event::ReviewDecided(decided) = event {
            let subject = &subjects[&decided.review];
            leave |= matches!(subject, ReviewSubject::Run | ReviewSubject::Delivery) && decided.verdict != ReviewVerdict::Rejected;
        }
    }
    prop_assert!(leave, "delivered, and nobody said yes\n{}", world.story().join("\n"));
    Ok(())
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn a_review_is_decided_once_by_those_who_may(world in storms()) {
        people_decide_once_and_on_terms(&lived(world)?)?;
    }

    #[test]
    fn a_paused_run_stands_still_and_no_other_run_does(world in storms()) {
        a_pause_is_a_pause(&lived(world)?)?;
    }

    /// Whoever comes, a run that was paused comes to an end once people decide.
    #[test]
    fn a_paused_run_finishes_once_people_decide(mut world in storms()) {
        world.faults.reviews = interlock_testkit::Reviews::Await;
        let mut world = lived(world)?;
        if matches!(&world.state, State::Running(running) if running.paused) {
            world.faults.reviews = interlock_testkit::Reviews::Approve;
            prop_assert!(lived(world)?.state.is_over());
        }
    }

    #[test]
    fn an_answer_that_needs_a_yes_is_not_released_without(world in storms()) {
        nothing_is_delivered_without_leave(&lived(world)?)?;
    }
}
