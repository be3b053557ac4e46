//! Detectors of personal data: texts come in, findings go out in code points. Other threads run meanwhile.

use std::collections::HashMap;

use interlock_guard::SpecError;
use interlock_guard::privacy::{self, Privacy, Span, placeholders};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error;

/// Kind, start and end.
type Found = (String, usize, usize);

#[pyclass(name = "Privacy", frozen, module = "interlock._core")]
pub(crate) struct PyPrivacy(Privacy);

#[pymethods]
impl PyPrivacy {
    /// `spec` is the JSON of the section `guardrails.privacy`.
    #[new]
    fn new(spec: &[u8]) -> PyResult<Self> {
        let spec: privacy::Spec = serde_json::from_slice(spec).map_err(|cause| error::usage(&cause.to_string(), "see the schema"))?;
        Privacy::compile(&spec).map(Self).map_err(|cause| raise(&cause))
    }

    /// The built-in kinds that need no model, and those that do.
    #[staticmethod]
    fn kinds() -> (Vec<&'static str>, Vec<&'static str>) {
        (privacy::STRUCTURED.to_vec(), privacy::NAMED.to_vec())
    }

    fn scan(&self, py: Python<'_>, text: &Bound<'_, PyString>) -> PyResult<Vec<Found>> {
        let text = text.to_str()?;
        Ok(py.detach(|| self.named(text, &self.0.scan(text))))
    }

    /// The text with numbered placeholders, the same for the same value, and what was found.
    fn mask(&self, py: Python<'_>, text: &Bound<'_, PyString>) -> PyResult<(Option<String>, Vec<Found>)> {
        let text = text.to_str()?;
        Ok(py.detach(|| {
            let mut numbers = Numbers::after(text);
            let spans = self.0.scan(text);
            let masked = self.0.mask_spans(text, &spans, &mut |kind, value| numbers.of(kind, value));
            (masked, self.named(text, &spans))
        }))
    }

    /// The text with placeholders at these places: kind, start and end in code points, in order, without overlaps.
    #[staticmethod]
    fn mask_places(py: Python<'_>, text: &Bound<'_, PyString>, places: Vec<Found>) -> PyResult<String> {
        let text = text.to_str()?;
        Ok(py.detach(|| {
            let mut numbers = Numbers::after(text);
            let (mut out, mut done, mut rest) = (String::with_capacity(text.len()), 0, text);
            for (kind, start, end) in &places {
                let (head, behind) = rest.split_at(byte_of(rest, start.saturating_sub(done)));
                let (value, behind) = behind.split_at(byte_of(behind, end.saturating_sub(*start)));
                let token = numbers.of(kind, value);
                out.push_str(head);
                for part in ["⟦", kind.as_str(), ":", token.as_str(), "⟧"] {
                    out.push_str(part);
                }
                (done, rest) = (*end, behind);
            }
            out.push_str(rest);
            out
        }))
    }

    /// Start and end of each well-formed placeholder, in code points.
    #[staticmethod]
    fn placeholders(text: &Bound<'_, PyString>) -> PyResult<Vec<(usize, usize)>> {
        let text = text.to_str()?;
        let points = |at: usize| text.get(..at).map_or(0, |passed| passed.chars().count());
        Ok(placeholders(text).filter(|found| found.well_formed).map(|found| (points(found.start), points(found.end))).collect())
    }

    /// The same for JSON.
    fn mask_json<'py>(&self, py: Python<'py>, json: &[u8]) -> Option<Bound<'py, PyBytes>> {
        let masked = py.detach(|| {
            let mut numbers = Numbers::after(&String::from_utf8_lossy(json));
            self.0.mask_json(json, &mut |kind, value| numbers.of(kind, value))
        });
        masked.map(|masked| PyBytes::new(py, &masked))
    }
}

impl PyPrivacy {
    fn named(&self, text: &str, spans: &[Span]) -> Vec<Found> {
        let (mut bytes, mut points) = (0, 0);
        let mut point = |at: usize| {
            points += text.get(bytes..at).map_or(0, |passed| passed.chars().count());
            bytes = at;
            points
        };
        spans.iter().map(|span| (self.0.name(span.kind).to_owned(), point(span.start), point(span.end))).collect()
    }
}

/// Where the character with this number starts, or the end.
fn byte_of(text: &str, point: usize) -> usize {
    text.char_indices().nth(point).map_or(text.len(), |(at, _)| at)
}

/// Tokens that count up for each kind, from behind those that the text has already.
struct Numbers {
    last: HashMap<String, u32>,
    given: HashMap<(String, String), String>,
}

impl Numbers {
    fn after(text: &str) -> Self {
        let mut last = HashMap::new();
        for found in placeholders(text).filter(|found| found.well_formed) {
            if let Ok(number) = found.token.parse::<u32>() {
                let kept: &mut u32 = last.entry(found.kind.to_owned()).or_insert(0);
                *kept = number.max(*kept);
            }
        }
        Self { last, given: HashMap::new() }
    }

    fn of(&mut self, kind: &str, value: &str) -> String {
        let given = self.given.entry((kind.to_owned(), value.to_owned()));
        let last = self.last.entry(kind.to_owned()).or_insert(0);
        given
            .or_insert_with(|| {
                *last += 1;
                last.to_string()
            })
            .clone()
    }
}

fn raise(cause: &SpecError) -> PyErr {
    error::usage(&cause.to_string(), &cause.hint)
}
