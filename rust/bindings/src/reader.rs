//! Reading a journal: for the command line, which may read what another process owns, and for a runtime's own history.

use std::path::PathBuf;

use interlock_journal::{
    Frame, Journal, JournalError, MessageBody, Payload, PayloadKind, Reader, RemovedWhy, Report, RunFilter, RunRow, RunStatus, describe,
};
use interlock_kernel::{Event, Micros};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::vault::{self, PyVaultKey};
use crate::{error, review};

#[pyclass(name = "Reader", frozen, module = "interlock._core")]
pub(crate) struct PyReader {
    pub(crate) reader: Reader,
}

#[pymethods]
impl PyReader {
    #[new]
    #[pyo3(signature = (path, key=None))]
    fn new(py: Python<'_>, path: PathBuf, key: Option<Py<PyVaultKey>>) -> PyResult<Self> {
        let reader =
            py.detach(|| Reader::open_with(&path, vault::for_reading(&path, key.as_ref())?)).map_err(|cause| error::journal(&cause))?;
        Ok(Self { reader })
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
        let wanted = filter(status, limit, user, thread, since, until);
        py.detach(|| runs(&self.reader, &wanted?)).map_err(|cause| error::journal(&cause))
    }

    /// What erasing a user would remove: runs, payloads and bytes.
    fn would_erase(&self, py: Python<'_>, user: &str) -> PyResult<crate::upkeep::Counts> {
        py.detach(|| crate::upkeep::would_erase(&self.reader, user)).map_err(|cause| error::journal(&cause))
    }

    /// What pruning would remove.
    fn would_prune(&self, py: Python<'_>, before: u64, statuses: Vec<String>) -> PyResult<crate::upkeep::Counts> {
        py.detach(|| crate::upkeep::would_prune(&self.reader, before, &statuses)).map_err(|cause| error::journal(&cause))
    }

    /// Open reviews, oldest first, as a JSON list; the filter is JSON too.
    fn open_reviews(&self, py: Python<'_>, filter: &[u8]) -> PyResult<String> {
        let (filter, tenant) = review::filter(filter)?;
        let found = py.detach(|| interlock_engine::open_reviews(&self.reader, &filter, tenant.as_deref()));
        found.map(|rows| review::rows(&rows)).map_err(error::engine)
    }

    /// A review of a run with all that a person who decides should see, as JSON. Without a number, the one that is open.
    #[pyo3(signature = (run, number=None))]
    fn show_review(&self, py: Python<'_>, run: u64, number: Option<u32>) -> PyResult<String> {
        py.detach(|| interlock_engine::show_review(&self.reader, run, number)).map(|found| review::shown(&found)).map_err(error::engine)
    }

    /// At most `limit` runs whose id starts with this text, oldest first, as a JSON list.
    #[pyo3(signature = (prefix, limit=100))]
    fn find(&self, py: Python<'_>, prefix: &str, limit: usize) -> PyResult<String> {
        let rows = py.detach(|| self.reader.find_prefix(prefix, limit)).map_err(|cause| error::journal(&cause))?;
        Ok(Value::Array(rows.iter().map(row).collect()).to_string())
    }

    /// A run as one JSON object, with its events and payloads.
    fn history(&self, py: Python<'_>, run: u64) -> PyResult<String> {
        py.detach(|| history(&self.reader, run)).map_err(|cause| error::journal(&cause))
    }
}

/// Check every frame, payload and root of a journal. Returns a JSON object; raises `JournalCorrupt` at the first damage.
#[pyfunction]
pub(crate) fn verify(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    let report = py.detach(|| interlock_journal::verify(&path)).map_err(|cause| error::journal(&cause))?;
    Ok(report_json(&report).to_string())
}

pub(crate) fn report_json(report: &Report) -> Value {
    let (erased, pruned, root) = (report.erased, report.pruned, report.root.to_string());
    json!({
        "frames": report.frames, "runs": report.runs, "payloads": report.payloads, "erased": erased, "pruned": pruned,
        "encrypted": report.encrypted, "unread": report.unread, "unreadable": report.unreadable, "root": root,
    })
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

/// Which runs are asked for, in the journal's terms.
pub(crate) fn filter(
    status: Option<&str>,
    limit: usize,
    user: Option<&str>,
    thread: Option<&str>,
    since: Option<u64>,
    until: Option<u64>,
) -> Result<RunFilter, JournalError> {
    let status = status.map(status_of).transpose()?;
    let (user, thread, since, until) = (user.map(Into::into), thread.map(Into::into), since.map(Micros), until.map(Micros));
    Ok(RunFilter { status, plan: None, user, thread, since, until, limit: Some(limit), ..RunFilter::default() })
}

pub(crate) fn status_of(word: &str) -> Result<RunStatus, JournalError> {
    word.parse().map_err(|what| JournalError::Misused { what })
}

pub(crate) fn runs(journal: &impl Source, filter: &RunFilter) -> Result<String, JournalError> {
    let rows = journal.runs(filter)?;
    Ok(Value::Array(rows.iter().map(row).collect()).to_string())
}

fn row(row: &RunRow) -> Value {
    json!({
        "run": row.number, "id": row.id.to_string(), "key": row.key.as_deref(), "plan": &*row.plan, "status": row.status.word(),
        "started_us": row.started.0, "ended_us": row.ended.map(|at| at.0), "frames": row.frames,
        "user": row.user.as_deref(), "thread": row.thread.as_deref(), "removed": row.removed.map(RemovedWhy::word),
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
        PayloadKind::ErrorText | PayloadKind::Decision | PayloadKind::Document | PayloadKind::Quarantine => {
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
        PayloadKind::Quarantine => "quarantine",
        PayloadKind::ErrorText => "error_text",
        PayloadKind::Decision => "decision",
        PayloadKind::Document => "document",
    }
}
