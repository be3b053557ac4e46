//! The ledger of budgets: JSON lines and numbers cross. It is locked for microseconds, and never while other code runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use interlock_engine::ModelStart;
use interlock_guard::SpecError;
use interlock_guard::budget::{Actual, Entry, Estimate, Every, Kill, Kills, Ledger, Parts, Per, Reservation, Short, Spec, Target, Who};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error;

/// Reserves before a call, books after it. Used from any thread.
#[pyclass(name = "BudgetLedger", frozen, module = "interlock._core")]
pub(crate) struct PyBudgetLedger {
    ledger: Mutex<Ledger>,
    kills: Mutex<Kills>,
}

/// Per, owner, what, every, limit, spent, reserved, wanted, when short, cheaper, and when the next window begins.
pub(crate) type Shortage =
    (&'static str, String, &'static str, &'static str, u64, u64, u64, u64, &'static str, Option<String>, Option<u64>);
/// Tokens, micro-dollars, microseconds, turns, tool calls.
type Sums = (u64, u64, u64, u64, u64);

#[pymethods]
impl PyBudgetLedger {
    #[new]
    fn new(spec: &[u8]) -> PyResult<Self> {
        let unread = |cause: serde_json::Error| {
            let hint = "budgets are a list of limits, or `prices` and `limits`".to_owned();
            error::spec(&SpecError { path: "budgets".to_owned(), message: cause.to_string(), hint })
        };
        let spec: Spec = serde_json::from_slice(spec).map_err(unread)?;
        let ledger = Ledger::new(&spec).map_err(|wrong| error::spec(&wrong))?;
        Ok(Self { ledger: Mutex::new(ledger), kills: Mutex::default() })
    }

    /// The reservation's number and its line, or what is short.
    #[pyo3(signature = (now, who, *, input_tokens=0, output_tokens=0, cost_micro=0, time_us=0, turns=0, tool_calls=0, depth=0, fan_out=0))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn reserve(
        &self,
        now: u64,
        who: (&str, &str, Option<&str>, Option<&str>),
        input_tokens: u64,
        output_tokens: u64,
        cost_micro: u64,
        time_us: u64,
        turns: u64,
        tool_calls: u64,
        depth: u64,
        fan_out: u64,
    ) -> PyResult<(Option<u64>, Option<String>, Option<Shortage>)> {
        let who = Who { run: who.0, agent: who.1, user: who.2, tenant: who.3 };
        let estimate = Estimate { input_tokens, output_tokens, cost_micro, time_us, turns, tool_calls, depth, fan_out };
        let mut ledger = lock(&self.ledger);
        match ledger.reserve(now, &who, &estimate) {
            Ok(reservation) => Ok((Some(reservation.0), line(ledger.reserved(reservation))?, None)),
            Err(short) => Ok((None, None, Some(shortage(&short)))),
        }
    }

    /// The line to keep, or nothing when the reservation was not open.
    #[pyo3(signature = (number, key, at, *, input_tokens=0, output_tokens=0, cost_micro=0, time_us=0, turns=0, tool_calls=0))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn settle(
        &self,
        number: u64,
        key: [u8; 16],
        at: u64,
        input_tokens: u64,
        output_tokens: u64,
        cost_micro: u64,
        time_us: u64,
        turns: u64,
        tool_calls: u64,
    ) -> PyResult<Option<String>> {
        let actual = Actual { at, key, input_tokens, output_tokens, cost_micro, time_us, turns, tool_calls };
        line(lock(&self.ledger).settle(Reservation(number), &actual))
    }

    fn settle_unknown(&self, number: u64, at: u64) -> PyResult<Option<String>> {
        line(lock(&self.ledger).settle_unknown(at, Reservation(number)))
    }

    fn release(&self, number: u64) -> PyResult<Option<String>> {
        line(lock(&self.ledger).release(Reservation(number)))
    }

    fn pause(&self, run: &str, at: u64) -> PyResult<Option<String>> {
        line(lock(&self.ledger).pause(at, run))
    }

    fn end(&self, run: &str, at: u64) -> PyResult<Vec<String>> {
        lines(&lock(&self.ledger).end(at, run))
    }

    fn entries(&self) -> PyResult<Vec<String>> {
        lines(&lock(&self.ledger).entries())
    }

    /// The numbers of what is open.
    fn restore(&self, lines: Vec<String>) -> PyResult<Vec<u64>> {
        let read = |(place, text): (usize, String)| {
            serde_json::from_str::<Entry>(&text)
                .map_err(|cause| error::usage(&format!("line {}: {cause}", place + 1), "give lines that a ledger gave"))
        };
        let entries = lines.into_iter().enumerate().map(read).collect::<PyResult<Vec<_>>>()?;
        Ok(lock(&self.ledger).restore(entries).into_iter().map(|open| open.0).collect())
    }

    fn orphans(&self) -> Vec<u64> {
        lock(&self.ledger).orphans().into_iter().map(|open| open.0).collect()
    }

    /// What an account has spent and what is held back.
    fn standing(&self, now: u64, per: &str, owner: &str, every: &str) -> PyResult<(Sums, Sums)> {
        let (per, every): (Per, Every) = (word(per)?, word(every)?);
        let (spent, held) = lock(&self.ledger).standing(now, per, owner, every);
        let sums = |of: Parts| (of.tokens, of.cost_micro, of.time_us, of.turns, of.tool_calls);
        Ok((sums(spent), sums(held)))
    }

    /// Throw a switch: `kind` is agent, tool or tenant. `False` when it was thrown already.
    fn kill(&self, kind: &str, name: &str, reason: String, by: String, at: u64) -> PyResult<bool> {
        Ok(lock(&self.kills).throw(Kill { target: target(kind, name)?, reason, by, at }))
    }

    fn lift(&self, kind: &str, name: &str) -> PyResult<bool> {
        Ok(lock(&self.kills).lift(&target(kind, name)?).is_some())
    }

    /// The switch that stops a call: kind, name, reason, by whom and when.
    #[pyo3(signature = (agent, tool=None, tenant=None))]
    fn killed(&self, agent: &str, tool: Option<&str>, tenant: Option<&str>) -> Option<(&'static str, String, String, String, u64)> {
        lock(&self.kills).is_killed(agent, tool, tenant).map(thrown)
    }

    fn kills(&self) -> Vec<(&'static str, String, String, String, u64)> {
        lock(&self.kills).iter().map(thrown).collect()
    }
}

