//! `Engine`: one method for each thing that the Python shell tells the native one.

use std::path::PathBuf;

use interlock_engine::{Answer, Clock, Delegation, EffectStart, Engine, EngineError, Limits, Request, Resumed, Semantic, Started, Step};
use interlock_journal::Ticket;
use interlock_kernel::{Confidence, EffectClass, EffectKey, Name, ReviewVerdict, RunId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error;
use crate::step::{PyShown, PyStarted, PyStep, shown};

#[pyclass(name = "Engine", frozen, module = "interlock._core")]
pub(crate) struct PyEngine {
    engine: Engine,
}

/// What to do about an effect.
#[pyclass(name = "Effect", frozen, module = "interlock._core", get_all)]
pub(crate) struct PyEffect {
    /// 16 bytes; the attempts of one effect share them. Nothing when there is nothing to run.
    key: Option<Py<PyBytes>>,
    /// Run it when the journal has committed this far.
    after: u64,
    /// What it gave before.
    stored: Option<Py<PyBytes>>,
    /// The agent promised to change nothing outside, and this would.
    not_pure: bool,
}

fn ppm(confidence: f64) -> PyResult<Confidence> {
    if !(0.0..=1.0).contains(&confidence) {
        return Err(PyValueError::new_err(format!("confidence is {confidence}, and must lie between 0 and 1")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and a million")]
    let ppm = (confidence * f64::from(Confidence::ONE)).round() as u32;
    Ok(Confidence(ppm))
}

fn stepped(py: Python<'_>, step: Result<Step, EngineError>) -> PyResult<PyStep> {
    PyStep::build(py, step.map_err(error::engine)?)
}

fn names(labels: Option<Vec<String>>) -> Vec<Name> {
    labels.unwrap_or_default().into_iter().map(Name::from).collect()
}

fn run_id(text: &str) -> PyResult<RunId> {
    text.parse().map_err(PyValueError::new_err)
}

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (path=None, *, max_runs=None, max_turns=None, max_queued_bytes=None, retain=None))]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        max_runs: Option<usize>,
        max_turns: Option<usize>,
        max_queued_bytes: Option<usize>,
        retain: Option<usize>,
    ) -> PyResult<Self> {
        let usual = Limits::default();
        let limits = Limits {
            max_runs: max_runs.unwrap_or(usual.max_runs),
            max_turns: max_turns.unwrap_or(usual.max_turns),
            max_queued_bytes: max_queued_bytes.unwrap_or(usual.max_queued_bytes),
            retain: retain.unwrap_or(usual.retain),
        };
        let engine = py.detach(|| Engine::open(path.as_deref(), limits, Clock::system())).map_err(error::engine)?;
        Ok(Self { engine })
    }

    fn add_plan(&self, py: Python<'_>, text: &str) -> PyResult<usize> {
        py.detach(|| self.engine.add_plan(text)).map_err(error::engine)
    }

    fn set_rules(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        py.detach(|| self.engine.set_rules(text)).map(|digest| digest.to_string()).map_err(error::engine)
    }

    /// The limits of agents, as a JSON list. Before anything is under way.
    fn limit_agents(&self, text: &str) -> PyResult<()> {
        let limits: Vec<crate::limits::Limited> = serde_json::from_str(text).map_err(|cause| PyValueError::new_err(cause.to_string()))?;
        self.engine.limit_agents(limits.into_iter().map(crate::limits::Limited::compile).collect()).map_err(error::engine)
    }

    /// `vectors` holds little-endian float32 rows of `dim`, `labels` a little-endian uint32 for each row.
    fn set_semantic(&self, py: Python<'_>, dim: usize, vectors: &[u8], labels: &[u8], intents: Vec<String>, k: usize) -> PyResult<u64> {
        let vectors = floats(vectors)?;
        let (quads, rest) = labels.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(PyValueError::new_err("labels must hold 4 bytes for each row"));
        }
        let labels = quads.iter().map(|quad| u32::from_le_bytes(*quad)).collect();
        let intents = intents.into_iter().map(Name::from).collect();
        py.detach(|| self.engine.set_semantic(Semantic::build(dim, vectors, labels, intents, k)?)).map_err(error::engine)
    }

    #[pyo3(signature = (plan, text, data=None, user=None, key=None, thread=None, deadline_ms=None, watch=false, labels=None))]
    #[expect(clippy::too_many_arguments, reason = "one crossing for a request: a class of its own would cost another")]
    fn start(
        &self,
        py: Python<'_>,
        plan: usize,
        text: String,
        data: Option<&[u8]>,
        user: Option<&[u8]>,
        key: Option<String>,
        thread: Option<String>,
        deadline_ms: Option<u64>,
        watch: bool,
        labels: Option<Vec<String>>,
    ) -> PyResult<PyStarted> {
        let (data, user, labels) = (data.map(<[u8]>::to_vec), user.map(<[u8]>::to_vec), names(labels));
        let request = Request { text, data, labels, user, key, thread, deadline_ms, watch };
        let started = self.engine.start(plan, request).map_err(error::engine)?;
        PyStarted::build(py, started)
    }

    #[pyo3(signature = (run, turn, text, data=None, confidence=None, intent=None, hand_off=None, labels=None, tokens=None, delegated=None, writes=false))]
    #[expect(
        clippy::too_many_arguments,
        clippy::type_complexity,
        reason = "one crossing for a reply: a class of its own would cost another"
    )]
    fn replied(
        &self,
        py: Python<'_>,
        run: u64,
        turn: u32,
        text: String,
        data: Option<&[u8]>,
        confidence: Option<f64>,
        intent: Option<&str>,
        hand_off: Option<&str>,
        labels: Option<Vec<String>>,
        tokens: Option<u32>,
        delegated: Option<Vec<(String, Option<String>, Option<Vec<u8>>)>>,
        writes: bool,
    ) -> PyResult<PyStep> {
        let delegation = |(member, text, data): (String, _, _)| Delegation { member: member.into(), text, data };
        let answer = Answer {
            text,
            data: data.map(<[u8]>::to_vec),
            confidence: confidence.map(ppm).transpose()?,
            intent: intent.map(Name::from),
            hand_off: hand_off.map(Name::from),
            labels: names(labels),
            tokens,
            writes,
            delegated: delegated.unwrap_or_default().into_iter().map(delegation).collect(),
        };
        stepped(py, self.engine.replied(run, turn, answer))
    }

    fn raised(&self, py: Python<'_>, run: u64, turn: u32, text: String) -> PyResult<PyStep> {
        stepped(py, self.engine.raised(run, turn, text))
    }

    fn answered_wrongly(&self, py: Python<'_>, run: u64, turn: u32, text: String) -> PyResult<PyStep> {
        stepped(py, self.engine.answered_wrongly(run, turn, text))
    }

    /// The vector of the text that an EMBED step asked for, as little-endian float32.
    fn embedded(&self, py: Python<'_>, run: u64, ask: u32, vector: &[u8]) -> PyResult<PyStep> {
        let vector = floats(vector)?;
        stepped(py, py.detach(|| self.engine.embedded(run, ask, &vector)))
    }

    /// How far the answers of a COMPARE step agree, each with all after it, from 0 to 1.
    fn compared(&self, py: Python<'_>, run: u64, ask: u32, pairs: Vec<f64>) -> PyResult<PyStep> {
        let pairs = pairs.into_iter().map(|share| ppm(share).map(|share| share.0)).collect::<PyResult<_>>()?;
        stepped(py, self.engine.compared(run, ask, pairs))
    }

    /// What a step asked for can't be had.
    fn fact_failed(&self, py: Python<'_>, run: u64, ask: u32, text: String) -> PyResult<PyStep> {
        stepped(py, self.engine.fact_failed(run, ask, text))
    }

    #[pyo3(signature = (run, reason=None))]
    fn cancel(&self, py: Python<'_>, run: u64, reason: Option<String>) -> PyResult<PyStep> {
        stepped(py, self.engine.cancel(run, reason))
    }

    fn expire(&self, py: Python<'_>) -> PyResult<Vec<(u64, PyStep)>> {
        let steps = self.engine.expire().map_err(error::engine)?;
        steps.into_iter().map(|(run, step)| Ok((run, PyStep::build(py, step)?))).collect()
    }

    fn next_wake(&self) -> PyResult<Option<u64>> {
        Ok(self.engine.next_wake().map_err(error::engine)?.map(|at| at.0))
    }

    /// Microseconds since 1970 by the engine's clock, which never goes back.
    fn now(&self) -> u64 {
        self.engine.now().0
    }

    /// The call of a turn that a step's `granted` named.
    fn take(&self, run: u64, turn: u32) -> PyResult<PyStep> {
        self.engine.take(run, turn).map(PyStep::of).map_err(error::engine)
    }

    /// What a run owes that a step's `upset` named.
    fn look(&self, py: Python<'_>, run: u64) -> PyResult<PyStep> {
        stepped(py, self.engine.look(run))
    }

    /// What a turn may see of the pattern around it; the first is what the pattern was given.
    fn view(&self, py: Python<'_>, run: u64, turn: u32) -> PyResult<Vec<PyShown>> {
        Ok(self.engine.view(run, turn).map_err(error::engine)?.iter().map(|one| shown(py, one)).collect())
    }

    /// What a turn's agent may reach.
    fn scopes(&self, run: u64, turn: u32) -> PyResult<Vec<String>> {
        self.engine.scopes(run, turn).map_err(error::engine)
    }

    fn effect_begun(&self, py: Python<'_>, run: u64, turn: u32, tool: &str, acts: bool, arguments: &[u8]) -> PyResult<PyEffect> {
        let class = if acts { EffectClass::Effect } else { EffectClass::Pure };
        let begun = self.engine.effect_begun(run, turn, &Name::from(tool), class, arguments.to_vec()).map_err(error::engine)?;
        let bytes = |bytes: &[u8]| PyBytes::new(py, bytes).unbind();
        Ok(match begun {
            EffectStart::Run { key, after } => PyEffect { key: Some(bytes(&key.0)), after, stored: None, not_pure: false },
            EffectStart::Stored { result } => PyEffect { key: None, after: 0, stored: Some(bytes(&result)), not_pure: false },
            EffectStart::TooLate => PyEffect { key: None, after: 0, stored: None, not_pure: false },
            EffectStart::NotPure => PyEffect { key: None, after: 0, stored: None, not_pure: true },
        })
    }

    fn effect_ended(&self, run: u64, key: [u8; 16], returned: bool, result: &[u8]) -> PyResult<Option<u64>> {
        self.engine.effect_ended(run, EffectKey(key), returned, result.to_vec()).map_err(error::engine)
    }

    fn decide_review(&self, py: Python<'_>, run: u64, answered: bool, text: String, by: &str) -> PyResult<PyStep> {
        let verdict = if answered { ReviewVerdict::Answered } else { ReviewVerdict::Rejected };
        stepped(py, py.detach(|| self.engine.decide_review(run, verdict, text, by)))
    }

    /// Runs that a crash left unfinished, each with what it owes now.
    fn resume_all(&self, py: Python<'_>, agents: Vec<String>) -> PyResult<Vec<PyStarted>> {
        let resumed = py.detach(|| self.engine.resume_all(&agents)).map_err(error::engine)?;
        resumed
            .into_iter()
            .map(|Resumed { run, id, step, plan }| PyStarted::build(py, Started::New { run, id, step, plan: Some(plan) }))
            .collect()
    }

    /// Runs that wait for a plan or agents: number, id, and what they need.
    fn waiting(&self) -> PyResult<Vec<(u64, String, String)>> {
        let waiting = self.engine.waiting().map_err(error::engine)?;
        Ok(waiting.into_iter().map(|(run, one)| (run, one.id.to_string(), one.needs)).collect())
    }

    fn look_up(&self, py: Python<'_>, id: &str) -> PyResult<PyStarted> {
        let id = run_id(id)?;
        let (run, settled) = py.detach(|| self.engine.look_up(id)).map_err(error::engine)?;
        let started = settled.map_or(Started::Live { run, id }, |settled| Started::Past { run, id, settled });
        PyStarted::build(py, started)
    }

    /// What a turn may know of what was said in its run: sender, text and JSON data.
    #[expect(clippy::type_complexity, reason = "a list of plain tuples is what crosses best")]
    fn messages<'py>(&self, py: Python<'py>, run: u64, turn: u32) -> PyResult<Vec<(Option<String>, String, Option<Bound<'py, PyBytes>>)>> {
        let said = self.engine.messages(run, turn).map_err(error::engine)?;
        Ok(said
            .into_iter()
            .map(|(sender, text, data)| (sender.map(|name| name.to_string()), text, data.map(|bytes| PyBytes::new(py, &bytes))))
            .collect())
    }

    fn watch(&self, run: u64) -> PyResult<()> {
        self.engine.watch(run).map_err(error::engine)
    }

    fn unwatch(&self, run: u64) -> PyResult<()> {
        self.engine.unwatch(run).map_err(error::engine)
    }

    /// What happened to a watched run since the last call: a JSON object for each event.
    fn seen(&self, run: u64) -> PyResult<Vec<String>> {
        let seen = self.engine.seen(run).map_err(error::engine)?;
        Ok(seen.iter().map(|one| crate::reader::event_json(one.seq, one.at.0, &one.event).to_string()).collect())
    }

    /// A run's row, frames and payloads, as one JSON object.
    fn history(&self, py: Python<'_>, run: u64) -> PyResult<String> {
        py.detach(|| crate::reader::history(self.engine.journal(), run)).map_err(|cause| error::journal(&cause))
    }

    /// Every run with a status, newest first, as a JSON list.
    #[pyo3(signature = (status=None, limit=100))]
    fn runs(&self, py: Python<'_>, status: Option<&str>, limit: usize) -> PyResult<String> {
        py.detach(|| crate::reader::runs(self.engine.journal(), status, limit)).map_err(|cause| error::journal(&cause))
    }

    fn committed(&self) -> u64 {
        self.engine.journal().committed()
    }

    /// The last commit: how many frames, and the Merkle root over them.
    fn checkpoint(&self) -> (u64, [u8; 32]) {
        let (size, root) = self.engine.journal().checkpoint();
        (size, root.0)
    }

    /// Ask for one byte on the wake pipe when the journal has committed this far.
    fn want_wake(&self, ticket: u64) {
        self.engine.journal().want_wake(Ticket(ticket));
    }

    fn wake_fd(&self) -> Option<i32> {
        self.engine.journal().wake_fd()
    }

    fn drain_wake(&self) {
        self.engine.journal().drain_wake();
    }

    /// Raise the cause if the journal stopped writing.
    fn check_journal(&self) -> PyResult<()> {
        self.engine.journal().failure().map_or(Ok(()), |cause| Err(error::journal(&cause)))
    }

    /// Counts since the engine was opened, as a JSON object.
    fn stats(&self) -> PyResult<String> {
        let stats = self.engine.stats().map_err(error::engine)?;
        Ok(serde_json::json!({
            "started": stats.started, "settled": stats.settled, "turns": stats.turns, "frames": stats.frames,
            "gate_decisions": stats.passages, "absorbed": stats.absorbed, "live": stats.live, "queued_turns": stats.queued_turns,
        })
        .to_string())
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.engine.close()).map_err(error::engine)
    }
}

fn floats(bytes: &[u8]) -> PyResult<Vec<f32>> {
    let (quads, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(PyValueError::new_err("a vector must hold 4 bytes for each number"));
    }
    Ok(quads.iter().map(|quad| f32::from_le_bytes(*quad)).collect())
}
