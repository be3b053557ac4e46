//! Reliability weights: three columns of text in, one JSON object out.

use interlock_reliability::{Labels, ReliabilityError, cross_validate, fit, majority, weighted};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::error;

/// Fit Dawid–Skene to labels, and choose between it and the majority by cross-validation. Raises `UsageError` for what can't be fitted.
#[pyfunction]
#[pyo3(signature = (workers, tasks, labels, folds=5))]
pub(crate) fn fit_reliability(
    py: Python<'_>,
    workers: Vec<String>,
    tasks: Vec<String>,
    labels: Vec<String>,
    folds: usize,
) -> PyResult<String> {
    py.detach(|| found(&workers, &tasks, &labels, folds)).map_err(|cause| error::reliability(&cause))
}

fn found(workers: &[String], tasks: &[String], labels: &[String], folds: usize) -> Result<String, ReliabilityError> {
    let labels = Labels::build(workers, tasks, labels)?;
    let scores = cross_validate(&labels, folds)?;
    let fit = fit(&labels);
    let (tasks, workers) = (0..labels.tasks().len(), 0..labels.workers().len());
    let report = json!({
        "workers": labels.workers(),
        "tasks": labels.tasks(),
        "classes": labels.classes(),
        "labels": labels.rows().len(),
        "majority": majority(&labels),
        "dawid_skene": tasks.clone().map(|task| fit.label(task)).collect::<Vec<_>>(),
        "weighted": weighted(&labels, fit.weights()),
        "posteriors": tasks.map(|task| fit.posterior(task).into()).collect::<Vec<Value>>(),
        "confusion": workers.map(|worker| fit.confusion(worker)).collect::<Vec<_>>(),
        "weights": fit.weights(),
        "iterations": fit.iterations(),
        "converged": fit.converged(),
        "chosen": scores.chosen().word(),
        "cross_validation": {
            "folds": scores.folds,
            "labels": scores.labels,
            "majority": scores.majority,
            "dawid_skene": scores.dawid_skene,
            "advantage": scores.advantage,
            "standard_error": scores.standard_error,
        },
    });
    Ok(report.to_string())
}
