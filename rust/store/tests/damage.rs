//! A file that was cut, or in which bits flipped: it is refused by name, or read as the state after one of its commits.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{all, beside, heavy, put};
use interlock_store::{Entry, Options, Put, Store, StoreError, Value};
use tempfile::{TempDir, tempdir};

type State = Vec<(String, Entry)>;

/// A file and its log as a crash would leave them, and every state that was committed.
struct Victim {
    folder: TempDir,
    file: Vec<u8>,
    log: Vec<u8>,
    states: BTreeMap<u64, State>,
    tried: Cell<usize>,
}

const NAMES: [&str; 3] = ["n", "m", "o"];

fn victim() -> Victim {
    let folder = tempdir().unwrap();
    let path = folder.path().join("alive.db");
    let mut states = BTreeMap::new();
    let store = Store::open(&path, Options::default()).unwrap();
    let mut note = |store: &Store| {
        store.flush().unwrap();
        assert!(states.insert(store.stats().revision, all(store)).is_none());
    };
    note(&store);
    for number in 0..40 {
        let name = NAMES[number % 3];
        store.put(name, &format!("key{number}"), Value::Text(&format!("value {number}").repeat(20)), Put::default()).unwrap();
        note(&store);
    }
    store.put("n", "long", Value::Bytes(&vec![7; 20_000]), Put::default()).unwrap();
    note(&store);
    store.close().unwrap();
    let store = Store::open(&path, Options::default()).unwrap();
    for number in 0..13 {
        put(&store, &format!("key{}", number * 3), "written again");
        note(&store);
        store.delete("m", &format!("key{}", number * 3 + 1), None).unwrap();
        note(&store);
    }
    let (file, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    store.close().unwrap();
    assert!(log.len() > 100_000, "the last changes are in the log only");
    Victim { folder, file, log, states, tried: Cell::default() }
}

impl Victim {
    /// Puts both files down anew.
    fn lay(&self, file: &[u8], log: &[u8]) -> PathBuf {
        let path = self.folder.path().join("s.db");
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let name = beside(&path, suffix);
            if name.exists() {
                fs::remove_file(name).unwrap();
            }
        }
        fs::write(&path, file).unwrap();
        if !log.is_empty() {
            fs::write(beside(&path, "-wal"), log).unwrap();
        }
        path
    }

    /// Opens it for writing every eighth time, and to read otherwise, which needs no syncs.
    fn open(&self, path: &Path) -> Result<Store, StoreError> {
        let tried = self.tried.replace(self.tried.get() + 1);
        if tried.is_multiple_of(8) { Store::open(path, Options::default()) } else { Store::open_read_only(path, Options::default()) }
    }

    /// Whether it was refused; otherwise it must be a state that was committed.
    fn is_refused(&self, path: &Path, what: &str) -> bool {
        match self.open(path) {
            Ok(store) => {
                let revision = store.stats().revision;
                let (_, known) = self.states.range(..=revision).last().unwrap(); // a new namespace is a commit without entries
                assert!(*known == all(&store), "{what}: version {revision} was another");
                assert!(revision <= *self.states.keys().last().unwrap());
                false
            }
            Err(refused) => {
                let is_named = matches!(
                    refused,
                    StoreError::Corrupt { .. }
                        | StoreError::NotAStore { .. }
                        | StoreError::VersionUnsupported { .. }
                        | StoreError::Missing { .. }
                );
                assert!(is_named, "{what}: {refused:?}");
                true
            }
        }
    }
}

#[test]
fn a_log_that_was_cut_at_any_byte_is_read_as_its_last_whole_commit() {
    let victim = victim();
    let (mut revisions, step) = (Vec::new(), if heavy() { 1 } else { 509 });
    for length in (0..=victim.log.len()).step_by(step).chain([victim.log.len()]) {
        let path = victim.lay(&victim.file, &victim.log[..length]);
        assert!(!victim.is_refused(&path, &format!("the log cut at {length}")));
        revisions.push(Store::open_read_only(&path, Options::default()).unwrap().stats().revision);
    }
    assert!(revisions.is_sorted());
    assert_eq!(revisions.last(), victim.states.keys().last());
    revisions.dedup();
    assert!(revisions.len() > 25);
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let victim = victim();
    let (whole, step) = (victim.file.len(), if heavy() { 1 } else { 97 });
    for length in (0..whole).step_by(step).chain([whole - 1]) {
        let path = victim.lay(&victim.file[..length], &[]);
        assert!(victim.is_refused(&path, &format!("cut at {length}")));
    }
    let path = victim.lay(&victim.file, &[]);
    assert!(!victim.is_refused(&path, "whole"));
}

#[test]
fn a_bit_that_flipped_in_the_file_is_found_or_changes_nothing() {
    let victim = victim();
    let (mut refused, mut tried, step) = (0, 0, if heavy() { 3 } else { 97 });
    for at in (0..victim.file.len() * 8).step_by(step) {
        let mut bytes = victim.file.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        let path = victim.lay(&bytes, &[]);
        tried += 1;
        refused += usize::from(victim.is_refused(&path, &format!("bit {at}")));
    }
    println!("{refused} of {tried} files with one flipped bit were refused, the others read as they were");
    assert!(refused * 3 > tried, "most of the file is rows");
}

#[test]
fn a_bit_that_flipped_in_the_log_takes_nothing_but_the_commits_after_it() {
    let victim = victim();
    let step = if heavy() { 13 } else { 2_003 };
    for at in (0..victim.log.len() * 8).step_by(step) {
        let mut bytes = victim.log.clone();
        bytes[at / 8] ^= 1 << (at % 8);
        let path = victim.lay(&victim.file, &bytes);
        victim.is_refused(&path, &format!("bit {at} of the log"));
    }
}
