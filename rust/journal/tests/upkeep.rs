//! Upkeep: what is large is kept once, what is erased or pruned is gone to the last byte, and the rest can still be proved.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{Story, payload};
use interlock_journal::{DocumentKind, Gone, Journal, JournalError, Reader, Record, RemovedWhy, RunFilter, RunStatus, verify};
use interlock_kernel::{Digest, Micros};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use tempfile::tempdir;

const OVER: [RunStatus; 3] = [RunStatus::Delivered, RunStatus::Failed, RunStatus::Cancelled];

/// A run of a user who says something, from its start to its delivery.
fn tell(journal: &Journal, user: &str, says: String) -> u64 {
    let story = Story { user: Some(user.into()), thread: Some("t-1"), says: Some(says), ..Story::new(journal) };
    story.tell(journal).unwrap();
    story.run
}

fn one(path: &Path, question: &str) -> i64 {
    Connection::open(path).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
}

/// How often a word lies in any file of the folder.
fn found(folder: &Path, word: &str) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let count = |file: Vec<u8>| {
        let starts = file.iter().enumerate().filter(|(_, byte)| **byte == word.as_bytes()[0]);
        starts.filter(|(at, _)| file[*at..].starts_with(word.as_bytes())).count()
    };
    files.map(count).sum()
}

#[test]
fn a_large_payload_is_kept_once_and_goes_with_the_last_who_holds_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let (long, short) = ("l".repeat(4_096), "s".repeat(4_095));
    let runs: Vec<u64> = ["ada", "bob", "ada"].map(|user| tell(&journal, user, long.clone())).into();
    tell(&journal, "ada", short.clone());
    journal.register(DocumentKind::Plan, "large".into(), Digest([7; 32]), &long).unwrap();
    journal.flush().unwrap();
    assert_eq!(one(&path, "SELECT count(*) FROM contents"), 1);
    assert_eq!(one(&path, "SELECT count(*) FROM payloads WHERE content IS NOT NULL"), 4);
    for run in &runs {
        assert_eq!(journal.payloads(*run).unwrap()[0], payload(0, &long));
    }
    assert_eq!(journal.document(&Digest([7; 32])).unwrap().as_deref(), Some(long.as_str()));
    let gone = journal.erase_user("ada", "test").unwrap();
    let asked = br#"{"user":{"id":"ada"},"key":null,"thread":"t-1"}"#.len() as u64;
    assert_eq!(gone, Gone { runs: 3, payloads: 9, bytes: 2 * 4_096 + 4_095 + 3 * (asked + "You get it back".len() as u64) });
    assert_eq!(one(&path, "SELECT count(*) FROM contents"), 1, "bob and the document hold it");
    assert_eq!(journal.payloads(runs[1]).unwrap()[0], payload(0, &long));
    journal.close().unwrap();
    let file = Connection::open(&path).unwrap();
    file.execute_batch("DELETE FROM payloads WHERE run = 0").unwrap();
    drop(file);
    let journal = Journal::open(&path, "test").unwrap();
    journal.erase_user("bob", "test").unwrap();
    assert_eq!(one(&path, "SELECT count(*) FROM contents"), 0);
}

#[test]
fn contents_that_are_missing_stray_or_changed_are_named() {
    for (sql, said) in [
        ("DELETE FROM contents", "in run 1 (: payload 0 lacks its content"),
        ("UPDATE contents SET bytes = zeroblob(5000)", "payload 0 is not the one that was committed to"),
        ("INSERT INTO contents VALUES (x'0102', x'00')", "content 0102 is not the one that its digest says"),
        ("INSERT INTO contents VALUES (x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', x'00')", "6e340b9c"),
        ("UPDATE payloads SET bytes = x'00' WHERE content IS NOT NULL", "has a content and bytes of its own"),
    ] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.db");
        let journal = Journal::open(&path, "test").unwrap();
        tell(&journal, "ada", "long ".repeat(1_000));
        journal.close().unwrap();
        assert_eq!(verify(&path).unwrap().payloads, 3);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let error = verify(&path).unwrap_err();
        let said = said.split(" (").next().unwrap();
        assert!(error.to_string().contains(said), "{sql}: {error}");
        assert_eq!(error.code(), "journal.corrupt");
    }
}

