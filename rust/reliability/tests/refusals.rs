//! What the labels must not be, and that the error says where.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_reliability::{Labels, ReliabilityError, cross_validate};

fn refused(rows: &[(&str, &str, &str)]) -> ReliabilityError {
    let (workers, tasks, labels) = columns(rows);
    Labels::build(&workers, &tasks, &labels).unwrap_err()
}

fn columns<'a>(rows: &[(&'a str, &'a str, &'a str)]) -> (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>) {
    (rows.iter().map(|row| row.0).collect(), rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect())
}

#[test]
fn no_labels_are_refused() {
    assert_eq!(refused(&[]), ReliabilityError::Empty);
}

#[test]
fn columns_of_unequal_length_are_refused() {
    let error = Labels::build(&["a", "b"], &["1"], &["x", "y", "z"]).unwrap_err();
    assert_eq!(error, ReliabilityError::Columns { workers: 2, tasks: 1, labels: 3 });
    assert_eq!(error.to_string(), "2 workers, 1 tasks and 3 labels are not columns of one length");
}

#[test]
fn an_empty_name_is_named_by_row_and_column() {
    assert_eq!(refused(&[("a", "1", "x"), ("", "1", "y")]), ReliabilityError::Blank { row: 1, column: "worker" });
    assert_eq!(refused(&[("a", "", "x"), ("b", "1", "y")]), ReliabilityError::Blank { row: 0, column: "task" });
    assert_eq!(refused(&[("a", "1", "x"), ("b", "1", "")]), ReliabilityError::Blank { row: 1, column: "label" });
}

#[test]
fn two_labels_of_a_worker_for_a_task_are_refused() {
    let error = refused(&[("a", "1", "y"), ("b", "1", "x"), ("b", "2", "x"), ("a", "1", "x")]);
    let text = |value: &str| value.to_owned();
    let expected = ReliabilityError::Contradiction { worker: text("a"), task: text("1"), first: text("x"), second: text("y") };
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), r#"worker "a" labels task "1" as "x" and as "y""#);
    assert_eq!(error.hint(), "keep one label of a worker for a task");
}

#[test]
fn one_class_one_worker_or_one_task_is_too_little() {
    assert_eq!(refused(&[("a", "1", "x"), ("b", "2", "x")]), ReliabilityError::OneClass { class: "x".into() });
    assert_eq!(refused(&[("a", "1", "x"), ("a", "2", "y")]), ReliabilityError::OneWorker { worker: "a".into() });
    assert_eq!(refused(&[("a", "1", "x"), ("b", "1", "y")]), ReliabilityError::OneTask { task: "1".into() });
}

#[test]
fn free_text_in_place_of_classes_is_refused_before_it_fills_the_memory() {
    let texts: Vec<String> = (0..3_000).map(|number| format!("text {number}")).collect();
    let workers: Vec<String> = (0..3_000).map(|number| format!("worker {}", number % 2)).collect();
    let error = Labels::build(&workers, &texts, &texts).unwrap_err();
    assert!(matches!(error, ReliabilityError::TooLarge { workers: 2, tasks: 3_000, classes: 3_000, .. }), "{error}");
}

#[test]
fn fewer_than_two_folds_or_more_than_a_hundred_are_refused() {
    let (workers, tasks, labels) = columns(&[("a", "1", "x"), ("b", "1", "y"), ("a", "2", "x"), ("b", "2", "x")]);
    let labels = Labels::build(&workers, &tasks, &labels).unwrap();
    for given in [0, 1, 101, usize::MAX] {
        assert_eq!(cross_validate(&labels, given).unwrap_err(), ReliabilityError::Folds { given });
    }
    for given in [2, 100] {
        assert!(cross_validate(&labels, given).is_ok());
    }
}

#[test]
fn a_row_that_is_there_twice_counts_once() {
    let once = columns(&[("a", "1", "x"), ("b", "1", "y"), ("a", "2", "x"), ("b", "2", "x")]);
    let twice = columns(&[("a", "1", "x"), ("b", "1", "y"), ("a", "2", "x"), ("b", "2", "x"), ("a", "1", "x")]);
    let build = |rows: (Vec<&str>, Vec<&str>, Vec<&str>)| Labels::build(&rows.0, &rows.1, &rows.2).unwrap();
    assert_eq!(build(once), build(twice));
}
