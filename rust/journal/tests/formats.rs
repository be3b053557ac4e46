//! Files of earlier formats: read as they are, and lifted by whoever owns them, wholly or not at all.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Story;
use interlock_journal::{Journal, Reader, RunFilter, RunRow, RunStatus, verify};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

const USERS: [Option<&str>; 7] = [Some("ada"), Some("ada"), Some("bob\u{fc}r\0x"), None, Some("ada"), None, Some("bob")];
const THREADS: [Option<&str>; 7] = [Some("t1"), Some("t2"), None, None, Some("t1"), None, Some("t3")];

/// A copy of the journal of seven runs that the last program of format 1 wrote.
fn golden() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/journals/format1.db"), &path).unwrap();
    (folder, path)
}

fn format(path: &Path) -> u32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn asked(rows: &[RunRow]) -> Vec<(Option<&str>, Option<&str>)> {
    rows.iter().rev().map(|row| (row.user.as_deref(), row.thread.as_deref())).collect()
}

#[test]
fn a_file_of_format_1_is_read_as_it_is() {
    let (_folder, path) = golden();
    let before = fs::read(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let rows = reader.runs(&RunFilter::default()).unwrap();
    assert_eq!(asked(&rows), [(None, None); 7]);
    assert_eq!(reader.find_key("k2").unwrap().unwrap().number, 3);
    assert_eq!((reader.frames(5).unwrap().len(), reader.payloads(5).unwrap()[0].bytes.len() > 6_000), (4, true));
    let by_user = RunFilter { user: Some("ada".into()), ..RunFilter::default() };
    assert!(reader.runs(&by_user).unwrap_err().to_string().contains("format 1"));
    assert_eq!((verify(&path).unwrap().runs, verify(&path).unwrap().frames), (7, 31));
    drop(reader);
    assert!(fs::read(&path).unwrap() == before, "reading changed it");
}

#[test]
fn its_owner_lifts_it_and_knows_who_asked() {
    let (_folder, path) = golden();
    let (report, reader) = (verify(&path).unwrap(), Reader::open(&path).unwrap());
    let journal = Journal::open(&path, "test").unwrap();
    let expected: Vec<_> = USERS.into_iter().zip(THREADS).collect();
    assert_eq!(asked(&journal.runs(&RunFilter::default()).unwrap()), expected);
    assert_eq!(asked(&reader.runs(&RunFilter::default()).unwrap()), expected, "also for who had it open before");
    let list = |filter| -> Vec<u64> { journal.runs(&filter).unwrap().iter().map(|row| row.number).collect() };
    assert_eq!(list(RunFilter { user: Some("ada".into()), ..RunFilter::default() }), [5, 2, 1]);
    assert_eq!(list(RunFilter { thread: Some("t1".into()), limit: Some(1), ..RunFilter::default() }), [5]);
    assert_eq!(list(RunFilter { user: Some("bob".into()), status: Some(RunStatus::InReview), ..RunFilter::default() }), [7]);
    assert_eq!(journal.unfinished().unwrap()[0].user.as_deref(), Some("bob"));
    Story { user: Some("carol".into()), thread: Some("t9"), ..Story::new(&journal) }.tell(&journal).unwrap();
    assert_eq!(list(RunFilter { user: Some("carol".into()), ..RunFilter::default() }), [8]);
    journal.close().unwrap();
    assert_eq!((format(&path), verify(&path).unwrap().frames), (2, report.frames + 5));
}

#[test]
fn runs_are_listed_by_when_they_started() {
    let (_folder, path) = golden();
    let journal = Journal::open(&path, "test").unwrap();
    let rows = journal.runs(&RunFilter::default()).unwrap();
    let list = |since, until| journal.runs(&RunFilter { since, until, ..RunFilter::default() }).unwrap();
    assert_eq!(list(Some(rows[2].started), Some(rows[0].started)), rows[1..=2]);
    assert_eq!(list(None, Some(rows[5].started)), rows[6..]);
}

#[test]
fn a_crash_while_it_is_lifted_leaves_format_1_or_2_and_either_whole() {
    let (folder, path) = golden();
    let report = verify(&path).unwrap();
    let journal = Journal::open(&path, "test").unwrap();
    let log = fs::read(folder.path().join("a.db-wal")).unwrap();
    let mut seen = [0, 0];
    for part in 0..=64 {
        let crashed = folder.path().join(format!("crashed-{part}.db"));
        fs::copy(&path, &crashed).unwrap();
        fs::write(folder.path().join(format!("crashed-{part}.db-wal")), &log[..log.len() * part / 64]).unwrap();
        assert!(verify(&crashed).unwrap().frames - report.frames <= 1);
        seen[format(&crashed) as usize - 1] += 1;
        Journal::open(&crashed, "test").unwrap().close().unwrap();
        assert_eq!((format(&crashed), verify(&crashed).unwrap().runs), (2, 7));
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    drop(journal);
}

#[test]
fn a_request_that_can_not_be_read_is_named_and_the_file_stays_format_1() {
    let (_folder, path) = golden();
    let file = Connection::open(&path).unwrap();
    assert_eq!(file.execute("UPDATE payloads SET bytes = x'7b' WHERE run = 5 AND kind = 2", []).unwrap(), 1);
    drop(file);
    let error = Journal::open(&path, "test").err().unwrap();
    assert!(error.to_string().contains("run 5 ("), "{error}");
    assert_eq!((error.code(), format(&path)), ("journal.corrupt", 1));
}
