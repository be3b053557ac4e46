//! What to do about an effect, as a frozen class.

use interlock_engine::{EffectStart, Noting};
use interlock_kernel::{EffectClass, EffectKey, TermsSpec};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::step::PyStep;

/// `what` says which of the other fields hold something.
#[pyclass(name = "Effect", frozen, module = "interlock._core", get_all)]
pub(crate) struct PyEffect {
    what: u8,
    /// 16 bytes; the attempts of one effect share them.
    key: Option<Py<PyBytes>>,
    /// Run it when the journal has committed this far.
    after: u64,
    /// The arguments that stand in place of those that were asked.
    arguments: Option<Py<PyBytes>>,
    /// What it gave before.
    stored: Option<Py<PyBytes>>,
    /// What it raised, or why it was refused.
    text: Option<String>,
    /// What follows for the run that a person is asked about.
    step: Option<Py<PyStep>>,
}

const RUN: u8 = 0;
const UNDER_WAY: u8 = 1;
const STORED: u8 = 2;
const RAISED: u8 = 3;
const DENIED: u8 = 4;
const PAUSED: u8 = 5;
const TOO_LATE: u8 = 6;
const NOT_PURE: u8 = 7;

#[pymethods]
impl PyEffect {
    #[classattr]
    const RUN: u8 = RUN;
    #[classattr]
    const UNDER_WAY: u8 = UNDER_WAY;
    #[classattr]
    const STORED: u8 = STORED;
    #[classattr]
    const RAISED: u8 = RAISED;
    #[classattr]
    const DENIED: u8 = DENIED;
    #[classattr]
    const PAUSED: u8 = PAUSED;
    #[classattr]
    const TOO_LATE: u8 = TOO_LATE;
    #[classattr]
    const NOT_PURE: u8 = NOT_PURE;
}

impl PyEffect {
    pub(crate) fn build(py: Python<'_>, begun: EffectStart) -> PyResult<Self> {
        let bytes = |bytes: &[u8]| Some(PyBytes::new(py, bytes).unbind());
        let key = |key: EffectKey| bytes(&key.0);
        let of = |what| Self { what, key: None, after: 0, arguments: None, stored: None, text: None, step: None };
        Ok(match begun {
            EffectStart::Run { key: run, after, arguments } => {
                Self { key: key(run), after, arguments: arguments.as_deref().and_then(bytes), ..of(RUN) }
            }
            EffectStart::UnderWay { key: under_way } => Self { key: key(under_way), ..of(UNDER_WAY) },
            EffectStart::Stored { result } => Self { stored: bytes(&result), ..of(STORED) },
            EffectStart::Raised { text } => Self { text: Some(text), ..of(RAISED) },
            EffectStart::Denied { reason } => Self { text: Some(reason), ..of(DENIED) },
            EffectStart::Paused { step } => Self { step: Some(Py::new(py, PyStep::build(py, *step)?)?), ..of(PAUSED) },
            EffectStart::TooLate => of(TOO_LATE),
            EffectStart::NotPure => of(NOT_PURE),
        })
    }
}

/// What follows, what the turn is given instead, and why that was kept out.
pub(crate) type End = (PyStep, Option<Py<PyBytes>>, Option<String>);

pub(crate) fn noting(noting: Noting) -> u8 {
    match noting {
        Noting::Noted => RUN,
        Noting::TooLate => TOO_LATE,
        Noting::NotPure => NOT_PURE,
    }
}

pub(crate) fn class(word: &str) -> PyResult<EffectClass> {
    match word {
        "pure" => Ok(EffectClass::Pure),
        "effect" => Ok(EffectClass::Effect),
        "effect_once" => Ok(EffectClass::EffectOnce),
        other => Err(PyValueError::new_err(format!("{other:?} is no kind of effect: pure, effect or effect_once"))),
    }
}

pub(crate) fn terms(text: &str) -> PyResult<TermsSpec> {
    serde_json::from_str(text).map_err(|cause| PyValueError::new_err(cause.to_string()))
}
