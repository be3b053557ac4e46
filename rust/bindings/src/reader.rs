//! Reading a journal: for the command line, which may read what another process owns, and for a runtime's own history.

use std::path::PathBuf;

use interlock_journal::{Frame, Journal, JournalError, MessageBody, Payload, PayloadKind, Reader, RunFilter, RunRow, RunStatus, describe};
use interlock_kernel::Event;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::error;

#[pyclass(name = "Reader", frozen, module = "interlock._core")]
pub(crate) struct PyReader {
    reader: Reader,
}

#[pymethods]
impl PyReader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let reader = py.detach(|| Reader::open(&path)).map_err(|cause| error::journal(&cause))?;
        Ok(Self { reader })
    }

    /// Every run with a status, newest first, as a JSON list.
    #[pyo3(signature = (status=None, limit=100))]
    fn runs(&self, py: Python<'_>, status: Option<&str>, limit: usize) -> PyResult<String> {
        py.detach(|| runs(&self.reader, status, limit)).map_err(|cause| error::journal(&cause))
    }

    /// The run whose id starts with this text, as one JSON object with its row, frames and payloads.
    fn history(&self, py: Python<'_>, run: u64) -> PyResult<String> {
        py.detach(|| history(&self.reader, run)).map_err(|cause| error::journal(&cause))
    }
}

/// Check every frame, payload and root of a journal. Returns a JSON object; raises `JournalCorrupt` at the first damage.
#[pyfunction]
pub(crate) fn verify(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    let report = py.detach(|| interlock_journal::verify(&path)).map_err(|cause| error::journal(&cause))?;
    Ok(json!({ "frames": report.frames, "runs": report.runs, "payloads": report.payloads, "root": report.root.to_string() }).to_string())
}

/// What the timeline needs of a journal, whether this process owns it or only reads it.
pub(crate) trait Source {
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError>;
    fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError>;
    fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError>;
}

macro_rules! source {
    ($journal:ty) => {
        impl Source for $journal {
            fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, JournalError> {
                self.runs(filter)
            }
            fn frames(&self, run: u64) -> Result<Vec<Frame>, JournalError> {
                self.frames(run)
            }
            fn payloads(&self, run: u64) -> Result<Vec<Payload>, JournalError> {
                self.payloads(run)
            }
        }
    };
}

source!(Journal);
source!(Reader);

pub(crate) fn runs(journal: &impl Source, status: Option<&str>, limit: usize) -> Result<String, JournalError> {
    let status = match status {
        None => None,
        Some(text) => Some(
            RunStatus::ALL
                .into_iter()
                .find(|known| known.word() == text)
                .ok_or_else(|| JournalError::Misused { what: format!("{text:?} is not a run's status") })?,
        ),
    };
    let rows = journal.runs(&RunFilter { status, plan: None, limit: Some(limit) })?;
    Ok(Value::Array(rows.iter().map(row).collect()).to_string())
}

fn row(row: &RunRow) -> Value {
    json!({
        "run": row.number, "id": row.id.to_string(), "key": row.key.as_deref(), "plan": &*row.plan, "status": row.status.word(),
        "started_us": row.started.0, "ended_us": row.ended.map(|at| at.0), "frames": row.frames,
    })
}

pub(crate) fn history(journal: &impl Source, run: u64) -> Result<String, JournalError> {
    let frames: Vec<Value> =
        journal.frames(run)?.iter().filter_map(|frame| Some(event_json(frame.seq, frame.at.0, frame.event()?))).collect();
    let payloads: Vec<Value> = journal.payloads(run)?.iter().map(payload).collect();
    Ok(json!({ "run": run, "events": frames, "payloads": payloads }).to_string())
}

pub(crate) fn event_json(seq: u32, at: u64, event: &Event) -> Value {
    let mut value = describe(event);
    if let Value::Object(fields) = &mut value {
        fields.insert("seq".into(), seq.into());
        fields.insert("at_us".into(), at.into());
    }
    value
}

fn payload(payload: &Payload) -> Value {
    let mut value = json!({ "number": payload.number, "kind": word(payload.kind), "bytes": payload.bytes.len() });
    let readable = match payload.kind {
        PayloadKind::Message => MessageBody::decode(&payload.bytes).ok().map(|body| {
            json!({ "text": body.text, "sender": body.sender, "data": body.data.and_then(|data| serde_json::from_slice::<Value>(data).ok()) })
        }),
        PayloadKind::Request | PayloadKind::Arguments | PayloadKind::Result => {
            serde_json::from_slice::<Value>(&payload.bytes).ok().map(|data| json!({ "data": data }))
        }
        PayloadKind::ErrorText | PayloadKind::Decision | PayloadKind::Document => {
            Some(json!({ "text": String::from_utf8_lossy(&payload.bytes) }))
        }
    };
    if let (Value::Object(fields), Some(Value::Object(more))) = (&mut value, readable) {
        fields.extend(more);
    }
    value
}

pub(crate) fn word(kind: PayloadKind) -> &'static str {
    match kind {
        PayloadKind::Message => "message",
        PayloadKind::Request => "request",
        PayloadKind::Arguments => "arguments",
        PayloadKind::Result => "result",
        PayloadKind::ErrorText => "error_text",
        PayloadKind::Decision => "decision",
        PayloadKind::Document => "document",
    }
}
