//! What the index finds, against a plain sort in double precision.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_vector::Index;
use proptest::prelude::*;

fn rows(dim: usize) -> impl Strategy<Value = Vec<Vec<f32>>> {
    let row = proptest::collection::vec(-8.0_f32..8.0, dim)
        .prop_filter("a zero row has no direction", |row| row.iter().any(|value| value.abs() > 0.01));
    proptest::collection::vec(row, 2..40)
}

fn cosine(left: &[f32], right: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    dot(left, right) / (dot(left, left).sqrt() * dot(right, right).sqrt())
}

fn labels(rows: usize) -> Vec<u32> {
    (0..).map(|row| row * 10).take(rows).collect()
}

proptest! {
    #[test]
    fn a_search_agrees_with_a_plain_sort((dim, rows) in (1_usize..80).prop_flat_map(|dim| (Just(dim), rows(dim))), k in 1_usize..12) {
        let (query, rows) = (rows[0].clone(), &rows[1..]);
        let index = Index::build(dim, rows.concat(), labels(rows.len())).unwrap();
        let hits = index.search(&query, k).unwrap();

        let mut expected: Vec<f64> = rows.iter().map(|row| cosine(&query, row)).collect();
        for hit in &hits {
            prop_assert!((f64::from(hit.score) - expected[hit.row as usize]).abs() < 1e-5);
            prop_assert_eq!(hit.label, hit.row * 10);
        }
        expected.sort_by(|a, b| b.total_cmp(a));
        prop_assert_eq!(hits.len(), k.min(rows.len()));
        for (hit, score) in hits.iter().zip(expected) {
            prop_assert!((f64::from(hit.score) - score).abs() < 1e-5, "{} is not {score}", hit.score);
        }
        for pair in hits.windows(2) {
            prop_assert!((pair[1].score, pair[0].row) < (pair[0].score, pair[1].row), "{pair:?}");
        }
    }

    #[test]
    fn the_best_k_are_the_head_of_the_best_of_all(rows in rows(33), k in 1_usize..12) {
        let index = Index::build(33, rows.concat(), labels(rows.len())).unwrap();
        let all = index.search(&rows[0], rows.len()).unwrap();
        prop_assert_eq!(index.search(&rows[0], k).unwrap(), &all[..k.min(all.len())]);
    }
}

#[test]
fn equal_scores_come_in_the_order_of_the_rows() {
    let index = Index::build(2, vec![0.0, 1.0, 3.0, 0.0, 1.0, 0.0, 2.0, 0.0], vec![0, 1, 2, 3]).unwrap();
    let rows: Vec<u32> = index.search(&[1.0, 0.0], 2).unwrap().iter().map(|hit| hit.row).collect();
    assert_eq!(rows, [1, 2]);
}

#[test]
fn length_makes_no_difference_however_large_or_small() {
    let index = Index::build(2, vec![f32::MAX, f32::MAX, f32::MIN_POSITIVE / 4.0, 0.0], vec![1, 2]).unwrap();
    let hits = index.search(&[1e-30, 1e-30], 2).unwrap();
    assert_eq!(hits[0].row, 0);
    assert!((hits[0].score - 1.0).abs() < 1e-6);
    assert!((hits[1].score - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
}

#[test]
fn a_score_is_never_above_one() {
    let row: Vec<f32> = (0..300_u16).map(|column| f32::from(column).sin()).collect();
    let index = Index::build(300, row.clone(), vec![0]).unwrap();
    assert!(index.search(&row, 1).unwrap()[0].score <= 1.0);
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = Index::build(3, vec![], vec![]).unwrap();
    assert!(index.is_empty());
    assert_eq!(index.search(&[1.0, 0.0, 0.0], 5).unwrap(), []);
}

#[test]
fn more_neighbours_than_rows_gives_every_row() {
    let index = Index::build(1, vec![1.0, -1.0], vec![4, 5]).unwrap();
    assert_eq!(index.search(&[2.0], usize::MAX).unwrap().len(), 2);
}
