//! The journal without a file, and what both levels have in common under threads.
#![allow(clippy::unwrap_used)]

mod common;

use common::Story;
use interlock_journal::{DocumentKind, Journal, RunFilter, RunStatus, verify};
use interlock_kernel::Digest;
use tempfile::tempdir;

#[test]
fn memory_keeps_unfinished_runs_and_the_newest_finished_ones() {
    let journal = Journal::memory(5).unwrap();
    let open = Story::keyed(&journal, "open");
    open.start(&journal).unwrap();
    let told: Vec<_> = (0..100).map(|number| Story::keyed(&journal, &format!("told-{number}"))).collect();
    for story in &told {
        assert_eq!(story.tell(&journal).unwrap().0, journal.committed());
    }
    let kept: Vec<u64> = journal.runs(&RunFilter::default()).unwrap().iter().map(|row| row.number).collect();
    assert_eq!(kept, [101, 100, 99, 98, 97, 1]);
    for story in &told[..95] {
        assert_eq!((journal.frames(story.run).unwrap().len(), journal.payloads(story.run).unwrap().len()), (0, 0));
        assert_eq!(journal.find_id(story.id).unwrap(), None);
    }
    for story in &told[95..] {
        assert_eq!((journal.frames(story.run).unwrap().len(), journal.payloads(story.run).unwrap().len()), (4, 2));
    }
    assert_eq!(journal.find_key("open").unwrap().unwrap().status, RunStatus::Open);
    assert_eq!(journal.find_key("told-0").unwrap(), None);
    Story::keyed(&journal, "told-0").start(&journal).unwrap();
}

#[test]
fn memory_and_a_file_agree_on_frames_and_root() {
    let folder = tempdir().unwrap();
    let (memory, durable) = (Journal::memory(10).unwrap(), Journal::open(folder.path().join("a.db"), "test").unwrap());
    for journal in [&memory, &durable] {
        (0..4).for_each(|_| _ = Story::new(journal).tell(journal).unwrap());
        journal.flush().unwrap();
    }
    assert_eq!(memory.frames(3).unwrap(), durable.frames(3).unwrap());
    assert_eq!(memory.payloads(3).unwrap(), durable.payloads(3).unwrap());
    assert_eq!(memory.runs(&RunFilter::default()).unwrap(), durable.runs(&RunFilter::default()).unwrap());
    assert_eq!((memory.checkpoint().0 + 1, memory.wake_fd()), (durable.checkpoint().0, None), "a file notes that it was opened");
}

#[test]
fn memory_keeps_documents_and_refuses_after_its_close() {
    let journal = Journal::memory(1).unwrap();
    let ticket = journal.register(DocumentKind::Rules, "rules".into(), Digest([2; 32]), "routing_rules: []").unwrap();
    assert_eq!(journal.register(DocumentKind::Rules, "rules".into(), Digest([2; 32]), "routing_rules: []").unwrap(), ticket);
    assert_eq!(journal.document(&Digest([2; 32])).unwrap().as_deref(), Some("routing_rules: []"));
    journal.close().unwrap();
    assert_eq!(Story::new(&journal).start(&journal).unwrap_err().code(), "journal.closed");
}

#[test]
fn eight_threads_append_one_verified_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..250 {
                    let story = Story::keyed(journal, &format!("{thread}-{number}"));
                    story.tell(journal).unwrap();
                    if number % 50 == 0 {
                        assert_eq!(journal.frames(story.run).unwrap().len(), 4);
                    }
                }
            });
        }
    });
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert_eq!((report.frames, report.runs, report.payloads), (8001, 2000, 4000));
}
