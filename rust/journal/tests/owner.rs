//! Ownership and failure: one process writes a journal, and when it can't, everybody is told.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::Story;
use interlock_journal::{DocumentKind, Journal, JournalError, verify};
use interlock_kernel::Digest;
use tempfile::tempdir;

const CHILD: &str = "INTERLOCK_TEST_JOURNAL";

#[test]
fn a_journal_has_one_owner_in_this_process_and_among_processes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        assert!(matches!(Journal::open(path, "test"), Err(JournalError::Locked { by_this_process: true, .. })));
    }
    let child = |path: &PathBuf| {
        let program = std::env::current_exe().unwrap();
        Command::new(program).args(["--exact", "a_child_process_opens_it", "--ignored"]).env(CHILD, path).output().unwrap().status.success()
    };
    assert!(child(&path), "the child found it locked");
    journal.close().unwrap();
    assert!(!child(&path), "the child could open it");
    Journal::open(&path, "test").unwrap();
    Journal::open(&path, "test").unwrap();
}

#[test]
#[ignore = "the child of the test above"]
fn a_child_process_opens_it() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    assert!(matches!(Journal::open(path, "child"), Err(JournalError::Locked { by_this_process: false, .. })));
}

#[test]
fn a_full_disk_is_named_and_nothing_is_acknowledged_after_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open_within(&path, "test", 200_000).unwrap();
    let refused = loop {
        let refused =
            Story::new(&journal).tell(&journal).and_then(|ticket| journal.flush().map(|()| assert!(journal.committed() >= ticket.0)));
        if let Err(cause) = refused {
            break cause;
        }
    };
    assert!(matches!(&refused, JournalError::Failed { cause } if cause.code() == "journal.full"), "{refused}");
    assert_eq!((refused.hint(), journal.failure().unwrap().code()), (journal.failure().unwrap().hint(), "journal.full"));
    let committed = journal.committed();
    assert_eq!(Story::new(&journal).start(&journal).unwrap_err().code(), "journal.full");
    assert_eq!(journal.register(DocumentKind::Plan, "p".into(), Digest([1; 32]), "{}").unwrap_err().code(), "journal.full");
    assert_eq!((journal.committed(), journal.close().unwrap_err().code()), (committed, "journal.full"));
    assert_eq!(verify(&path).unwrap().frames, committed);

    let journal = Journal::open(&path, "test").unwrap();
    Story::new(&journal).tell(&journal).unwrap();
    journal.close().unwrap();
    assert_eq!(verify(&path).unwrap().frames, committed + 5);
}

#[test]
fn a_dropped_journal_has_written_everything_and_can_be_opened_again() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    for round in 1..=3 {
        let journal = Journal::open(&path, "test").unwrap();
        Story::new(&journal).tell(&journal).unwrap();
        drop(journal);
        assert_eq!(verify(&path).unwrap().frames, round * 5);
    }
}
