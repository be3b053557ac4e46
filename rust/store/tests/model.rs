//! The store beside a map that knows the same rules: whatever is done in whatever order, they give the same answers.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{Hands, all, cases};
use interlock_store::{Expect, Feed, Lives, Put, Store, StoreError, Value, What};
use proptest::prelude::*;
use tempfile::tempdir;

#[derive(Debug, Clone)]
enum Deed {
    Put { at: (usize, usize), text: String, lives: Lives, expect: Guess },
    Delete { at: (usize, usize), expect: Guess },
    Incr { at: (usize, usize), by: i64 },
    Get { at: (usize, usize) },
    Scan { namespace: usize, prefix: &'static str },
    Wait { micros: u64 },
    Sweep,
    Restart,
}

/// What a compare-and-set expects.
#[derive(Debug, Clone, Copy)]
enum Guess {
    Anything,
    Absent,
    Right,
    Wrong,
}

const NAMESPACES: [&str; 3] = ["a", "b", "ä long name"];
const KEYS: [&str; 5] = ["k", "key", "key2", "ключ", "z"];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let at = || (0..NAMESPACES.len(), 0..KEYS.len());
    let guess = || prop_oneof![4 => Just(Guess::Anything), 1 => Just(Guess::Absent), 2 => Just(Guess::Right), 1 => Just(Guess::Wrong)];
    let until = (0_u64..40).prop_map(|later| Lives::Until(Hands::new().now() + later)); // which may be past by then
    let lives = prop_oneof![3 => Just(Lives::Forever), 2 => (1_u64..20).prop_map(Lives::For), 1 => until];
    let deed = prop_oneof![
        6 => (at(), ".{0,12}", lives, guess()).prop_map(|(at, text, lives, expect)| Deed::Put { at, text, lives, expect }),
        2 => (at(), guess()).prop_map(|(at, expect)| Deed::Delete { at, expect }),
        3 => (at(), prop_oneof![-3..4_i64, Just(i64::MAX)]).prop_map(|(at, by)| Deed::Incr { at, by }),
        4 => at().prop_map(|at| Deed::Get { at }),
        2 => (0..NAMESPACES.len(), prop_oneof![Just(""), Just("k"), Just("key"), Just("кл"), Just("none")])
            .prop_map(|(namespace, prefix)| Deed::Scan { namespace, prefix }),
        2 => (1_u64..15).prop_map(|micros| Deed::Wait { micros }),
        1 => Just(Deed::Sweep),
        1 => Just(Deed::Restart),
    ];
    prop::collection::vec(deed, 1..60)
}

#[derive(Debug, Clone, PartialEq)]
enum Held {
    Text(String),
    Int(i64),
}

#[derive(Debug, Clone)]
struct Known {
    held: Held,
    version: u64,
    id: u64,
    expires: u64,
}

/// What must be true.
#[derive(Debug, Default)]
struct Model {
    known: BTreeMap<(&'static str, &'static str), Known>,
    newest: u64,
}

impl Model {
    fn expire(&mut self, now: u64) {
        self.known.retain(|_, known| known.expires == 0 || known.expires > now);
    }

    fn expected(&self, at: (&'static str, &'static str), guess: Guess) -> (Option<Expect>, bool) {
        let version = self.known.get(&at).map_or(0, |known| known.version);
        match guess {
            Guess::Anything => (None, true),
            Guess::Absent => (Some(Expect::Absent), version == 0),
            Guess::Right if version == 0 => (Some(Expect::Absent), true),
            Guess::Right => (Some(Expect::Version(version)), true),
            Guess::Wrong => (Some(Expect::Version(version + 1)), false),
        }
    }

    fn set(&mut self, at: (&'static str, &'static str), held: Held, expires: u64, store: &Store) {
        let entry = store.get(at.0, at.1).unwrap().unwrap();
        let version = entry.version();
        assert!(version > self.newest, "a version is greater than all before it");
        self.newest = version;
        let id = self.known.get(&at).map_or(version, |known| known.id);
        assert_eq!(entry.id(), id, "an id stays while the key does");
        self.known.insert(at, Known { held, version, id, expires });
    }

