//! Many threads at once: no addition, no update and no reader is lost.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{all, put, text};
use interlock_store::{Broken, Expect, Options, Put, Store, StoreError, Value, What};
use tempfile::tempdir;

const THREADS: usize = 8;

fn at_once(count: usize, each: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..count {
            let each = &each;
            scope.spawn(move || each(number));
        }
    });
}

/// Every thread adds one to the same number, so many times, by compare-and-set; gives what it is then.
fn raised(store: &Store, times: usize) -> usize {
    store.put("n", "sum", Value::Text("0"), Put::default()).unwrap();
    at_once(THREADS, |_| {
        for _ in 0..times {
            loop {
                let found = store.get("n", "sum").unwrap().unwrap();
                thread::yield_now(); // between reading and writing, where an update gets lost
                let more = found.text().unwrap().parse::<usize>().unwrap() + 1;
                let expecting = Put { expect: Some(Expect::Version(found.version())), ..Put::default() };
                match store.put("n", "sum", Value::Text(&more.to_string()), expecting) {
                    Ok(_) => break,
                    Err(StoreError::Moved { found: now, .. }) => assert!(now > found.version()),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    });
    text(store, "sum").unwrap().parse().unwrap()
}

#[test]
fn compare_and_set_loses_no_update() {
    let folder = tempdir().unwrap();
    assert_eq!(raised(&Store::in_memory(Options::default()), 3_000), THREADS * 3_000);
    assert_eq!(raised(&Store::open(&folder.path().join("s.db"), Options::default()).unwrap(), 500), THREADS * 500);
}

#[test]
fn the_test_of_compare_and_set_notices_a_store_that_does_not_compare() {
    let broken = Broken { ignore_expect: true, ..Broken::default() };
    let store = Store::in_memory(Options { broken, ..Options::default() });
    assert!(raised(&store, 3_000) < THREADS * 3_000);
}

#[test]
fn counters_count_every_addition() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path, Options::default()).unwrap();
    at_once(THREADS, |thread| {
        for number in 0..2_000 {
            store.incr("n", "all", 1).unwrap();
            store.incr("n", &format!("{}", number % 3), thread.cast_signed() as i64).unwrap();
        }
    });
    let sums = |store: &Store| store.scan("n", "").unwrap().iter().map(|entry| entry.int().unwrap()).sum::<i64>();
    let expected = 8 * 2_000 + 2_000 * (0..8).sum::<i64>();
    assert_eq!((store.incr("n", "all", 0).unwrap(), sums(&store)), (16_000, expected));
    let before = all(&store);
    store.close().unwrap();
    assert_eq!(all(&Store::open(&path, Options::default()).unwrap()), before);
}

#[test]
fn one_of_many_that_make_a_key_makes_it() {
    let store = Store::in_memory(Options::default());
    for round in 0..200 {
        let made: Vec<_> = thread::scope(|scope| {
            let store = &store;
            let make = move || {
                let absent = Put { expect: Some(Expect::Absent), ..Put::default() };
                store.put(&format!("space {round}"), "k", Value::Int(1), absent).is_ok()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
    }
    assert_eq!((store.stats().namespaces, store.stats().entries), (200, 200));
}

#[test]
fn readers_see_every_key_while_a_namespace_is_split() {
    for _ in 0..20 {
        let (store, is_over) = (Store::in_memory(Options::default()), AtomicBool::new(false));
        (0..1_000).for_each(|number| _ = put(&store, &format!("old {number:04}"), "x"));
        thread::scope(|scope| {
            for thread in 0..3 {
                let (store, is_over) = (&store, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        assert!((0..1_000).step_by(thread + 7).all(|number| text(store, &format!("old {number:04}")).is_some()));
                        assert_eq!(store.scan("n", "old").unwrap().len(), 1_000);
                    }
                });
            }
            at_once(2, |thread| (0..2_500).for_each(|number| _ = put(&store, &format!("new {thread} {number}"), "x")));
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!((store.stats().entries, store.scan("n", "").unwrap().len()), (6_000, 6_000));
        let found = store.scan("n", "").unwrap();
        assert!(found.is_sorted_by(|a, b| a.key() < b.key()));
    }
}

#[test]
fn a_feed_has_every_change_once_and_in_order_whoever_made_it() {
    let store = Store::in_memory(Options::default());
    let (feed, some) = (store.feed(Some("n"), "", usize::MAX).unwrap(), store.feed(None, "3 ", usize::MAX).unwrap());
    at_once(4, |thread| {
        for number in 0..1_000 {
            put(&store, &format!("{thread} {number}"), "x");
            store.put("other", "k", Value::Int(1), Put::default()).unwrap();
            store.delete("n", &format!("{thread} {number}"), None).unwrap();
        }
    });
    let changes = feed.poll(usize::MAX).unwrap();
    assert!(changes.is_sorted_by(|a, b| a.version < b.version));
    assert_eq!((changes.len(), some.poll(usize::MAX).unwrap().len()), (8_000, 2_000));
    assert_eq!(changes.iter().filter(|change| change.what == What::Deleted).count(), 4_000);
}

#[test]
fn a_feed_that_is_not_read_says_how_much_it_lost_and_goes_on() {
    let store = Store::in_memory(Options::default());
    put(&store, "before", "x");
    let feed = store.feed(None, "", 3).unwrap();
    assert_eq!(feed.poll(10).unwrap(), []);
    (0..5).for_each(|number| _ = put(&store, &number.to_string(), "x"));
    assert!(matches!(feed.poll(10), Err(StoreError::Lagged { missed: 2 })));
    let keys = |limit| feed.poll(limit).unwrap().into_iter().map(|change| change.key).collect::<Vec<_>>();
    assert_eq!((keys(2), keys(2), keys(2)), (vec!["2".into(), "3".into()], vec!["4".into()], vec![]));
    put(&store, "later", "x");
    assert_eq!(keys(10), ["later"]);
}
