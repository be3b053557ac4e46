//! A process is killed while it mints and commits: what the journal acknowledged can be unmasked, and read.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{Story, heavy};
use interlock_journal::{Journal, Progress, scope_of_run, verify_with};
use interlock_vault::{Vault, WrappingKey, subject};
use tempfile::tempdir;

const CHILD: &str = "INTERLOCK_TEST_KILLED";

fn key() -> WrappingKey {
    WrappingKey::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

fn vault(folder: &Path) -> Arc<Vault> {
    Arc::new(Vault::open(&folder.join("a.db.vault"), Some(&key())).unwrap())
}

/// Not a test by itself: what the killed process does. `early` opens the journal without its vault, so that nothing waits for it.
#[test]
fn a_process_that_mints_and_says_what_was_acknowledged() {
    let Ok(given) = std::env::var(CHILD) else { return };
    let (mode, folder) = given.split_once(':').unwrap();
    let folder = Path::new(folder);
    let vault = vault(folder);
    let journal = match mode {
        "early" => Journal::open(folder.join("a.db"), "test").unwrap(),
        _ => Journal::open_with(folder.join("a.db"), "test", &vault).unwrap(),
    };
    for number in 0.. {
        let user = (number % 3 > 0).then(|| format!("user {number}"));
        let story = Story::new(&journal);
        let whose = user.as_deref().map_or_else(|| subject::of_run(&story.id.to_string()), |user| subject::of_user(None, user));
        let mint = |value: &str| vault.mint(&scope_of_run(story.id), &whose, "EMAIL_ADDRESS", value).unwrap();
        if mode == "early" {
            (0..3_000).for_each(|other| _ = mint(&format!("{other}@{number}")));
        }
        let value = format!("user{number}@example.com");
        let token = mint(&value);
        let story = Story { user, says: Some(format!("write to ⟦EMAIL_ADDRESS:{token}⟧")), ..story };
        story.tell(&journal).unwrap();
        journal.flush().unwrap();
        println!("\nACK {} {} {token} {value}", story.run, story.id.0);
    }
}

/// What a child had acknowledged when it was killed: run, its id, token, value.
fn acknowledged(folder: &Path, mode: &str, after: usize) -> Vec<(u64, u128, String, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_that_mints_and_says_what_was_acknowledged", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{mode}:{}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut found = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let Some(said) = line.strip_prefix("ACK ") else { continue };
        let [run, id, token, value] = said.split(' ').collect::<Vec<_>>().try_into().unwrap();
        found.push((run.parse().unwrap(), id.parse().unwrap(), token.into(), value.into()));
        if found.len() == after {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    found
}

/// How many acknowledged values can't be unmasked.
fn lost(folder: &Path, acknowledged: &[(u64, u128, String, String)]) -> usize {
    let vault = vault(folder);
    let wrong = |(_, id, token, value): &&(u64, u128, String, String)| {
        vault.reveal(&id.to_be_bytes(), "EMAIL_ADDRESS", token).unwrap().as_ref() != Some(value)
    };
    acknowledged.iter().filter(wrong).count()
}

#[test]
fn everything_acknowledged_can_be_unmasked_and_read_however_often_the_process_is_killed() {
    let kills = if heavy() { 200 } else { 12 };
    let mut total = 0;
    for kill in 0..kills {
        let folder = tempdir().unwrap();
        let known = acknowledged(folder.path(), "waits", 1 + kill * 7 % 40);
        assert_eq!(lost(folder.path(), &known), 0);
        let vault = vault(folder.path());
        let journal = Journal::open_with(folder.path().join("a.db"), "test", &vault).unwrap();
        for (run, _, token, _) in &known {
            let payloads = journal.payloads(*run).unwrap();
            assert!(String::from_utf8_lossy(&payloads[0].bytes).contains(token));
        }
        journal.flush().unwrap();
        let report = verify_with(folder.path().join("a.db"), &[], &Progress::default(), Some(Arc::clone(&vault))).unwrap();
        assert_eq!((report.encrypted, report.unread, report.unreadable), (report.payloads, 0, 0));
        total += known.len();
    }
    println!("{kills} kills, {total} acknowledged runs checked");
}

#[test]
fn the_check_notices_a_journal_that_does_not_wait_for_its_vault() {
    let lost = (0..20).any(|kill| {
        let folder = tempdir().unwrap();
        let known = acknowledged(folder.path(), "early", 1 + kill % 4);
        lost(folder.path(), &known) > 0
    });
    assert!(lost);
}
