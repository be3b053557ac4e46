//! Files that are no whole journal of this version: each is named, refused and left as it is.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::Story;
use interlock_journal::{Journal, JournalError, Reader, verify};
use rusqlite::Connection;
use tempfile::tempdir;

/// A closed journal that spans a good number of pages.
fn large(path: &Path) {
    let journal = Journal::open(path, "test").unwrap();
    (0..200).for_each(|_| _ = Story::new(&journal).tell(&journal).unwrap());
    journal.close().unwrap();
}

#[test]
fn a_file_that_was_cut_is_named_and_not_touched() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    large(&path);
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 15, 50, 99, 100, 511, 4095, 4096, 4097, whole.len() / 3, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        let cut = folder.path().join(format!("cut-{length}.db"));
        fs::write(&cut, &whole[..length]).unwrap();
        for found in [Journal::open(&cut, "test").map(drop), verify(&cut).map(drop)] {
            let code = found.map_err(|error| error.code());
            assert!(matches!(code, Err("journal.corrupt" | "journal.not_a_journal")), "{length}: {code:?}");
        }
        assert!(fs::read(&cut).unwrap() == whole[..length], "{length} bytes were changed");
    }
}

#[test]
fn a_foreign_file_is_left_alone() {
    let folder = tempdir().unwrap();
    let (text, other) = (folder.path().join("notes.txt"), folder.path().join("other.db"));
    fs::write(&text, "my notes, which are longer than the header of a database has to be, and dear to me").unwrap();
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t(x)").unwrap();
    for path in [&text, &other] {
        let before = fs::read(path).unwrap();
        assert_eq!(Journal::open(path, "test").err().unwrap().code(), "journal.not_a_journal");
        assert_eq!(Reader::open(path).unwrap_err().code(), "journal.not_a_journal");
        assert_eq!(fs::read(path).unwrap(), before);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was put beside them");
    assert_eq!(Journal::open(folder.path(), "test").err().unwrap().code(), "journal.not_a_journal");
}

#[test]
fn a_journal_that_is_gone_is_missing_and_not_made_anew() {
    let folder = tempdir().unwrap();
    assert_eq!(Reader::open(folder.path().join("none.db")).unwrap_err().code(), "journal.missing");
    assert_eq!(Journal::open(folder.path().join("no/folder/a.db"), "test").err().unwrap().code(), "journal.missing");
    fs::write(folder.path().join("lost.db-wal"), "a log whose journal was removed").unwrap();
    assert_eq!(Journal::open(folder.path().join("lost.db"), "test").err().unwrap().code(), "journal.missing");
}

#[test]
fn a_newer_format_is_refused_with_the_name_of_its_writer() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    Journal::open(&path, "interlock 9.0").unwrap().close().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 4).unwrap();
    for error in [Journal::open(&path, "test").err().unwrap(), verify(&path).unwrap_err()] {
        assert!(
            matches!(&error, JournalError::VersionUnsupported { written_by, format: 4, known: 3, .. } if written_by == "interlock 9.0"),
            "{error}"
        );
    }
}

#[test]
fn a_frame_of_a_newer_program_is_refused_with_the_name_of_its_writer() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    large(&path);
    let file = Connection::open(&path).unwrap();
    let mut frame: Vec<u8> = file.query_row("SELECT bytes FROM frames WHERE pos = 5", [], |row| row.get(0)).unwrap();
    frame[0] = 77;
    let end = frame.len() - 4;
    let checksum = crc32fast::hash(&frame[..end]).to_le_bytes();
    frame[end..].copy_from_slice(&checksum);
    file.execute("UPDATE frames SET bytes = ?1 WHERE pos = 5", [frame]).unwrap();
    let error = Journal::open(&path, "newer").err().unwrap();
    assert!(error.to_string().contains("frame kind 77") && error.hint().contains("test"), "{error}: {}", error.hint());
}
