//! The scans against the loop that one would write first, and a walk: 10,000 rows of 256, the nearest 5.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock_vector::{Filter, Index, Metric, Shape, Storage, VectorIndex};

const ROWS: usize = 10_000;
const DIM: usize = 256;
const K: usize = 5;

/// Numbers without a pattern, the same in every run: xorshift.
fn values(count: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f32::from(u16::try_from(state >> 48).unwrap_or_default()) / 32_768.0 - 1.0
    })
    .take(count)
    .collect()
}

/// Iterator sums over unit rows, every score kept and sorted.
fn naive(rows: &[f32], query: &[f32]) -> Vec<(u32, f32)> {
    let scores = rows.chunks_exact(DIM).map(|row| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>());
    let mut scored: Vec<(u32, f32)> = (0..).zip(scores).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    scored.truncate(K);
    scored
}

/// Rows around centres of 50 rows each: walks need neighbours worth finding.
fn clustered() -> Vec<f32> {
    let (centres, own) = (values(ROWS / 50 * DIM), values((ROWS + 1) * DIM));
    let centres = centres.chunks_exact(DIM).cycle();
    own[DIM..].chunks_exact(DIM).zip(centres).flat_map(|(row, centre)| row.iter().zip(centre).map(|(a, b)| a + b)).collect()
}

fn index(criterion: &mut Criterion) {
    let rows = clustered();
    let query: Vec<f32> = rows[..DIM].iter().zip(&rows[50 * DIM..]).map(|(a, b)| a + b).collect();
    let ids: Vec<i64> = (0..).take(ROWS).collect();
    let labels: Vec<Option<&str>> = ids.iter().map(|id| Some(if id % 100 == 0 { "few" } else { "most" })).collect();
    let shape = Shape::new(DIM, Metric::Cosine, Storage::F32).unwrap_or_else(|error| panic!("{error}"));
    let index = VectorIndex::new(shape);
    index.add(&ids, &rows, &labels, false).unwrap_or_else(|error| panic!("{error}"));
    let few = Filter { labels: Some(&["few"]), ..Filter::default() };
    let mut group = criterion.benchmark_group("index_10000x256_k5");
    for (name, filter, recall) in [("exact", Filter::default(), 1.0), ("walk_95", Filter::default(), 0.95), ("one_percent", few, 0.95)] {
        group.bench_function(name, |bencher| bencher.iter(|| index.search(black_box(&query), K, filter, recall)));
    }
    group.finish();
}

fn scan(criterion: &mut Criterion) {
    let rows = values(ROWS * DIM);
    let query = values(DIM + 1)[1..].to_vec();
    let labels = (0..).take(ROWS).collect();
    let index = Index::build(DIM, rows.clone(), labels).unwrap_or_else(|error| panic!("{error}"));
    let mut group = criterion.benchmark_group("scan_10000x256_k5");
    group.throughput(Throughput::Bytes((ROWS * DIM * size_of::<f32>()) as u64));
    group.bench_function("index", |bencher| bencher.iter(|| index.search(black_box(&query), K)));
    group.bench_function("naive", |bencher| bencher.iter(|| naive(black_box(&rows), black_box(&query))));
    group.finish();
}

criterion_group!(benches, scan, index);
criterion_main!(benches);
