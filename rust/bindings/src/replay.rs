//! Recorded runs looked at again: step by step, as JSON.

use interlock_engine::EngineError;
use pyo3::prelude::*;

use crate::error;
use crate::reader::PyReader;

/// How a run stood after each of its events, as a JSON list.
#[pyfunction]
pub(crate) fn replay(py: Python<'_>, reader: &PyReader, run: u64) -> PyResult<String> {
    let written =
        py.detach(|| -> Result<String, EngineError> { Ok(serde_json::to_string(&interlock_engine::replay(&reader.reader, run)?)?) });
    written.map_err(error::engine)
}

/// One step of a run with its whole state, as a JSON object; nothing for a step that the run does not have.
#[pyfunction]
pub(crate) fn state_at(py: Python<'_>, reader: &PyReader, run: u64, seq: u32) -> PyResult<Option<String>> {
    let found = py.detach(|| interlock_engine::state_at(&reader.reader, run, seq)).map_err(error::engine)?;
    Ok(found.map(|value| value.to_string()))
}
