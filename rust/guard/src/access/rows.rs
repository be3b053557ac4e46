//! Of a result only the rows and fields that the asking agent may see. What is no row is refused, and never passed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use cedar_policy::{Entities, EntityUid, EvalResult, Expression, Policy, RestrictedExpression, eval_expression};
use serde_json::Value;

use super::reads::Reads;
use super::request::Request;
use super::spec::Data;
use super::values::{expression, record};
use super::{Access, entities, scan};
use crate::SpecError;

/// One entry of `data:`, ready to be asked.
#[derive(Debug)]
pub(super) struct View {
    of: String,
    agents: Option<Vec<String>>,
    scopes: Vec<String>,
    fields: Option<Vec<String>>,
    rows: Option<(Expression, Reads)>,
}

/// Who asks, for all rows of a result.
struct Asking {
    uids: [EntityUid; 3],
    context: Vec<(String, RestrictedExpression)>,
    entities: Entities,
}

/// What is seen of a row.
enum Row {
    Seen(Vec<u8>),
    /// It is not this agent's, or not this user's.
    Hidden,
}

impl View {
    pub(super) fn of(entry: &Data, place: usize) -> Result<Self, SpecError> {
        let at = format!("data[{place}]");
        let error = |key: &str, message: String, hint: &str| SpecError { path: format!("{at}.{key}"), message, hint: hint.to_owned() };
        if entry.of.trim().is_empty() || entry.of.trim_end_matches('*').is_empty() {
            return Err(error("of", "names no place".to_owned(), "write tool:NAME, or a namespace like memory:team:billing"));
        }
        if entry.may.is_some() && entry.of.starts_with("tool:") {
            return Err(error("may", "says reading or writing of a tool's results".to_owned(), "leave it out; it is for namespaces"));
        }
        let rows = entry.rows.as_deref().map(|text| {
            let text = named(text);
            let hint = "write a condition over `row` and `user` in Cedar, like row.team == user.tenant";
            let parsed = Expression::from_str(&text).map_err(|cause| error("where", format!("can't be read: {cause}"), hint))?;
            let asked = Policy::parse(None, format!("permit(principal, action, resource) when {{ {text} }};"));
            let reads = Reads::of(&asked.map_err(|cause| error("where", format!("can't be read: {cause}"), hint))?);
            Ok((parsed, reads))
        });
        Ok(Self {
            of: entry.of.clone(),
            agents: entry.agents.clone(),
            scopes: entry.scopes.clone(),
            fields: entry.fields.clone(),
            rows: rows.transpose()?,
        })
    }

    /// Whether the agent sees anything through it.
    fn is_for(&self, request: &Request<'_>, scopes: &[&str], user: Option<&BTreeSet<&str>>) -> bool {
        let agent = self.agents.as_ref().is_none_or(|agents| agents.iter().any(|agent| agent == request.agent));
        let held = |scope: &String| scopes.contains(&scope.as_str()) && user.is_none_or(|user| user.contains(scope.as_str()));
        agent && self.scopes.iter().all(held)
    }
}

