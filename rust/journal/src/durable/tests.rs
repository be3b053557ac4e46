//! What only this module can see: the wake-up pipe's other end, and a journal whose process is another.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use common::Story;
use tempfile::tempdir;

use super::Durable;
use crate::store::{Store, lock};
use crate::{Journal, Ticket, verify};

#[test]
fn a_byte_wakes_whoever_asked_once_the_ticket_is_committed() {
    let folder = tempdir().unwrap();
    let (durable, last) = Durable::open(&folder.path().join("a.db"), "test", None).unwrap();
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
fn a_failure_wakes_whoever_waits() {
    let folder = tempdir().unwrap();
    let (durable, last) = Durable::open(&folder.path().join("a.db"), "test", Some(150_000)).unwrap();
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
    let (mut durable, last) = Durable::open(&path, "test", None).unwrap();
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
    let (durable, _) = Durable::open(&folder.path().join("a.db"), "test", None).unwrap();
    assert_eq!(durable.queued_bytes(), 0);
    durable.close().unwrap();
    durable.close().unwrap();
}
