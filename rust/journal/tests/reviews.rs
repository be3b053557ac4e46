//! The list of open reviews: the same in memory, in a file, after opening it again, and as the frames say.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{Story, payload};
use interlock_journal::{Append, Asks, Journal, ReviewFilter, ReviewRow, verify};
use interlock_kernel::{
    EffectKey, Event, Expiry, Micros, ReviewClaimed, ReviewDecided, ReviewId, ReviewOpened, ReviewReassigned, ReviewSigned, ReviewSubject,
    ReviewVerdict, ReviewWhy, ReviewWithdrawn, RunFailCode, RunFailed, StrandId, Terms, TurnId,
};
use proptest::prelude::*;
use tempfile::tempdir;

/// What happens to a review of a run.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Opens { due: Option<u64>, effect: bool, role: Option<&'static str> },
    Claims(u32),
    Moves { review: u32, late: bool },
    Signs { review: u32, verdict: ReviewVerdict },
    Decides(u32),
    Withdraws(u32),
    Fails,
}

fn opened(review: u32, due: Option<u64>, effect: bool, role: Option<&str>) -> Event {
    let tool = ReviewSubject::Effect { turn: TurnId(0), key: EffectKey([7; 16]), tool: "refund".into() };
    Event::ReviewOpened(ReviewOpened {
        review: ReviewId(review),
        why: if effect { ReviewWhy::Approval } else { ReviewWhy::StepFailed },
        about: payload(0, "I was charged twice").reference(),
        attached: vec![],
        strand: StrandId(0),
        subject: if effect { tool } else { ReviewSubject::Run },
        terms: Terms { role: role.map(Into::into), approvals: 3, due: due.map(Micros), on_expiry: Expiry::Approve, ..Terms::default() },
    })
}

fn event(deed: Deed, next: &mut u32) -> Event {
    let by = "ada".into();
    match deed {
        Deed::Opens { due, effect, role } => {
            *next += 1;
            opened(*next - 1, due, effect, role)
        }
        Deed::Claims(review) => Event::ReviewClaimed(ReviewClaimed { review: ReviewId(review), by, until: Micros(77) }),
        Deed::Moves { review, late } => Event::ReviewReassigned(ReviewReassigned {
            review: ReviewId(review),
            by: (!late).then_some(by),
            role: Some("chief".into()),
            person: None,
            decision: None,
        }),
        Deed::Signs { review, verdict } => {
            let (review, content, decision) = (ReviewId(review), None, None);
            Event::ReviewSigned(ReviewSigned { review, by, verdict, content, decision, passages: vec![] })
        }
        Deed::Decides(review) => Event::ReviewDecided(ReviewDecided {
            review: ReviewId(review),
            decision: None,
            verdict: ReviewVerdict::Rejected,
            passages: vec![],
            by: Some(by),
            content: None,
            at: Micros(5),
            deadline: Micros(9),
        }),
        Deed::Withdraws(review) => Event::ReviewWithdrawn(ReviewWithdrawn { review: ReviewId(review) }),
        Deed::Fails => Event::RunFailed(RunFailed { code: RunFailCode::StepFailed }),
    }
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let review = || 0..4_u32;
    let verdict = prop_oneof![Just(ReviewVerdict::Approved), Just(ReviewVerdict::Answered)];
    let role = prop_oneof![Just(None), Just(Some("finance")), Just(Some("legal"))];
    let deed = prop_oneof![
        6 => (proptest::option::of(1..99_u64), any::<bool>(), role).prop_map(|(due, effect, role)| Deed::Opens { due, effect, role }),
        2 => review().prop_map(Deed::Claims),
        2 => (review(), any::<bool>()).prop_map(|(review, late)| Deed::Moves { review, late }),
        3 => (review(), verdict).prop_map(|(review, verdict)| Deed::Signs { review, verdict }),
        2 => review().prop_map(Deed::Decides),
        1 => review().prop_map(Deed::Withdraws),
        1 => Just(Deed::Fails),
    ];
    proptest::collection::vec((0..3_usize, deed), 1..60)
}

/// Tells the same to a journal, and gives what it lists at the end.
fn tell(journal: &Journal, story: &[Story], deeds: &[(usize, Deed)]) -> Vec<ReviewRow> {
    let mut known = [(1_u32, 0_u32, false); 3];
    for one in story {
        one.start(journal).unwrap();
    }
    for (at, (run, deed)) in (1_000_u64..).zip(deeds) {
        let (seq, next, over) = &mut known[*run];
        if *over {
            continue;
        }
        let events = [event(*deed, next)];
        *over = matches!(deed, Deed::Fails);
        journal
            .append(Append { run: story[*run].run, first_seq: *seq, at: Micros(at), events: &events, payloads: vec![], start: None })
            .unwrap();
        *seq += 1;
    }
    journal.reviews(&ReviewFilter::default()).unwrap()
}