#[test]
fn an_erased_user_is_gone_to_the_last_byte_and_the_frames_prove_the_rest() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let mut dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let users = ["user-ada", "user-bob", "user-eve"];
    let mut runs = [0, 0, 0];
    for number in 0..3_000 {
        let who = dice.next_u32() as usize % 3;
        let word = format!("canary-{who}-{number}-");
        let story = Story {
            key: Some(format!("key-of-{}-{number}", users[who])),
            user: Some(users[who].into()),
            says: Some(word.repeat(1 + dice.next_u32() as usize % if number % 50 == 0 { 900 } else { 60 })),
            ..Story::new(&journal)
        };
        story.tell(&journal).unwrap();
        runs[who] += 1;
        if number % 7 == 0 {
            journal.flush().unwrap(); // pages are written and read again, in many transactions
        }
    }
    journal.flush().unwrap();
    let frames = journal.frames(17).unwrap();
    let total = verify(&path).unwrap();
    for who in 0..2 {
        let gone = journal.erase_user(users[who], "test").unwrap();
        assert_eq!((gone.runs, gone.payloads), (runs[who], 3 * runs[who]));
        for word in [format!("canary-{who}-"), users[who].to_owned()] {
            assert_eq!(found(folder.path(), &word), 0, "{word}");
        }
        let next = (who + 1) % 3;
        assert!(found(folder.path(), &format!("canary-{next}-")) >= usize::try_from(runs[next]).unwrap(), "it would be found");
    }
    assert_eq!(journal.frames(17).unwrap(), frames);
    assert!(journal.runs(&RunFilter { user: Some(users[0].into()), ..RunFilter::default() }).unwrap().is_empty());
    journal.close().unwrap();
    assert_eq!((found(folder.path(), "canary-0-"), found(folder.path(), "canary-1-")), (0, 0));
    let report = verify(&path).unwrap();
    let erased = 3 * (runs[0] + runs[1]);
    assert_eq!((report.erased, report.pruned, report.payloads), (erased, 0, total.payloads - erased));
    assert_eq!(
        (report.runs, report.frames),
        (3_000, total.frames + runs[..2].iter().map(|runs| runs.div_ceil(250)).sum::<u64>()),
        "and one for 250 removed runs"
    );
}

#[test]
fn a_user_with_a_run_under_way_is_not_erased_at_all() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    for journal in [Journal::open(&path, "test").unwrap(), Journal::memory(10).unwrap()] {
        let told = tell(&journal, "ada", "I was charged twice".into());
        let open = Story { user: Some("ada".into()), ..Story::new(&journal) };
        open.start(&journal).unwrap();
        let before = journal.committed();
        let error = journal.erase_user("ada", "test").unwrap_err();
        assert!(matches!(error, JournalError::NotOver { run, status: RunStatus::Open } if run == open.id), "{error}");
        assert_eq!(error.code(), "usage.run_not_over");
        assert_eq!((journal.payloads(told).unwrap().len(), journal.checkpoint().0), (3, before.max(journal.checkpoint().0)));
        open.turn(&journal).unwrap();
        open.deliver(&journal).unwrap();
        assert_eq!(journal.erase_user("ada", "test").unwrap().runs, 2);
        assert_eq!(journal.erase_user("ada", "test").unwrap(), Gone::default(), "nobody is called so any more");
        assert_eq!(journal.erase_user("nobody", "test").unwrap(), Gone::default());
    }
}

#[test]
fn an_erased_run_keeps_its_frames_and_gives_its_key_back() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    for journal in [Journal::open(&path, "test").unwrap(), Journal::memory(10).unwrap()] {
        let story = Story { user: Some("ada".into()), thread: Some("t"), ..Story::keyed(&journal, "k") };
        story.tell(&journal).unwrap();
        let frames = journal.frames(story.run).unwrap();
        journal.erase_user("ada", "the data protection officer").unwrap();
        let row = journal.find_id(story.id).unwrap().unwrap();
        assert_eq!((row.status, row.frames, row.removed), (RunStatus::Delivered, 4, Some(RemovedWhy::Erased)));
        assert_eq!((row.key, row.user, row.thread), (None, None, None));
        assert_eq!((journal.frames(story.run).unwrap(), journal.payloads(story.run).unwrap()), (frames, vec![]));
        let last = journal.frames(0).unwrap().pop().unwrap();
        let Record::Removed(removed) = last.record else { panic!("{last:?}") };
        assert_eq!((removed.why, removed.runs), (RemovedWhy::Erased, vec![(story.run, story.run)]));
        assert_eq!(removed.by, "the data protection officer");
        Story::keyed(&journal, "k").tell(&journal).unwrap();
        journal.close().unwrap();
    }
    assert_eq!((verify(&path).unwrap().erased, verify(&path).unwrap().payloads), (3, 2));
}

