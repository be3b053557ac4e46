//! Encrypted payloads: unreadable without the key, known to be altered, moved or erased, and gone with the key of whom they belong to.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Story, payload};
use interlock_journal::{DocumentKind, Journal, JournalError, Progress, Reader, Report, RunStatus, scope_of_run, verify, verify_with};
use interlock_kernel::{Digest, Micros};
use interlock_vault::{Vault, WrappingKey, subject};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

const CANARY: &str = "canary-4711 was charged twice";

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempdir().unwrap() }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    fn key() -> WrappingKey {
        WrappingKey::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    fn vault(&self) -> Arc<Vault> {
        Arc::new(Vault::open(&self.folder.path().join("a.db.vault"), Some(&Self::key())).unwrap())
    }

    fn read_vault(&self) -> Arc<Vault> {
        Arc::new(Vault::open_read_only(&self.folder.path().join("a.db.vault"), Some(&Self::key())).unwrap())
    }

    fn open(&self) -> Journal {
        Journal::open_with(self.journal(), "test", &self.vault()).unwrap()
    }

    fn verified(&self) -> Result<Report, JournalError> {
        verify_with(self.journal(), &[], &Progress::default(), Some(self.read_vault()))
    }

    fn holds(&self, needle: &str) -> bool {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle.as_bytes()))
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.journal()).unwrap().execute_batch(sql).unwrap();
    }
}

fn story(journal: &Journal, user: Option<&str>, says: &str) -> Story {
    let story = Story { user: user.map(Into::into), says: Some(says.into()), ..Story::new(journal) };
    story.tell(journal).unwrap();
    story
}

fn close(journal: Journal) {
    let vault = Arc::clone(journal.vault().unwrap());
    journal.close().unwrap();
    drop(journal);
    vault.close().unwrap();
}

#[test]
fn what_was_said_lies_nowhere_in_the_clear_and_is_read_with_the_key() {
    let place = Place::new();
    let journal = place.open();
    let (long, plan) = (CANARY.repeat(300), format!("plan of {CANARY}"));
    let (mine, alone, large) = (story(&journal, Some("ada"), CANARY), story(&journal, None, CANARY), story(&journal, Some("ada"), &long));
    journal.register(DocumentKind::Plan, "large".into(), Digest([7; 32]), &plan).unwrap();
    journal.flush().unwrap();
    assert!(!place.holds("canary-4711"), "the log is looked at too");
    assert_eq!(journal.payloads(mine.run).unwrap()[0], payload(0, CANARY));
    close(journal);
    assert!(!place.holds("canary-4711") && !place.holds("You get it back"));

    let report = place.verified().unwrap();
    assert_eq!((report.payloads, report.encrypted, report.unread, report.unreadable), (9, 9, 0, 0));
    let blind = verify(place.journal()).unwrap();
    assert_eq!((blind.payloads, blind.encrypted, blind.unread, blind.root), (9, 9, 9, report.root));
    let reader = Reader::open(place.journal()).unwrap();
    assert!(reader.is_encrypted().unwrap());
    assert_eq!(reader.payloads(mine.run).unwrap_err().code(), "journal.encrypted");
    assert_eq!(reader.frames(mine.run).unwrap().len(), 4);
    assert_eq!(Journal::open(place.journal(), "test").unwrap_err().code(), "journal.encrypted");

    let journal = place.open();
    for (story, says) in [(&mine, CANARY), (&alone, CANARY), (&large, long.as_str())] {
        assert_eq!(journal.payloads(story.run).unwrap()[0], payload(0, says));
    }
    assert_eq!(journal.document(&Digest([7; 32])).unwrap(), Some(plan));
    let reader = Reader::open_with(place.journal(), Some(place.read_vault())).unwrap();
    assert_eq!(reader.payloads(alone.run).unwrap()[1].bytes, b"You get it back");
    let mut subjects = journal.vault().unwrap().subjects().unwrap();
    subjects.sort();
    assert_eq!(subjects, ["journal".into(), subject::of_run(&alone.id.to_string()), subject::of_user(None, "ada")]);
}

