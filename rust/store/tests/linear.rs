//! Each key is one register: there is an order of all that was done to it that explains every answer and puts nothing before its call
//! or after its return. The checker is Lowe's "just-in-time linearization": it goes through calls and returns in the order of time and
//! keeps every state that the key can be in; when a call returns, only those stay in which it has taken place.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use interlock_store::{Broken, Expect, Options, Put, Store, StoreError, Value};
use tempfile::tempdir;

const THREADS: u64 = 4;
const KEYS: u64 = 10;

#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Put a value; the version that it got.
    Put(i64, u64),
    /// Put a value where a version (0: nothing) is expected; the version that it got, or that which was there.
    Cas(u64, i64, Result<u64, u64>),
    Delete(bool),
    /// Add one; the sum.
    Incr(i64),
    Get(Option<(i64, u64)>),
}

/// One deed, from the moment of its call to that of its return.
#[derive(Debug, Clone, Copy)]
struct Done {
    call: u64,
    end: u64,
    deed: Deed,
}

/// What a key holds, and at which version, where a deed has told it (0: not yet).
type Held = Option<(i64, u64)>;

/// The key after a deed, if the deed's answer fits what the key held.
fn after(held: Held, deed: Deed) -> Option<Held> {
    let is_at = |version: u64| held.map_or(version == 0, |(_, known)| version != 0 && (known == 0 || known == version));
    match deed {
        Deed::Put(value, version) => Some(Some((value, version))),
        Deed::Cas(expected, value, Ok(version)) => is_at(expected).then_some(Some((value, version))),
        Deed::Cas(expected, _, Err(found)) => (expected != found && is_at(found)).then(|| held.map(|(value, _)| (value, found))),
        Deed::Delete(was_there) => (was_there == held.is_some()).then_some(None),
        Deed::Incr(sum) => (sum == held.map_or(0, |(value, _)| value) + 1).then_some(Some((sum, 0))),
        Deed::Get(None) => held.is_none().then_some(None),
        Deed::Get(Some((value, version))) => {
            (is_at(version) && held.is_some_and(|(known, _)| known == value)).then_some(Some((value, version)))
        }
    }
}

/// A state that the key can be in, and which of the deeds under way have taken place.
type Possible = (Held, Vec<usize>);

/// Whether an order explains a history; otherwise the place of the deed that nothing explains.
fn explained(history: &[Done]) -> Result<(), usize> {
    let mut moments: Vec<(u64, usize, bool)> = Vec::new();
    for (place, done) in history.iter().enumerate() {
        moments.extend([(done.call, place, false), (done.end, place, true)]);
    }
    moments.sort_unstable();
    let (mut under_way, mut possible) = (Vec::new(), HashSet::from([(None, Vec::new())]));
    for (_, place, is_return) in moments {
        if !is_return {
            under_way.push(place);
            continue;
        }
        possible = possible.into_iter().flat_map(|state| with(history, &under_way, state, place)).collect();
        under_way.retain(|other| *other != place);
        if possible.is_empty() {
            return Err(place);
        }
    }
    Ok(())
}

/// Every state that follows from one, up to where the deed at a place has taken place.
fn with(history: &[Done], under_way: &[usize], (held, taken): Possible, place: usize) -> HashSet<Possible> {
    if taken.contains(&place) {
        return HashSet::from([(held, taken.into_iter().filter(|other| *other != place).collect())]);
    }
    let next = under_way.iter().filter(|other| !taken.contains(other));
    let then = next.filter_map(|other| {
        let mut more = taken.clone();
        more.push(*other);
        more.sort_unstable();
        Some((after(held, history[*other].deed)?, more))
    });
    then.flat_map(|state| with(history, under_way, state, place)).collect()
}

/// What four threads did to each of ten keys, so many times in all.
fn histories(store: &Store, deeds: u64) -> Vec<Vec<Done>> {
    let time = AtomicU64::new(0);
    let all: Vec<_> = (0..KEYS).map(|_| Mutex::new(Vec::new())).collect();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (time, all) = (&time, &all);
            scope.spawn(move || {
                let (mut random, mut known) = (thread * 0x9e37_79b9 + 1, 0);
                for number in 0..deeds / THREADS {
                    (0..3).for_each(|shift| random ^= if shift == 1 { random >> 7 } else { random << (13 + 2 * shift) });
                    let key = random % KEYS;
                    let value = (number * THREADS + thread).cast_signed();
                    let call = time.fetch_add(1, Ordering::SeqCst);
                    let deed = act(store, &format!("key{key}"), value, random >> 32, &mut known);
                    let end = time.fetch_add(1, Ordering::SeqCst);
                    all[usize::try_from(key).unwrap()].lock().unwrap().push(Done { call, end, deed });
                }
            });
        }
    });
    all.into_iter().map(|history| history.into_inner().unwrap()).collect()
}