fn stories(journal: &Journal) -> Vec<Story> {
    (0..3).map(|number| Story { plan: ["support", "billing"][number % 2], ..Story::new(journal) }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_list_is_the_same_in_memory_in_a_file_and_after_opening_it_again(deeds in deeds()) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (memory, file) = (Journal::memory(10).unwrap(), Journal::open(&path, "test").unwrap());
        let story = stories(&memory);
        let (listed, written) = (tell(&memory, &story, &deeds), {
            stories(&file); // takes the same numbers
            tell(&file, &story, &deeds)
        });
        prop_assert_eq!(&listed, &written);
        prop_assert_eq!(memory.due().unwrap(), file.due().unwrap());
        file.close().unwrap();
        verify(&path).unwrap();
        let again = Journal::open(&path, "test").unwrap();
        prop_assert_eq!(&again.reviews(&ReviewFilter::default()).unwrap(), &listed);
        filters_agree(&memory, &again, &listed)?;
        again.close().unwrap();
    }
}

fn filters_agree(memory: &Journal, file: &Journal, listed: &[ReviewRow]) -> Result<(), TestCaseError> {
    let after = listed.get(listed.len() / 2).map(|row| (row.opened, row.id, row.review));
    let filters = [
        ReviewFilter { role: Some("finance".into()), ..ReviewFilter::default() },
        ReviewFilter { plan: Some("billing".into()), limit: Some(2), ..ReviewFilter::default() },
        ReviewFilter { due_before: Some(Micros(50)), ..ReviewFilter::default() },
        ReviewFilter { run: listed.first().map(|row| row.id), ..ReviewFilter::default() },
        ReviewFilter { after, ..ReviewFilter::default() },
    ];
    for filter in filters {
        let wanted = listed.iter().filter(|row| filter.admits(row)).take(filter.limit.unwrap_or(usize::MAX)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(&memory.reviews(&filter).unwrap(), &wanted);
        prop_assert_eq!(&file.reviews(&filter).unwrap(), &wanted);
    }
    Ok(())
}

#[test]
fn a_review_is_listed_with_its_terms_until_it_is_decided() {
    let journal = Journal::memory(1).unwrap();
    let story = Story::new(&journal);
    let told = |deeds: &[Deed]| {
        let deeds: Vec<_> = deeds.iter().map(|deed| (0, *deed)).collect();
        let journal = Journal::memory(1).unwrap();
        tell(&journal, &[Story { id: story.id, ..Story::new(&journal) }], &deeds)
    };
    let opens = Deed::Opens { due: Some(9), effect: true, role: Some("finance") };
    let rows = told(&[opens]);
    assert_eq!((rows[0].subject, rows[0].tool.as_deref(), rows[0].role.as_deref()), (Asks::Effect, Some("refund"), Some("finance")));
    assert_eq!((rows[0].approvals, rows[0].signed, rows[0].due, rows[0].opened), (3, 0, Some(Micros(9)), Micros(1_000)));
    let signs = |verdict| Deed::Signs { review: 0, verdict };
    let (yes, other) = (signs(ReviewVerdict::Approved), signs(ReviewVerdict::Answered));
    assert_eq!(told(&[opens, yes, yes])[0].signed, 2);
    assert_eq!(told(&[opens, yes, yes, other])[0].signed, 1, "another proposal starts anew");
    assert_eq!(told(&[opens, Deed::Claims(0)])[0].claim, Some(("ada".into(), Micros(77))));
    let moved = told(&[opens, Deed::Claims(0), yes, Deed::Moves { review: 0, late: false }]);
    assert_eq!((moved[0].signed, &moved[0].claim, moved[0].role.as_deref(), moved[0].due), (0, &None, Some("chief"), Some(Micros(9))));
    assert_eq!(told(&[opens, Deed::Moves { review: 0, late: true }])[0].due, None, "who is asked after its time has all they need");
    assert_eq!(told(&[opens, opens, Deed::Decides(0)]).iter().map(|row| row.review).collect::<Vec<_>>(), [1]);
    assert_eq!(told(&[opens, Deed::Fails]), []);
}

#[test]
fn a_run_in_which_nobody_was_asked_leaves_the_list_alone() {
    let folder = tempdir().unwrap();
    let path: &Path = &folder.path().join("a.db");
    let journal = Journal::open(path, "test").unwrap();
    Story::new(&journal).tell(&journal).unwrap();
    assert_eq!(journal.reviews(&ReviewFilter::default()).unwrap(), []);
    journal.close().unwrap();
    verify(path).unwrap();
}
