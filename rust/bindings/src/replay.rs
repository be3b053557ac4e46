//! Recorded runs looked at again: step by step, or decided anew under other rules. Answers are JSON.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use interlock_engine::{Counterfactual, EngineError, Of};
use interlock_journal::Reader;
use pyo3::prelude::*;

use crate::error;
use crate::reader::PyReader;
use crate::vault::{self, PyVaultKey};

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

/// Recorded runs decided anew under another table, some at a time, so that the caller can show how far it is.
#[pyclass(name = "Counterfactual", frozen, module = "interlock._core")]
pub(crate) struct PyCounterfactual {
    inner: Mutex<Counterfactual>,
}

#[pymethods]
impl PyCounterfactual {
    /// From the text that `Config.table_text()` gives.
    #[new]
    #[pyo3(signature = (path, table, plan=None, limit=None, shown=3, key=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        table: &str,
        plan: Option<&str>,
        limit: Option<usize>,
        shown: usize,
        key: Option<Py<PyVaultKey>>,
    ) -> PyResult<Self> {
        let of = Of { plan: plan.map(Into::into), limit, shown };
        let opened = py
            .detach(|| Counterfactual::open(Reader::open_with(&path, vault::for_reading(&path, key.as_ref())?)?, table, of))
            .map_err(error::engine)?;
        Ok(Self { inner: Mutex::new(opened) })
    }

    /// Runs that are still to be decided.
    #[getter]
    fn left(&self, py: Python<'_>) -> usize {
        py.detach(|| self.lock().left())
    }

    /// Decide so many of them.
    fn go_on(&self, py: Python<'_>, runs: usize) -> PyResult<()> {
        py.detach(|| self.lock().go_on(runs)).map_err(error::engine)
    }

    /// What they came to, as a JSON object.
    fn report(&self, py: Python<'_>) -> String {
        py.detach(|| self.lock().report().to_string())
    }
}

impl PyCounterfactual {
    /// A call that panicked leaves counts that are too low, and the panic has been told already.
    fn lock(&self) -> MutexGuard<'_, Counterfactual> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
