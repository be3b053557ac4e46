//! What crosses to and from the engine in more than one method.

use interlock_engine::{EngineError, Resumed, Started, Stats, Step};
use interlock_kernel::{Name, RunId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error;
use crate::step::{PyStarted, PyStep};

pub(crate) fn stepped(py: Python<'_>, step: Result<Step, EngineError>) -> PyResult<PyStep> {
    PyStep::build(py, step.map_err(error::engine)?)
}

pub(crate) fn resumed(py: Python<'_>, Resumed { run, id, step, plan }: Resumed) -> PyResult<PyStarted> {
    PyStarted::build(py, Started::New { run, id, step, plan: Some(plan) })
}

pub(crate) fn names(labels: Option<Vec<String>>) -> Vec<Name> {
    labels.unwrap_or_default().into_iter().map(Name::from).collect()
}

pub(crate) fn run_id(text: &str) -> PyResult<RunId> {
    text.parse().map_err(PyValueError::new_err)
}

/// Counts since the engine was opened, as a JSON object.
pub(crate) fn counts(stats: Stats) -> String {
    serde_json::json!({
        "started": stats.started, "settled": stats.settled, "turns": stats.turns, "frames": stats.frames,
        "gate_decisions": stats.passages, "absorbed": stats.absorbed, "live": stats.live, "queued_turns": stats.queued_turns,
    })
    .to_string()
}
