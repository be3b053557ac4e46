//! Access by itself: what a configuration decides for requests that no run has made. For the command line, and for tests of Cedar.

use std::sync::Arc;

use interlock_guard::SpecError;
use interlock_guard::access::{Access, Action, Decision, Request, Slices, Spec, User};
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error;

#[pyclass(name = "Access", frozen, module = "interlock._core")]
pub(crate) struct PyAccess {
    access: Access,
}

/// A request as its JSON is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    agent: String,
    #[serde(default)]
    scopes: Vec<String>,
    user: Option<AskedFor>,
    action: String,
    resource: String,
    #[serde(default)]
    required: Vec<String>,
    arguments: Option<Value>,
    domain: Option<String>,
    /// At a review: the tenant of the run.
    tenant: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedFor {
    id: String,
    tenant: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[pymethods]
impl PyAccess {
    /// From the text that `Guardrails.text()` gives.
    #[new]
    fn new(py: Python<'_>, text: &str) -> PyResult<Self> {
        let spec: Spec =
            serde_json::from_str(text).map_err(|cause| error::usage(&cause.to_string(), "give what Guardrails.text() gives"))?;
        let access = py.detach(|| Access::compile(&spec)).map_err(|cause| refused(&cause))?;
        Ok(Self { access })
    }

    /// The revision that decisions are recorded under, and keep their cache by.
    #[getter]
    fn revision(&self) -> u32 {
        self.access.revision()
    }

    /// Decide one request, a JSON object; the answer is one, too.
    fn decide(&self, request: &str) -> PyResult<String> {
        let asked: Asked = serde_json::from_str(request).map_err(|cause| error::usage(&cause.to_string(), REQUEST))?;
        asked.with(|request| {
            let decision = self.access.decide(request);
            self.told(request, &decision).to_string()
        })
    }

    /// The rows and fields of a result that a request's agent may see; None if it may see nothing of it.
    fn filter(&self, of: &str, request: &str, result: &[u8]) -> PyResult<Option<Vec<u8>>> {
        let asked: Asked = serde_json::from_str(request).map_err(|cause| error::usage(&cause.to_string(), REQUEST))?;
        asked.with(|request| self.access.filter(of, request, result))
    }

    /// Every policy in force: its id, the dotted place that it was made from, and its Cedar text.
    fn policies(&self) -> Vec<(String, String, String)> {
        self.access.rules().iter().map(|rule| (rule.id.to_string(), rule.at.clone(), rule.text.clone())).collect()
    }

    /// What is allowed and hardly meant: dotted places, and what to know of them.
    fn warnings(&self) -> Vec<(String, String)> {
        self.access.warnings().to_vec()
    }

    /// What the configuration lets an agent hold; None: it doesn't say.
    fn scopes_of(&self, agent: &str) -> Option<Vec<String>> {
        self.access.scopes_of(agent).map(<[String]>::to_vec)
    }
}

impl PyAccess {
    fn told(&self, request: &Request<'_>, decision: &Decision) -> Value {
        let why = decision.why.as_ref().map(|why| {
            let missing = why.missing.iter().map(|one| {
                json!({"scope": one.scope, "agent_holds": one.agent_holds, "user_holds": one.user_holds, "user_roles": self.access.roles_with(request.user.as_ref(), &one.scope)})
            });
            let erred: Vec<Value> = why.erred.iter().map(|(id, cause)| json!({"policy": id.as_ref(), "cause": cause})).collect();
            json!({"missing": missing.collect::<Vec<_>>(), "erred": erred, "unreadable": why.unreadable, "by_default": why.by_default})
        });
        let policies: Vec<&str> = decision.policies.iter().map(Arc::as_ref).collect();
        json!({"allowed": decision.allowed, "review": decision.review, "policies": policies, "cached": decision.cached, "why": why})
    }
}

impl Asked {
    fn with<T>(&self, answer: impl FnOnce(&Request<'_>) -> T) -> PyResult<T> {
        let action = Action::ALL.into_iter().find(|action| action.name() == self.action);
        let action = action.ok_or_else(|| error::usage(&format!("there is no action {:?}", self.action), REQUEST))?;
        let (scopes, required) = (texts(&self.scopes), texts(&self.required));
        let roles = self.user.as_ref().map(|user| texts(&user.roles)).unwrap_or_default();
        let user = self.user.as_ref().map(|user| User { id: &user.id, tenant: user.tenant.as_deref(), roles: &roles });
        let arguments = self.arguments.as_ref().map(|arguments| arguments.to_string().into_bytes());
        Ok(answer(&Request {
            agent: &self.agent,
            scopes: &scopes,
            user,
            action,
            resource: &self.resource,
            required: &required,
            arguments: arguments.as_deref(),
            domain: self.domain.as_deref(),
            tenant: self.tenant.as_deref(),
        }))
    }
}

const REQUEST: &str =
    "write {\"agent\": …, \"action\": \"CallTool\", \"resource\": …, \"scopes\": […], \"user\": {\"id\": …}, \"arguments\": {…}}";

fn texts(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// A part of the configuration that can't mean anything; the caller knows its line.
fn refused(cause: &SpecError) -> PyErr {
    error::config(&cause.path, &cause.message, &cause.hint)
}

/// Cedar as it is, with and without slicing: policies, entities and requests in Cedar's own forms.
#[pyclass(name = "CedarSet", frozen, module = "interlock._core")]
pub(crate) struct PyCedarSet {
    slices: Slices,
    ids: Vec<String>,
    entities: cedar_policy::Entities,
}

#[pymethods]
impl PyCedarSet {
    #[new]
    fn new(policies: &str, entities: &str) -> PyResult<Self> {
        let wrong = |cause: String| error::usage(&cause, "write policies and entities as Cedar reads them");
        let set: cedar_policy::PolicySet = policies.parse().map_err(|cause: cedar_policy::ParseErrors| wrong(cause.to_string()))?;
        let policies: Vec<cedar_policy::Policy> = set.policies().cloned().collect();
        let ids = policies.iter().map(|policy| policy.id().to_string()).collect();
        let entities = cedar_policy::Entities::from_json_str(entities, None).map_err(|cause| wrong(cause.to_string()))?;
        Ok(Self { slices: Slices::new(policies).map_err(wrong)?, ids, entities })
    }

    /// Whether it is allowed, the ids that decided, those in error, and how many policies were evaluated.
    fn decide(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        context: &str,
        sliced: bool,
    ) -> PyResult<(bool, Vec<String>, Vec<String>, usize)> {
        let wrong = |cause: String| error::usage(&cause, "write Type::\"id\" for entities and a JSON object for the context");
        let uid = |text: &str| text.parse::<cedar_policy::EntityUid>().map_err(|cause| wrong(cause.to_string()));
        let context = cedar_policy::Context::from_json_str(context, None).map_err(|cause| wrong(cause.to_string()))?;
        let (principal, action, resource) = (uid(principal)?, uid(action)?, uid(resource)?);
        let all = || (0..self.slices.len()).collect();
        let asked = if sliced { self.slices.candidates([&principal, &action, &resource], &self.entities) } else { all() };
        let request = cedar_policy::Request::new(principal, action, resource, context, None).map_err(|cause| wrong(cause.to_string()))?;
        let count = asked.len();
        let said = self.slices.evaluate(asked, &request, &self.entities);
        let named = |numbers: &mut dyn Iterator<Item = u32>| numbers.filter_map(|number| self.ids.get(number as usize).cloned()).collect();
        let by = named(&mut said.by().iter().copied());
        let erred = named(&mut said.erred.iter().map(|(number, _)| *number));
        Ok((said.allowed(), by, erred, count))
    }
}
