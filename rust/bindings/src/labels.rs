//! The labels' policy by itself, as the runtime asks it. For the guide, the benchmarks and the proof against a reference.

use interlock_guard::labels::{Call, Label, LabelVerdict, Labels, OnViolation, Source, Spec};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};

use crate::error;

/// A source: label, text, structured part as JSON.
type Given = (u8, PyBackedStr, Option<PyBackedBytes>);
/// Argument, `deny` or `review`, reason, piece, its first byte, the byte after its last, source.
type Violation = (String, &'static str, String, String, usize, usize, Option<usize>);
/// The result's label, and what becomes a source of its own.
type Emitted = (u8, Option<(u8, String)>);

const LABEL: &str = "a label is a byte below 16, as `Label.encode` gives it";

#[pyclass(name = "Labels", frozen, module = "interlock._core")]
pub(crate) struct PyLabels {
    labels: Labels,
}

#[pymethods]
impl PyLabels {
    #[new]
    fn new(spec: &[u8]) -> PyResult<Self> {
        let spec: Spec =
            serde_json::from_slice(spec).map_err(|cause| error::usage(&format!("guardrails: {cause}"), "see docs/guide/labels.md"))?;
        Labels::compile(&spec).map(|labels| Self { labels }).map_err(|cause| error::usage(&cause.to_string(), &cause.hint))
    }

    #[staticmethod]
    fn join(left: u8, right: u8) -> PyResult<u8> {
        Ok(label(left)?.join(label(right)?).encode())
    }

    fn check(&self, tool: &str, acts: bool, arguments: &[u8], context: u8, sources: Vec<Given>) -> PyResult<Option<Violation>> {
        let sources = read(&sources)?;
        Ok(match self.labels.check(tool, acts, arguments, label(context)?, &sources) {
            LabelVerdict::Pass => None,
            LabelVerdict::Violates { argument, on, why, span, start, end, source } => {
                let on = match on {
                    OnViolation::Deny => "deny",
                    OnViolation::Review => "review",
                };
                Some((argument, on, why.to_string(), span, start, end, source))
            }
        })
    }

    #[pyo3(signature = (tool, acts, arguments, context, sources, result=None))]
    fn emit(&self, tool: &str, acts: bool, arguments: &[u8], context: u8, sources: Vec<Given>, result: Option<&[u8]>) -> PyResult<Emitted> {
        let sources = read(&sources)?;
        let emission = self.labels.emit(&Call::new(tool, acts, arguments, label(context)?, &sources), result);
        Ok((emission.label.encode(), emission.assigned.map(|(label, text)| (label.encode(), text))))
    }

    fn emits(&self, tool: &str) -> u8 {
        self.labels.emits(tool).encode()
    }
}

fn label(byte: u8) -> PyResult<Label> {
    Label::decode(byte).ok_or_else(|| error::usage(&format!("{byte} is no label"), LABEL))
}

fn read(given: &[Given]) -> PyResult<Vec<Source<'_>>> {
    given.iter().map(|(byte, text, data)| Ok(Source { label: label(*byte)?, text, data: data.as_deref() })).collect()
}
