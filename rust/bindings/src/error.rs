//! Rust errors as `interlock.errors`: one way across, by code, with the fields that the Python class wants.

use interlock_engine::EngineError;
use interlock_guard::SpecError;
use interlock_journal::{CheckpointError, JournalError};
use interlock_reliability::ReliabilityError;
use interlock_store::StoreError;
use interlock_vault::VaultError;
use interlock_vector::VectorError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

static FROM_CORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Fields that an error carries besides its text.
#[derive(Default)]
struct Fields {
    retry_after_ms: Option<u64>,
    path: Option<String>,
    line: Option<u32>,
    run: Option<String>,
    frame: Option<u64>,
    namespace: Option<String>,
    key: Option<String>,
    found: Option<u64>,
}

pub(crate) fn engine(error: EngineError) -> PyErr {
    let mut fields = Fields::default();
    match &error {
        EngineError::Journal(inner) => return journal(inner),
        EngineError::Overloaded { retry_after_ms, .. } => fields.retry_after_ms = Some(*retry_after_ms),
        EngineError::Rules(inner) => {
            fields.path = Some(inner.path().to_owned());
            fields.line = inner.line();
        }
        EngineError::Guards(inner) => return section("guardrails", inner),
        EngineError::Check { plan, agent, .. } => fields.path = Some(format!("{plan}.{agent}")),
        EngineError::Plan(inner) => fields.path = inner.path().map(str::to_owned),
        EngineError::UnknownAgent { path, line, .. } => {
            fields.path = Some(path.clone());
            fields.line = Some(*line);
        }
        EngineError::UnknownRun { run } | EngineError::NotInReview { run, .. } | EngineError::ReviewDenied { run, .. } => {
            fields.run = Some(run.clone());
        }
        EngineError::Corrupt { run, .. } | EngineError::Refused { run, .. } => fields.run = Some(run.to_string()),
        // Their text says all. The enum is open: a new cause needs no field until it says so.
        EngineError::PlanText(_)
        | EngineError::Vector(_)
        | EngineError::TextTooLong { .. }
        | EngineError::NoIndex
        | EngineError::Internal(_)
        | _ => {}
    }
    raise(error.code(), &error.to_string(), &error.hint(), &fields)
}

pub(crate) fn usage(what: &str, hint: &str) -> PyErr {
    raise("usage", what, hint, &Fields::default())
}

/// A part of the configuration by its dotted path; its line is known where the file was read.
pub(crate) fn config(path: &str, message: &str, hint: &str) -> PyErr {
    raise("config", message, hint, &Fields { path: Some(path.to_owned()), ..Fields::default() })
}

pub(crate) fn journal(error: &JournalError) -> PyErr {
    let mut fields = Fields::default();
    if let JournalError::Corrupt { run, frame, .. } = error {
        fields.run = run.as_ref().map(ToString::to_string);
        fields.frame = *frame;
    }
    raise(error.code(), &error.to_string(), &error.hint(), &fields)
}

pub(crate) fn vault(error: &VaultError) -> PyErr {
    raise(error.code(), &error.to_string(), error.hint(), &Fields::default())
}

pub(crate) fn store(error: &StoreError) -> PyErr {
    let mut fields = Fields::default();
    match error {
        StoreError::Moved { namespace, key, found, .. } => {
            (fields.namespace, fields.key) = (Some(namespace.clone()), Some(key.clone()));
            fields.found = Some(*found);
        }
        StoreError::NotACounter { namespace, key, .. }
        | StoreError::Overflow { namespace, key, .. }
        | StoreError::TooLarge { namespace, key, .. }
        | StoreError::Full { namespace, key, .. }
        | StoreError::Held { namespace, key, .. } => (fields.namespace, fields.key) = (Some(namespace.clone()), Some(key.clone())),
        StoreError::UnknownNamespace { namespace, .. } => fields.namespace = Some(namespace.clone()),
        // Their text says all. The enum is open: a new cause needs no field until it says so.
        StoreError::Failing { cause } => return store(cause),
        StoreError::Unusable { .. } | StoreError::Lagged { .. } | StoreError::Corrupt { .. } | _ => {}
    }
    raise(error.code(), &error.to_string(), error.hint(), &fields)
}

/// A part of the configuration that is wrong, at its dotted path.
pub(crate) fn spec(error: &SpecError) -> PyErr {
    let fields = Fields { path: Some(error.path.clone()), ..Fields::default() };
    raise("config", &error.to_string(), &error.hint, &fields)
}

/// A key or a note that can't be used; the text names it.
pub(crate) fn checkpoint(error: &CheckpointError) -> PyErr {
    raise(error.code(), &error.to_string(), error.hint(), &Fields::default())
}

/// Every cause is a call with labels that can't be fitted.
pub(crate) fn reliability(error: &ReliabilityError) -> PyErr {
    raise("usage.reliability", &error.to_string(), error.hint(), &Fields::default())
}

pub(crate) fn vector(error: &VectorError) -> PyErr {
    raise(error.code(), &error.to_string(), error.hint(), &Fields::default())
}

/// A part of the guards' configuration, named from its section on.
pub(crate) fn section(section: &str, error: &SpecError) -> PyErr {
    let path = if error.path.is_empty() { section.to_owned() } else { format!("{section}.{}", error.path) };
    let fields = Fields { path: Some(path.clone()), ..Fields::default() };
    raise("config.guardrails", &format!("{path}: {}", error.message), &error.hint, &fields)
}

fn raise(code: &str, message: &str, hint: &str, fields: &Fields) -> PyErr {
    Python::attach(|py| {
        let built = (|| -> PyResult<PyErr> {
            let build = FROM_CORE.import(py, "interlock.errors", "from_core")?;
            let named = PyDict::new(py);
            if let Some(ms) = fields.retry_after_ms {
                named.set_item("retry_after_ms", ms)?;
            }
            if let Some(path) = &fields.path {
                named.set_item("path", path)?;
            }
            if let Some(line) = fields.line {
                named.set_item("line", line)?;
            }
            if let Some(run) = &fields.run {
                named.set_item("run", run)?;
            }
            if let Some(frame) = fields.frame {
                named.set_item("frame", frame)?;
            }
            if let Some(namespace) = &fields.namespace {
                named.set_item("namespace", namespace)?;
            }
            if let Some(key) = &fields.key {
                named.set_item("key", key)?;
            }
            if let Some(found) = fields.found {
                named.set_item("found", found)?;
            }
            Ok(PyErr::from_value(build.call((code, message, hint), Some(&named))?))
        })();
        built.unwrap_or_else(|error| error)
    })
}
