//! Audit: keys, signed checkpoints, proofs, and what an auditor lists. Keys stay in Rust; texts and numbers cross.

use std::path::PathBuf;

use interlock_journal::{
    Checkpoint, CheckpointError, Frame, JournalError, Progress, ProofError, Reader, Record, SignerKey, VerifierKey, head, prove, read_note,
    read_notes, verify_with,
};
use interlock_kernel::Digest;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::{Value, json};

use crate::error;
use crate::reader::{event_json, report_json, word};
use crate::vault::{self, PyVaultKey};

#[pyclass(name = "Signer", frozen, module = "interlock._core")]
pub(crate) struct PySigner {
    key: SignerKey,
}

#[pymethods]
impl PySigner {
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        Ok(Self { key: SignerKey::parse(text).map_err(|cause| error::checkpoint(&cause))? })
    }

    /// A new key.
    #[staticmethod]
    fn generate(name: &str) -> PyResult<Self> {
        Ok(Self { key: SignerKey::generate(name).map_err(|cause| error::checkpoint(&cause))? })
    }

    #[getter]
    fn name(&self) -> &str {
        self.key.name()
    }

    /// The key that others check with.
    #[getter]
    fn verifier(&self) -> String {
        self.key.verifier().to_string()
    }

    /// The key itself, to be written where only its owner reads.
    fn secret_text(&self) -> String {
        self.key.secret_text()
    }

    /// The signed note over a tree's size and root. The origin is the key's name, unless another is given.
    #[pyo3(signature = (size, root, origin=None))]
    fn sign(&self, size: u64, root: [u8; 32], origin: Option<String>) -> PyResult<String> {
        let origin = origin.unwrap_or_else(|| self.key.name().to_owned());
        Checkpoint { origin, size, root: Digest(root) }.sign(&self.key).map_err(|cause| error::checkpoint(&cause))
    }
}

/// How far long work has come; another thread looks on.
#[pyclass(name = "Progress", frozen, module = "interlock._core")]
pub(crate) struct PyProgress {
    progress: Progress,
}

#[pymethods]
impl PyProgress {
    #[new]
    fn new() -> Self {
        Self { progress: Progress::default() }
    }

    /// So many steps of so many.
    fn seen(&self) -> (u64, u64) {
        self.progress.seen()
    }
}

/// The checkpoints of a text that holds one note after another: size, root, origin and note of each, after its signature was checked.
#[pyfunction]
pub(crate) fn read_checkpoints(notes: &str, key: &str) -> PyResult<Vec<(u64, String, String, String)>> {
    let read = verified(notes, key).map_err(|cause| error::checkpoint(&cause))?;
    Ok(read.into_iter().map(|(one, note)| (one.size, one.root.to_string(), one.origin, note.to_owned())).collect())
}

/// As `verify`, and hold the file against checkpoints. Without any it is `verify` with a progress.
#[pyfunction]
#[pyo3(signature = (path, notes=None, key=None, progress=None, vault_key=None))]
pub(crate) fn verify_checkpoints(
    py: Python<'_>,
    path: PathBuf,
    notes: Option<&str>,
    key: Option<&str>,
    progress: Option<Py<PyProgress>>,
    vault_key: Option<Py<PyVaultKey>>,
) -> PyResult<String> {
    let checkpoints: Vec<Checkpoint> = match (notes, key) {
        (Some(notes), Some(key)) => {
            verified(notes, key).map_err(|cause| error::checkpoint(&cause))?.into_iter().map(|(one, _)| one).collect()
        }
        (None, None) => vec![],
        (Some(_), None) | (None, Some(_)) => return Err(PyValueError::new_err("checkpoints and their key are given together")),
    };
    let unseen = Progress::default();
    let progress = progress.as_ref().map_or(&unseen, |progress| &progress.get().progress);
    let report = py
        .detach(|| verify_with(&path, &checkpoints, progress, vault::for_reading(&path, vault_key.as_ref())?))
        .map_err(|cause| error::journal(&cause))?;
    let mut found = report_json(&report);
    found["checkpoints"] = checkpoints.len().into();
    found["newest_checkpoint"] = checkpoints.iter().map(|one| one.size).max().into();
    Ok(found.to_string())
}

fn verified<'a>(notes: &'a str, key: &str) -> Result<Vec<(Checkpoint, &'a str)>, CheckpointError> {
    read_notes(notes, &VerifierKey::parse(key)?)
}

/// Size and root of a file whose frames were found whole.
#[pyfunction]
pub(crate) fn tree_head(py: Python<'_>, path: PathBuf) -> PyResult<(u64, Py<PyBytes>)> {
    let (size, root) = py.detach(|| head(&path)).map_err(|cause| error::journal(&cause))?;
    Ok((size, PyBytes::new(py, &root.0).unbind()))
}

