//! Reading one of a million values of 1 KiB, beside the floor: a hash map behind a lock, whose values are counted references.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, RwLock};

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_store::{Options, Put, Store, Value};

const KEYS: usize = 1_000_000;
/// A step through the keys that meets all of them, far from each other.
const STEP: usize = 7_919;

fn get(criterion: &mut Criterion) {
    let value = [7_u8; 1_024];
    let names: Vec<String> = (0..KEYS).map(|number| format!("key{number:07}")).collect();
    let store = Store::in_memory(Options::default());
    let mut floor: HashMap<String, Arc<[u8]>> = HashMap::new();
    for name in &names {
        store.put("bench", name, Value::Bytes(&value), Put::default()).unwrap_or_else(|error| panic!("{error}"));
        floor.insert(name.clone(), Arc::from(value));
    }
    let floor = RwLock::new(floor);
    let mut at = 0;
    let mut next = || {
        at = (at + STEP) % KEYS;
        &names[at]
    };
    let mut group = criterion.benchmark_group("get_1KiB_of_1M");
    group.bench_function("store", |bencher| bencher.iter(|| store.get("bench", black_box(next()))));
    group.bench_function("locked_map", |bencher| bencher.iter(|| floor.read().map(|map| map.get(black_box(next())).cloned()).ok()));
    group.finish();
}

criterion_group!(benches, get);
criterion_main!(benches);
