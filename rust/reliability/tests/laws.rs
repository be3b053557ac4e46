//! What holds for any labels, and what is found in panels whose truth is known.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a test that can't be set up has failed, and equal bits are meant")]

use interlock_reliability::{EQUAL_WEIGHT, Labels, MOST_ITERATIONS, MOST_WEIGHT, Method, cross_validate, fit, majority, weighted};
use proptest::prelude::*;

type Row = (usize, usize, usize);

fn build(rows: &[Row]) -> Labels {
    let workers: Vec<String> = rows.iter().map(|row| format!("w{:03}", row.0)).collect();
    let tasks: Vec<String> = rows.iter().map(|row| format!("t{:03}", row.1)).collect();
    let classes: Vec<String> = rows.iter().map(|row| format!("c{}", row.2)).collect();
    Labels::build(&workers, &tasks, &classes).unwrap()
}

/// Labels with gaps, in two orders. Two workers, two tasks and two classes always occur.
fn panels() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    (2_usize..7, 2_usize..20, 2_usize..5)
        .prop_flat_map(|(workers, tasks, classes)| {
            let cells = proptest::collection::vec(proptest::option::weighted(0.7, 0..classes), workers * tasks);
            cells.prop_map(move |mut cells| {
                cells[0] = Some(0);
                cells[tasks + 1] = Some(1);
                let rows = cells.into_iter().enumerate();
                rows.filter_map(|(at, class)| class.map(|class| (at / tasks, at % tasks, class))).collect::<Vec<Row>>()
            })
        })
        .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

/// A panel in which worker `w` is right in `rights[w]` of 100 answers, with a truth that is drawn too.
fn panel(rights: &[usize], tasks: usize, classes: usize, seed: u64) -> (Vec<Row>, Vec<usize>) {
    let mut state = seed;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let truth: Vec<usize> = (0..tasks).map(|_| draw(classes)).collect();
    let mut rows = Vec::new();
    for (task, truth) in truth.iter().enumerate() {
        for (worker, right) in rights.iter().enumerate() {
            let class = if draw(100) < *right { *truth } else { (truth + 1 + draw(classes - 1)) % classes };
            rows.push((worker, task, class));
        }
    }
    (rows, truth)
}

fn right(chosen: &[usize], truth: &[usize]) -> usize {
    chosen.iter().zip(truth).filter(|(a, b)| a == b).count()
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_no_bit((rows, shuffled) in panels()) {
        let (one, other) = (build(&rows), build(&shuffled));
        prop_assert_eq!(&one, &other);
        let (first, second) = (fit(&one), fit(&other));
        for task in 0..one.tasks().len() {
            prop_assert_eq!(first.posterior(task), second.posterior(task));
        }
        prop_assert_eq!(first.weights(), second.weights());
        prop_assert_eq!(cross_validate(&one, 3).unwrap(), cross_validate(&other, 3).unwrap());
    }

    #[test]
    fn probabilities_are_probabilities_and_weights_keep_their_bounds((rows, _) in panels()) {
        let labels = build(&rows);
        let fit = fit(&labels);
        let whole = |values: &[f64]| values.iter().all(|value| (0.0..=1.0).contains(value)) && (values.iter().sum::<f64>() - 1.0).abs() < 1e-12;
        for task in 0..labels.tasks().len() {
            prop_assert!(whole(fit.posterior(task)), "{:?}", fit.posterior(task));
            let most = fit.posterior(task).iter().copied().fold(0.0, f64::max);
            prop_assert!(fit.posterior(task)[fit.label(task)] >= most - 1e-8);
        }
        for worker in 0..labels.workers().len() {
            prop_assert!(fit.confusion(worker).iter().all(|row| whole(row) && row.iter().all(|cell| *cell > 0.0)));
            prop_assert!(fit.weight(worker) <= MOST_WEIGHT);
        }
        prop_assert!(fit.iterations() >= 1 && fit.iterations() <= MOST_ITERATIONS);
        prop_assert!(fit.converged() || fit.iterations() == MOST_ITERATIONS);
        let scores = cross_validate(&labels, 5).unwrap();
        prop_assert!(scores.majority < 0.0 && scores.dawid_skene < 0.0);
        prop_assert!((scores.dawid_skene - scores.majority - scores.advantage).abs() < 1e-9);
        prop_assert_eq!(scores.labels, labels.rows().len());
    }

    #[test]
    fn a_vote_with_equal_weights_is_the_majority((rows, _) in panels()) {
        let labels = build(&rows);
        prop_assert_eq!(majority(&labels), weighted(&labels, &vec![EQUAL_WEIGHT; labels.workers().len()]));
    }
}

