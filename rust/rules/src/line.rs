//! A message on a line of JSON, decided without a run: read once, the conditions see what was read.

use interlock_kernel::{Confidence, Consulted, Content, Name, Neighbour, RouteDecision, RouteQuery};

use crate::cascade::Cascade;
use crate::facts::{Facts, Root};
use crate::json::Json;
use crate::{PlanChecks, RoutingTable, Scope};

impl RoutingTable {
    /// Where a message goes that is a JSON object with any of `text`, `data`, `user`, `intent`, `confidence`, `labels` and `neighbours`
    /// (a list of objects with `intent` and `score`). The error says what is wrong with the line.
    ///
    /// ```
    /// use interlock_kernel::{Consulted, Digest, Target};
    /// use interlock_rules::{RoutingTable, TableSpec};
    ///
    /// let spec: TableSpec = serde_json::from_str(r#"{"rules": [{"line": 1, "intent": "any", "agent": "desk", "when": "data.amount > 5"}]}"#)?;
    /// let table = RoutingTable::compile(&spec, Digest::default())?;
    /// let Consulted::Decided(decision) = table.decide_line(br#"{"data": {"amount": 6}}"#)? else { unreachable!() };
    /// assert_eq!(decision.target, Target::Agent("desk".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide_line(&self, line: &[u8]) -> Result<Consulted<RouteDecision>, String> {
        let line = Line::read(line)?;
        let checks = PlanChecks::default();
        let content = Content { text: line.text.text().unwrap_or_default(), data: None, labels: &line.labels };
        let intent = line.intent.text();
        let neighbours = line.neighbours.as_deref().map(|near| (near, 0));
        let query = RouteQuery {
            intent,
            confidence: line.confidence,
            content,
            user: None,
            neighbours,
            table: None,
            claims: &[],
            has_router: false,
        };
        let scope = Scope { text: content.text, intent, confidence: line.confidence, labels: content.labels, ..Scope::default() };
        let facts = Facts::of(scope).with(Root::Data, line.data).with(Root::User, line.user);
        Ok(Cascade::over(Some(self), &checks, &query, facts).run())
    }
}

struct Line<'a> {
    text: Json<'a>,
    data: Json<'a>,
    user: Json<'a>,
    intent: Json<'a>,
    confidence: Option<Confidence>,
    labels: Vec<Name>,
    neighbours: Option<Vec<Neighbour>>,
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Result<Self, String> {
        let json: Json<'a> = serde_json::from_slice(line).map_err(|cause| cause.to_string())?;
        let kind = json.kind();
        let Json::Map(fields) = json else { return Err(format!("it is {kind}, and an object is expected")) };
        let mut read = Self {
            text: Json::Null,
            data: Json::Null,
            user: Json::Null,
            intent: Json::Null,
            confidence: None,
            labels: Vec::new(),
            neighbours: None,
        };
        for (name, value) in fields {
            match (name.as_ref(), value) {
                ("data", value) => read.data = value,
                ("user", value) => read.user = value,
                ("text" | "intent" | "confidence" | "labels" | "neighbours", Json::Null) => {}
                ("text", value @ Json::Str(_)) => read.text = value,
                ("intent", value @ Json::Str(_)) => read.intent = value,
                ("confidence", value) => read.confidence = Some(confidence(&value)?),
                ("labels", Json::List(labels)) => {
                    let named = labels.iter().map(|label| label.text().map(Name::from));
                    read.labels = named.collect::<Option<_>>().ok_or("`labels` is a list of strings")?;
                }
                ("neighbours", Json::List(near)) => read.neighbours = Some((0..).zip(&near).map(neighbour).collect::<Result<_, _>>()?),
                (known @ ("text" | "intent"), value) => return Err(format!("`{known}` is {}, and a string is expected", value.kind())),
                (known @ ("labels" | "neighbours"), value) => return Err(format!("`{known}` is {}, and a list is expected", value.kind())),
                (unknown, _) => return Err(format!("`{unknown}` is not a known key")),
            }
        }
        Ok(read)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn confidence(value: &Json<'_>) -> Result<Confidence, String> {
    let share = value.number().filter(|share| (0.0..=1.0).contains(share)).ok_or("`confidence` must lie between 0 and 1")?;
    Ok(Confidence((share * f64::from(Confidence::ONE)).round() as u32))
}

#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn neighbour((example, near): (u32, &Json<'_>)) -> Result<Neighbour, String> {
    let known = near.fields().filter(|fields| fields.iter().all(|(name, _)| name == "intent" || name == "score"));
    let fields = known.ok_or("a neighbour is an object with `intent` and `score`")?;
    let intent = fields.get("intent").and_then(Json::text).ok_or("a neighbour's `intent` is a string")?;
    let score = fields.get("score").and_then(Json::number).filter(|score| (-1.0..=1.0).contains(score));
    let score = score.ok_or("a neighbour's `score` must lie between -1 and 1")?;
    Ok(Neighbour { example, intent: intent.into(), score: (score * f64::from(Confidence::ONE)).round() as i32 })
}
