//! The guards' words as Python has them: what is switched off, and who is stopped.

use interlock_engine::Outside;
use interlock_guard::Off;
use interlock_guard::budget::{Kill, Target};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Guards and gates that a test has switched off, as JSON.
pub(crate) fn off(text: &str) -> PyResult<Off> {
    serde_json::from_str(text).map_err(|cause| PyValueError::new_err(format!("what is switched off can't be read: {cause}")))
}

pub(crate) fn target(what: &str, name: &str) -> PyResult<Target> {
    match what {
        "agent" => Ok(Target::Agent(name.into())),
        "tool" => Ok(Target::Tool(name.into())),
        "tenant" => Ok(Target::Tenant(name.into())),
        other => Err(PyValueError::new_err(format!("{other:?} can't be stopped: agent, tool or tenant"))),
    }
}

pub(crate) fn kills(kills: &[Kill]) -> PyResult<String> {
    serde_json::to_string(kills).map_err(|cause| PyValueError::new_err(cause.to_string()))
}

/// What screens and models outside saw of a text, as JSON.
pub(crate) fn outside(text: Option<&[u8]>) -> PyResult<Option<Outside>> {
    text.map(serde_json::from_slice)
        .transpose()
        .map_err(|cause| PyValueError::new_err(format!("what was seen outside can't be read: {cause}")))
}
