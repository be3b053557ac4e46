//! The cap: who is put out for whom, who never is, and what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::{Hands, code, keys, put, text, ttl};
use interlock_store::{Eviction, Expect, Lives, Options, Put, Store, StoreError, Value, What};

fn fill(store: &Store, keys: &[&str]) {
    for key in keys {
        put(store, key, "");
    }
}

/// What an entry with a key of one byte and no value costs.
const ONE: usize = 101;

fn store(cap: usize, eviction: Eviction) -> Store {
    Store::in_memory(Options { cap: Some(cap), eviction, ..Options::default() })
}

#[test]
fn without_an_eviction_a_put_that_has_no_room_is_refused_and_changes_nothing() {
    let store = store(3 * ONE, Eviction::None);
    fill(&store, &["a", "b", "c"]);
    let before = store.stats();
    let refused = store.put("n", "d", Value::Text(""), Put::default()).unwrap_err();
    assert!(matches!(refused, StoreError::Full { bytes: ONE, used: 303, cap: 303, .. }), "{refused}");
    assert_eq!(code(store.put("new", "d", Value::Text(""), Put::default())), "store.full");
    assert_eq!(code(store.incr("new", "counter", 1)), "store.full");
    assert_eq!(code(store.put("n", "a", Value::Text("x"), Put::default())), "store.full");
    assert_eq!(store.stats(), before, "no version, no namespace, no byte");
    put(&store, "a", ""); // what takes the room of its own former value fits
    assert!(store.delete("n", "b", None).unwrap());
    put(&store, "d", "");
    assert_eq!(keys(&store), ["a", "c", "d"]);
}

#[test]
fn a_refused_compare_and_set_makes_no_namespace() {
    let store = Store::in_memory(Options::default());
    let expecting = Put { expect: Some(Expect::Version(3)), ..Put::default() };
    assert_eq!(code(store.put("new", "k", Value::Int(1), expecting)), "store.moved");
    assert_eq!(code(store.delete("new", "k", Some(Expect::Version(3)))), "store.moved");
    assert!(!store.delete("new", "k", Some(Expect::Absent)).unwrap());
    assert_eq!(store.stats(), Store::in_memory(Options::default()).stats());
}

#[test]
fn what_is_greater_than_a_limit_is_refused_by_name() {
    let store = Store::in_memory(Options { cap: Some(10_000), max_value: 1_000, eviction: Eviction::Lru, ..Options::default() });
    put(&store, "a", "kept");
    assert_eq!(code(store.put("n", "k", Value::Bytes(&[0; 1_001]), Put::default())), "store.too_large");
    assert_eq!(code(store.put("n", &"k".repeat(4_097), Value::Int(1), Put::default())), "usage.store");
    assert_eq!(code(store.put("n", "", Value::Int(1), Put::default())), "usage.store");
    assert_eq!(code(store.put("", "k", Value::Int(1), Put::default())), "usage.store");
    assert_eq!(code(store.put("n", "k", Value::Vector(&[0; 5]), Put::default())), "usage.store");
    assert_eq!(code(store.put("n", "k", Value::Int(1), ttl(0))), "usage.store");
    assert_eq!(code(store.put("n", "k", Value::Int(1), Put { lives: Lives::Until(0), ..Put::default() })), "usage.store");
    let wide = Store::in_memory(Options { cap: Some(10_000), eviction: Eviction::Lru, ..Options::default() });
    put(&wide, "a", "kept");
    assert_eq!(code(wide.put("n", "k", Value::Bytes(&[0; 10_000]), Put::default())), "store.full");
    assert_eq!((keys(&store), keys(&wide)), (vec!["a".to_owned()], vec!["a".to_owned()]));
    store.put("n", &"k".repeat(4_096), Value::Int(1), Put::default()).unwrap();
}

#[test]
fn lru_puts_out_what_was_not_used_for_longest() {
    let store = store(3 * ONE, Eviction::Lru);
    let feed = store.feed(None, "", 100).unwrap();
    fill(&store, &["a", "b", "c"]);
    assert!(text(&store, "a").is_some());
    put(&store, "d", "");
    assert_eq!(keys(&store), ["a", "c", "d"]);
    put(&store, "c", "");
    put(&store, "e", "");
    assert_eq!(keys(&store), ["c", "d", "e"]);
    let out: Vec<_> = feed.poll(100).unwrap().into_iter().filter(|change| change.what == What::Evicted).map(|change| change.key).collect();
    assert_eq!((out, store.stats().evicted), (vec!["b".into(), "a".into()], 2));
}

#[test]
fn ttl_first_puts_out_what_expires_soonest_and_then_what_was_not_used_for_longest() {
    let hands = Hands::new();
    let store = Store::in_memory(Options { cap: Some(4 * ONE), eviction: Eviction::TtlFirst, ..hands.options() });
    fill(&store, &["a", "b"]);
    for (key, micros) in [("y", 2_000), ("z", 1_000)] {
        store.put("n", key, Value::Text(""), ttl(micros)).unwrap();
    }
    put(&store, "c", "");
    assert_eq!(keys(&store), ["a", "b", "c", "y"]);
    put(&store, "d", "");
    assert_eq!(keys(&store), ["a", "b", "c", "d"]);
    put(&store, "e", "");
    assert_eq!(keys(&store), ["b", "c", "d", "e"]);
}

#[test]
fn what_has_expired_makes_room_before_anything_is_put_out() {
    let hands = Hands::new();
    for eviction in [Eviction::None, Eviction::Lru, Eviction::TtlFirst] {
        let store = Store::in_memory(Options { cap: Some(3 * ONE), eviction, ..hands.options() });
        put(&store, "a", "");
        for key in ["b", "c"] {
            store.put("n", key, Value::Text(""), ttl(10)).unwrap();
        }
        hands.advance(10);
        fill(&store, &["d", "e"]);
        assert_eq!((keys(&store), store.stats().evicted), (vec!["a".into(), "d".into(), "e".into()], 0));
    }
}