fn lock<T>(inner: &Mutex<T>) -> MutexGuard<'_, T> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(entry: Option<Entry>) -> PyResult<Option<String>> {
    entry.as_ref().map(text).transpose()
}

fn lines(entries: &[Entry]) -> PyResult<Vec<String>> {
    entries.iter().map(text).collect()
}

fn text(entry: &Entry) -> PyResult<String> {
    serde_json::to_string(entry).map_err(|cause| error::usage(&cause.to_string(), ""))
}

pub(crate) fn word<T: serde::de::DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_value(text.into()).map_err(|cause| error::usage(&cause.to_string(), "spell it as the configuration file does"))
}

pub(crate) fn shortage(short: &Short) -> Shortage {
    (
        short.per.name(),
        short.owner.to_string(),
        short.what.name(),
        short.every.name(),
        short.limit,
        short.spent,
        short.reserved,
        short.wanted,
        short.when_short.name(),
        short.cheaper.as_deref().map(str::to_owned),
        short.resets_at,
    )
}

fn target(kind: &str, name: &str) -> PyResult<Target> {
    match kind {
        "agent" => Ok(Target::Agent(name.into())),
        "tool" => Ok(Target::Tool(name.into())),
        "tenant" => Ok(Target::Tenant(name.into())),
        other => Err(error::usage(&format!("{other:?} can't be stopped"), "stop an agent, a tool or a tenant")),
    }
}

fn thrown(kill: &Kill) -> (&'static str, String, String, String, u64) {
    let (kind, name) = match &kill.target {
        Target::Agent(name) => ("agent", name),
        Target::Tool(name) => ("tool", name),
        Target::Tenant(name) => ("tenant", name),
    };
    (kind, name.to_string(), kill.reason.clone(), kill.by.clone(), kill.at)
}

/// A call's key and how far the journal must have come; what is short; who stopped it.
pub(crate) type ModelBegun = (Option<Py<PyBytes>>, u64, Option<Shortage>, Option<String>);

pub(crate) fn begun(py: Python<'_>, begun: ModelStart) -> ModelBegun {
    match begun {
        ModelStart::Goes { key, after } => (Some(PyBytes::new(py, &key.0).unbind()), after, None, None),
        ModelStart::Short(short) => (None, 0, Some(shortage(&short)), None),
        ModelStart::Refused(said) => (None, 0, None, Some(said)),
        ModelStart::TooLate => (None, 0, None, None),
    }
}