/// A frame with its proof: its leaf's number, its bytes, and the hashes up to the root.
type Proved = (u64, Py<PyBytes>, Vec<Py<PyBytes>>);

/// The run's frames, each proved against the newer note, and what proves that from the older one.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "a list of plain tuples is what crosses best")]
#[pyo3(signature = (path, run, newest, older, key))]
pub(crate) fn prove_run(
    py: Python<'_>,
    path: PathBuf,
    run: u64,
    newest: &str,
    older: Option<&str>,
    key: &str,
) -> PyResult<(Vec<Proved>, Option<Vec<Py<PyBytes>>>)> {
    let proof = py.detach(|| {
        let key = VerifierKey::parse(key)?;
        let older = older.map(|note| read_note(note, &key)).transpose()?;
        prove(&path, run, &read_note(newest, &key)?, older.as_ref())
    });
    let proof = proof.map_err(|cause| match cause {
        ProofError::Journal(cause) => error::journal(&cause),
        ProofError::Checkpoint(cause) => error::checkpoint(&cause),
    })?;
    let hashes = |path: Vec<Digest>| path.iter().map(|hash| PyBytes::new(py, &hash.0).unbind()).collect();
    let frames = proof.frames.into_iter().map(|one| (one.leaf, PyBytes::new(py, &one.bytes).unbind(), hashes(one.path))).collect();
    Ok((frames, proof.consistency.map(hashes)))
}

/// What an auditor lists: frames in commit order, and who is behind them.
#[pyclass(name = "Ledger", frozen, module = "interlock._core")]
pub(crate) struct PyLedger {
    reader: Reader,
}

#[pymethods]
impl PyLedger {
    #[new]
    #[pyo3(signature = (path, key=None))]
    fn new(py: Python<'_>, path: PathBuf, key: Option<Py<PyVaultKey>>) -> PyResult<Self> {
        let reader =
            py.detach(|| Reader::open_with(&path, vault::for_reading(&path, key.as_ref())?)).map_err(|cause| error::journal(&cause))?;
        Ok(Self { reader })
    }

    /// How many frames there are now.
    fn size(&self) -> PyResult<u64> {
        self.reader.size().map_err(|cause| error::journal(&cause))
    }

    /// Frames from this position on, at most so many, as a JSON list.
    fn frames(&self, py: Python<'_>, first: u64, count: usize) -> PyResult<String> {
        py.detach(|| Ok(listed(&self.reader.ledger(first, count)?))).map_err(|cause: JournalError| error::journal(&cause))
    }

    /// A run's frames, as a JSON list.
    fn frames_of(&self, py: Python<'_>, run: u64) -> PyResult<String> {
        py.detach(|| Ok(listed(&self.reader.ledger_of(run)?))).map_err(|cause: JournalError| error::journal(&cause))
    }

    /// What kind each payload of the run is, by number.
    fn kinds_of(&self, py: Python<'_>, run: u64) -> PyResult<Vec<(u32, &'static str)>> {
        let kinds = py.detach(|| self.reader.kinds_of(run)).map_err(|cause| error::journal(&cause))?;
        Ok(kinds.into_iter().map(|(number, kind)| (number, word(kind))).collect())
    }

    /// For whom the run was started, if that is known and was not erased.
    fn user_of(&self, py: Python<'_>, run: u64) -> PyResult<Option<String>> {
        py.detach(|| self.reader.user_of(run)).map_err(|cause| error::journal(&cause))
    }

    /// Who wrote a message of the run.
    fn sender_of(&self, py: Python<'_>, run: u64, number: u32) -> PyResult<Option<String>> {
        py.detach(|| self.reader.sender_of(run, number)).map_err(|cause| error::journal(&cause))
    }
}

fn listed(frames: &[(u64, Frame)]) -> String {
    let listed = |(position, frame): &(u64, Frame)| {
        let event = match &frame.record {
            Record::Run(event) => event_json(frame.seq, frame.at.0, event),
            Record::Registered(one) => {
                json!({ "kind": "registered", "what": one.what, "name": &*one.name, "digest": one.digest, "content": one.content })
            }
            Record::Opened(opened) => json!({ "kind": "opened", "by": opened.by }),
            Record::Removed(removed) => {
                json!({ "kind": "removed", "why": removed.why.to_string(), "runs": removed.runs, "by": removed.by })
            }
        };
        json!({ "position": position, "run": frame.run, "seq": frame.seq, "at_us": frame.at.0, "event": event })
    };
    Value::Array(frames.iter().map(listed).collect()).to_string()
}
