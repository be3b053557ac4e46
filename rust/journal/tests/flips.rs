//! Bits that flipped and pages that are not what was written, in the file itself: every answer is the old one, or a refusal.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Story, heavy};
use interlock_journal::{Journal, JournalError, Reader, RunFilter, verify};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

/// A closed journal of 30 runs, one of them unfinished; its bytes, and where in them each frame lies.
struct Victim {
    folder: TempDir,
    bytes: Vec<u8>,
    /// Where a frame begins, how long it is, and its position in the tree.
    frames: Vec<(usize, usize, i64)>,
    answers: Answers,
}

fn victim() -> Victim {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.db");
    let journal = Journal::open(&path, "test").unwrap();
    for number in 0..29 {
        Story::keyed(&journal, &format!("key {number}")).tell(&journal).unwrap();
        journal.flush().unwrap();
    }
    Story::new(&journal).start(&journal).unwrap();
    journal.close().unwrap();
    let file = Connection::open(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut statement = file.prepare("SELECT pos, bytes FROM frames").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap().map(Result::unwrap);
    let found = |frame: &[u8]| (0..=bytes.len() - frame.len()).find(|at| bytes[*at..].starts_with(frame) && is_used(&bytes, *at));
    let frames: Vec<_> = rows.map(|(position, frame)| (found(&frame).unwrap(), frame.len(), position)).collect();
    let answers = answers(&path).unwrap();
    assert_eq!((answers.len(), frames.len()), (30, 118));
    Victim { folder, bytes, frames, answers }
}

/// Whether a row's bytes at this place belong to a row, and are no copy that was left behind when rows moved to another page:
/// one of the page's cells begins shortly before (SQLite's file format, section 1.6).
fn is_used(bytes: &[u8], at: usize) -> bool {
    let page = &bytes[at / 4096 * 4096..][..4096];
    let cells = usize::from(u16::from_be_bytes([page[3], page[4]]));
    let starts = |cell: usize| usize::from(u16::from_be_bytes([page[8 + 2 * cell], page[9 + 2 * cell]]));
    page[0] == 13 && (0..cells).any(|cell| (1..20).contains(&(at % 4096).wrapping_sub(starts(cell))))
}

/// What is answered for each run: its row and its frames, or the refusal; and beside it its payloads.
type Answers = BTreeMap<u64, (Result<String, JournalError>, String)>;

fn answers(path: &Path) -> Result<Answers, JournalError> {
    let reader = Reader::open(path)?;
    let one = |row: interlock_journal::RunRow| {
        let told = reader.frames(row.number).map(|frames| format!("{row:?} {frames:?}"));
        (row.number, (told, format!("{:?}", reader.payloads(row.number))))
    };
    Ok(reader.runs(&RunFilter::default())?.into_iter().map(one).collect())
}

/// How a changed file was answered for.
#[derive(Default, Debug)]
struct Tally {
    refused: u32,
    named: u32,
    unchanged: u32,
    /// Refused by verification, and opened all the same: what is damaged is refused when it is asked for.
    opened: u32,
}

impl Victim {
    /// Reads, verifies and opens the changed bytes. Whatever is answered is what was answered before; the rest is refused.
    fn ask(&self, changed: &[u8], what: &str, tally: &mut Tally) -> Option<JournalError> {
        let path: PathBuf = self.folder.path().join("changed.db");
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let _ = fs::remove_file(format!("{}{suffix}", path.display()));
        }
        fs::write(&path, changed).unwrap();
        let verified = verify(&path);
        let read = answers(&path);
        let opened = Journal::open(&path, "test").and_then(|journal| {
            let rows = journal.runs(&RunFilter::default())?;
            journal.close().map(|()| rows.len())
        });
        if verified.is_ok() {
            let same = read.as_ref().is_ok_and(|read| format!("{read:?}") == format!("{:?}", self.answers));
            assert!(same && opened.as_ref().is_ok_and(|rows| *rows == 30), "{what}: verified, and not what it was");
        }
        for (run, (told, _)) in read.iter().flatten() {
            let before = self.answers.get(run).and_then(|(before, _)| before.as_ref().ok());
            assert!(told.as_ref().ok().is_none_or(|told| Some(told) == before), "{what}: run {run} is answered for wrongly: {told:?}");
        }
        tally.opened += u32::from(verified.is_err() && opened.is_ok());
        match &verified {
            Ok(_) => tally.unchanged += 1,
            Err(JournalError::Corrupt { run: Some(_), frame: Some(_), .. }) => {
                (tally.refused, tally.named) = (tally.refused + 1, tally.named + 1);
            }
            Err(_) => tally.refused += 1,
        }
        assert!(verified.is_ok() || opened.is_err() || read.is_ok(), "{what}: opened for writing, and can't be read");
        verified.err()
    }
}

#[test]
fn each_of_2000_bits_flipped_in_frames_is_refused_by_run_and_frame() {
    let victim = victim();
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut tally = Tally::default();
    for _ in 0..if heavy() { 20_000 } else { 2_000 } {
        let (start, length, position) = victim.frames[random.next_u32() as usize % victim.frames.len()];
        let bit = random.next_u32() as usize % (length * 8);
        let mut bytes = victim.bytes.clone();
        bytes[start + bit / 8] ^= 1 << (bit % 8);
        let what = format!("bit {bit} of frame {position}");
        let error = victim.ask(&bytes, &what, &mut tally).unwrap();
        let JournalError::Corrupt { run: Some(_), frame: Some(named), .. } = error else { panic!("{what}: {error}") };
        assert_eq!(named.cast_signed(), position, "{what}");
    }
    println!("bits flipped in frames: {tally:?}");
}

#[test]
fn a_bit_flipped_around_a_frame_changes_no_answer() {
    let victim = victim();
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut tally = Tally::default();
    for _ in 0..if heavy() { 20_000 } else { 300 } {
        let (start, _, position) = victim.frames[random.next_u32() as usize % victim.frames.len()];
        let (before, bit) = (1 + random.next_u32() as usize % 12, random.next_u32() % 8); // a row's lengths and numbers
        let mut bytes = victim.bytes.clone();
        bytes[start - before] ^= 1 << bit;
        victim.ask(&bytes, &format!("bit {bit} of byte -{before} of frame {position}"), &mut tally);
    }
    println!("bits flipped around frames: {tally:?}");
}

#[test]
fn a_page_that_is_torn_zeroed_or_written_twice_changes_no_answer() {
    let victim = victim();
    let mut tally = Tally::default();
    for page in 0..victim.bytes.len() / 4096 {
        let (start, end) = (page * 4096, (page + 1) * 4096);
        let (mut torn, mut zeroed) = (victim.bytes.clone(), victim.bytes.clone());
        torn[start + 2048..end].fill(0);
        zeroed[start..end].fill(0);
        let mut changed = vec![("torn".to_owned(), torn), ("zeroed".to_owned(), zeroed)];
        for other in (0..victim.bytes.len() / 4096).filter(|other| *other != page) {
            let mut bytes = victim.bytes.clone();
            bytes.copy_within(other * 4096..(other + 1) * 4096, start);
            changed.push((format!("a copy of page {other}"), bytes));
        }
        for (what, bytes) in changed {
            if bytes != victim.bytes {
                victim.ask(&bytes, &format!("page {page} is {what}"), &mut tally);
            }
        }
    }
    println!("pages: {tally:?}");
}
