//! While rows are few, what the index finds is what a plain loop in double precision finds: under every metric, storage and filter.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::collections::BTreeMap;

use common::{ALL, EXACT, ids, index, nearest, score};
use interlock_vector::{Filter, Metric, Storage};
use proptest::prelude::*;

fn rows(most: usize) -> impl Strategy<Value = (usize, Vec<Vec<f32>>)> {
    (1_usize..150).prop_flat_map(move |dim| {
        let row = proptest::collection::vec(-8.0_f32..8.0, dim)
            .prop_filter("a zero row has no direction", |row| row.iter().any(|value| value.abs() > 0.01));
        (Just(dim), proptest::collection::vec(row, 2..most))
    })
}

fn metric() -> impl Strategy<Value = Metric> {
    proptest::sample::select(Metric::ALL.to_vec())
}

/// What a score may be off by: sums of `f32`, and for halves 11 bits of each number.
fn allowance(storage: Storage, metric: Metric, dim: usize) -> f64 {
    let scale = if metric == Metric::Cosine { 1.0 } else { 64.0 * f64::from(u32::try_from(dim).unwrap()) };
    scale * if storage == Storage::F32 { 1e-6 } else { 2e-3 }
}

proptest! {
    #[test]
    fn a_search_agrees_with_a_plain_sort((dim, rows) in rows(60), metric in metric(), k in 1_usize..12, half in any::<bool>()) {
        let storage = if half { Storage::F16 } else { Storage::F32 };
        let (query, rows) = (rows[0].clone(), &rows[1..]);
        let index = index(dim, metric, storage);
        index.add(&ids(rows.len()), rows.concat(), &[], false).unwrap();
        let found = index.search(&query, k, ALL, 0.95).unwrap();
        let all: BTreeMap<i64, Vec<f32>> = (0..).zip(rows.iter().cloned()).collect();
        let truth = nearest(metric, &all, &query, k);
        let near = allowance(storage, metric, dim);
        prop_assert_eq!(found.len(), truth.len());
        for (found, (_, best)) in found.iter().zip(&truth) {
            let own = score(metric, &query, &all[&found.id]);
            prop_assert!((f64::from(found.score) - own).abs() <= near, "{found:?} is {own}");
            prop_assert!((own - best).abs() <= 2.0 * near, "{found:?} is not {best}");
        }
    }

    #[test]
    fn a_filter_finds_what_the_allowed_rows_alone_would_give((dim, rows) in rows(60), metric in metric(), k in 1_usize..12, mask in any::<u64>()) {
        let (query, rows) = (rows[0].clone(), &rows[1..]);
        let is_in = |id: i64| mask >> (id % 64) & 1 == 1;
        let labels: Vec<Option<&str>> = ids(rows.len()).into_iter().map(|id| is_in(id).then_some("in")).collect();
        let all = index(dim, metric, Storage::F32);
        all.add(&ids(rows.len()), rows.concat(), &labels, false).unwrap();
        let few = index(dim, metric, Storage::F32);
        let allowed: Vec<i64> = ids(rows.len()).into_iter().filter(|id| is_in(*id)).collect();
        let kept: Vec<f32> = allowed.iter().flat_map(|id| rows[usize::try_from(*id).unwrap()].clone()).collect();
        few.add(&allowed, &kept, &[], false).unwrap();

        let expected = few.search(&query, k, ALL, EXACT).unwrap();
        let subset = all.subset(&allowed).unwrap();
        let wider: Vec<i64> = allowed.iter().copied().chain([1_000_000, 7_000_000]).rev().collect();
        let by_ids = Filter { ids: Some(&wider), ..ALL };
        let by_label = Filter { labels: Some(&["in", "unheard of"]), ..ALL };
        let by_subset = Filter { subset: Some(&subset), ..ALL };
        let by_all = Filter { ids: Some(&wider), labels: Some(&["in"]), subset: Some(&subset) };
        for filter in [by_ids, by_label, by_subset, by_all] {
            prop_assert_eq!(all.search(&query, k, filter, 0.95).unwrap(), expected.clone());
        }
    }

    #[test]
    fn the_best_k_are_the_head_of_the_best_of_all((dim, rows) in rows(60), metric in metric(), k in 1_usize..12) {
        let index = index(dim, metric, Storage::I8);
        index.add(&ids(rows.len()), rows.concat(), &[], false).unwrap();
        let all = index.search(&rows[0], rows.len(), ALL, EXACT).unwrap();
        prop_assert_eq!(&index.search(&rows[0], k, ALL, EXACT).unwrap()[..], &all[..k.min(all.len())]);
    }

    #[test]
    fn a_batch_gives_what_its_queries_give((dim, rows) in rows(60), k in 1_usize..5, threads in 1_usize..4) {
        let index = index(dim, Metric::Cosine, Storage::F32);
        index.add(&ids(rows.len()), rows.concat(), &[], false).unwrap();
        let one_by_one: Vec<_> = rows.iter().map(|query| index.search(query, k, ALL, 0.9).unwrap()).collect();
        prop_assert_eq!(index.search_many(&rows.concat(), k, ALL, 0.9, threads).unwrap(), one_by_one);
    }
}

#[test]
fn of_equally_near_rows_the_lower_id_comes_first_however_they_were_added() {
    let index = index(2, Metric::Cosine, Storage::F32);
    index.add(&[9, 3, 5, 4], &[1.0, 0.0, 2.0, 0.0, 0.0, 1.0, 3.0, 0.0], &[], false).unwrap();
    let found: Vec<i64> = index.search(&[1.0, 0.0], 2, ALL, 0.95).unwrap().iter().map(|found| found.id).collect();
    assert_eq!(found, [3, 4]);
}

#[test]
fn a_cosine_is_never_above_one_and_length_makes_no_difference() {
    let index = index(2, Metric::Cosine, Storage::F32);
    index.add(&[1, 2], &[f32::MAX, f32::MAX, f32::MIN_POSITIVE / 4.0, 0.0], &[], false).unwrap();
    let found = index.search(&[1e-30, 1e-30], 2, ALL, 0.95).unwrap();
    assert_eq!(found[0].id, 1);
    assert!(found[0].score <= 1.0 && found[0].score > 1.0 - 1e-6);
    assert!((found[1].score - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
}

#[test]
fn rows_of_very_different_lengths_are_told_apart_under_dot_and_l2() {
    for (metric, expected) in [(Metric::Dot, [3, 2, 1]), (Metric::L2, [1, 2, 3])] {
        let index = index(3, metric, Storage::F32);
        index.add(&[1, 2, 3], &[1e-3, 0.0, 0.0, 1.0, 0.0, 0.0, 1e4, 0.0, 0.0], &[], false).unwrap();
        let found: Vec<i64> = index.search(&[1e-3, 0.0, 0.0], 3, ALL, 0.95).unwrap().iter().map(|found| found.id).collect();
        assert_eq!(found, expected, "{metric:?}");
    }
}

#[test]
fn an_empty_index_and_an_empty_filter_find_nothing() {
    let index = index(3, Metric::Dot, Storage::F32);
    assert_eq!(index.search(&[1.0, 0.0, 0.0], 5, ALL, 0.95).unwrap(), []);
    index.add(&[1], &[0.0; 3], &[], false).unwrap();
    assert_eq!(index.search(&[1.0, 0.0, 0.0], 5, Filter { ids: Some(&[]), ..ALL }, 0.95).unwrap(), []);
    assert_eq!(index.search(&[1.0, 0.0, 0.0], usize::MAX, ALL, 0.95).unwrap().len(), 1);
}