    /// Does it to both.
    fn make(&mut self, deed: &Deed, store: &Store, now: u64) {
        let place = |at: &(usize, usize)| (NAMESPACES[at.0], KEYS[at.1]);
        match deed {
            Deed::Put { at, text, lives, expect } => {
                let at = place(at);
                let (expect, fits) = self.expected(at, *expect);
                let done = store.put(at.0, at.1, Value::Text(text), Put { expect, lives: *lives });
                assert_eq!(done.is_ok(), fits, "{done:?}");
                if !fits {
                    return;
                }
                let expires = match *lives {
                    Lives::Forever => 0,
                    Lives::For(ttl) => now + ttl,
                    Lives::Until(moment) => moment,
                };
                if expires == 0 || expires > now {
                    self.set(at, Held::Text(text.clone()), expires, store);
                } else {
                    self.newest = done.unwrap();
                    self.known.remove(&at); // it has expired already, and what was there is gone
                }
            }
            Deed::Delete { at, expect } => {
                let at = place(at);
                let (expect, fits) = self.expected(at, *expect);
                let done = store.delete(at.0, at.1, expect);
                assert_eq!(done.is_ok(), fits, "{done:?}");
                if fits {
                    assert_eq!(done.unwrap(), self.known.remove(&at).is_some());
                }
            }
            Deed::Incr { at, by } => {
                let at = place(at);
                let known = self.known.get(&at).cloned();
                let done = store.incr(at.0, at.1, *by);
                match known.as_ref().map(|known| &known.held) {
                    Some(Held::Text(_)) => assert!(matches!(done, Err(StoreError::NotACounter { .. }))),
                    Some(Held::Int(was)) if was.checked_add(*by).is_none() => assert!(matches!(done, Err(StoreError::Overflow { .. }))),
                    Some(Held::Int(_)) | None => {
                        let was = if let Some(Known { held: Held::Int(was), .. }) = known { was } else { 0 };
                        assert_eq!(done.unwrap(), was + by);
                        self.set(at, Held::Int(was + by), known.map_or(0, |known| known.expires), store);
                    }
                }
            }
            Deed::Get { at } => self.is_same(place(at), store),
            Deed::Scan { namespace, prefix } => {
                let name = NAMESPACES[*namespace];
                let found: Vec<_> = store.scan(name, prefix).unwrap().iter().map(|entry| entry.key().to_owned()).collect();
                let of_name = self.known.keys().filter(|at| at.0 == name && at.1.starts_with(prefix));
                assert_eq!(found, of_name.map(|at| at.1).collect::<Vec<_>>());
            }
            Deed::Sweep => store.sweep().unwrap(),
            Deed::Wait { .. } | Deed::Restart => {}
        }
    }

    fn is_same(&self, at: (&'static str, &'static str), store: &Store) {
        let found = store.get(at.0, at.1).unwrap();
        let known = self.known.get(&at);
        assert_eq!(found.as_ref().map(interlock_store::Entry::version), known.map(|known| known.version));
        if let (Some(entry), Some(known)) = (found, known) {
            let held = entry.int().map_or_else(|| Held::Text(entry.text().unwrap().into()), Held::Int);
            assert_eq!((&held, entry.id(), entry.expires()), (&known.held, known.id, known.expires));
        }
    }
}

/// Whoever follows the feed knows which keys there are.
fn follow(feed: &Feed, there: &mut BTreeSet<(String, String)>) {
    let mut last = 0;
    for change in feed.poll(usize::MAX).unwrap() {
        assert!(change.version > last, "the feed is in the order of versions");
        last = change.version;
        let at = (change.namespace, change.key);
        match change.what {
            What::Put => _ = there.insert(at),
            What::Deleted | What::Expired | What::Evicted => assert!(there.remove(&at), "{at:?} went and was not there"),
        }
    }
}

fn story(deeds: &[Deed], path: Option<&Path>) {
    let hands = Hands::new();
    let open = || path.map_or_else(|| Store::in_memory(hands.options()), |path| Store::open(path, hands.options()).unwrap());
    let (mut store, mut model) = (open(), Model::default());
    let mut there = BTreeSet::new();
    let mut feed = store.feed(None, "", 10_000).unwrap();
    for deed in deeds {
        if let Deed::Wait { micros } = deed {
            hands.advance(*micros);
        }
        model.expire(hands.now());
        if path.is_some() && matches!(deed, Deed::Restart) {
            follow(&feed, &mut there);
            let (before, counts) = (all(&store), store.stats());
            store.close().unwrap();
            store = open();
            assert_eq!(all(&store), before, "a restart gives back what was there");
            assert_eq!(
                (store.stats().entries, store.stats().bytes, store.stats().revision),
                (counts.entries, counts.bytes, counts.revision)
            );
            feed = store.feed(None, "", 10_000).unwrap();
        }
        model.make(deed, &store, hands.now());
    }
    for namespace in NAMESPACES {
        for key in KEYS {
            model.is_same((namespace, key), &store);
        }
    }
    store.sweep().unwrap();
    follow(&feed, &mut there);
    let known: BTreeSet<_> = model.known.keys().map(|(namespace, key)| ((*namespace).to_owned(), (*key).to_owned())).collect();
    assert_eq!(there, known, "the feed tells of every change");
    assert_eq!(store.stats().entries, known.len());
    let cost = |(_, entry): &(String, interlock_store::Entry)| entry.key().len() + entry.bytes().len() + 100;
    assert_eq!(store.stats().bytes, all(&store).iter().map(cost).sum::<usize>());
}

proptest! {
    #![proptest_config(cases(10_000, 1))]

    #[test]
    fn a_store_in_memory_answers_like_a_map(deeds in deeds()) {
        story(&deeds, None);
    }
}

proptest! {
    #![proptest_config(cases(150, 100))]

    #[test]
    fn a_store_with_a_file_answers_like_a_map_across_restarts(deeds in deeds()) {
        let folder = tempdir().unwrap();
        story(&deeds, Some(&folder.path().join("s.db")));
    }
}
