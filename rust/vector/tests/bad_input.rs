//! What the vector index refuses: by name, with a code for programs, and without having changed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{ALL, index};
use interlock_vector::{Filter, Metric, Shape, Storage, VectorError, VectorIndex};

/// One row, 5, with a label.
fn held() -> VectorIndex {
    let index = index(2, Metric::Cosine, Storage::F32);
    index.add(&[5], &[1.0, 2.0], &[Some("red")], false).unwrap();
    index
}

/// The error, after a look that nothing changed.
fn refused(change: impl Fn(&VectorIndex) -> Result<(), VectorError>) -> VectorError {
    let index = held();
    let error = change(&index).unwrap_err();
    assert_eq!((index.revision().unwrap(), index.ids().unwrap()), (held().revision().unwrap(), vec![5]), "{error}");
    assert!(!error.hint().is_empty());
    error
}

#[test]
fn rows_that_can_not_be_kept_are_named() {
    let added = |ids: &'static [i64], rows: &'static [f32]| refused(|index| index.add(ids, rows, &[], false));
    assert_eq!(added(&[1], &[1.0]), VectorError::Shape { values: 1, rows: 1, dim: 2 });
    assert_eq!(added(&[1, 2], &[1.0, 0.0, f32::NAN, 0.0]), VectorError::NotFinite { row: 1, column: 0 });
    assert_eq!(added(&[1], &[1.0, f32::INFINITY]), VectorError::NotFinite { row: 0, column: 1 });
    assert_eq!(added(&[1, 2], &[1.0, 0.0, 0.0, -0.0]), VectorError::Zero { row: 1 });
}

#[test]
fn ids_that_can_not_be_taken_are_named() {
    let rows = [1.0, 0.0, 0.0, 1.0];
    assert_eq!(refused(|index| index.add(&[1, -3], &rows, &[], true)), VectorError::NegativeId { id: -3 });
    assert_eq!(refused(|index| index.add(&[6, 5], &rows, &[], false)), VectorError::Duplicate { id: 5 });
    assert_eq!(refused(|index| index.add(&[6, 6], &rows, &[], true)), VectorError::Twice { id: 6 });
    assert_eq!(refused(|index| index.update(&[5, 6], &rows)), VectorError::UnknownId { id: 6 });
    assert_eq!(refused(|index| index.remove(&[5, 6])), VectorError::UnknownId { id: 6 });
    assert_eq!(refused(|index| index.remove(&[5, 5])), VectorError::Twice { id: 5 });
    assert_eq!(refused(|index| index.get(6).map(|_| ())), VectorError::UnknownId { id: 6 });
    assert_eq!(refused(|index| index.add(&[6, 7], &rows, &[None], false)), VectorError::Labels { labels: 1, ids: 2 });
}

#[test]
fn questions_that_have_no_answer_are_refused() {
    let asked = |query: &'static [f32], k, recall| refused(|index| index.search(query, k, ALL, recall).map(|_| ()));
    assert_eq!(asked(&[1.0], 1, 0.9), VectorError::QueryLength { given: 1, dim: 2 });
    assert_eq!(asked(&[1.0, f32::NAN], 1, 0.9), VectorError::QueryNotFinite { column: 1 });
    assert_eq!(asked(&[0.0, 0.0], 1, 0.9), VectorError::QueryZero);
    assert_eq!(asked(&[1.0, 0.0], 0, 0.9), VectorError::NoneWanted);
    for recall in [0.0, -1.0, 1.01, f64::NAN] {
        assert_eq!(asked(&[1.0, 0.0], 1, recall).code(), "vector.recall");
    }
    let negative = Filter { ids: Some(&[5, -1]), ..ALL };
    assert_eq!(refused(|index| index.search(&[1.0, 0.0], 1, negative, 0.9).map(|_| ())), VectorError::NegativeId { id: -1 });
    let others = held().subset(&[5]).unwrap();
    let foreign = Filter { subset: Some(&others), ..ALL };
    assert_eq!(refused(|index| index.search(&[1.0, 0.0], 1, foreign, 0.9).map(|_| ())), VectorError::OtherIndex);
    assert_eq!(refused(|index| index.search_many(&[1.0; 3], 1, ALL, 0.9, 1).map(|_| ())), VectorError::QueryLength { given: 1, dim: 2 });
}

#[test]
fn numbers_whose_squares_can_not_be_summed_are_refused_where_they_are_kept_as_they_are() {
    let raw = index(2, Metric::Dot, Storage::F32);
    assert_eq!(raw.add(&[1], &[1e17, 0.0], &[], false).unwrap_err().code(), "vector.too_large");
    assert_eq!(raw.search(&[0.0, 1e17], 1, ALL, 0.9).unwrap_err(), VectorError::QueryTooLarge { column: 1 });
    let halves = index(2, Metric::L2, Storage::F16);
    let error = halves.add(&[1, 2], &[65_504.0, 0.0, 0.0, 65_505.0], &[], false).unwrap_err();
    assert_eq!(error.to_string(), "row 1 has a value at 1 that the index can't hold: it keeps up to 65504");
    assert!(halves.is_empty().unwrap());
}

#[test]
fn names_and_dimensions_that_mean_nothing_are_refused() {
    assert_eq!(Shape::new(0, Metric::L2, Storage::F32).unwrap_err(), VectorError::NoDimension);
    assert_eq!(Shape::new(65_537, Metric::L2, Storage::F32).unwrap_err(), VectorError::TooManyDimensions { dim: 65_537 });
    assert_eq!(Metric::named("hamming").unwrap_err().to_string(), "the metric \"hamming\" is unknown");
    assert_eq!(Storage::named("f64").unwrap_err().code(), "vector.storage");
    assert_eq!(Metric::ALL.map(|metric| Metric::named(metric.name()).unwrap()), Metric::ALL);
}

#[test]
fn the_largest_dimension_overflows_no_sum() {
    let index = index(65_536, Metric::Dot, Storage::I8);
    index.add(&[1, 2], [vec![1.0; 65_536], vec![-1.0; 65_536]].concat(), &[], false).unwrap();
    let found = index.search(&vec![3.0; 65_536], 2, ALL, 0.95).unwrap();
    assert_eq!((found[0].id, found[1].id), (1, 2));
    assert!((found[0].score - 3.0 * 65_536.0).abs() < 1.0, "{found:?}");
}