/// Does something; `known` is the last version that the thread saw of any key, so that some expectations fit and others do not.
fn act(store: &Store, key: &str, value: i64, choice: u64, known: &mut u64) -> Deed {
    let put = |expect| store.put("n", key, Value::Int(value), Put { expect, ..Put::default() });
    match choice % 8 {
        0 => Deed::Put(value, put(None).unwrap()),
        1 => Deed::Delete(store.delete("n", key, None).unwrap()),
        2 => Deed::Incr(store.incr("n", key, 1).unwrap()),
        3 | 4 => {
            let found = store.get("n", key).unwrap().map_or(0, |entry| entry.version());
            thread::yield_now();
            let expected = if choice.is_multiple_of(5) { *known } else { found };
            let expect = if expected == 0 { Expect::Absent } else { Expect::Version(expected) };
            match put(Some(expect)) {
                Ok(version) => Deed::Cas(expected, value, Ok(version)),
                Err(StoreError::Moved { found, .. }) => Deed::Cas(expected, value, Err(found)),
                Err(other) => panic!("{other}"),
            }
        }
        _ => {
            let found = store.get("n", key).unwrap().map(|entry| (entry.int().unwrap(), entry.version()));
            *known = found.map_or(0, |(_, version)| version);
            Deed::Get(found)
        }
    }
}

fn are_explained(histories: &[Vec<Done>]) -> bool {
    histories.iter().all(|history| explained(history).map_err(|place| println!("nothing explains {:?}", history[place])).is_ok())
}

#[test]
fn a_hundred_thousand_deeds_of_four_threads_are_explained() {
    let folder = tempdir().unwrap();
    let memory = histories(&Store::in_memory(Options::default()), 100_000);
    let file = histories(&Store::open(&folder.path().join("s.db"), Options::default()).unwrap(), 100_000);
    assert_eq!(memory.iter().map(Vec::len).sum::<usize>(), 100_000);
    let beside =
        |history: &Vec<Done>| history.iter().filter(|one| history.iter().any(|two| one.call < two.call && two.call < one.end)).count();
    println!("{} of a key's 10,000 deeds had another beside them", beside(&memory[0]));
    assert!(are_explained(&memory) && are_explained(&file));
}

#[test]
fn a_store_that_does_not_compare_is_found_out() {
    let broken = Broken { ignore_expect: true, ..Broken::default() };
    let store = Store::in_memory(Options { broken, ..Options::default() });
    assert!(!are_explained(&histories(&store, 100_000)));
}

fn done(call: u64, end: u64, deed: Deed) -> Done {
    Done { call, end, deed }
}

#[test]
fn the_checker_takes_what_overlaps_in_any_order() {
    let put = done(0, 5, Deed::Put(1, 10));
    assert_eq!(explained(&[put, done(1, 2, Deed::Get(None)), done(3, 4, Deed::Get(Some((1, 10))))]), Ok(()));
    assert_eq!(explained(&[put, done(1, 6, Deed::Delete(true)), done(7, 8, Deed::Get(None))]), Ok(()));
    assert_eq!(explained(&[put, done(1, 6, Deed::Delete(false)), done(7, 8, Deed::Get(Some((1, 10))))]), Ok(()));
}

#[test]
fn the_checker_finds_wrong_histories() {
    let put = done(0, 1, Deed::Put(1, 10));
    let wrong = [
        ("a stale read", vec![put, done(2, 3, Deed::Put(2, 11)), done(4, 5, Deed::Get(Some((1, 10))))]),
        ("a read that forgets", vec![put, done(2, 3, Deed::Get(None))]),
        ("a read from the future", vec![done(0, 1, Deed::Get(Some((1, 10)))), done(2, 3, Deed::Put(1, 10))]),
        ("two reads that go back", vec![done(0, 9, Deed::Put(1, 10)), done(1, 2, Deed::Get(Some((1, 10)))), done(3, 4, Deed::Get(None))]),
        ("two that both compared and set", vec![put, done(2, 5, Deed::Cas(10, 2, Ok(11))), done(3, 4, Deed::Cas(10, 3, Ok(12)))]),
        ("a lost addition", vec![done(0, 3, Deed::Incr(1)), done(1, 2, Deed::Incr(1))]),
        ("a refusal without a reason", vec![put, done(2, 3, Deed::Cas(10, 2, Err(10)))]),
        ("a delete that found nothing", vec![put, done(2, 3, Deed::Delete(false))]),
    ];
    for (what, history) in wrong {
        assert!(explained(&history).is_err(), "{what}");
    }
}
