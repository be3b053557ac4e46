//! The store's file: who may open it, what is refused by name, and what comes back.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{all, beside, code, keys, put, text};
use interlock_store::{Options, Put, Store, StoreError, Value};
use rusqlite::Connection;
use tempfile::tempdir;

#[test]
fn every_kind_of_value_comes_back_from_the_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let long = "x".repeat(100_000);
    let values = [
        Value::Bytes(b"\0\xff"),
        Value::Text("grün"),
        Value::Json(b"{\"a\": [1, null]}"),
        Value::Int(-7),
        Value::Vector(&[0, 0, 128, 63]),
        Value::Text(&long),
        Value::Bytes(b""),
    ];
    let store = Store::open(&path, Options::default()).unwrap();
    for (number, value) in values.iter().enumerate() {
        store.put("n", &number.to_string(), *value, Put::default()).unwrap();
    }
    let before = all(&store);
    assert!(before.iter().zip(&values).all(|((_, entry), value)| entry.kind() == value.kind()));
    store.close().unwrap();
    assert!(!beside(&path, "-wal").exists(), "the log was put into the file");
    assert_eq!(all(&Store::open(&path, Options::default()).unwrap()), before);
    assert_eq!(all(&Store::open_read_only(&path, Options::default()).unwrap()), before);
}

#[test]
fn a_second_store_on_the_same_file_is_refused_until_the_first_lets_go() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options::default()).unwrap();
    let other_name = folder.path().join(".").join("s.db");
    assert_eq!(code(Store::open(&other_name, Options::default())), "store.locked");
    store.close().unwrap();
    store.close().unwrap();
    assert_eq!(code(store.put("n", "k", Value::Int(1), Put::default())), "store.closed");
    assert!(Store::open(&path, Options::default()).is_ok());
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_was() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    for content in ["", "plain text that somebody needs"] {
        fs::write(&path, content).unwrap();
        assert_eq!(code(Store::open(&path, Options::default())), "store.not_a_store");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs(a)").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(code(Store::open(&path, Options::default())), "store.not_a_store");
    assert_eq!(code(Store::open_read_only(&path, Options::default())), "store.not_a_store");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!beside(&path, ".lock").exists());
    assert_eq!(code(Store::open(folder.path(), Options::default())), "store.io");
    assert_eq!(code(Store::open(&folder.path().join("none/s.db"), Options::default())), "store.missing");
    assert_eq!(code(Store::open_read_only(&folder.path().join("none.db"), Options::default())), "store.missing");
}

#[test]
fn a_file_of_another_version_is_refused_by_number() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(Store::open(&path, Options::default()).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let refused = Store::open(&path, Options::default()).unwrap_err();
    assert!(matches!(refused, StoreError::VersionUnsupported { format: 9, known: 1, .. }), "{refused}");
}

#[test]
fn a_log_without_its_file_is_not_mixed_into_a_new_one() {
    let folder = tempdir().unwrap();
    let (path, elsewhere) = (folder.path().join("s.db"), folder.path().join("copy.db"));
    let store = Store::open(&path, Options::default()).unwrap();
    put(&store, "k", "old");
    store.flush().unwrap();
    fs::copy(beside(&path, "-wal"), beside(&elsewhere, "-wal")).unwrap();
    assert_eq!(code(Store::open(&elsewhere, Options::default())), "store.missing");
    assert_eq!(code(store.snapshot(&elsewhere)), "store.missing");
    assert!(!elsewhere.exists());
}

#[test]
fn whoever_only_reads_sees_one_commit_while_the_owner_writes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options::default()).unwrap();
    (0..500).for_each(|number| _ = put(&store, &format!("filler {number}"), "x"));
    store.flush().unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                put(&store, "first", &number.to_string());
                put(&store, "second", &number.to_string());
                put(&store, &format!("new {number}"), "x");
                store.delete("n", &format!("new {}", number - 3), None).unwrap();
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..60 {
            let seen = Store::open_read_only(&path, Options::default()).unwrap();
            let number = |key| text(&seen, key).map_or(-1, |text| text.parse::<i64>().unwrap());
            assert!((0..=1).contains(&(number("first") - number("second"))), "the second is written right after the first");
            assert!(seen.scan("n", "filler").unwrap().len() == 500);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let seen = Store::open_read_only(&path, Options::default()).unwrap();
    assert_eq!(code(seen.put("n", "k", Value::Int(1), Put::default())), "store.read_only");
    assert_eq!(code(seen.put("new", "k", Value::Int(1), Put::default())), "store.read_only");
    assert_eq!(code(seen.delete("n", "first", None)), "store.read_only");
    assert_eq!(code(seen.incr("n", "counter", 1)), "store.read_only");
    assert_eq!(code(seen.sweep()), "store.read_only");
}

#[test]
fn a_snapshot_opens_as_a_store_and_holds_every_change_up_to_one_version() {
    let folder = tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db"), Options::default()).unwrap();
    (0..5_000).for_each(|number| _ = put(&store, &format!("filler {number}"), "x"));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                put(&store, "first", &number.to_string());
                put(&store, "second", &number.to_string());
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for round in 0..10 {
            let path = folder.path().join(format!("copy{round}.db"));
            store.snapshot(&path).unwrap();
            let copy = Store::open(&path, Options::default()).unwrap();
            let number = |key| text(&copy, key).map_or(-1, |text| text.parse::<i64>().unwrap());
            assert!((0..=1).contains(&(number("first") - number("second"))));
            assert!(copy.scan("n", "").unwrap().iter().all(|entry| entry.version() <= copy.stats().revision));
            assert!(put(&copy, "more", "x") > copy.stats().committed, "it goes on by itself");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(code(store.snapshot(&folder.path().join("copy1.db"))), "usage.store");
    assert_eq!(code(store.snapshot(&folder.path().join("s.db"))), "usage.store");
    let memory = Store::in_memory(Options::default());
    put(&memory, "k", "v");
    memory.snapshot(&folder.path().join("memory.db")).unwrap();
    assert_eq!(all(&Store::open(&folder.path().join("memory.db"), Options::default()).unwrap()), all(&memory));
}

#[test]
fn nobody_waits_for_a_version_that_there_is_not() {
    let folder = tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db"), Options::default()).unwrap();
    let version = put(&store, "k", "v");
    store.wait(version).unwrap();
    assert_eq!(store.stats().committed, version);
    assert_eq!(code(store.wait(version + 1)), "usage.store");
    store.close().unwrap();
    store.wait(version).unwrap();
    store.flush().unwrap();
    assert_eq!(code(store.vacuum()), "store.closed");
}

#[test]
fn many_small_commits_do_not_let_the_log_grow_without_end() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options::default()).unwrap();
    for number in 0..4_000 {
        let version = put(&store, &format!("key{}", number % 100), "a small value");
        store.wait(version).unwrap();
    }
    let log = fs::metadata(beside(&path, "-wal")).unwrap().len();
    assert!(log < 48 << 20, "the log has {log} bytes");
    assert_eq!(keys(&store).len(), 100);
}

#[test]
fn a_small_backlog_slows_writers_down_and_loses_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options { backlog: 1, ..Options::default() }).unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || (0..100).for_each(|number| _ = put(store, &format!("{thread} {number}"), "x")));
        }
    });
    store.close().unwrap();
    assert_eq!(keys(&Store::open(&path, Options::default()).unwrap()).len(), 400);
}
