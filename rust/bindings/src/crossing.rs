//! What crosses to and from the engine in more than one method.

use interlock_engine::{EngineError, Expired, Resumed, Started, Stats, Step};
use interlock_kernel::{Name, RunId};
use pyo3::exceptions::{PyBaseException, PyValueError};
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

/// Steps by run, runs that go on, and an error.
pub(crate) type PyExpired = (Vec<(u64, PyStep)>, Vec<PyStarted>, Option<Py<PyBaseException>>);

pub(crate) fn expired(py: Python<'_>, Expired { steps, woken, failed }: Expired) -> PyResult<PyExpired> {
    let steps = steps.into_iter().map(|(run, step)| Ok((run, PyStep::build(py, step)?))).collect::<PyResult<_>>()?;
    let woken = woken.into_iter().map(|one| resumed(py, one)).collect::<PyResult<_>>()?;
    Ok((steps, woken, failed.map(|cause| error::engine(cause).into_value(py))))
}
