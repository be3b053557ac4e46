//! People's words about reviews, and what they are shown, as JSON.

use interlock_engine::{Closed, ReviewShown, Says, Shown, Word, in_short};
use interlock_journal::{ReviewFilter, ReviewRow};
use interlock_kernel::{Confidence, Expiry, Micros, Name, ReviewSubject, ReviewVerdict, Reviewer, RunId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoken {
    by: Name,
    #[serde(default)]
    roles: Vec<Name>,
    #[serde(default)]
    tenant: Option<Name>,
    #[serde(default)]
    reason: String,
    says: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Decides {
        verdict: ReviewVerdict,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        /// JSON, as a text.
        data: Option<String>,
    },
    Claims {
        for_ms: u64,
    },
    Reassigns {
        #[serde(default)]
        role: Option<Name>,
        #[serde(default)]
        person: Option<Name>,
    },
}

pub(crate) fn word(text: &[u8]) -> PyResult<Word> {
    let Spoken { by, roles, tenant, reason, says } =
        serde_json::from_slice(text).map_err(|cause| PyValueError::new_err(cause.to_string()))?;
    let says = match says {
        What::Decides { verdict, text, data } => Says::Decides { verdict, text, data: data.map(String::into_bytes) },
        What::Claims { for_ms } => Says::Claims { for_ms },
        What::Reassigns { role, person } => Says::Reassigns { role, person },
    };
    Ok(Word { by: Reviewer { name: by, roles }, tenant, reason, says })
}

/// Which open reviews are asked for, as JSON; moments are microseconds since 1970.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    role: Option<String>,
    person: Option<String>,
    plan: Option<String>,
    run_id: Option<String>,
    tenant: Option<String>,
    due_before_us: Option<u64>,
    after: Option<(u64, String, u32)>,
    limit: Option<usize>,
}

/// The filter, and whose runs' reviews are asked for.
pub(crate) fn filter(text: &[u8]) -> PyResult<(ReviewFilter, Option<String>)> {
    let Wanted { role, person, plan, run_id, tenant, due_before_us, after, limit } =
        serde_json::from_slice(text).map_err(|cause| PyValueError::new_err(cause.to_string()))?;
    let id = |text: String| text.parse::<RunId>().map_err(PyValueError::new_err);
    let after = after.map(|(opened, run, review)| PyResult::Ok((Micros(opened), id(run)?, review))).transpose()?;
    let (role, person, plan, run) = (role.map(Into::into), person.map(Into::into), plan.map(Into::into), run_id.map(id).transpose()?);
    Ok((ReviewFilter { role, person, plan, run, due_before: due_before_us.map(Micros), after, limit }, tenant))
}

pub(crate) fn rows(rows: &[ReviewRow]) -> String {
    Value::Array(rows.iter().map(row).collect()).to_string()
}

fn row(row: &ReviewRow) -> Value {
    json!({
        "run": row.run, "run_id": row.id.to_string(), "plan": &*row.plan, "review": row.review, "opened_us": row.opened.0,
        "due_us": row.due.map(|due| due.0),
        "kind": row.why, "why": in_short(row.why), "subject": row.subject.word(), "tool": row.tool.as_deref(),
        "role": row.role.as_deref(), "person": row.person.as_deref(), "approvals": row.approvals, "signed": row.signed,
        "proposal": row.proposal.map(|(verdict, _)| verdict),
        "claimed_by": row.claim.as_ref().map(|(by, _)| &**by), "claimed_until_us": row.claim.as_ref().map(|(_, until)| until.0),
    })
}

/// All that a person who decides should see.
pub(crate) fn shown(review: &ReviewShown) -> String {
    let open = &review.open;
    let terms = &open.terms;
    let (subject, tool, key) = match &open.subject {
        ReviewSubject::Run => ("run", None, None),
        ReviewSubject::Delivery => ("delivery", None, None),
        ReviewSubject::Effect { tool, key, .. } => ("effect", Some(&**tool), Some(key.to_string())),
    };
    let all = [ReviewVerdict::Approved, ReviewVerdict::Edited, ReviewVerdict::Answered, ReviewVerdict::Rejected];
    let can: Vec<ReviewVerdict> = all.into_iter().filter(|verdict| review.closed.is_none() && open.admits(*verdict)).collect();
    let on_expiry = match &terms.on_expiry {
        Expiry::Reject => json!("reject"),
        Expiry::Approve => json!("approve"),
        Expiry::Reassign(role) => json!({ "reassign": &**role }),
    };
    let proposed = review.proposed.as_ref().map(|(said, json)| json.as_deref().map_or_else(|| message(said), |text| json!(parsed(text))));
    let user = review.user.as_deref().and_then(|user| serde_json::from_slice::<Value>(user).ok());
    let mut value = json!({
        "run_id": review.run.to_string(), "plan": &*review.plan, "review": review.review, "opened_us": review.opened.0,
        "kind": open.why, "why": review.why, "subject": subject, "tool": tool, "key": key,
        "arguments": review.arguments.as_deref().and_then(parsed), "about": message(&review.about), "proposed": proposed,
        "attached": review.attached.iter().map(message).collect::<Vec<_>>(), "said": review.said.iter().map(message).collect::<Vec<_>>(),
        "user": user, "role": terms.role.as_deref(), "person": terms.person.as_deref(), "approvals": terms.approvals,
        "due_us": terms.due.map(|due| due.0), "on_expiry": on_expiry, "can": can,
    });
    if let Value::Object(fields) = &mut value {
        fields.insert("signed".into(), open.signed.len().into());
        fields.insert("signed_by".into(), open.signed.iter().map(|name| &**name).collect());
        fields.insert("proposal".into(), json!(open.proposal.as_ref().map(|(verdict, _)| verdict)));
        fields.insert("claimed_by".into(), json!(open.claim.as_ref().map(|(by, _)| &**by)));
        fields.insert("claimed_until_us".into(), json!(open.claim.as_ref().map(|(_, until)| until.0)));
        fields.insert("closed".into(), review.closed.as_ref().map_or(Value::Null, closed));
    }
    value.to_string()
}

fn closed(closed: &Closed) -> Value {
    json!({
        "how": closed.how, "verdict": closed.verdict, "by": closed.by.as_deref(), "reason": closed.reason.as_deref(), "at_us": closed.at.0,
    })
}

fn message(said: &Shown) -> Value {
    let confidence = said.confidence.map(|stated| f64::from(stated.0) / f64::from(Confidence::ONE));
    json!({
        "text": said.text, "data": said.data.as_deref().and_then(|data| serde_json::from_slice::<Value>(data).ok()),
        "sender": said.sender.as_deref(), "labels": said.labels.iter().map(|label| &**label).collect::<Vec<_>>(),
        "confidence": confidence, "option": said.option, "lost": said.lost,
    })
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
