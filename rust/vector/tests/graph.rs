//! When rows are many, a walk reaches the recall that was asked for, also among few allowed rows and after half of all was replaced.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{ALL, Dice, EXACT, ids, index, own_recall};
use interlock_vector::{Filter, Metric, Storage, VectorIndex};

const ROWS: usize = 6_000;
const DIM: usize = 48;

/// An index above the size of the scan, and queries that lie as its rows do.
fn filled(metric: Metric, storage: Storage) -> (VectorIndex, Vec<f32>) {
    let all = Dice::new(3).clustered(ROWS + 200, DIM);
    let (rows, queries) = all.split_at(ROWS * DIM);
    let index = index(DIM, metric, storage);
    index.add(&ids(ROWS), rows, &[], false).unwrap();
    assert!(index.stats().unwrap().links > 0, "it has a graph");
    (index, queries.to_vec())
}

#[test]
fn a_walk_reaches_the_wanted_recall_under_every_metric() {
    for metric in Metric::ALL {
        let (index, queries) = filled(metric, Storage::F32);
        for wanted in [0.9, 0.95, 0.99] {
            let reached = own_recall(&index, &queries, ALL, wanted);
            assert!(reached >= wanted - 0.01, "{metric:?}: {reached} of {wanted}");
        }
    }
}

#[test]
fn smaller_storage_keeps_its_own_order_and_nearly_that_of_the_rows() {
    let (full, queries) = filled(Metric::Cosine, Storage::F32);
    let truth = full.search_many(&queries, 10, ALL, EXACT, 2).unwrap();
    for (storage, least) in [(Storage::F16, 0.995), (Storage::I8, 0.95)] {
        let (small, _) = filled(Metric::Cosine, storage);
        assert!(own_recall(&small, &queries, ALL, 0.95) >= 0.94, "{storage:?}");
        let against_rows = common::recall(&small.search_many(&queries, 10, ALL, EXACT, 2).unwrap(), &truth);
        assert!(against_rows >= least, "{storage:?}: {against_rows}");
    }
}

#[test]
fn a_filter_keeps_its_recall_whatever_share_of_the_rows_it_allows() {
    let (index, queries) = filled(Metric::Cosine, Storage::F32);
    for every in [2, 3, 10, 100] {
        let allowed: Vec<i64> = (0..).step_by(every).take(ROWS / every).collect();
        let reached = own_recall(&index, &queries, Filter { ids: Some(&allowed), ..ALL }, 0.95);
        assert!(reached >= 0.95, "one in {every}: {reached}");
    }
}

#[test]
fn a_filter_for_rows_far_from_the_query_finds_them_all_the_same() {
    let index = index(DIM, Metric::L2, Storage::F32);
    let near = Dice::new(5).clustered(ROWS / 2, DIM);
    let far: Vec<f32> = Dice::new(6).clustered(ROWS / 2, DIM).iter().map(|value| value + 40.0).collect();
    let labels: Vec<Option<&str>> = (0..ROWS).map(|row| Some(if row < ROWS / 2 { "near" } else { "far" })).collect();
    index.add(&ids(ROWS), [near.clone(), far].concat(), &labels, false).unwrap();
    let reached = own_recall(&index, &near[..50 * DIM], Filter { labels: Some(&["far"]), ..ALL }, 0.95);
    assert!(reached >= 0.95, "{reached}");
}

#[test]
fn replacing_half_of_the_rows_costs_no_recall() {
    let (index, queries) = filled(Metric::Cosine, Storage::F32);
    let fresh = Dice::new(4).clustered(ROWS / 2, DIM);
    let old: Vec<i64> = (0..).step_by(2).take(ROWS / 2).collect();
    for (ids, rows) in old.chunks(100).zip(fresh.chunks(100 * DIM)) {
        index.remove(ids).unwrap();
        let new: Vec<i64> = ids.iter().map(|id| id + 1_000_000).collect();
        index.add(&new, rows, &[], false).unwrap();
    }
    let stats = index.stats().unwrap();
    assert_eq!((stats.rows, stats.free_rows), (ROWS, 0), "rows that were taken out are used again");
    for queries in [&queries[..], &fresh[..100 * DIM]] {
        let reached = own_recall(&index, queries, ALL, 0.95);
        assert!(reached >= 0.94, "{reached}");
    }
}

#[test]
fn updating_half_of_the_rows_costs_no_recall() {
    let (index, queries) = filled(Metric::Cosine, Storage::F32);
    let fresh = Dice::new(8).clustered(ROWS / 2, DIM);
    for (ids, rows) in ids(ROWS / 2).chunks(500).zip(fresh.chunks(500 * DIM)) {
        index.update(ids, rows).unwrap();
    }
    assert_eq!(index.len().unwrap(), ROWS);
    for queries in [&queries[..], &fresh[..100 * DIM]] {
        let reached = own_recall(&index, queries, ALL, 0.95);
        assert!(reached >= 0.94, "{reached}");
    }
}

#[test]
fn every_row_finds_itself_after_most_others_have_gone() {
    let (index, _) = filled(Metric::L2, Storage::F32);
    let gone: Vec<i64> = ids(ROWS).into_iter().filter(|id| id % 10 != 3).collect();
    index.remove(&gone).unwrap();
    let left = index.ids().unwrap();
    assert_eq!(left.len(), ROWS / 10);
    let rows: Vec<f32> = left.iter().flat_map(|id| index.get(*id).unwrap()).collect();
    let found = index.search_many(&rows, 1, ALL, 0.95, 1).unwrap();
    assert_eq!(found.iter().map(|found| found[0].id).collect::<Vec<_>>(), left);
    index.remove(&left).unwrap();
    assert!(index.is_empty().unwrap());
    index.add(&[1], &[1.0; DIM], &[], false).unwrap();
    assert_eq!(index.search(&[1.0; DIM], 3, ALL, 0.95).unwrap().len(), 1);
}

#[test]
fn the_same_rows_give_the_same_answers_on_any_number_of_threads() {
    let (first, queries) = filled(Metric::Cosine, Storage::F32);
    let (second, _) = filled(Metric::Cosine, Storage::F32);
    assert_eq!(first.stats().unwrap(), second.stats().unwrap());
    assert_eq!(first.revision().unwrap(), second.revision().unwrap());
    let found = first.search_many(&queries, 10, ALL, 0.9, 1).unwrap();
    assert_eq!(second.search_many(&queries, 10, ALL, 0.9, 4).unwrap(), found);
}

#[test]
fn thousands_of_equal_rows_are_no_trap() {
    let rows: Vec<f32> =
        (0..ROWS).flat_map(|row| if row % 2 == 0 { [1.0, 0.0] } else { [1.0, f32::from(u16::try_from(row).unwrap())] }).collect();
    let index = index(2, Metric::L2, Storage::F32);
    index.add(&ids(ROWS), &rows, &[], false).unwrap();
    let found = index.search(&[1.0, 4_001.0], 1, ALL, 0.95).unwrap();
    assert_eq!(found[0].id, 4_001);
}
