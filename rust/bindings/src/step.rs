//! What a run owes, as frozen classes.

use interlock_engine::{Call, Owed, Settled, Shown, Started, Step};
use interlock_journal::state_hash;
use interlock_kernel::{Confidence, RunId};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error;

/// What a run owes after a feed. `kind` says which of the fields hold something.
#[pyclass(name = "Step", frozen, module = "interlock._core")]
pub(crate) struct PyStep {
    #[pyo3(get)]
    kind: u8,
    /// Nothing but what `kind` says: no timer, nothing for others, nothing more, nothing dropped.
    #[pyo3(get)]
    plain: bool,
    /// Something happened to reviews: ask for `review_news`.
    #[pyo3(get)]
    told: bool,
    /// Arm the timer for this moment (microseconds since 1970), if there is one.
    #[pyo3(get)]
    wake: Option<u64>,
    granted: Vec<(u64, u32)>,
    dropped: Vec<u32>,
    upset: Vec<u64>,
    more: Option<Vec<Py<PyStep>>>,
    owed: Owed,
}

const CALL: u8 = 0;
const EMBED: u8 = 1;
const QUEUED: u8 = 2;
const NOTHING: u8 = 3;
const SETTLED: u8 = 4;
const COMPARE: u8 = 5;

/// A message that is shown: sender, text, JSON data, labels, confidence, option, and whether it is no answer but why there is none.
pub(crate) type PyShown = (Option<String>, String, Option<Py<PyBytes>>, Vec<String>, Option<f64>, Option<u16>, bool);

pub(crate) fn shown(py: Python<'_>, shown: &Shown) -> PyShown {
    (
        shown.sender.as_ref().map(ToString::to_string),
        shown.text.clone(),
        shown.data.as_ref().map(|bytes| PyBytes::new(py, bytes).unbind()),
        shown.labels.iter().map(ToString::to_string).collect(),
        shown.confidence.map(|stated| f64::from(stated.0) / f64::from(Confidence::ONE)),
        shown.option,
        shown.lost,
    )
}

impl PyStep {
    pub(crate) fn build(py: Python<'_>, step: Step) -> PyResult<Self> {
        let Step { owed, more, dropped, wake, granted, upset, told } = step;
        let more =
            if more.is_empty() { None } else { Some(more.into_iter().map(|owed| Py::new(py, Self::of(owed))).collect::<PyResult<_>>()?) };
        let plain = wake.is_none() && granted.is_empty() && dropped.is_empty() && upset.is_empty() && more.is_none() && !told;
        Ok(Self { plain, wake: wake.map(|at| at.0), granted, dropped, upset, told, more, ..Self::of(owed) })
    }

    pub(crate) fn of(owed: Owed) -> Self {
        let kind = match &owed {
            Owed::Call(_) => CALL,
            Owed::Embed { .. } => EMBED,
            Owed::Compare { .. } => COMPARE,
            Owed::Queued => QUEUED,
            Owed::Nothing => NOTHING,
            Owed::Settled(_) => SETTLED,
        };
        Self { kind, plain: true, wake: None, granted: Vec::new(), dropped: Vec::new(), upset: Vec::new(), told: false, more: None, owed }
    }

    fn call(&self) -> PyResult<&Call> {
        match &self.owed {
            Owed::Call(call) => Ok(call),
            Owed::Embed { .. } | Owed::Compare { .. } | Owed::Queued | Owed::Nothing | Owed::Settled(_) => Err(wrong("a call")),
        }
    }