#[test]
fn rows_that_were_swapped_or_altered_are_found() {
    let swap = |one: &str, other: &str, what: &str| {
        format!(
            "CREATE TEMP TABLE t AS SELECT run, number, salt, bytes FROM payloads;
             UPDATE payloads SET {what} = (SELECT {what} FROM t WHERE {other}) WHERE {one};
             UPDATE payloads SET {what} = (SELECT {what} FROM t WHERE {one}) WHERE {other};"
        )
    };
    let (first, second, elsewhere) = ("run = 1 AND number = 0", "run = 1 AND number = 1", "run = 2 AND number = 0");
    let spoils = [
        swap(first, second, "bytes"),
        swap(first, elsewhere, "bytes"),
        format!(
            "{} {}",
            swap(first, elsewhere, "bytes"),
            swap(first, elsewhere, "salt").replace("TABLE t", "TABLE u").replace("FROM t", "FROM u")
        ),
        "UPDATE payloads SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE run = 1 AND number = 0".into(),
        "UPDATE payloads SET salt = zeroblob(8) WHERE run = 1".into(),
        "UPDATE payloads SET salt = zeroblob(9) WHERE run = 1".into(),
        "UPDATE payloads SET kind = 4 WHERE run = 1 AND number = 0".into(),
    ];
    for spoil in spoils {
        let place = Place::new();
        let journal = place.open();
        for user in ["ada", "bob"] {
            story(&journal, Some(user), CANARY);
        }
        close(journal);
        place.verified().unwrap();
        place.sql(&spoil);
        let error = place.verified().unwrap_err();
        assert!(matches!(&error, JournalError::Corrupt { run: Some(run), .. } if run.number == 1), "{spoil}: {error}");
    }
}

#[test]
fn after_erasing_copies_of_the_file_say_nothing_and_it_is_told_apart_from_damage() {
    let place = Place::new();
    let journal = place.open();
    let (ada, bob) = (story(&journal, Some("ada"), CANARY), story(&journal, Some("bob"), "hello"));
    let token = journal.vault().unwrap().mint(&scope_of_run(ada.id), &subject::of_user(None, "ada"), "X", "a secret").unwrap();
    journal.flush().unwrap();
    let copy = place.folder.path().join("copy.db");
    Connection::open(place.journal()).unwrap().execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let gone = journal.erase_user("ada", "test").unwrap();
    assert_eq!((gone.runs, gone.payloads, gone.bytes), (1, 3, 46 + CANARY.len() as u64 + 15), "as if they were plain");
    assert_eq!(journal.vault().unwrap().reveal(&scope_of_run(ada.id), "X", &token).unwrap(), None);
    assert_eq!(journal.erase_user("ada", "test").unwrap().runs, 0);
    close(journal);

    let report = place.verified().unwrap();
    assert_eq!((report.payloads, report.erased, report.encrypted, report.unreadable), (3, 3, 3, 0));
    let copied = verify_with(&copy, &[], &Progress::default(), Some(place.read_vault())).unwrap();
    assert_eq!((copied.payloads, copied.erased, copied.encrypted, copied.unreadable), (6, 0, 6, 3));
    let reader = Reader::open_with(&copy, Some(place.read_vault())).unwrap();
    assert_eq!(reader.payloads(ada.run).unwrap_err().code(), "journal.key_erased");
    assert_eq!(reader.payloads(bob.run).unwrap()[0], payload(0, "hello"));
}

