//! What a run owes, as frozen classes.

use interlock_engine::{Call, Owed, Settled, Started, Step};
use interlock_kernel::RunId;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// What a run owes after a feed. `kind` says which of the fields hold something.
#[pyclass(name = "Step", frozen, module = "interlock._core")]
pub(crate) struct PyStep {
    #[pyo3(get)]
    kind: u8,
    /// Arm the timer for this moment (microseconds since 1970), if there is one.
    #[pyo3(get)]
    wake: Option<u64>,
    granted: Vec<u64>,
    owed: Owed,
}

const CALL: u8 = 0;
const EMBED: u8 = 1;
const QUEUED: u8 = 2;
const NOTHING: u8 = 3;
const SETTLED: u8 = 4;

impl From<Step> for PyStep {
    fn from(step: Step) -> Self {
        let kind = match &step.owed {
            Owed::Call(_) => CALL,
            Owed::Embed { .. } => EMBED,
            Owed::Queued => QUEUED,
            Owed::Nothing => NOTHING,
            Owed::Settled(_) => SETTLED,
        };
        Self { kind, wake: step.wake.map(|at| at.0), granted: step.granted, owed: step.owed }
    }
}

impl PyStep {
    fn call(&self) -> PyResult<&Call> {
        match &self.owed {
            Owed::Call(call) => Ok(call),
            Owed::Embed { .. } | Owed::Queued | Owed::Nothing | Owed::Settled(_) => Err(wrong("a call")),
        }
    }

    fn settled(&self) -> PyResult<&Settled> {
        match &self.owed {
            Owed::Settled(settled) => Ok(settled),
            Owed::Call(_) | Owed::Embed { .. } | Owed::Queued | Owed::Nothing => Err(wrong("settled")),
        }
    }
}

fn wrong(what: &str) -> PyErr {
    pyo3::exceptions::PyAttributeError::new_err(format!("this step is not {what}: look at its kind first"))
}

#[pymethods]
impl PyStep {
    #[classattr]
    const CALL: u8 = CALL;
    #[classattr]
    const EMBED: u8 = EMBED;
    #[classattr]
    const QUEUED: u8 = QUEUED;
    #[classattr]
    const NOTHING: u8 = NOTHING;
    #[classattr]
    const SETTLED: u8 = SETTLED;

    /// Runs that may go on now; nothing when there are none, which is nearly always.
    #[getter]
    fn granted(&self) -> Option<&[u64]> {
        (!self.granted.is_empty()).then_some(&self.granted[..])
    }

    #[getter]
    fn turn(&self) -> PyResult<u32> {
        self.call().map(|call| call.turn)
    }

    #[getter]
    fn agent(&self) -> PyResult<&str> {
        self.call().map(|call| &*call.agent)
    }

    #[getter]
    fn attempt(&self) -> PyResult<u16> {
        self.call().map(|call| call.attempt)
    }

    #[getter]
    fn sender(&self) -> PyResult<Option<&str>> {
        self.call().map(|call| call.sender.as_deref())
    }

    /// What the routing engine found the task to be about.
    #[getter]
    fn intent(&self) -> PyResult<Option<&str>> {
        self.call().map(|call| call.intent.as_deref())
    }

    #[getter]
    fn feedback(&self) -> PyResult<Option<&str>> {
        self.call().map(|call| call.feedback.as_deref())
    }

    /// When the turn must be over, in microseconds since 1970.
    #[getter]
    fn due(&self) -> PyResult<u64> {
        self.call().map(|call| call.due.0)
    }

    /// Which question an EMBED step asks; the answer names it.
    #[getter]
    fn ask(&self) -> PyResult<u32> {
        match &self.owed {
            Owed::Embed { ask, .. } => Ok(*ask),
            Owed::Call(_) | Owed::Settled(_) | Owed::Queued | Owed::Nothing => Err(wrong("a question")),
        }
    }

    /// The message of a call, the text to embed, or the answer of a settled run.
    #[getter]
    fn text(&self) -> PyResult<&str> {
        match &self.owed {
            Owed::Call(call) => Ok(&call.text),
            Owed::Embed { text, .. } => Ok(text),
            Owed::Settled(settled) => Ok(&settled.text),
            Owed::Queued | Owed::Nothing => Err(wrong("one with a text")),
        }
    }

    /// The JSON bytes beside the text, if there are any.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let data = match &self.owed {
            Owed::Call(call) => &call.data,
            Owed::Settled(settled) => &settled.data,
            Owed::Embed { .. } | Owed::Queued | Owed::Nothing => return Err(wrong("one with data")),
        };
        Ok(data.as_ref().map(|bytes| PyBytes::new(py, bytes)))
    }

    #[getter]
    fn ticket(&self) -> PyResult<u64> {
        self.settled().map(|settled| settled.ticket)
    }

    #[getter]
    fn status(&self) -> PyResult<&'static str> {
        self.settled().map(|settled| settled.status.name())
    }

    #[getter]
    fn reason(&self) -> PyResult<Option<&str>> {
        self.settled().map(|settled| settled.reason.as_deref())
    }

    #[getter]
    fn turns(&self) -> PyResult<u32> {
        self.settled().map(|settled| settled.turns)
    }

    #[getter]
    fn handoffs(&self) -> PyResult<u32> {
        self.settled().map(|settled| settled.handoffs)
    }

    #[getter]
    fn effects(&self) -> PyResult<u32> {
        self.settled().map(|settled| settled.effects)
    }
}

/// What became of a request to start a run.
#[pyclass(name = "Started", frozen, module = "interlock._core")]
pub(crate) struct PyStarted {
    #[pyo3(get)]
    run: u64,
    id: RunId,
    /// The run's first step, or how the run that the same key started is settled.
    /// Nothing when that run goes on in this process.
    #[pyo3(get)]
    step: Option<Py<PyStep>>,
    /// Whether this request started the run.
    #[pyo3(get)]
    is_new: bool,
}

#[pymethods]
impl PyStarted {
    #[getter]
    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl PyStarted {
    pub(crate) fn build(py: Python<'_>, started: Started) -> PyResult<Self> {
        Ok(match started {
            Started::New { run, id, step } => Self { run, id, step: Some(Py::new(py, PyStep::from(step))?), is_new: true },
            Started::Live { run, id } => Self { run, id, step: None, is_new: false },
            Started::Past { run, id, settled } => {
                let step = Step { owed: Owed::Settled(settled), wake: None, granted: Vec::new() };
                Self { run, id, step: Some(Py::new(py, PyStep::from(step))?), is_new: false }
            }
        })
    }
}
