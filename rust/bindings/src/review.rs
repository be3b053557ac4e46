//! People's words about reviews, and what they are shown, as JSON.

use interlock_engine::{ReviewShown, Says, Shown, Word};
use interlock_kernel::{Expiry, Name, ReviewSubject, ReviewVerdict, Reviewer};
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
    let Spoken { by, roles, reason, says } = serde_json::from_slice(text).map_err(|cause| PyValueError::new_err(cause.to_string()))?;
    let says = match says {
        What::Decides { verdict, text, data } => Says::Decides { verdict, text, data: data.map(String::into_bytes) },
        What::Claims { for_ms } => Says::Claims { for_ms },
        What::Reassigns { role, person } => Says::Reassigns { role, person },
    };
    Ok(Word { by: Reviewer { name: by, roles }, reason, says })
}

pub(crate) fn shown(found: &[ReviewShown]) -> String {
    Value::Array(found.iter().map(one).collect()).to_string()
}

fn one(review: &ReviewShown) -> Value {
    let open = &review.open;
    let terms = &open.terms;
    let (subject, tool, key) = match &open.subject {
        ReviewSubject::Run => ("run", None, None),
        ReviewSubject::Delivery => ("delivery", None, None),
        ReviewSubject::Effect { tool, key, .. } => ("effect", Some(&**tool), Some(key.to_string())),
    };
    let all = [ReviewVerdict::Approved, ReviewVerdict::Edited, ReviewVerdict::Answered, ReviewVerdict::Rejected];
    let can: Vec<ReviewVerdict> = all.into_iter().filter(|verdict| open.admits(*verdict)).collect();
    let on_expiry = match &terms.on_expiry {
        Expiry::Reject => json!("reject"),
        Expiry::Approve => json!("approve"),
        Expiry::Reassign(role) => json!({ "reassign": &**role }),
    };
    json!({
        "run_id": review.run.to_string(), "plan": &*review.plan, "review": review.review, "kind": open.why, "why": review.why,
        "subject": subject, "tool": tool, "key": key, "arguments": review.arguments.as_deref().and_then(parsed),
        "about": message(&review.about), "attached": review.attached.iter().map(message).collect::<Vec<_>>(),
        "said": review.said.iter().map(message).collect::<Vec<_>>(),
        "user": review.user.as_deref().and_then(|user| serde_json::from_slice::<Value>(user).ok()),
        "role": terms.role.as_deref(), "person": terms.person.as_deref(), "approvals": terms.approvals,
        "due_us": terms.due.map(|due| due.0), "on_expiry": on_expiry, "can": can,
        "claimed_by": open.claim.as_ref().map(|(by, _)| &**by), "claimed_until_us": open.claim.as_ref().map(|(_, until)| until.0),
        "signed": open.signed.iter().map(|name| &**name).collect::<Vec<_>>(), "proposal": open.proposal.as_ref().map(|(verdict, _)| verdict),
    })
}

fn message(said: &Shown) -> Value {
    json!({
        "text": said.text, "data": said.data.as_deref().and_then(|data| serde_json::from_slice::<Value>(data).ok()),
        "sender": said.sender.as_deref(), "lost": said.lost,
    })
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
