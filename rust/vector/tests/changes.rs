//! Adding, updating and taking out, against a map that is changed in the same way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::collections::BTreeMap;

use common::{ALL, Dice, EXACT, ids, index, nearest};
use interlock_vector::{Filter, Metric, Storage, VectorIndex};
use proptest::prelude::*;

const DIM: usize = 5;

#[derive(Debug, Clone)]
enum Change {
    Add(Vec<i64>, u64),
    Replace(Vec<i64>, u64),
    Update(Vec<i64>, u64),
    Remove(Vec<i64>),
}

fn change() -> impl Strategy<Value = Change> {
    let some = || proptest::collection::btree_set(0_i64..40, 1..8).prop_map(|ids| ids.into_iter().collect::<Vec<i64>>()).prop_shuffle();
    prop_oneof![
        (some(), any::<u64>()).prop_map(|(ids, seed)| Change::Add(ids, seed)),
        (some(), any::<u64>()).prop_map(|(ids, seed)| Change::Replace(ids, seed)),
        (some(), any::<u64>()).prop_map(|(ids, seed)| Change::Update(ids, seed)),
        some().prop_map(Change::Remove),
    ]
}

/// What each id has: its vector, and its label.
type Model = BTreeMap<i64, (Vec<f32>, Option<&'static str>)>;

fn label(id: i64) -> Option<&'static str> {
    [None, Some("a"), Some("b")][usize::try_from(id % 3).unwrap()]
}

/// Apply to both; whether the index took it must be what the model says.
fn apply(change: &Change, index: &VectorIndex, model: &mut Model) {
    let rows = |ids: &[i64], seed: u64| Dice::new(seed).clustered(ids.len(), DIM);
    match change {
        Change::Add(ids, seed) | Change::Replace(ids, seed) => {
            let (vectors, replace) = (rows(ids, *seed), matches!(change, Change::Replace(..)));
            let labels: Vec<Option<&str>> = ids.iter().map(|id| label(*id)).collect();
            let taken = index.add(ids, &vectors, &labels, replace).is_ok();
            assert_eq!(taken, replace || !ids.iter().any(|id| model.contains_key(id)));
            if taken {
                let new = ids.iter().zip(vectors.chunks(DIM));
                model.extend(new.map(|(id, row)| (*id, (row.to_vec(), label(*id)))));
            }
        }
        Change::Update(ids, seed) => {
            let vectors = rows(ids, *seed);
            let taken = index.update(ids, &vectors).is_ok();
            assert_eq!(taken, ids.iter().all(|id| model.contains_key(id)));
            if taken {
                for (id, row) in ids.iter().zip(vectors.chunks(DIM)) {
                    model.get_mut(id).unwrap().0 = row.to_vec();
                }
            }
        }
        Change::Remove(ids) => {
            let taken = index.remove(ids).is_ok();
            assert_eq!(taken, ids.iter().all(|id| model.contains_key(id)));
            if taken {
                model.retain(|id, _| !ids.contains(id));
            }
        }
    }
}

/// A new index with the model's content.
fn rebuilt(model: &Model) -> VectorIndex {
    let fresh = index(DIM, Metric::L2, Storage::F32);
    let (ids, rows): (Vec<i64>, Vec<_>) = model.iter().map(|(id, row)| (*id, row)).unzip();
    let vectors: Vec<f32> = rows.iter().flat_map(|(vector, _)| vector.clone()).collect();
    let labels: Vec<Option<&str>> = rows.iter().map(|(_, label)| *label).collect();
    fresh.add(&ids, &vectors, &labels, false).unwrap();
    fresh
}

proptest! {
    #[test]
    fn an_index_holds_what_was_put_into_it_and_nothing_else(changes in proptest::collection::vec(change(), 1..30), seed in any::<u64>()) {
        let index = index(DIM, Metric::L2, Storage::F32);
        let mut model = Model::new();
        for change in &changes {
            let before = index.revision().unwrap();
            let held = model.clone();
            apply(change, &index, &mut model);
            prop_assert_eq!(index.revision().unwrap() == before, held == model, "the revision changes with the content");
        }
        prop_assert_eq!(index.ids().unwrap(), model.keys().copied().collect::<Vec<_>>());
        for (id, (vector, label)) in &model {
            prop_assert_eq!(&index.get(*id).unwrap(), vector);
            prop_assert_eq!(index.label(*id).unwrap(), label.map(str::to_owned));
        }
        let fresh = rebuilt(&model);
        prop_assert_eq!(index.revision().unwrap(), fresh.revision().unwrap(), "history leaves no trace");
        let query = Dice::new(seed).clustered(1, DIM);
        for filter in [ALL, Filter { labels: Some(&["b"]), ..ALL }] {
            prop_assert_eq!(index.search(&query, 7, filter, EXACT).unwrap(), fresh.search(&query, 7, filter, EXACT).unwrap());
        }
    }
}

#[test]
fn a_large_index_that_changes_row_by_row_keeps_finding_what_it_holds() {
    let rows = Dice::new(7).clustered(3_500, DIM);
    let index = index(DIM, Metric::L2, Storage::F32);
    index.add(&ids(3_000), &rows[..3_000 * DIM], &[], false).unwrap();
    let mut model: BTreeMap<i64, Vec<f32>> = (0..).zip(rows[..3_000 * DIM].chunks(DIM).map(<[f32]>::to_vec)).collect();
    let mut dice = Dice::new(9);
    for (new, row) in (3_000..).zip(rows[3_000 * DIM..].chunks(DIM)) {
        let gone = *model.keys().nth(dice.below(model.len())).unwrap();
        index.remove(&[gone]).unwrap();
        model.remove(&gone);
        index.add(&[new], row, &[], false).unwrap();
        model.insert(new, row.to_vec());
    }
    for query in rows[3_000 * DIM..].chunks(DIM).take(100) {
        let truth: Vec<i64> = nearest(Metric::L2, &model, query, 5).iter().map(|(id, _)| *id).collect();
        let found: Vec<i64> = index.search(query, 5, ALL, EXACT).unwrap().iter().map(|found| found.id).collect();
        assert_eq!(found, truth);
        assert_eq!(index.search(query, 1, ALL, 0.95).unwrap()[0].id, truth[0]);
    }
}

#[test]
fn a_subset_follows_the_index_as_it_changes() {
    let index = index(2, Metric::L2, Storage::F32);
    index.add(&[1, 2, 3], &[1.0, 0.0, 2.0, 0.0, 3.0, 0.0], &[], false).unwrap();
    let subset = index.subset(&[2, 3, 4]).unwrap();
    let found = || -> Vec<i64> {
        let filter = Filter { subset: Some(&subset), ..ALL };
        index.search(&[0.0, 0.0], 9, filter, 0.95).unwrap().iter().map(|found| found.id).collect()
    };
    assert_eq!(found(), [2, 3]);
    index.remove(&[2]).unwrap();
    assert_eq!(found(), [3]);
    index.add(&[4], &[0.5, 0.0], &[], false).unwrap();
    assert_eq!(found(), [4, 3]);
}
