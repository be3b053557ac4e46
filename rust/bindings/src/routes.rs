//! A routing table by itself: what it decides for messages that no run has, and what is wrong with it. For the command line.

use std::sync::Arc;

use interlock_engine::EngineError;
use interlock_kernel::{Confidence, Consulted, Content, Digest, Name, RouteDecision, RouteQuery, Rules, Target};
use interlock_rules::{HUMAN_REVIEW, PlanChecks, RoutingTable, RuleBook, TableSpec};
use pyo3::prelude::*;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error;

/// The target, and the line of its rule; nothing where the semantic stage would decide.
type Went = (Option<String>, Option<u32>);

#[pyclass(name = "RouteTable", frozen, module = "interlock._core")]
pub(crate) struct PyRouteTable {
    book: RuleBook,
    table: Arc<RoutingTable>,
}

#[pymethods]
impl PyRouteTable {
    /// From the text that `Config.table_text()` gives.
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        let spec: TableSpec = serde_json::from_str(text).map_err(|cause| error::engine(EngineError::PlanText(cause)))?;
        let revision = Digest(Sha256::digest(text.as_bytes()).into());
        let table = RoutingTable::compile(&spec, revision).map_err(|cause| error::engine(EngineError::Rules(cause)))?;
        let table = Arc::new(table);
        Ok(Self { book: RuleBook::new(Some(Arc::clone(&table)), Arc::new(PlanChecks::default())), table })
    }

    /// Where one message goes and why, as a JSON object; `{"needs": "neighbours"}` if the semantic stage would decide.
    #[pyo3(signature = (text="", data=None, user=None, intent=None, confidence=None, labels=Vec::new()))]
    fn decide(
        &self,
        text: &str,
        data: Option<&[u8]>,
        user: Option<&[u8]>,
        intent: Option<&str>,
        confidence: Option<f64>,
        labels: Vec<String>,
    ) -> PyResult<String> {
        let labels: Vec<Name> = labels.iter().map(|label| label.as_str().into()).collect();
        let content = Content { text, data, labels: &labels };
        let confidence = confidence.map(share).transpose().map_err(|what| error::usage(&what, SHARE))?;
        let query = RouteQuery { intent, confidence, content, user, neighbours: None, table: None, claims: &[], has_router: false };
        Ok(match self.book.route(&query) {
            Consulted::Needs(fact) => json!({ "needs": fact }).to_string(),
            Consulted::Decided(decision) => json!(decision).to_string(),
        })
    }

    /// For each line of JSON the target's name and the line of the rule taken. Neither: the semantic stage would decide.
    /// An error names the line, counted from `first`.
    #[pyo3(signature = (messages, first=1))]
    fn decide_many(&self, py: Python<'_>, messages: &[u8], first: u32) -> PyResult<Vec<(Option<String>, Option<u32>)>> {
        py.detach(|| self.all(messages, first)).map_err(|what| error::usage(&what, LINES))
    }

    /// Rules that never decide and pairs that can both hold, as a JSON object.
    fn problems(&self, py: Python<'_>) -> String {
        py.detach(|| {
            let mut problems = json!(self.table.problems());
            problems.sort_all_objects(); // Cedar has serde_json keep the order of insertion; examples are told in one order
            problems.to_string()
        })
    }

    /// Every agent that the table names, with the key's path and line.
    fn agents(&self) -> Vec<(String, String, u32)> {
        self.table.agents().map(|(agent, path, line)| (agent.to_string(), path.to_owned(), line)).collect()
    }
}

const SHARE: &str = "write a share from 0.0 to 1.0";
const LINES: &str = "each line is a JSON object with text, data, user, intent, confidence, labels and neighbours, none of them required";

impl PyRouteTable {
    fn all(&self, messages: &[u8], first: u32) -> Result<Vec<Went>, String> {
        let lines = messages.split(|byte| *byte == b'\n').zip(first..).filter(|(line, _)| !line.trim_ascii().is_empty());
        lines.map(|(line, number)| self.one(line).map_err(|what| format!("line {number}: {what}"))).collect()
    }

    fn one(&self, line: &[u8]) -> Result<(Option<String>, Option<u32>), String> {
        Ok(match self.table.decide_line(line)? {
            Consulted::Needs(_) => (None, None),
            Consulted::Decided(decision) => (Some(target(&decision)), decision.evidence.rule.map(|(_, line)| line)),
        })
    }
}

fn target(decision: &RouteDecision) -> String {
    match &decision.target {
        Target::Agent(name) => name.to_string(),
        Target::Review | Target::Router => HUMAN_REVIEW.to_owned(), // no router is asked here
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn share(given: f64) -> Result<Confidence, String> {
    if !(0.0..=1.0).contains(&given) {
        return Err(format!("confidence is {given}, and must lie between 0 and 1"));
    }
    Ok(Confidence((given * f64::from(Confidence::ONE)).round() as u32))
}
