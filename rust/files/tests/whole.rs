//! What a new file is, what is left of one that could not be made, and which files are refused.
#![expect(clippy::unwrap_used, reason = "a helper that unwraps fails the test that called it")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use interlock_files::{Draft, Fault, application, beside, canonical, ends_with_a_page};
use rusqlite::Connection;

const DRAFT: Draft = Draft { application: 7, format: 3, page: Some(8_192), is_private: false };

fn filled(draft: Draft, path: &Path) -> Result<(), Fault> {
    draft.appear(path, |transaction| transaction.execute_batch("CREATE TABLE one(two TEXT)"))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_file_is_whole_and_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    filled(DRAFT, &path).unwrap();
    assert_eq!(names(folder.path()), ["a.db"]);
    let connection = Connection::open(&path).unwrap();
    assert_eq!(application(&connection, 7).unwrap(), 3);
    assert!(matches!(application(&connection, 8), Err(Fault::Foreign)));
    ends_with_a_page(&connection, &path).unwrap();
    assert_eq!(connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0)).unwrap(), 8_192);
}

#[test]
fn a_private_file_can_be_read_by_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    filled(Draft { is_private: true, ..DRAFT }, &path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn of_a_file_that_could_not_be_filled_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let fault = DRAFT.appear(&path, |transaction| transaction.execute_batch("CREATE TABLE")).unwrap_err();
    assert!(matches!(fault, Fault::Sql(_)), "{fault}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn what_a_crash_left_of_a_draft_is_in_nobody_s_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    fs::write(beside(&path, ".new"), "half of it").unwrap();
    filled(DRAFT, &path).unwrap();
    assert_eq!(names(folder.path()), ["a.db"]);
}

#[test]
fn no_new_file_is_put_beside_an_old_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    fs::write(beside(&path, "-wal"), "the log of a file that is gone").unwrap();
    assert!(matches!(filled(DRAFT, &path), Err(Fault::LogAlone)));
    assert_eq!(names(folder.path()), ["a.db-wal"]);
}

#[test]
fn a_file_that_was_cut_is_told_from_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    filled(DRAFT, &path).unwrap();
    let bytes = path.metadata().unwrap().len();
    let connection = Connection::open(&path).unwrap();
    assert_eq!(application(&connection, 7).unwrap(), 3);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes - 100).unwrap();
    assert!(matches!(ends_with_a_page(&connection, &path), Err(Fault::Cut { bytes: left }) if left == bytes - 100));
}

#[test]
fn two_paths_to_one_file_have_one_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    let (straight, around) = (folder.path().join("a.db"), folder.path().join("inner/../a.db"));
    assert_eq!(canonical(&straight).unwrap(), canonical(&around).unwrap());
    assert!(matches!(canonical(&folder.path().join("gone/a.db")), Err(Fault::Io { .. })));
}
