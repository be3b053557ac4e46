//! A file that can't be written, and one that is written anew: who is told, and what goes on.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{all, beside, code, put, text};
use interlock_store::{Options, Put, Store, StoreError, Value};
use rusqlite::Connection;
use tempfile::tempdir;

#[test]
fn a_put_that_finds_the_disk_full_is_refused_and_reads_go_on() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options { max_file: Some(256 << 10), ..Options::default() }).unwrap();
    let (mut acknowledged, mut told) = (0, None);
    for number in 0..10_000 {
        let version = put(&store, &format!("key{number}"), &"x".repeat(1_000));
        if let Err(cause) = store.wait(version) {
            told = Some(cause);
            break;
        }
        acknowledged = number + 1;
    }
    let told = told.unwrap();
    assert_eq!(told.code(), "store.disk_full");
    assert!(matches!(told, StoreError::Failing { .. }));
    assert!(acknowledged > 150);
    let before = (all(&store), store.stats());
    assert_eq!(code(store.put("n", "key0", Value::Int(1), Put::default())), "store.disk_full");
    assert_eq!(code(store.put("new", "k", Value::Int(1), Put::default())), "store.disk_full");
    assert_eq!(code(store.delete("n", "key0", None)), "store.disk_full");
    assert_eq!(code(store.incr("n", "counter", 1)), "store.disk_full");
    assert_eq!(code(store.flush()), "store.disk_full");
    assert_eq!(code(store.vacuum()), "store.disk_full");
    assert_eq!((all(&store), store.stats()), before, "what was refused was not done");
    let copy = folder.path().join("copy.db");
    store.snapshot(&copy).unwrap();
    assert_eq!(code(store.close()), "store.disk_full");
    assert_eq!(all(&Store::open(&copy, Options::default()).unwrap()), before.0, "what could not be written is saved by a snapshot");
    let store = Store::open(&path, Options::default()).unwrap();
    assert_eq!(store.stats().entries, acknowledged, "what was acknowledged is there");
    put(&store, "more", "x");
    store.flush().unwrap();
}

#[test]
fn a_vacuum_that_a_reader_holds_up_fails_alone_and_writing_goes_on() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options::default()).unwrap();
    put(&store, "k", "a secret");
    store.flush().unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM state").unwrap();
    store.delete("n", "k", None).unwrap();
    assert_eq!(code(store.vacuum()), "store.locked");
    let version = put(&store, "k", "another");
    store.wait(version).unwrap();
    assert_eq!(store.stats().committed, version);
    drop(reader);
    store.vacuum().unwrap();
    assert_eq!(fs::metadata(beside(&path, "-wal")).unwrap().len(), 0);
    assert_eq!(text(&store, "k").unwrap(), "another");
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(8).any(|bytes| bytes == b"a secret"));
    store.close().unwrap();
    assert_eq!(text(&Store::open(&path, Options::default()).unwrap(), "k").unwrap(), "another");
}

#[test]
fn who_closes_while_others_write_loses_nothing_that_was_taken() {
    for _ in 0..20 {
        let folder = tempdir().unwrap();
        let path = folder.path().join("s.db");
        let store = Store::open(&path, Options::default()).unwrap();
        let taken: usize = std::thread::scope(|scope| {
            let write = |thread: usize| {
                let store = &store;
                move || {
                    let puts = (0..).map(|number| store.put("n", &format!("{thread} {number}"), Value::Int(1), Put::default()));
                    puts.take_while(|put| put.as_ref().map_err(|refused| assert_eq!(refused.code(), "store.closed")).is_ok()).count()
                }
            };
            let writers: Vec<_> = (0..3).map(|thread| scope.spawn(write(thread))).collect();
            while store.stats().entries < 1_000 {
                std::hint::spin_loop();
            }
            store.close().unwrap();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(Store::open(&path, Options::default()).unwrap().stats().entries, taken);
    }
}
