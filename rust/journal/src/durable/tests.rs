//! What only this module can see: the wake-up pipe's other end, and a journal whose process is another.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/mod.rs"]
mod common;

use crate::beside::Beside;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use common::Story;
use tempfile::tempdir;

use super::Durable;
use crate::store::{Store, lock};
use crate::{Journal, Ticket, verify};

#[test]
fn a_byte_wakes_whoever_asked_once_the_ticket_is_committed() {
    let folder = tempdir().unwrap();
    let (durable, last) = Durable::open(&folder.path().join("a.db"), "test", None, Beside::Nothing).unwrap();
    let shared = Arc::clone(&durable.shared);
    let journal = Journal::over(durable, last);
    Story::new(&journal).tell(&journal).unwrap();
    journal.flush().unwrap();
    assert!(!shared.wake.has_byte(), "nobody asked");
    for _ in 0..50 {
        let ticket = Story::new(&journal).tell(&journal).unwrap();
        journal.want_wake(ticket);
        while journal.committed() < ticket.0 {
            shared.wake.wait().unwrap();
        }
        journal.drain_wake();
    }
    journal.want_wake(Ticket(journal.committed()));
    assert!(shared.wake.has_byte(), "what is committed already wakes at once");
    assert!(!shared.wake.has_byte(), "one byte a wake-up");
}

#[test]
fn what_nobody_waits_for_is_written_all_the_same() {
    let folder = tempdir().unwrap();
    let journal = Journal::open(folder.path().join("a.db"), "test").unwrap();
    for _ in 0..20 {
        let ticket = Story::new(&journal).tell(&journal).unwrap();
        let patience = Duration::from_secs(20);
        for _ in 0..patience.as_millis() {
            if journal.committed() >= ticket.0 {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        assert!(journal.committed() >= ticket.0, "it lies in the queue");
    }
}

#[test]
fn what_a_run_says_before_it_waits_shares_a_commit_with_what_it_waits_for() {
    const RUNS: i64 = 50;
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for _ in 0..RUNS {
        let story = Story::new(&journal);
        story.start(&journal).unwrap();
        sleep(Duration::from_micros(200)); // a writer that took up the start at once would have begun its commit
        story.turn(&journal).unwrap();
        story.deliver(&journal).unwrap();
        journal.flush().unwrap();
    }
    journal.close().unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    let commits: i64 = file.query_row("SELECT count(*) FROM commits", [], |row| row.get(0)).unwrap();
    assert!(commits < 2 * RUNS, "{commits} commits: on a busy machine some runs take two, but not all");
}

#[test]
fn a_failure_wakes_whoever_waits() {
    let folder = tempdir().unwrap();
    let (durable, last) = Durable::open(&folder.path().join("a.db"), "test", Some(150_000), Beside::Nothing).unwrap();
    let shared = Arc::clone(&durable.shared);
    let journal = Journal::over(durable, last);
    while journal.failure().is_none() {
        if let Ok(ticket) = Story::new(&journal).tell(&journal) {
            journal.want_wake(ticket);
            shared.wake.wait().unwrap();
        }
    }
    assert_eq!(journal.failure().unwrap().code(), "journal.full");
}

#[test]
fn a_fork_of_a_journal_is_refused_and_touches_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (mut durable, last) = Durable::open(&path, "test", None, Beside::Nothing).unwrap();
    durable.opened_by += 1; // as if another process had opened it
    let shared = Arc::clone(&durable.shared);
    let journal = Journal::over(durable, last);
    let held = lock(&shared.state); // a fork may copy a lock that its vanished owner holds: nothing may wait for it
    assert_eq!(Story::new(&journal).start(&journal).unwrap_err().code(), "journal.forked");
    assert_eq!(journal.frames(1).unwrap_err().code(), "journal.forked");
    assert_eq!(journal.flush().unwrap_err().code(), "journal.forked");
    assert_eq!(journal.close().unwrap_err().code(), "journal.forked");
    assert_eq!(journal.failure().unwrap().code(), "journal.forked");
    let still_there = Arc::downgrade(&journal.store);
    drop(journal);
    assert!(still_there.upgrade().is_some(), "the owner's connections are not closed by the copy");
    drop(held);
    assert_eq!(verify(&path).unwrap().frames, 1);
}

#[test]
fn a_second_close_does_nothing() {
    let folder = tempdir().unwrap();
    let (durable, _) = Durable::open(&folder.path().join("a.db"), "test", None, Beside::Nothing).unwrap();
    assert_eq!(durable.queued_bytes(), 0);
    durable.close().unwrap();
    durable.close().unwrap();
}
