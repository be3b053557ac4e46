//! `Engine`: one method for each thing that the Python shell tells the native one.

use std::path::PathBuf;

use interlock_engine::{
    Answer, Clock, Delegation, Derive, Effect, Engine, EngineError, Limits, ModelCall, ModelUsed, Owed, Request, Semantic, Started,
};
use interlock_journal::Ticket;
use interlock_kernel::{EffectKey, Name};
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::crossing::{PyExpired, counts, expired, names, resumed, run_id, stepped};
use crate::effect::{self, PyEffect};
use crate::numbers::{floats, numbers, ppm};
use crate::step::{PyShown, PyStarted, PyStep, shown};
use crate::vault::PyVaultKey;
use crate::{budget, error, guards, review};

#[pyclass(name = "Engine", frozen, module = "interlock._core")]
pub(crate) struct PyEngine {
    engine: Engine,
}

#[pymethods]
impl PyEngine {
    #[new]
    #[pyo3(signature = (path=None, key=None, *, max_runs=None, max_turns=None, max_queued_bytes=None, retain=None))]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        key: Option<Py<PyVaultKey>>,
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
        let opened = py.detach(|| -> Result<Engine, EngineError> {
            Engine::open_with(path.as_deref(), limits, Clock::system(), key.as_ref().map(|key| key.get().wrap()))
        });
        let engine = opened.map_err(error::engine)?;
        if engine.is_broken().map_err(error::engine)? {
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), c"recovery is broken on purpose: INTERLOCK_TEST_BREAK is set", 2)?;
        }
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
        let labels = numbers(labels)?;
        let intents = intents.into_iter().map(Name::from).collect();
        py.detach(|| self.engine.set_semantic(Semantic::build(dim, vectors, labels, intents, k)?)).map_err(error::engine)
    }

    #[pyo3(signature = (plan, text, data=None, user=None, key=None, thread=None, deadline_ms=None, watch=false, labels=None, outside=None))]
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
        outside: Option<&[u8]>,
    ) -> PyResult<PyStarted> {
        let (data, user, labels) = (data.map(<[u8]>::to_vec), user.map(<[u8]>::to_vec), names(labels));
        let outside = guards::outside(outside)?;
        let request = Request { text, data, labels, user, key, thread, deadline_ms, watch, outside };
        let started = self.engine.start(plan, request).map_err(error::engine)?;
        PyStarted::build(py, started)
    }

    #[pyo3(signature = (run, turn, text, data=None, confidence=None, intent=None, hand_off=None, labels=None, tokens=None, delegated=None, writes=false, outside=None))]
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
        outside: Option<&[u8]>,
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
            outside: guards::outside(outside)?,
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

    /// What changed because time passed, run by run, and the runs that were woken because a review of theirs was due.
    /// The last is why a run that was due could not be looked at.
    fn expire(&self, py: Python<'_>) -> PyResult<PyExpired> {
        expired(py, self.engine.expire().map_err(error::engine)?)
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

    /// `kind` is "pure", "effect" or "effect_once"; `approve` the terms on which a person must let it happen, as JSON.
    #[pyo3(signature = (run, turn, tool, kind, arguments, approve=None, scopes=Vec::new()))]
    #[expect(clippy::too_many_arguments, reason = "one crossing for an effect")]
    fn effect_begun(
        &self,
        py: Python<'_>,
        run: u64,
        turn: u32,
        tool: &str,
        kind: &str,
        arguments: &[u8],
        approve: Option<&str>,
        scopes: Vec<String>,
    ) -> PyResult<PyEffect> {
        let (class, approve) = (effect::class(kind)?, approve.map(effect::terms).transpose()?);
        let scopes = scopes.into_iter().map(Name::from).collect();
        let wanted = Effect { tool: Name::from(tool), class, arguments: arguments.to_vec(), approve, scopes, about: None, is_open: false };
        PyEffect::build(py, self.engine.effect_begun(run, turn, wanted).map_err(error::engine)?)
    }

    /// Something that a turn does at once. What of `Effect` became of it: `RUN`, `TOO_LATE` or `NOT_PURE`.
    fn effect_noted(&self, run: u64, turn: u32, tool: &str, acts: bool, arguments: &[u8], result: &[u8]) -> PyResult<u8> {
        let noting = self.engine.effect_noted(run, turn, (Name::from(tool), acts), arguments.to_vec(), result.to_vec());
        noting.map(effect::noting).map_err(error::engine)
    }

    /// The domains inside whose walls a turn is taken, the outermost first.
    fn domains(&self, run: u64, turn: u32) -> PyResult<Vec<String>> {
        Ok(self.engine.domains(run, turn).map_err(error::engine)?.iter().map(ToString::to_string).collect())
    }

    /// Whether an effect that was begun is to be stopped, because its turn took too long.
    fn is_cut_off(&self, run: u64, key: [u8; 16]) -> PyResult<bool> {
        self.engine.is_cut_off(run, EffectKey(key)).map_err(error::engine)
    }

    /// The journal's ticket (nothing if the run no longer cares), and what follows for the run.
    /// What follows, what the turn is given in place of the result (nothing: what it returned), and why it was kept out, if it was.
    #[pyo3(signature = (run, key, returned, result, outside=None))]
    fn effect_ended(
        &self,
        py: Python<'_>,
        run: u64,
        key: [u8; 16],
        returned: bool,
        result: &[u8],
        outside: Option<&[u8]>,
    ) -> PyResult<effect::End> {
        let outside = guards::outside(outside)?;
        let ended = self.engine.effect_ended(run, EffectKey(key), returned, result.to_vec(), outside.as_ref()).map_err(error::engine)?;
        Ok((PyStep::build(py, ended.step)?, ended.result.map(|bytes| PyBytes::new(py, &bytes).unbind()), ended.withheld))
    }

    /// A turn is about to call a model: the key of the call and how far the journal must have come, or what is short, or who stopped it.
    /// Nothing of all that when the turn is over.
    #[expect(clippy::too_many_arguments, reason = "one crossing for a call")]
    fn model_begun(
        &self,
        py: Python<'_>,
        run: u64,
        turn: u32,
        model: &str,
        input_tokens: u64,
        output_tokens: u64,
        cost_micro: u64,
    ) -> PyResult<budget::ModelBegun> {
        let call = ModelCall { model: Name::from(model), input_tokens, output_tokens, cost_micro };
        let begun = self.engine.model_begun(run, turn, &call).map_err(error::engine)?;
        Ok(budget::begun(py, begun))
    }

    /// A model answered: what it used, and which response it was; or nobody knows.
    #[pyo3(signature = (run, turn, key, model, used=None))]
    fn model_ended(&self, run: u64, turn: u32, key: [u8; 16], model: &str, used: Option<(u64, u64, u64, [u8; 16])>) -> PyResult<()> {
        let used = used
            .map(|(input_tokens, output_tokens, cost_micro, response)| (ModelUsed { input_tokens, output_tokens, cost_micro }, response));
        self.engine.model_ended(run, turn, (EffectKey(key), model), used).map_err(error::engine)
    }

    /// How the accounts of a turn stand, as JSON.
    fn budget_of(&self, run: u64, turn: u32) -> PyResult<String> {
        self.engine.budget_of(run, turn).map_err(error::engine)
    }

    /// How accounts stand, each by whose it is and its name, as JSON.
    fn budget(&self, of: Vec<(String, String)>) -> PyResult<String> {
        let of: Vec<_> = of.iter().map(|(per, owner)| Ok((budget::word(per)?, owner.as_str()))).collect::<PyResult<_>>()?;
        self.engine.budget(&of).map_err(error::engine)
    }

    /// How many amounts are held back now.
    fn held_back(&self) -> PyResult<usize> {
        self.engine.held_back().map_err(error::engine)
    }

    /// How far the journal must have come before a run's turns may spend anything.
    fn spends_after(&self, run: u64) -> PyResult<u64> {
        self.engine.spends_after(run).map_err(error::engine)
    }

    /// Use these guards for every run that starts from now on. `off` names guards and gates that a test has switched off.
    fn set_guards(&self, py: Python<'_>, text: &str, off: &str) -> PyResult<u32> {
        let off = guards::off(off)?;
        py.detach(|| self.engine.set_guards(text, off)).map_err(error::engine)
    }

    /// A turn's code vouches for a value. Whether the turn has the floor still.
    fn endorsed(&self, run: u64, turn: u32, text: String, by: &str) -> PyResult<bool> {
        self.engine.endorsed(run, turn, text, by).map_err(error::engine)
    }

    /// Stop an `agent`, a `tool` or a `tenant`; the runs for which something follows.
    fn kill(&self, py: Python<'_>, what: &str, name: &str, reason: String, by: String) -> PyResult<Vec<u64>> {
        let target = guards::target(what, name)?;
        py.detach(|| self.engine.kill(&target, reason, by)).map_err(error::engine)
    }

    fn revive(&self, what: &str, name: &str) -> PyResult<bool> {
        self.engine.revive(&guards::target(what, name)?).map_err(error::engine)
    }

    /// The switches that are thrown, as JSON.
    fn kills(&self) -> PyResult<String> {
        guards::kills(&self.engine.kills().map_err(error::engine)?)
    }

    /// Why a turn may not reach a namespace; nothing if it may.
    fn may_reach(&self, run: u64, turn: u32, namespace: &str, writes: bool, required: Vec<String>) -> PyResult<Option<String>> {
        let required: Vec<Name> = required.into_iter().map(Name::from).collect();
        self.engine.may_reach(run, turn, namespace, writes, &required).map_err(error::engine)
    }

    fn to_memory(&self, run: u64, text: String) -> PyResult<String> {
        self.engine.to_memory(run, text).map_err(error::engine)
    }

    fn recalled(&self, run: u64, turn: u32, text: String, untrusted: bool) -> PyResult<String> {
        self.engine.recalled(run, turn, text, untrusted).map_err(error::engine)
    }

    fn carried_over(&self, run: u64, other: &str, text: String) -> PyResult<String> {
        self.engine.carried_over(run, crate::crossing::run_id(other)?, text).map_err(error::engine)
    }

    fn sealed(&self, run: u64, number: u64) -> PyResult<String> {
        self.engine.sealed(run, number).map_err(error::engine)
    }

    fn unsealed(&self, run: u64, sealed: String) -> PyResult<Option<u64>> {
        self.engine.unsealed(run, sealed).map_err(error::engine)
    }

    /// A text, or JSON, of a run that is over, as its user saw it.
    fn as_seen(&self, run: &str, text: String, is_json: bool) -> PyResult<String> {
        self.engine.as_seen(run_id(run)?, text, is_json).map_err(error::engine)
    }

    fn saw_answers(&self, run: u64, turn: u32) -> PyResult<()> {
        self.engine.saw_answers(run, turn).map_err(error::engine)
    }

    fn is_untrusted(&self, run: u64, turn: u32) -> PyResult<bool> {
        self.engine.is_untrusted(run, turn).map_err(error::engine)
    }

    /// The terms of reviews for which plans state none, as JSON.
    fn set_review_terms(&self, text: &str) -> PyResult<()> {
        self.engine.set_review_terms(text).map_err(error::engine)
    }

    /// A person's word on a review, as JSON: see `interlock.reviews`.
    #[pyo3(signature = (run, number, word))]
    fn review(&self, py: Python<'_>, run: u64, number: Option<u32>, word: &[u8]) -> PyResult<PyStarted> {
        let word = review::word(word)?;
        resumed(py, py.detach(|| self.engine.review(run, number, word)).map_err(error::engine)?)
    }

    /// Open reviews, oldest first, as a JSON list; the filter is JSON too.
    fn open_reviews(&self, py: Python<'_>, filter: &[u8]) -> PyResult<String> {
        let (filter, tenant) = review::filter(filter)?;
        py.detach(|| self.engine.open_reviews(&filter, tenant.as_deref())).map(|rows| review::rows(&rows)).map_err(error::engine)
    }

    /// A review of a run with all that a person who decides should see, as JSON. Without a number, the one that is open.
    #[pyo3(signature = (run, number=None))]
    fn show_review(&self, py: Python<'_>, run: u64, number: Option<u32>) -> PyResult<String> {
        py.detach(|| self.engine.show_review(run, number)).map(|found| review::shown(&found)).map_err(error::engine)
    }

    /// Keep what happens to reviews for `review_news`.
    fn tell_of_reviews(&self) -> PyResult<()> {
        self.engine.tell_of_reviews().map_err(error::engine)
    }

    /// What happened to reviews since the last call: the run, the review, the frame's number, what, and the ticket.
    #[expect(clippy::type_complexity, reason = "a list of plain tuples is what crosses best")]
    fn review_news(&self) -> PyResult<Vec<(u64, u32, u32, &'static str, u64)>> {
        let news = self.engine.review_news().map_err(error::engine)?;
        Ok(news.into_iter().map(|one| (one.run, one.review, one.seq, one.what, one.ticket)).collect())
    }

    /// How a run stands now, also when it is under way here.
    fn stand(&self, py: Python<'_>, run: u64) -> PyResult<PyStep> {
        py.detach(|| self.engine.stand(run)).map(|settled| PyStep::of(Owed::Settled(settled))).map_err(error::engine)
    }

    /// A new run from the first frames of another, the one with number `seq` included.
    #[pyo3(signature = (run, seq, text=None, data=None, new_rules=false))]
    fn derive(
        &self,
        py: Python<'_>,
        run: u64,
        seq: u32,
        text: Option<String>,
        data: Option<&[u8]>,
        new_rules: bool,
    ) -> PyResult<PyStarted> {
        let wanted = Derive { seq, text, data: data.map(<[u8]>::to_vec), new_rules };
        resumed(py, py.detach(|| self.engine.derive(run, wanted)).map_err(error::engine)?)
    }

    fn have_agents(&self, agents: Vec<String>) -> PyResult<()> {
        self.engine.have_agents(agents).map_err(error::engine)
    }
    /// Runs that a crash left unfinished, each with what it owes now.
    fn resume_all(&self, py: Python<'_>, agents: Vec<String>) -> PyResult<Vec<PyStarted>> {
        let found = py.detach(|| self.engine.resume_all(&agents)).map_err(error::engine)?;
        found.into_iter().map(|one| resumed(py, one)).collect()
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

    /// The run that a key started, if it started one.
    fn keyed(&self, py: Python<'_>, key: &str) -> PyResult<Option<PyStarted>> {
        self.engine.keyed(key).map_err(error::engine)?.map(|started| PyStarted::build(py, started)).transpose()
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

    /// The runs that are asked for, newest first, as a JSON list. `since` and `until` are microseconds since 1970.
    #[pyo3(signature = (status=None, limit=100, *, user=None, thread=None, since=None, until=None))]
    #[expect(clippy::too_many_arguments, reason = "one for each way to ask")]
    fn runs(
        &self,
        py: Python<'_>,
        status: Option<&str>,
        limit: usize,
        user: Option<&str>,
        thread: Option<&str>,
        since: Option<u64>,
        until: Option<u64>,
    ) -> PyResult<String> {
        let wanted = crate::reader::filter(status, limit, user, thread, since, until);
        py.detach(|| crate::reader::runs(self.engine.journal(), &wanted?)).map_err(|cause| error::journal(&cause))
    }

    /// Erase what was said in a user's runs. Gives runs, payloads and bytes.
    fn erase(&self, py: Python<'_>, user: &str, by: &str) -> PyResult<crate::upkeep::Counts> {
        py.detach(|| crate::upkeep::erase(self.engine.journal(), user, by)).map_err(|cause| error::journal(&cause))
    }

    /// Prune what was said in runs that ended before a moment (microseconds since 1970) and stand so.
    fn prune(&self, py: Python<'_>, before: u64, statuses: Vec<String>, by: &str) -> PyResult<crate::upkeep::Counts> {
        py.detach(|| crate::upkeep::prune(self.engine.journal(), before, &statuses, by)).map_err(|cause| error::journal(&cause))
    }

    /// Write the file anew without its free pages.
    fn compact(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.engine.journal().compact()).map_err(|cause| error::journal(&cause))
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
        self.engine.stats().map(counts).map_err(error::engine)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.engine.close()).map_err(error::engine)
    }
}
