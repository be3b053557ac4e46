//! Screens of texts. Offsets cross in characters, as Python counts them; the core counts bytes.

use interlock_guard::SpecError;
use interlock_guard::safety::{Finding, Holdback, OnError, Place, Released, Safety, Spec, Verdict};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Mutex;

use crate::error;

/// Screen, verdict, first character, character after the last, and why.
type Found = (&'static str, &'static str, usize, usize, String);

/// Longer texts are looked at while other threads run, in bytes: about 10 µs.
const LONG: usize = 4_096;

#[pyclass(name = "Safety", frozen, module = "interlock._core")]
pub(crate) struct PySafety(Safety);

#[pymethods]
impl PySafety {
    /// From the JSON form of `guardrails.safety`, or all built-in screens.
    #[new]
    #[pyo3(signature = (spec=None))]
    fn new(spec: Option<&str>) -> PyResult<Self> {
        let Some(spec) = spec else { return Ok(Self(Safety::default())) };
        let parsed: Result<Spec, _> = serde_json::from_str(spec);
        let spec = parsed.map_err(|cause| {
            let (message, hint) = (cause.to_string(), "the keys are in docs/guide/safety.md".to_owned());
            SpecError { path: String::new(), message, hint }
        });
        spec.and_then(|spec| Safety::compile(&spec)).map(Self).map_err(|cause| error::section("guardrails.safety", &cause))
    }

    /// The hardest verdict, and every finding.
    fn screen(&self, py: Python<'_>, place: &str, text: &Bound<'_, PyString>) -> PyResult<(&'static str, Vec<Found>)> {
        let (place, text) = (named(place)?, utf8(text)?);
        let look = || self.0.screen(place, text);
        let screened = if text.len() < LONG { look() } else { py.detach(look) };
        let mut characters = Characters::new(text);
        Ok((verdict(screened.verdict), screened.findings.into_iter().map(|finding| told(finding, &mut characters)).collect()))
    }

    /// Tokens of four characters that a stream holds back where nothing else is said.
    #[getter]
    fn window(&self) -> u32 {
        self.0.window()
    }

    /// What a custom screen that fails means for a text: `block` or `pass`.
    #[getter]
    fn on_error(&self) -> &'static str {
        match self.0.on_error() {
            OnError::Block => "block",
            OnError::Pass => "pass",
        }
    }
}

#[pyclass(name = "Holdback", frozen, module = "interlock._core")]
pub(crate) struct PyHoldback(Mutex<Stream>);

struct Stream {
    held: Holdback,
    text: String,
}

#[pymethods]
impl PyHoldback {
    #[new]
    #[pyo3(signature = (safety, place="egress", window=None))]
    fn new(safety: &Bound<'_, PySafety>, place: &str, window: Option<u32>) -> PyResult<Self> {
        let safety = &safety.get().0;
        let held = Holdback::new(safety, named(place)?, window.unwrap_or_else(|| safety.window()));
        Ok(Self(Mutex::new(Stream { held, text: String::new() })))
    }

    /// What may go out now, or None and what blocks the stream.
    fn push(&self, piece: &Bound<'_, PyString>) -> PyResult<(Option<String>, Option<Found>)> {
        let piece = utf8(piece)?;
        let mut stream = self.stream()?;
        stream.text.push_str(piece);
        let released = stream.held.push(piece);
        Ok(outcome(released, &stream.text))
    }

    fn finish(&self) -> PyResult<(Option<String>, Option<Found>)> {
        let mut stream = self.stream()?;
        let released = stream.held.finish();
        Ok(outcome(released, &stream.text))
    }

    /// What was flagged so far.
    #[getter]
    fn findings(&self) -> PyResult<Vec<Found>> {
        let stream = self.stream()?;
        let mut characters = Characters::new(&stream.text);
        Ok(stream.held.findings().iter().map(|finding| told(finding.clone(), &mut characters)).collect())
    }
}

impl PyHoldback {
    fn stream(&self) -> PyResult<std::sync::MutexGuard<'_, Stream>> {
        self.0.try_lock().map_err(|_| error::usage("a stream is screened by one task at a time", "give every stream its own Holdback"))
    }
}

fn outcome(released: Released, text: &str) -> (Option<String>, Option<Found>) {
    match released {
        Released::Text(piece) => (Some(piece), None),
        Released::Blocked(finding) => (None, Some(told(finding, &mut Characters::new(text)))),
    }
}

fn told(finding: Finding, characters: &mut Characters<'_>) -> Found {
    let (start, end) = (characters.at(finding.start), characters.at(finding.end));
    (finding.screen, verdict(finding.verdict), start, end, finding.why.into_owned())
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Flag => "flag",
        Verdict::Block => "block",
    }
}

fn named(place: &str) -> PyResult<Place> {
    match place {
        "ingress" => Ok(Place::Ingress),
        "tool_result" => Ok(Place::ToolResult),
        "egress" => Ok(Place::Egress),
        _ => Err(error::usage(&format!("no place is called {place:?}"), "give ingress, tool_result or egress")),
    }
}

/// A text with half of a surrogate pair is none that could be sent, kept or shown.
fn utf8<'a>(text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    text.to_str().map_err(|cause| {
        let at = cause.value(text.py()).getattr("start").and_then(|start| start.extract::<usize>()).unwrap_or_default();
        error::usage(&format!("the text has an unpaired surrogate at character {at}"), "decode it with errors='replace', or refuse it")
    })
}

/// Characters before a byte, counted from the last place that was asked for.
struct Characters<'a> {
    text: &'a str,
    ascii: bool,
    bytes: usize,
    count: usize,
}

impl<'a> Characters<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, ascii: text.is_ascii(), bytes: 0, count: 0 }
    }

    fn at(&mut self, byte: usize) -> usize {
        if self.ascii {
            return byte;
        }
        if byte < self.bytes {
            (self.bytes, self.count) = (0, 0);
        }
        self.count += self.text[self.bytes..byte].chars().count();
        self.bytes = byte;
        self.count
    }
}