/// `row` and `user` are short for what they are in the context.
fn named(text: &str) -> String {
    let bytes = text.as_bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (mut out, mut at) = (String::with_capacity(text.len() + 16), 0);
    while at < bytes.len() {
        let start = at;
        if bytes[at] == b'"' {
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(bytes.len());
        } else if word(bytes[at]) {
            at += bytes[at..].iter().take_while(|byte| word(**byte)).count();
            let member = text[..start].trim_end().ends_with('.')
                || text[..start].trim_end().ends_with("::")
                || text[..start].trim_end().ends_with(" has");
            let key = text[at..].trim_start().starts_with(':');
            if !member && !key && matches!(&text[start..at], "row" | "user") {
                out.push_str("context.");
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        out.push_str(text.get(start..at).unwrap_or_default());
    }
    out
}

impl Access {
    /// Whether anything limits what is seen of a place (`tool:orders`, `memory:team:billing`); otherwise `filter` gives back what it got.
    pub fn limits(&self, of: &str) -> bool {
        self.views.iter().any(|view| entities::covers(&view.of, of))
    }

    /// Of a result the rows and fields that the request's agent may see. A row is an object; rows are an array, or the `rows` of an object.
    /// None: it may see nothing of this place, or the result has no rows although only some may be seen.
    pub fn filter(&self, of: &str, request: &Request<'_>, json: &[u8]) -> Option<Vec<u8>> {
        if !self.limits(of) {
            return Some(json.to_vec());
        }
        let (scopes, user) = (self.held(request), self.world.user_scopes(request.user.as_ref()));
        let views = self.views.iter().filter(|view| entities::covers(&view.of, of) && view.is_for(request, &scopes, user.as_ref()));
        let views: Vec<&View> = views.collect();
        if views.is_empty() {
            return None;
        }
        if views.iter().any(|view| view.rows.is_none() && view.fields.is_none()) {
            return Some(json.to_vec());
        }
        let (uids, context) = (self.world.uids(request), self.world.context(request, &scopes));
        let asking = Asking { uids, context, entities: self.world.entities(request)? };
        let seen = |row: &[u8]| Self::row(row, &views, &asking);
        if let Some(items) = scan::items(json) {
            return rows(&items, seen);
        }
        let members = scan::members(json)?;
        match members.iter().filter(|(name, _)| name == "rows").collect::<Vec<_>>().as_slice() {
            [] => Some(match seen(json)? {
                Row::Seen(row) => row,
                Row::Hidden => b"null".to_vec(),
            }),
            [(_, found)] => {
                let found = rows(&scan::items(found)?, seen)?;
                Some([b"{\"rows\":", found.as_slice(), b"}"].concat())
            }
            _ => None,
        }
    }

    /// What is seen of one row. None: it is no row.
    fn row(row: &[u8], views: &[&View], asking: &Asking) -> Option<Row> {
        let members = scan::members(row)?;
        let held: Vec<&&View> = views.iter().filter(|view| Self::holds(view, &members, asking)).collect();
        if held.is_empty() {
            return Some(Row::Hidden);
        }
        if held.iter().any(|view| view.fields.is_none()) {
            return Some(Row::Seen(row.to_vec()));
        }
        let open = |name: &str| held.iter().any(|view| view.fields.iter().flatten().any(|field| field == name));
        let mut out = vec![b'{'];
        for (name, value) in members.iter().filter(|(name, _)| open(name)) {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend(serde_json::to_vec(name.as_ref()).ok()?);
            out.push(b':');
            out.extend_from_slice(value);
        }
        out.push(b'}');
        Some(Row::Seen(out))
    }

    /// Whether a view's condition is true of a row. What can't be evaluated is not true.
    fn holds(view: &View, members: &[(Cow<'_, str>, &[u8])], asking: &Asking) -> bool {
        let Some((condition, reads)) = &view.rows else { return true };
        let mut read = BTreeMap::new();
        for (name, text) in members.iter().filter(|(name, _)| reads.row.has(name)) {
            let Ok(value) = serde_json::from_slice::<Value>(text) else { return false };
            match expression(&value) {
                Some(value) => read.insert(name.to_string(), value),
                None => read.remove(name.as_ref()),
            };
        }
        let mut context: Vec<_> = asking.context.iter().filter(|(name, _)| reads.roots.has(name)).cloned().collect();
        context.push(("row".to_owned(), record(read)));
        let Some(asked) = entities::asked(asking.uids.clone(), context) else { return false };
        eval_expression(&asked, &asking.entities, condition).is_ok_and(|said| said == EvalResult::Bool(true))
    }
}

fn rows(items: &[&[u8]], seen: impl Fn(&[u8]) -> Option<Row>) -> Option<Vec<u8>> {
    let mut out = vec![b'['];
    for item in items {
        let Row::Seen(row) = seen(item)? else { continue };
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend(row);
    }
    out.push(b']');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn row_and_user_are_short_names_and_nothing_else_is_touched() {
        for (given, written) in [
            ("row.team == user.tenant", "context.row.team == context.user.tenant"),
            ("row.user == \"row user\"", "context.row.user == \"row user\""),
            ("context.row.row == {row: row.x}.row", "context.row.row == {row: context.row.x}.row"),
            ("user in Role::\"user\" && row has user", "context.user in Role::\"user\" && context.row has user"),
            ("rows.x == \"é\\\"row\"", "rows.x == \"é\\\"row\""),
        ] {
            assert_eq!(named(given), written);
        }
    }
}
