//! Rows to index, and what a plain loop finds in them.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::BTreeMap;

use interlock_vector::{Filter, Found, Metric, Shape, Storage, VectorIndex};

pub(crate) const EXACT: f64 = 1.0;
pub(crate) const ALL: Filter<'static> = Filter { ids: None, labels: None, subset: None };

/// Numbers without a pattern, the same in every run: xorshift.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Around 0, mostly between -2 and 2: a sum of twelve is nearly a bell curve.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| f32::from(u16::try_from(self.below(65_536)).unwrap()) / 65_536.0).sum::<f32>() - 6.0
    }

    /// Rows around centres of 50 rows each, as embeddings lie.
    pub(crate) fn clustered(&mut self, rows: usize, dim: usize) -> Vec<f32> {
        let centres: Vec<Vec<f32>> = (0..rows.div_ceil(50)).map(|_| (0..dim).map(|_| self.normal()).collect()).collect();
        self.around(&centres, rows)
    }

    pub(crate) fn around(&mut self, centres: &[Vec<f32>], rows: usize) -> Vec<f32> {
        let mut all = vec![];
        for _ in 0..rows {
            let centre = &centres[self.below(centres.len())];
            all.extend(centre.iter().map(|value| value + self.normal()));
        }
        all
    }
}

pub(crate) fn index(dim: usize, metric: Metric, storage: Storage) -> VectorIndex {
    VectorIndex::new(Shape::new(dim, metric, storage).unwrap())
}

pub(crate) fn ids(rows: usize) -> Vec<i64> {
    (0..).take(rows).collect()
}

/// A score in double precision.
pub(crate) fn score(metric: Metric, left: &[f32], right: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    match metric {
        Metric::Cosine => dot(left, right) / (dot(left, left).sqrt() * dot(right, right).sqrt()),
        Metric::Dot => dot(left, right),
        Metric::L2 => left.iter().zip(right).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum(),
    }
}

/// What a loop over all rows finds, best first.
pub(crate) fn nearest(metric: Metric, rows: &BTreeMap<i64, Vec<f32>>, query: &[f32], k: usize) -> Vec<(i64, f64)> {
    let mut all: Vec<(i64, f64)> = rows.iter().map(|(id, row)| (*id, score(metric, query, row))).collect();
    all.sort_by(|a, b| if metric == Metric::L2 { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
    all.truncate(k);
    all
}

/// The share of the truly nearest that was found.
pub(crate) fn recall(found: &[Vec<Found>], truth: &[Vec<Found>]) -> f64 {
    let hits = |(found, truth): (&Vec<Found>, &Vec<Found>)| truth.iter().filter(|one| found.iter().any(|other| other.id == one.id)).count();
    let wanted: usize = truth.iter().map(Vec::len).sum();
    let hits: usize = found.iter().zip(truth).map(hits).sum();
    f64::from(u32::try_from(hits).unwrap()) / f64::from(u32::try_from(wanted).unwrap())
}

/// Recall of an index against its own scan of every row.
pub(crate) fn own_recall(index: &VectorIndex, queries: &[f32], filter: Filter<'_>, wanted: f64) -> f64 {
    let found = index.search_many(queries, 10, filter, wanted, 2).unwrap();
    let truth = index.search_many(queries, 10, filter, EXACT, 2).unwrap();
    recall(&found, &truth)
}
