//! The journal in a file: what was acknowledged is there again.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::sync::Arc;

use common::{Story, payload};
use interlock_journal::{DocumentKind, Journal, JournalError, Reader, Record, RunFilter, RunRow, RunStatus, verify};
use interlock_kernel::Digest;
use tempfile::tempdir;

fn numbers(rows: &[RunRow]) -> Vec<u64> {
    rows.iter().map(|row| row.number).collect()
}

#[test]
fn a_closed_journal_is_opened_again_with_everything_in_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("support.db");
    let journal = Journal::open(&path, "interlock 0.1.0").unwrap();
    let (told, open) = (Story::keyed(&journal, "ticket-981"), Story::new(&journal));
    told.tell(&journal).unwrap();
    open.start(&journal).unwrap();
    let frames = journal.frames(told.run).unwrap();
    journal.close().unwrap();
    assert!(!folder.path().join("support.db-wal").exists(), "the log was put into the file");

    let journal = Journal::open(&path, "interlock 0.1.1").unwrap();
    assert_eq!(journal.frames(told.run).unwrap(), frames);
    assert_eq!(journal.payloads(told.run).unwrap(), [payload(0, "I was charged twice"), payload(1, "You get it back")]);
    assert_eq!(numbers(&journal.unfinished().unwrap()), [open.run]);
    assert_eq!(journal.next_run(), open.run + 1);
    open.turn(&journal).unwrap();
    open.deliver(&journal).unwrap();
    let row = journal.find_key("ticket-981").unwrap().unwrap();
    assert_eq!((row.number, row.status, row.frames, row.ended.unwrap().0), (told.run, RunStatus::Delivered, 4, 300));
    assert_eq!(journal.find_id(open.id).unwrap().unwrap().number, open.run);
    let opened = journal.frames(0).unwrap().into_iter().map(|frame| frame.record);
    assert!(opened.eq(["interlock 0.1.0", "interlock 0.1.1"].map(|by| Record::Opened(interlock_journal::Opened { by: by.into() }))));
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert_eq!((report.frames, report.runs, report.payloads), (10, 2, 4));
}

#[test]
fn runs_are_listed_newest_first_by_status_and_plan() {
    let folder = tempdir().unwrap();
    let journal = Journal::open(folder.path().join("a.db"), "test").unwrap();
    let stories: Vec<_> = (0..6).map(|number| Story { plan: ["support", "billing"][number % 2], ..Story::new(&journal) }).collect();
    for (number, story) in stories.iter().enumerate() {
        if number < 4 {
            story.tell(&journal).unwrap()
        } else {
            story.start(&journal).unwrap()
        };
    }
    let list = |status, plan: Option<&str>, limit| {
        numbers(&journal.runs(&RunFilter { status, plan: plan.map(Into::into), limit, ..RunFilter::default() }).unwrap())
    };
    assert_eq!(list(None, None, None), [6, 5, 4, 3, 2, 1]);
    assert_eq!(list(None, None, Some(2)), [6, 5]);
    assert_eq!(list(Some(RunStatus::Delivered), None, None), [4, 3, 2, 1]);
    assert_eq!(list(Some(RunStatus::Delivered), Some("billing"), Some(1)), [4]);
    assert_eq!(list(None, Some("support"), None), [5, 3, 1]);
}

#[test]
fn a_key_names_one_run_also_after_a_restart() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    Story::keyed(&journal, "k").tell(&journal).unwrap();
    let taken = |error: JournalError| matches!(error, JournalError::KeyTaken { ref key, run: 1 } if key == "k");
    assert!(taken(Story::keyed(&journal, "k").start(&journal).unwrap_err()), "while it is queued");
    journal.flush().unwrap();
    assert!(taken(Story::keyed(&journal, "k").start(&journal).unwrap_err()), "once it is in the file only");
    journal.close().unwrap();
    let journal = Journal::open(&path, "test").unwrap();
    assert!(taken(Story::keyed(&journal, "k").start(&journal).unwrap_err()), "after a restart");
    assert_eq!(journal.failure().map(|error| error.code()), None);
}