#[test]
fn what_ended_long_ago_is_pruned_by_status_and_keeps_its_key() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let story = Story::keyed(&journal, "k");
    story.tell(&journal).unwrap();
    let open = Story::new(&journal);
    open.start(&journal).unwrap();
    journal.flush().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(journal.prune(Micros(300), &OVER, "test").unwrap(), Gone::default(), "it ended at 300");
    assert_eq!(journal.prune(Micros(301), &OVER[1..], "test").unwrap(), Gone::default(), "it was delivered");
    let gone = Gone { runs: 1, payloads: 2, bytes: 34 };
    assert_eq!(reader.would_prune(Micros(301), &OVER).unwrap(), gone);
    assert_eq!(journal.prune(Micros(301), &OVER, "test").unwrap(), gone);
    assert_eq!((reader.would_prune(Micros(301), &OVER).unwrap(), journal.prune(Micros(301), &OVER, "test").unwrap()), Default::default());
    let row = journal.find_key("k").unwrap().unwrap();
    assert_eq!((row.number, row.removed), (story.run, Some(RemovedWhy::Pruned)));
    let error = journal.prune(Micros(301), &[RunStatus::InReview], "test").unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("in_review")), ("usage.not_prunable", true));
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert_eq!((report.payloads, report.pruned, report.erased), (1, 2, 0));
}

#[test]
fn a_pruned_run_can_be_erased_and_erased_is_what_counts() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    tell(&journal, "ada", "I was charged twice".into());
    journal.flush().unwrap();
    assert_eq!(Reader::open(&path).unwrap().would_erase("ada").unwrap(), journal.prune(Micros(400), &OVER, "test").unwrap());
    assert_eq!(journal.erase_user("ada", "test").unwrap(), Gone { runs: 1, payloads: 0, bytes: 0 });
    journal.close().unwrap();
    assert_eq!((verify(&path).unwrap().erased, verify(&path).unwrap().pruned), (3, 0));
}

#[test]
fn a_frame_names_250_runs_at_most() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for number in 0..2_500 {
        tell(&journal, ["ada", "bob"][usize::from(number % 10 == 0)], "short".into());
    }
    assert_eq!(journal.prune(Micros(400), &OVER, "test").unwrap().runs, 2_500);
    assert_eq!(journal.erase_user("ada", "test").unwrap().runs, 2_250);
    let frames = journal.frames(0).unwrap().into_iter().filter_map(|frame| match frame.record {
        Record::Removed(removed) => Some(removed.runs),
        Record::Opened(_) | Record::Registered(_) | Record::Run(_) => None,
    });
    let counts: Vec<(usize, u64)> = frames.map(|runs| (runs.len(), runs.iter().map(|(first, last)| last - first + 1).sum())).collect();
    assert_eq!(counts[..10], [(1, 250); 10]);
    assert_eq!(counts[10..].iter().map(|(_, count)| *count).collect::<Vec<_>>(), [250; 9]);
    journal.close().unwrap();
    verify(&path).unwrap();
}

#[test]
fn compaction_gives_the_room_back() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for number in 0..200 {
        tell(&journal, "ada", format!("{number} ").repeat(3_000));
    }
    journal.erase_user("ada", "test").unwrap();
    let before = fs::metadata(&path).unwrap().len();
    journal.compact().unwrap();
    let after = fs::metadata(&path).unwrap().len();
    assert!(after * 4 < before, "{before} bytes before, {after} after");
    tell(&journal, "bob", "it goes on".into());
    journal.close().unwrap();
    assert_eq!((verify(&path).unwrap().payloads, verify(&path).unwrap().erased), (3, 600));
}

#[test]
fn a_reader_that_holds_the_log_is_named_and_the_same_call_ends_the_work() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    tell(&journal, "ada", "canary".into());
    journal.flush().unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM frames").unwrap();
    let error = journal.erase_user("ada", "test").unwrap_err();
    assert_eq!(error.code(), "journal.log_in_use");
    assert!(found(folder.path(), "canary") > 0);
    tell(&journal, "bob", "appending goes on".into());
    other.execute_batch("COMMIT").unwrap();
    journal.erase_user("ada", "test").unwrap();
    assert_eq!(found(folder.path(), "canary"), 0);
    journal.close().unwrap();
    verify(&path).unwrap();
}

/// What verification says after one statement was run on a journal with an erased, a pruned and a whole run.
fn after(sql: &str) -> String {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    tell(&journal, "ada", "erased".into());
    Story::new(&journal).tell(&journal).unwrap();
    journal.flush().unwrap();
    journal.erase_user("ada", "test").unwrap();
    journal.prune(Micros(400), &OVER, "test").unwrap();
    tell(&journal, "eve", "whole".into());
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert_eq!((report.payloads, report.erased, report.pruned), (3, 3, 2));
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let error = verify(&path).unwrap_err();
    assert_eq!(error.code(), "journal.corrupt", "{sql}: {error}");
    error.to_string()
}

