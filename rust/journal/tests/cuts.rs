//! A log that was cut anywhere, as a crash or a torn write leaves it: what opens is the last whole commit, with its root.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Instant;

use common::{Story, heavy, turn_after_turn};
use interlock_journal::{Journal, verify};
use interlock_kernel::Digest;
use tempfile::{TempDir, tempdir};

const COMMITS: u32 = 20;
const FRAMES_A_COMMIT: u32 = 26;
/// The log's own header, and what it puts before each page (SQLite's file format, section 4).
const HEADER: u64 = 32;
const PAGE: u64 = 24 + 4096;

/// A commit: where the log ends after it, how many frames there are, and the root over them.
type Commit = (u64, u64, Digest);

/// A journal whose last commits are in its log only, copied while its owner is alive.
struct Cut {
    folder: TempDir,
    path: PathBuf,
    log: PathBuf,
    commits: Vec<Commit>,
}

fn victim() -> Cut {
    let folder = tempdir().unwrap();
    let (alive, path) = (folder.path().join("alive.db"), folder.path().join("a.db"));
    let journal = Journal::open(&alive, "test").unwrap();
    (0..5).for_each(|_| _ = Story::new(&journal).tell(&journal).unwrap());
    journal.close().unwrap();
    let base = verify(&alive).unwrap();
    let mut commits = vec![(0, base.frames, base.root)];

    let journal = Journal::open(&alive, "test").unwrap();
    let wal = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    let mut note = |journal: &Journal| {
        journal.flush().unwrap();
        let (size, root) = journal.checkpoint();
        commits.push((fs::metadata(wal(&alive)).unwrap().len(), size, root));
    };
    note(&journal);
    let story = Story::new(&journal);
    story.start(&journal).unwrap();
    note(&journal);
    for round in 0..COMMITS {
        turn_after_turn(&story, &journal, 1 + round * FRAMES_A_COMMIT, FRAMES_A_COMMIT).unwrap();
        note(&journal);
    }
    fs::copy(&alive, &path).unwrap();
    fs::copy(wal(&alive), wal(&path)).unwrap();
    journal.close().unwrap();
    Cut { log: wal(&path), path, commits, folder }
}

/// The last commit that a log of this length holds whole.
fn expected(commits: &[Commit], length: u64) -> Commit {
    *commits.iter().rfind(|(end, _, _)| *end <= length).unwrap()
}

#[test]
fn a_log_that_was_cut_at_any_byte_is_read_as_its_last_whole_commit() {
    let Cut { path, log, commits, folder: _kept } = victim();
    let whole = commits.last().unwrap().0;
    assert!(commits.windows(2).all(|pair| pair[0].0 < pair[1].0), "the log was begun anew");
    assert!(commits.last().unwrap().1 - commits[0].1 > 500);
    let file = OpenOptions::new().write(true).open(&log).unwrap();
    let (begun, mut tried) = (Instant::now(), 0_u64);
    // From the end to the beginning, so that the file is only ever made shorter.
    for length in (0..=whole).rev() {
        let from_a_page = length.saturating_sub(HEADER) % PAGE;
        if heavy() || !(4..=PAGE - 4).contains(&from_a_page) || length < 64 || length % 499 == 0 {
            file.set_len(length).unwrap();
            let (found, (_, size, root)) = (verify(&path).unwrap(), expected(&commits, length));
            assert_eq!((found.frames, found.root), (size, root), "cut at {length} of {whole} bytes");
            tried += 1;
        }
    }
    println!(
        "{tried} of {} cuts in a log of {} commits: each read as the last whole one, in {:.1} s",
        whole + 1,
        commits.len() - 1,
        begun.elapsed().as_secs_f64()
    );
}

#[test]
fn a_log_that_was_cut_is_taken_over_and_gone_on_with_from_its_last_whole_commit() {
    let Cut { path, log, commits, folder } = victim();
    let (whole, bytes) = (commits.last().unwrap().0, fs::read(&log).unwrap());
    let mut lengths: Vec<u64> = commits.iter().flat_map(|(end, _, _)| [end.saturating_sub(1), *end, end + 1, end + PAGE / 2]).collect();
    lengths.retain(|length| *length <= whole);
    let mut slowest = 0.0_f64;
    for length in lengths {
        let copy = folder.path().join(format!("cut-{length}.db"));
        fs::copy(&path, &copy).unwrap();
        fs::write(format!("{}-wal", copy.display()), &bytes[..usize::try_from(length).unwrap()]).unwrap();
        let begun = Instant::now();
        let journal = Journal::open(&copy, "test").unwrap();
        slowest = slowest.max(begun.elapsed().as_secs_f64());
        let (_, size, _) = expected(&commits, length);
        assert_eq!(journal.committed(), size + 1, "cut at {length}: what was committed, and that it was opened");
        Story::new(&journal).tell(&journal).unwrap();
        journal.close().unwrap();
        assert_eq!(verify(&copy).unwrap().frames, size + 5);
        fs::remove_file(copy).unwrap();
    }
    println!("taken over in at most {:.1} ms", slowest * 1000.0);
}

/// What a torn write, a block that was never written and one that was written twice leave in the log.
#[test]
fn a_block_of_the_log_that_is_not_what_was_written_ends_it_there() {
    let Cut { path, log, commits, folder: _kept } = victim();
    let (whole, page) = (fs::read(&log).unwrap(), usize::try_from(PAGE).unwrap());
    let pages = (whole.len() - 32) / page;
    for number in 0..pages {
        let (start, end) = (32 + number * page, 32 + (number + 1) * page);
        let (_, size, root) = expected(&commits, start as u64);
        let (mut torn, mut zeroed, mut twice) = (whole.clone(), whole.clone(), whole.clone());
        torn[start + page / 2..end].fill(0);
        zeroed[start..end].fill(0);
        twice.copy_within(start.max(32 + page) - page..end.max(32 + 2 * page) - page, start);
        for (what, bytes) in [("torn", torn), ("zeroed", zeroed), ("written twice", twice)] {
            if bytes != whole {
                fs::write(&log, bytes).unwrap();
                let found = verify(&path).unwrap();
                assert_eq!((found.frames, found.root), (size, root), "page {number} of the log is {what}");
            }
        }
    }
}