    fn settled(&self) -> PyResult<&Settled> {
        match &self.owed {
            Owed::Settled(settled) => Ok(settled),
            Owed::Call(_) | Owed::Embed { .. } | Owed::Compare { .. } | Owed::Queued | Owed::Nothing => Err(wrong("settled")),
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
    #[classattr]
    const COMPARE: u8 = COMPARE;

    /// What else the run owes, when several agents work at once; nothing when there is no more, which is usual.
    #[getter]
    fn more(&self, py: Python<'_>) -> Option<Vec<Py<PyStep>>> {
        self.more.as_ref().map(|more| more.iter().map(|step| step.clone_ref(py)).collect())
    }

    /// Runs and turns that may go on now; nothing when there are none, which is nearly always.
    #[getter]
    fn granted(&self) -> Option<&[(u64, u32)]> {
        (!self.granted.is_empty()).then_some(&self.granted[..])
    }

    /// Turns of this run that nobody waits for any more.
    #[getter]
    fn dropped(&self) -> Option<&[u32]> {
        (!self.dropped.is_empty()).then_some(&self.dropped[..])
    }

    /// Runs that owe something else now: look at each.
    #[getter]
    fn upset(&self) -> Option<&[u64]> {
        (!self.upset.is_empty()).then_some(&self.upset[..])
    }

    #[getter]
    fn turn(&self) -> PyResult<u32> {
        self.call().map(|call| call.turn)
    }

    /// The node in the plan, by its number: of a call, or of the parallel whose answers are compared.
    #[getter]
    fn node(&self) -> PyResult<u16> {
        match &self.owed {
            Owed::Call(call) => Ok(call.node),
            Owed::Compare { node, .. } => Ok(*node),
            Owed::Embed { .. } | Owed::Settled(_) | Owed::Queued | Owed::Nothing => Err(wrong("at a node")),
        }
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

    /// What the message is marked with; nothing when it is not.
    #[getter]
    fn labels(&self) -> PyResult<Option<Vec<String>>> {
        self.call().map(|call| (!call.labels.is_empty()).then(|| call.labels.iter().map(ToString::to_string).collect()))
    }

    /// Whether the agent may know for whom the run acts.
    #[getter]
    fn shows_user(&self) -> PyResult<bool> {
        self.call().map(|call| call.shows_user)
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

    /// Which question an EMBED or a COMPARE step asks; the answer names it.
    #[getter]
    fn ask(&self) -> PyResult<u32> {
        match &self.owed {
            Owed::Embed { ask, .. } | Owed::Compare { ask, .. } => Ok(*ask),
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
            Owed::Queued | Owed::Nothing | Owed::Compare { .. } => Err(wrong("one with a text")),
        }
    }

    /// The JSON bytes beside the text, if there are any.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let data = match &self.owed {
            Owed::Call(call) => &call.data,
            Owed::Settled(settled) => &settled.data,
            Owed::Embed { .. } | Owed::Compare { .. } | Owed::Queued | Owed::Nothing => return Err(wrong("one with data")),
        };
        Ok(data.as_ref().map(|bytes| PyBytes::new(py, bytes)))
    }

    /// The answers that a COMPARE step asks about, or what a settled run shows to a person.
    #[getter]
    fn shown(&self, py: Python<'_>) -> PyResult<Vec<PyShown>> {
        match &self.owed {
            Owed::Compare { answers, .. } => Ok(answers.iter().map(|one| shown(py, one)).collect()),
            Owed::Settled(settled) => Ok(settled.attached.iter().map(|one| shown(py, one)).collect()),
            Owed::Call(_) | Owed::Embed { .. } | Owed::Queued | Owed::Nothing => Err(wrong("one that shows anything")),
        }
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

    /// The reviews that are open, by number.
    #[getter]
    fn reviews(&self) -> PyResult<Vec<u32>> {
        self.settled().map(|settled| settled.reviews.clone())
    }

    #[getter]
    fn tokens(&self) -> PyResult<u64> {
        self.settled().map(|settled| settled.tokens)
    }

    /// The hash of the state in which a run settled, in hex. Computed when it is asked for.
    #[getter]
    fn state_hash(&self) -> PyResult<String> {
        let hash = state_hash(&self.settled()?.state).map_err(|cause| error::journal(&cause))?;
        Ok(hash.to_string())
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
    /// The name of the run's plan, when the run goes on here.
    #[pyo3(get)]
    plan: Option<String>,
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
            Started::New { run, id, step, plan } => {
                let step = Some(Py::new(py, PyStep::build(py, step)?)?);
                Self { run, id, step, is_new: true, plan: plan.map(|name| name.to_string()) }
            }
            Started::Live { run, id } => Self { run, id, step: None, is_new: false, plan: None },
            Started::Past { run, id, settled } => {
                Self { run, id, step: Some(Py::new(py, PyStep::of(Owed::Settled(settled)))?), is_new: false, plan: None }
            }
        })
    }
}
