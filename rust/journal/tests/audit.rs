//! Audit: a file is held against checkpoints, and a run is proved to be in it.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::Story;
use interlock_journal::merkle::{leaf, verify_consistency, verify_inclusion};
use interlock_journal::{Checkpoint, Journal, JournalError, Progress, ProofError, Reader, head, prove, verify, verify_against};
use interlock_kernel::Digest;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

const RUNS: usize = 12;

/// A closed journal, and what its owner saw after each commit.
fn signed() -> (TempDir, PathBuf, Vec<Checkpoint>) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    let mut seen = Vec::new();
    for _ in 0..RUNS {
        Story::new(&journal).tell(&journal).unwrap();
        journal.flush().unwrap();
        let (size, root) = journal.checkpoint();
        seen.push(Checkpoint { origin: "test".into(), size, root });
    }
    journal.close().unwrap();
    (folder, path, seen)
}

fn said(path: &PathBuf, checkpoints: &[Checkpoint]) -> String {
    verify_against(path, checkpoints, &Progress::default()).unwrap_err().to_string()
}

#[test]
fn a_file_agrees_with_what_its_owner_saw_and_progress_is_told() {
    let (_folder, path, seen) = signed();
    let progress = Progress::default();
    assert_eq!(verify_against(&path, &seen, &progress).unwrap(), verify(&path).unwrap());
    assert_eq!(progress.seen(), (RUNS as u64 + 1, RUNS as u64 + 1));
    let last = seen.last().unwrap();
    assert_eq!(head(&path).unwrap(), (last.size, last.root));
    assert_eq!(Reader::open(&path).unwrap().size().unwrap(), last.size);
}

#[test]
fn a_checkpoint_that_the_file_contradicts_is_named() {
    let (_folder, path, mut seen) = signed();
    let last = seen.last().unwrap().clone();
    let beyond = Checkpoint { size: last.size + 5, ..last.clone() };
    let text = said(&path, &[last.clone(), beyond]);
    assert!(text.contains(&format!("has {} frames", last.size)) && text.contains("at least 5 were cut off"), "{text}");
    seen[3].root = Digest([7; 32]);
    let text = said(&path, &seen);
    assert!(text.contains(&format!("the first {} frames are not those of the checkpoint of test", seen[3].size)), "{text}");
}

#[test]
fn a_frame_of_a_forged_version_does_not_pass_for_a_newer_programs() {
    let (_folder, path, seen) = signed();
    let file = Connection::open(&path).unwrap();
    let mut frame: Vec<u8> = file.query_row("SELECT bytes FROM frames WHERE pos = 20", [], |row| row.get(0)).unwrap();
    frame[2] = 99;
    let end = frame.len() - 4;
    let checksum = crc32fast::hash(&frame[..end]).to_le_bytes();
    frame[end..].copy_from_slice(&checksum);
    file.execute("UPDATE frames SET bytes = ?1 WHERE pos = 20", [frame]).unwrap();
    assert_eq!(verify(&path).unwrap_err().code(), "journal.version_unsupported");
    assert!(said(&path, &seen).contains("are not those of the checkpoint of test"));
}

#[test]
fn every_run_is_proved_against_every_checkpoint_that_covers_it() {
    let (_folder, path, seen) = signed();
    let mut proved = 0;
    for (at, newest) in seen.iter().enumerate() {
        for run in 1..=RUNS as u64 {
            let older = (at > 0).then(|| &seen[at - 1]);
            let proof = match prove(&path, run, newest, older) {
                Ok(proof) => proof,
                Err(ProofError::Checkpoint(cause)) => {
                    assert!(run > at as u64 + 1, "{cause}");
                    assert_eq!(cause.code(), "checkpoint.not_covered");
                    continue;
                }
                Err(ProofError::Journal(cause)) => panic!("{cause}"),
            };
            for frame in &proof.frames {
                assert!(verify_inclusion(&leaf(&frame.bytes), frame.leaf, newest.size, &frame.path, &newest.root));
                proved += 1;
            }
            if let Some(older) = older {
                assert!(verify_consistency((older.size, &older.root), (newest.size, &newest.root), &proof.consistency.unwrap()));
            }
        }
    }
    assert!(proved > 100, "{proved}");
}

#[test]
fn nothing_is_proved_against_a_checkpoint_of_another_file() {
    let (_folder, path, seen) = signed();
    let (first, last) = (&seen[0], seen.last().unwrap());
    let forged = Checkpoint { root: Digest([7; 32]), ..last.clone() };
    let beyond = Checkpoint { size: last.size + 1, ..last.clone() };
    let small = Checkpoint { root: Digest([7; 32]), ..first.clone() };
    for (newest, older) in [(&forged, None), (&beyond, None), (last, Some(&small)), (last, Some(&beyond))] {
        let error = prove(&path, 2, newest, older).unwrap_err();
        assert!(matches!(error, ProofError::Journal(JournalError::Corrupt { .. })), "{error}");
    }
}

#[test]
fn the_ledger_gives_frames_in_the_order_of_their_commits() {
    let (_folder, path, seen) = signed();
    let reader = Reader::open(&path).unwrap();
    let size = seen.last().unwrap().size;
    let all = reader.ledger(0, 10_000).unwrap();
    assert_eq!(all.iter().map(|(position, _)| *position).collect::<Vec<_>>(), (0..size).collect::<Vec<_>>());
    assert_eq!(reader.ledger(5, 3).unwrap(), all[5..8]);
    assert_eq!(reader.ledger(size, 3).unwrap(), vec![]);
    let own: Vec<_> = all.into_iter().filter(|(_, frame)| frame.run == 3).collect();
    assert_eq!(reader.ledger_of(3).unwrap(), own);
    let kinds = reader.kinds_of(3).unwrap();
    let payloads = reader.payloads(3).unwrap();
    assert_eq!(kinds, payloads.iter().map(|payload| (payload.number, payload.kind)).collect::<Vec<_>>());
    assert_eq!((reader.user_of(99).unwrap(), reader.sender_of(99, 0).unwrap()), (None, None));
}
