//! Tampering: whatever is changed in the file, verification finds it and names the run.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::Story;
use interlock_journal::{DocumentKind, Journal, JournalError, verify};
use interlock_kernel::Digest;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::{Connection, params};
use tempfile::{TempDir, tempdir};

/// A closed journal of twelve runs and one document, and a raw connection to it.
fn victim() -> (TempDir, PathBuf, Connection) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    journal.register(DocumentKind::Plan, "support".into(), Digest([1; 32]), "{}").unwrap();
    for _ in 0..12 {
        Story::new(&journal).tell(&journal).unwrap();
        journal.flush().unwrap();
    }
    journal.close().unwrap();
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "synchronous", "off").unwrap();
    (folder, path, file)
}

#[test]
fn each_of_400_flipped_bits_is_found_and_its_run_is_named() {
    let (_folder, path, file) = victim();
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let places = ["frames.bytes", "payloads.bytes", "payloads.salt"];
    for round in 0..400 {
        let (table, column) = places[round % 3].split_once('.').unwrap();
        let order = if table == "frames" { "pos" } else { "run, number" };
        let read = format!(
            "SELECT run, {}, {column} FROM {table} WHERE length({column}) > 0 ORDER BY {order}",
            if table == "frames" { "seq" } else { "number" }
        );
        let mut statement = file.prepare(&read).unwrap();
        let rows: Vec<(i64, i64, Vec<u8>)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect();
        let (run, number, bytes) = &rows[random.next_u32() as usize % rows.len()];
        let bit = random.next_u32() as usize % (bytes.len() * 8);
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let write =
            format!("UPDATE {table} SET {column} = ?1 WHERE run = ?2 AND {} = ?3", if table == "frames" { "seq" } else { "number" });
        assert_eq!(file.execute(&write, params![flipped, run, number]).unwrap(), 1);
        let found = verify(&path).unwrap_err();
        let JournalError::Corrupt { run: Some(named), frame: Some(_), .. } = found else {
            panic!("bit {bit} of {table}.{column} of run {run}: {found}")
        };
        assert_eq!((named.number, named.id.is_some()), (run.cast_unsigned(), *run != 0));
        file.execute(&write, params![bytes, run, number]).unwrap();
    }
    verify(&path).unwrap();
}

/// What verification says after one statement was run on the file.
fn after(sql: &str) -> String {
    let (_folder, path, file) = victim();
    file.execute_batch(sql).unwrap();
    let error = verify(&path).unwrap_err();
    assert_eq!(error.code(), "journal.corrupt", "{sql}: {error}");
    error.to_string()
}

#[test]
fn rows_that_were_removed_added_or_exchanged_are_found() {
    for (sql, said) in [
        ("DELETE FROM frames WHERE pos = 10", "frame 10 of the file is missing"),
        ("DELETE FROM frames WHERE pos = 49; DELETE FROM commits WHERE size = 50", ""),
        ("DELETE FROM frames WHERE pos = 49", "50 frames were committed and 49 are there"),
        ("DELETE FROM commits WHERE size = 50", "50 frames are there and"),
        ("UPDATE commits SET root = zeroblob(32) WHERE size = 50", "are not those that were committed"),
        ("UPDATE commits SET root = x'00' WHERE size = 50", "wrong length"),
        ("UPDATE frames SET run = 99 WHERE pos = 20", "stands at run 99"),
        ("UPDATE frames SET seq = 9 WHERE pos = 20", "frame 9"),
        ("UPDATE frames SET bytes = 'text' WHERE pos = 20", "bytes are expected"),
        ("DELETE FROM payloads WHERE run = 3 AND number = 1", "payload 1 is missing"),
        ("INSERT INTO payloads VALUES(3, 7, 1, zeroblob(16), x'00', NULL)", "no frame refers to payload 7"),
        ("INSERT INTO payloads VALUES(77, 0, 1, zeroblob(16), x'00', NULL)", "payloads and no frames"),
        ("UPDATE payloads SET kind = 2 WHERE run = 3 AND number = 1", "not the one that was committed to"),
        ("UPDATE payloads SET kind = 300 WHERE run = 3 AND number = 1", "of no known kind"),
        ("UPDATE payloads SET salt = x'00' WHERE run = 3 AND number = 1", "salt of the wrong length"),
        ("UPDATE runs SET status = 'open' WHERE run = 3", "the list of runs says open"),
        ("UPDATE runs SET status = 'lost' WHERE run = 3", "\"lost\" is not a run's status"),
        ("UPDATE runs SET frames = 3 WHERE run = 3", "with 3 frames"),
        ("UPDATE runs SET ended = NULL WHERE run = 3", "to None"),
        ("UPDATE runs SET id = '0000000000000000000000000z' WHERE run = 3", "does not start it under its id"),
        ("UPDATE runs SET user = 'eve' WHERE run = 3", "another user or thread"),
        ("UPDATE runs SET thread = 't' WHERE run = 3", "another user or thread"),
        ("DELETE FROM runs WHERE run = 3", "missing from the list of runs"),
        (
            "INSERT INTO runs VALUES(77, '0000000000000000000000000z', NULL, 'p', 'open', 1, NULL, 0, NULL, NULL, NULL)",
            "listed and has no frames",
        ),
    ] {
        let found = after(sql);
        assert!(found.contains(said), "{sql}: {found}");
    }
}

#[test]
fn a_frame_that_was_forged_with_its_checksum_is_found_by_the_tree() {
    let (_folder, path, file) = victim();
    let mut frame: Vec<u8> = file.query_row("SELECT bytes FROM frames WHERE pos = 20", [], |row| row.get(0)).unwrap();
    frame[20] ^= 1; // another moment
    let end = frame.len() - 4;
    let checksum = crc32fast::hash(&frame[..end]).to_le_bytes();
    frame[end..].copy_from_slice(&checksum);
    file.execute("UPDATE frames SET bytes = ?1 WHERE pos = 20", [frame]).unwrap();
    let error = verify(&path).unwrap_err();
    assert!(error.to_string().contains("are not those that were committed"), "{error}");
    assert_eq!(Journal::open(&path, "test").err().unwrap().code(), "journal.corrupt");
}

#[test]
fn flipped_bits_of_the_file_itself_are_found_or_change_nothing() {
    let (folder, path, file) = victim();
    drop(file);
    let whole = std::fs::read(&path).unwrap();
    let (report, flipped) = (verify(&path).unwrap(), folder.path().join("flipped.db"));
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        let bit = random.next_u32() as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&flipped, bytes).unwrap();
        if let Ok(found) = verify(&flipped) {
            assert_eq!(found, report, "bit {bit}");
        }
    }
}
