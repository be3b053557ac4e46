//! Reading one of a million values of 1 KiB, alone and beside a thread that puts 50,000 a second; and beside the floor: a hash map
//! behind a lock, whose values are counted references.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_store::{Options, Put, Store, Value};

const KEYS: usize = 1_000_000;
/// A step through the keys that meets all of them, far from each other.
const STEP: usize = 7_919;
const PUTS_A_SECOND: f64 = 50_000.0;

/// Puts what is due, each millisecond.
fn write(store: &Store, names: &[String], is_over: &AtomicBool) {
    let (value, begun, mut made) = ([8_u8; 1_024], Instant::now(), 0_u32);
    while !is_over.load(Ordering::Relaxed) {
        while f64::from(made) < begun.elapsed().as_secs_f64() * PUTS_A_SECOND {
            store
                .put("bench", &names[made as usize % KEYS], Value::Bytes(&value), Put::default())
                .unwrap_or_else(|error| panic!("{error}"));
            made += 1;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

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
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| write(&store, &names, &is_over));
        group.bench_function("store_beside_a_writer", |bencher| bencher.iter(|| store.get("bench", black_box(next()))));
        is_over.store(true, Ordering::Relaxed);
    });
    group.finish();
}

criterion_group!(benches, get);
criterion_main!(benches);