#[test]
fn what_is_held_is_never_put_out() {
    let store = store(3 * ONE, Eviction::Lru);
    fill(&store, &["a", "b", "c"]);
    let (mut key, again, namespace) = (store.hold("n", Some("a")), store.hold("n", Some("a")), store.hold("m", None));
    put(&store, "d", "");
    assert_eq!(keys(&store), ["a", "c", "d"]);
    let all = store.hold("n", None).unwrap();
    let refused = store.put("n", "e", Value::Text(""), Put::default()).unwrap_err();
    assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
    assert_eq!((refused.code(), keys(&store)), ("store.held", vec!["a".into(), "c".into(), "d".into()]));
    drop(all);
    key.as_mut().unwrap().release();
    key.as_mut().unwrap().release();
    put(&store, "e", "");
    assert_eq!(keys(&store), ["a", "d", "e"], "it was held twice");
    drop((key, again, namespace));
    put(&store, "f", "");
    assert_eq!(keys(&store), ["d", "e", "f"]);
    let _held = store.hold("n", Some("d")).unwrap();
    assert!(store.delete("n", "d", None).unwrap(), "deleting is somebody's word");
}

#[test]
fn of_many_entries_those_that_are_used_stay() {
    let store = store(10_000 * 110, Eviction::Lru);
    let name = |number: usize| format!("key{number:05}");
    for number in 0..60_000 {
        put(&store, &name(number), "");
        text(&store, &name(number % 100)); // a hundred that are read again and again
    }
    let stayed = (0..100).filter(|number| text(&store, &name(*number)).is_some()).count();
    assert!(stayed >= 95, "{stayed} of 100 stayed");
    let young = (55_000..60_000).filter(|number| text(&store, &name(*number)).is_some()).count();
    assert!(young >= 4_500, "{young} of the 5,000 youngest stayed");
}

#[test]
fn room_is_found_among_many_namespaces_of_which_most_are_empty() {
    let store = store(20_000 * ONE, Eviction::Lru);
    for number in 0..20_000 {
        store.put(&number.to_string(), "k", Value::Text(""), Put::default()).unwrap();
    }
    for number in 0..19_000 {
        store.delete(&number.to_string(), "k", None).unwrap();
    }
    (0..40_000).for_each(|number| _ = put(&store, &format!("key{number}"), ""));
    assert!(store.stats().bytes <= 20_000 * ONE);
    assert!(store.stats().evicted > 20_000);
}

#[test]
fn what_is_used_stays_in_small_namespaces_beside_a_great_one() {
    let store = store(20_000 * 110, Eviction::Lru);
    let small: Vec<_> = (0..1_000).map(|number| format!("user {number}")).collect();
    for name in &small {
        store.put(name, "k", Value::Text(""), Put::default()).unwrap();
    }
    for number in 0..60_000 {
        put(&store, &format!("key{number:05}"), "");
        store.get(&small[number % small.len()], "k").unwrap();
    }
    let stayed = small.iter().filter(|name| store.get(name, "k").unwrap().is_some()).count();
    assert!(stayed >= 950, "{stayed} of 1,000 stayed");
}

#[test]
fn the_cap_holds_whoever_puts_at_once() {
    for eviction in [Eviction::None, Eviction::Lru, Eviction::TtlFirst] {
        let (cap, highest) = (50_000, AtomicUsize::new(0));
        // A clock that stands: nothing expires between the two readings at the end.
        let store = Store::in_memory(Options { cap: Some(cap), eviction, ..Hands::new().options() });
        thread::scope(|scope| {
            for thread in 0..8 {
                let (store, highest) = (&store, &highest);
                scope.spawn(move || {
                    for number in 0..2_000 {
                        let (key, value) = (format!("{}", (thread * 7 + number) % 300), vec![0; (number * 37) % 900]);
                        let result = store.put("n", &key, Value::Bytes(&value), ttl(1_000_000));
                        assert!(result.is_ok() || eviction == Eviction::None, "{result:?}");
                        highest.fetch_max(store.stats().bytes, Ordering::Relaxed);
                    }
                });
            }
        });
        let used: usize = store.scan("n", "").unwrap().iter().map(|entry| entry.key().len() + entry.bytes().len() + 100).sum();
        assert_eq!(store.stats().bytes, used, "what was kept free for refused puts is given back");
        assert!(highest.into_inner() <= cap);
    }
}

#[test]
fn only_declared_namespaces_are_known() {
    let options = Options { namespaces: Some(vec!["users".into(), "carts".into()]), ..Options::default() };
    let store = Store::in_memory(options);
    store.put("users", "k", Value::Int(1), Put::default()).unwrap();
    assert_eq!(store.get("carts", "k").unwrap(), None);
    let refused = store.get("user", "k").unwrap_err();
    assert_eq!(refused.to_string(), "there is no namespace \"user\" (there is: users, carts)");
    assert_eq!(code(store.put("user", "k", Value::Int(1), Put::default())), "store.unknown_namespace");
    assert_eq!(code(store.delete("user", "k", None)), "store.unknown_namespace");
    assert_eq!(code(store.incr("user", "k", 1)), "store.unknown_namespace");
    assert_eq!(code(store.scan("user", "")), "store.unknown_namespace");
    assert_eq!(code(store.feed(Some("user"), "", 1)), "store.unknown_namespace");
    assert_eq!(store.namespaces().into_iter().collect::<Vec<_>>(), [("users".into(), 1)]);
}
