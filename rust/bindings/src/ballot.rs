//! What a recorded answer votes for, by the rule that votes themselves are counted by.

use std::sync::Arc;

use interlock_kernel::{BallotKey, Content, Fold, Rules};
use interlock_rules::{PlanChecks, RuleBook};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The vote: the folded text, or the JSON of the field at a dotted path. Nothing is an abstention; raises `ValueError` for a spoiled ballot.
#[pyfunction]
#[pyo3(signature = (text, data=None, path=None))]
pub(crate) fn ballot(text: &str, data: Option<&[u8]>, path: Option<String>) -> PyResult<Option<String>> {
    let key = path.map_or(BallotKey::Text, |path| BallotKey::Field { path, fold: Fold::Exact });
    let rules = RuleBook::new(None, Arc::new(PlanChecks::default()));
    rules.ballot(&key, Content { text, data, labels: &[] }).map_err(PyValueError::new_err)
}