#[test]
fn an_append_out_of_order_is_refused_and_leaves_no_trace() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let story = Story::new(&journal);
    assert_eq!(story.turn(&journal).unwrap_err().code(), "journal.unknown_run");
    story.start(&journal).unwrap();
    assert_eq!(story.start(&journal).unwrap_err().code(), "journal.misused");
    assert!(matches!(story.deliver(&journal), Err(JournalError::OutOfOrder { expected: 1, given: 3, .. })));
    story.turn(&journal).unwrap();
    story.deliver(&journal).unwrap();
    assert_eq!(story.deliver(&journal).unwrap_err().code(), "journal.unknown_run");
    journal.close().unwrap();
    assert_eq!(verify(&path).unwrap().frames, 5);
    assert_eq!(story.start(&journal).unwrap_err().code(), "journal.closed");
}

#[test]
fn a_document_is_written_down_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (plan, rules) = (Digest([1; 32]), Digest([2; 32]));
    let journal = Journal::open(&path, "test").unwrap();
    let first = journal.register(DocumentKind::Plan, "support".into(), plan, "{\"node\": 1}").unwrap();
    assert_eq!(journal.register(DocumentKind::Plan, "support".into(), plan, "{\"node\": 1}").unwrap(), first);
    assert_eq!(journal.document(&plan).unwrap().as_deref(), Some("{\"node\": 1}"));
    journal.close().unwrap();
    let journal = Journal::open(&path, "test").unwrap();
    journal.register(DocumentKind::Plan, "support".into(), plan, "{\"node\": 1}").unwrap();
    journal.register(DocumentKind::Rules, "rules".into(), rules, "routing_rules: []").unwrap();
    assert_eq!(
        (journal.document(&rules).unwrap().unwrap(), journal.document(&Digest([3; 32])).unwrap()),
        ("routing_rules: []".into(), None)
    );
    journal.close().unwrap();
    assert_eq!((verify(&path).unwrap().frames, verify(&path).unwrap().payloads), (4, 2));
    assert_eq!(Reader::open(&path).unwrap().document(&plan).unwrap().as_deref(), Some("{\"node\": 1}"));
}

#[test]
fn a_crash_at_any_moment_leaves_what_was_acknowledged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for round in 0..20 {
        let story = Story::new(&journal);
        story.tell(&journal).unwrap();
        let acknowledged = journal.committed();
        let crashed = folder.path().join(format!("crashed-{round}.db"));
        fs::copy(&path, &crashed).unwrap();
        fs::copy(folder.path().join("a.db-wal"), folder.path().join(format!("crashed-{round}.db-wal"))).unwrap();
        let found = verify(&crashed).unwrap().frames;
        assert!(found >= acknowledged, "{found} frames, {acknowledged} were acknowledged");
        let again = Journal::open(&crashed, "test").unwrap();
        assert!(again.committed() > found, "the opening is noted");
        Story::new(&again).tell(&again).unwrap();
        again.close().unwrap();
        assert_eq!(verify(&crashed).unwrap().frames, found + 5);
    }
}

#[test]
fn a_log_that_was_cut_in_the_middle_gives_back_an_earlier_commit() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for _ in 0..10 {
        Story::new(&journal).tell(&journal).unwrap();
        journal.flush().unwrap();
    }
    let log = fs::read(folder.path().join("a.db-wal")).unwrap();
    for part in 0..=8 {
        let crashed = folder.path().join(format!("cut-{part}.db"));
        fs::copy(&path, &crashed).unwrap();
        fs::write(folder.path().join(format!("cut-{part}.db-wal")), &log[..log.len() * part / 8]).unwrap();
        assert!(verify(&crashed).unwrap().frames <= 41);
        Journal::open(&crashed, "test").unwrap().close().unwrap();
        verify(&crashed).unwrap();
    }
}

#[test]
fn a_reader_follows_what_the_owner_writes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Arc::new(Journal::open(&path, "test").unwrap());
    let reader = Reader::open(&path).unwrap();
    let story = Story::new(&journal);
    story.tell(&journal).unwrap();
    journal.flush().unwrap();
    assert_eq!(reader.frames(story.run).unwrap(), journal.frames(story.run).unwrap());
    assert_eq!(reader.find_id(story.id).unwrap().unwrap().status, RunStatus::Delivered);
    assert_eq!(verify(&path).unwrap().root, journal.checkpoint().1);
}