#[test]
fn pruning_deletes_the_keys_of_runs_that_nobody_asked_for() {
    let place = Place::new();
    let journal = place.open();
    let alone = story(&journal, None, CANARY);
    story(&journal, Some("ada"), CANARY);
    let token = journal.vault().unwrap().mint(&scope_of_run(alone.id), &subject::of_run(&alone.id.to_string()), "X", "v").unwrap();
    assert_eq!(journal.prune(Micros(1_000), &[RunStatus::Delivered], "test").unwrap().runs, 2);
    assert_eq!(journal.vault().unwrap().subjects().unwrap(), [subject::of_user(None, "ada")]);
    assert_eq!(journal.vault().unwrap().reveal(&scope_of_run(alone.id), "X", &token).unwrap(), None);
    close(journal);
    assert_eq!(place.verified().unwrap().pruned, 5);
}

#[test]
fn a_plain_journal_is_encrypted_from_the_moment_that_there_is_a_key() {
    let place = Place::new();
    let journal = Journal::open(place.journal(), "test").unwrap();
    story(&journal, Some("ada"), "in the clear");
    let open = Story { user: Some("eve".into()), says: Some("under way".into()), ..Story::new(&journal) };
    open.start(&journal).unwrap();
    journal.close().unwrap();
    drop(journal);
    let journal = place.open();
    open.turn(&journal).unwrap();
    open.deliver(&journal).unwrap();
    story(&journal, Some("ada"), CANARY);
    close(journal);
    assert!(place.holds("in the clear") && !place.holds("canary-4711") && !place.holds("nothing of this"));
    let report = place.verified().unwrap();
    assert_eq!((report.payloads, report.encrypted), (9, 4));
    let mut subjects = place.read_vault().subjects().unwrap();
    subjects.sort();
    assert_eq!(subjects, [subject::of_user(None, "ada"), subject::of_user(None, "eve")], "a run goes on as whose it is");
}

#[test]
fn a_run_of_somebody_who_is_erased_meanwhile_goes_on_under_another_key() {
    let place = Place::new();
    let journal = place.open();
    let open = Story { user: Some("ada".into()), ..Story::new(&journal) };
    open.start(&journal).unwrap();
    journal.flush().unwrap();
    assert_eq!(journal.erase_user("ada", "test").unwrap_err().code(), "usage.run_not_over");
    journal.vault().unwrap().erase_user("ada").unwrap();
    open.turn(&journal).unwrap();
    open.deliver(&journal).unwrap();
    journal.flush().unwrap();
    assert_eq!(journal.payloads(open.run).unwrap_err().code(), "journal.key_erased");
    close(journal);
    let report = place.verified().unwrap();
    assert_eq!((report.payloads, report.unreadable), (3, 2));
}

#[test]
fn another_vault_than_its_own_is_refused() {
    let place = Place::new();
    let journal = place.open();
    story(&journal, Some("ada"), CANARY);
    close(journal);
    fs::remove_file(place.folder.path().join("a.db.vault")).unwrap();
    let fresh = place.vault();
    assert_eq!(Journal::open_with(place.journal(), "test", &fresh).unwrap_err().code(), "journal.wrong_vault");
    assert_eq!(Reader::open_with(place.journal(), Some(fresh)).unwrap_err().code(), "journal.wrong_vault");
}

#[test]
fn nothing_is_committed_before_the_barrier_agrees() {
    let place = Place::new();
    let journal = Journal::open(place.journal(), "test").unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let (counts, path) = (Arc::clone(&seen), place.journal());
    journal.set_barrier(Arc::new(move || {
        let frames = size(&path);
        assert_eq!(frames, 1, "the opening only");
        counts.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }));
    story(&journal, None, CANARY);
    journal.flush().unwrap();
    assert!(seen.load(Ordering::SeqCst) >= 1);
    let committed = size(&place.journal());
    journal.set_barrier(Arc::new(|| Err("the other disk is full".into())));
    let story = Story::new(&journal);
    story.start(&journal).unwrap();
    let error = journal.flush().unwrap_err();
    assert_eq!(error.code(), "journal.barrier");
    assert!(error.to_string().contains("the other disk is full"));
    drop(journal);
    assert_eq!(size(&place.journal()), committed);
}

fn size(path: &Path) -> u64 {
    Reader::open(path).unwrap().size().unwrap()
}
