//! What the index refuses, and that it says where.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_vector::{Index, VectorError};

fn index() -> Index {
    Index::build(2, vec![1.0, 0.0, 0.0, 1.0], vec![1, 2]).unwrap()
}

#[test]
fn vectors_without_dimensions_are_refused() {
    assert_eq!(Index::build(0, vec![], vec![]).unwrap_err(), VectorError::NoDimension);
}

#[test]
fn rows_that_do_not_fit_the_labels_are_refused() {
    assert_eq!(Index::build(2, vec![1.0; 5], vec![1, 2]).unwrap_err(), VectorError::Length { values: 5, labels: 2, dim: 2 });
    assert_eq!(
        Index::build(usize::MAX, vec![1.0; 4], vec![1, 2]).unwrap_err(),
        VectorError::Length { values: 4, labels: 2, dim: usize::MAX }
    );
}

#[test]
fn a_value_that_is_not_finite_is_named_by_row_and_column() {
    assert_eq!(Index::build(2, vec![1.0, 0.0, 1.0, f32::NAN], vec![1, 2]).unwrap_err(), VectorError::NotFinite { row: 1, column: 1 });
    assert_eq!(Index::build(2, vec![f32::INFINITY, 0.0], vec![1]).unwrap_err(), VectorError::NotFinite { row: 0, column: 0 });
}

#[test]
fn a_zero_row_is_named() {
    let error = Index::build(2, vec![1.0, 0.0, 0.0, -0.0], vec![1, 2]).unwrap_err();
    assert_eq!(error, VectorError::Zero { row: 1 });
    assert_eq!(error.to_string(), "row 1 is zero throughout, so it points nowhere");
    assert_eq!(error.hint(), "embed this example again, or leave it out");
}

#[test]
fn a_query_that_does_not_fit_is_refused() {
    assert_eq!(index().search(&[1.0], 1).unwrap_err(), VectorError::QueryLength { given: 1, dim: 2 });
    assert_eq!(index().search(&[1.0, f32::NAN], 1).unwrap_err(), VectorError::QueryNotFinite { column: 1 });
    assert_eq!(index().search(&[0.0, 0.0], 1).unwrap_err(), VectorError::QueryZero);
    assert_eq!(index().search(&[1.0, 0.0], 0).unwrap_err(), VectorError::NoneWanted);
}

#[test]
fn the_revision_follows_the_content_and_nothing_else() {
    let changed = [
        Index::build(2, vec![1.0, 0.0, 0.0, -1.0], vec![1, 2]).unwrap(),
        Index::build(2, vec![1.0, 0.0, 0.0, 1.0], vec![2, 1]).unwrap(),
        Index::build(2, vec![1.0, 0.0], vec![1]).unwrap(),
    ];
    assert_eq!(index().revision(), index().revision());
    for other in changed {
        assert_ne!(index().revision(), other.revision());
    }
}

#[test]
fn the_revision_is_the_same_number_for_ever() {
    // Journals hold it as evidence, so a change of the hash is a change of format.
    assert_eq!(index().revision(), 13_863_896_829_838_241_946);
}