#[test]
fn erased_pruned_and_altered_are_told_apart() {
    let put =
        |run| format!("INSERT INTO payloads SELECT {run}, number, kind, salt, bytes, NULL FROM payloads WHERE run = 3 AND number = 0");
    for (sql, said) in [
        (put(1), "run 1 (", "payload 0 is there although the run was erased"),
        (put(2), "run 2 (", "payload 0 is there although the run was pruned"),
        ("DELETE FROM payloads WHERE run = 3".into(), "run 3 (", "payload 0 is missing"),
        ("DELETE FROM payloads WHERE run = 3; UPDATE runs SET removed = 'erased' WHERE run = 3".into(), "run 3 (", "payload 0 is missing"),
        ("UPDATE runs SET removed = 'pruned' WHERE run = 3".into(), "run 3 (", "is pruned, the journal's own records say whole"),
        ("UPDATE runs SET removed = NULL WHERE run = 1".into(), "run 1 (", "is whole, the journal's own records say erased"),
        ("UPDATE runs SET removed = 'pruned' WHERE run = 1".into(), "run 1 (", "is pruned, the journal's own records say erased"),
        ("UPDATE runs SET removed = 'lost' WHERE run = 1".into(), "run 1", "\"lost\" is no removal"),
        ("UPDATE runs SET user = 'ada' WHERE run = 1".into(), "run 1 (", "names the key, the user or the thread of an erased run"),
        ("UPDATE payloads SET bytes = x'00' WHERE run = 3 AND number = 1".into(), "run 3 (", "not the one that was committed to"),
    ]
    .map(|(sql, run, said)| (sql, [run, said]))
    {
        let error = after(&sql);
        assert!(said.iter().all(|part| error.contains(part)), "{sql}: {error}");
    }
}

/// A closed journal with at least so many frames. Its commits lie closely, its runs are open at every moment.
fn long(path: &Path, frames: u64) {
    let journal = Journal::open(path, "test").unwrap();
    let waiting = Story::new(&journal);
    waiting.start(&journal).unwrap();
    while journal.committed() < frames {
        (0..500).for_each(|_| _ = Story::new(&journal).tell(&journal).unwrap());
        journal.flush().unwrap();
    }
    waiting.turn(&journal).unwrap();
    journal.close().unwrap();
}

#[test]
fn a_long_journal_is_opened_from_a_snapshot_and_its_newest_frames_are_always_read() {
    let folder = tempdir().unwrap();
    let (path, copy) = (folder.path().join("a.db"), folder.path().join("copy.db"));
    long(&path, 140_000);
    assert_eq!(one(&path, "SELECT count(*) FROM snapshots"), 2);
    let report = verify(&path).unwrap();
    let damage = |sql: &str| {
        fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        let opened = Journal::open(&copy, "test").map(|journal| journal.close().unwrap()).map_err(|error| error.to_string());
        (opened, verify(&copy).map_err(|error| error.to_string()).map(|report| report.frames))
    };
    assert_eq!(damage("SELECT 1"), (Ok(()), Ok(report.frames + 1)));
    assert_eq!(damage("DELETE FROM snapshots"), (Ok(()), Ok(report.frames + 1)), "all is read, and a snapshot taken anew");
    for (sql, said) in [
        ("UPDATE frames SET bytes = zeroblob(100) WHERE pos = 139000", "frame 139000 of the file"),
        ("UPDATE snapshots SET peaks = zeroblob(length(peaks))", "is not of those that were committed"),
        ("UPDATE snapshots SET peaks = x'00'", "can't be read"),
        ("UPDATE snapshots SET size = 10000000 WHERE size = (SELECT max(size) FROM snapshots)", "10000000 frames"),
        ("UPDATE runs SET frames = 4 WHERE run = 1", "the list of runs counts 4 frames and the file has 3"),
    ] {
        let (opened, verified) = damage(sql);
        let opened = opened.unwrap_err();
        assert!(opened.contains(said), "{sql}: {opened}");
        assert!(verified.is_err(), "{sql}: {verified:?}");
    }
    let (opened, verified) = damage("UPDATE frames SET bytes = zeroblob(100) WHERE pos = 100");
    assert_eq!(opened, Ok(()), "opening does not read what lies before the snapshot");
    assert!(verified.unwrap_err().contains("frame 100 of the file"));
    let journal = Journal::open(&path, "test").unwrap();
    let waiting = journal.unfinished().unwrap();
    assert_eq!((waiting.len(), waiting[0].number, waiting[0].frames), (1, 1, 3));
    Story::new(&journal).tell(&journal).unwrap();
    journal.close().unwrap();
    assert_eq!(verify(&path).unwrap().frames, report.frames + 5);
}