#[test]
fn of_equal_votes_the_class_that_stands_first_is_taken() {
    let labels = build(&[(0, 0, 2), (1, 0, 1), (0, 1, 0), (1, 1, 0)]);
    assert_eq!(labels.classes(), ["c0", "c1", "c2"]);
    assert_eq!(majority(&labels), [1, 0]);
}

#[test]
fn two_experts_outweigh_five_who_guess() {
    let (rows, truth) = panel(&[95, 92, 55, 52, 55, 52, 50], 300, 2, 7);
    let labels = build(&rows);
    let fit = fit(&labels);
    let found: Vec<usize> = (0..labels.tasks().len()).map(|task| fit.label(task)).collect();
    assert!(right(&found, &truth) > right(&majority(&labels), &truth) + 20);
    assert!(right(&weighted(&labels, fit.weights()), &truth) > right(&majority(&labels), &truth) + 20);
    assert!(fit.weights()[..2].iter().all(|expert| fit.weights()[2..].iter().all(|guess| *expert > 3 * guess)), "{:?}", fit.weights());
    assert_eq!(cross_validate(&labels, 5).unwrap().chosen(), Method::DawidSkene);
}

#[test]
fn weights_are_log_odds_of_accuracy_in_thousandths() {
    let (rows, _) = panel(&[90, 90, 90, 90, 75], 2_000, 2, 11);
    let fit = fit(&build(&rows));
    let expected = |accuracy: f64| (accuracy / (1.0 - accuracy)).ln() * 1_000.0;
    assert!((f64::from(fit.weight(0)) - expected(0.90)).abs() < 200.0, "{:?}", fit.weights());
    assert!((f64::from(fit.weight(4)) - expected(0.75)).abs() < 200.0, "{:?}", fit.weights());
}

#[test]
fn who_errs_more_often_than_chance_has_no_voice() {
    let (rows, _) = panel(&[90, 90, 90, 90, 10], 200, 2, 3);
    assert_eq!(fit(&build(&rows)).weight(4), 0);
}

#[test]
fn who_is_never_wrong_has_the_most_weight_and_no_more() {
    let rows: Vec<Row> = (0..400).flat_map(|task| (0..3).map(move |worker| (worker, task, task % 2))).collect();
    assert_eq!(fit(&build(&rows)).weights(), [MOST_WEIGHT; 3]);
}

#[test]
fn the_majority_is_kept_where_everyone_is_equally_reliable() {
    for classes in 2..5 {
        for seed in 0..20 {
            let (rows, _) = panel(&[75; 7], 100, classes, seed);
            let scores = cross_validate(&build(&rows), 5).unwrap();
            assert_eq!(scores.chosen(), Method::Majority, "{classes} classes, seed {seed}: {scores:?}");
        }
    }
}

#[test]
fn a_worker_who_takes_yes_for_no_is_of_use_to_dawid_skene() {
    // A vote can't use someone who is always wrong; a confusion matrix can.
    let (rows, truth) = panel(&[80, 80, 2], 300, 2, 5);
    let labels = build(&rows);
    let fit = fit(&labels);
    let found: Vec<usize> = (0..labels.tasks().len()).map(|task| fit.label(task)).collect();
    assert!(right(&found, &truth) >= 285, "{}", right(&found, &truth));
    assert!(fit.confusion(2)[0][1] > 0.9);
}
