//! All guards of one configuration, compiled together. A run keeps the set under which it was started.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::SpecError;
use crate::access::{self, Access};
use crate::budget;
use crate::labels::{self, Labels};
use crate::privacy::{self, Privacy};
use crate::safety::{self, Safety};

/// Guards that a test, or a measurement, has switched off. Everything is on otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one switch a guard, each by its name")]
pub struct Off {
    pub access: bool,
    pub labels: bool,
    pub privacy: bool,
    pub safety: bool,
    pub budgets: bool,
    /// Gates at which nothing is asked, by number.
    pub gates: [bool; 9],
}

/// What `guardrails:` says, as far as it is not one guard's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parts {
    privacy: privacy::Spec,
    safety: safety::Spec,
    budgets: budget::Spec,
    tools: FxHashMap<String, ToolPart>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolPart {
    arguments: FxHashMap<String, ArgumentPart>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ArgumentPart {
    unmask: bool,
}

/// One set of guards.
#[derive(Debug)]
pub struct Guard {
    pub access: Access,
    pub labels: Labels,
    pub privacy: Privacy,
    pub safety: Safety,
    pub budgets: budget::Spec,
    pub off: Off,
    /// Whether whoever asked sees values in the answer.
    pub egress: privacy::Egress,
    /// The configuration's canonical text.
    pub text: Arc<str>,
    /// For each tool that the configuration names, the arguments that it is given in the clear.
    unmask: Option<FxHashMap<String, FxHashSet<String>>>,
}

impl Guard {
    /// The guards of a configuration's `guardrails:` part, as canonical JSON; `{}` is what holds where nothing is said.
    ///
    /// # Errors
    /// `SpecError` names what can't mean anything, by its path.
    pub fn compile(text: &str, off: Off) -> Result<Self, SpecError> {
        let wrong = |cause: serde_json::Error| SpecError {
            path: "guardrails".into(),
            message: cause.to_string(),
            hint: "`interlock config check` says which line it is".into(),
        };
        let parts: Parts = serde_json::from_str(text).map_err(wrong)?;
        let labels: labels::Spec = serde_json::from_str(text).map_err(wrong)?;
        let access: access::Spec = serde_json::from_str(text).map_err(wrong)?;
        budget::Ledger::new(&parts.budgets).map_err(|error| within("budgets", error))?;
        let unmask = access.tools.is_some().then(|| {
            let open = |tool: &ToolPart| tool.arguments.iter().filter(|(_, one)| one.unmask).map(|(name, _)| name.clone()).collect();
            parts.tools.iter().map(|(name, tool)| (name.clone(), open(tool))).collect()
        });
        Ok(Self {
            access: Access::compile(&access)?,
            labels: Labels::compile(&labels)?,
            privacy: Privacy::compile(&parts.privacy).map_err(|error| within("privacy", error))?,
            safety: Safety::compile(&parts.safety).map_err(|error| within("safety", error))?,
            egress: parts.privacy.unmask.egress,
            budgets: parts.budgets,
            off,
            text: text.into(),
            unmask,
        })
    }

    /// The revision that passages name.
    pub fn revision(&self) -> u32 {
        self.access.revision()
    }

    /// Whether a tool is given all its arguments in the clear.
    pub fn unmasks_all(&self) -> bool {
        self.unmask.is_none()
    }

    /// Whether the configuration says what a tool accepts. One of which it says nothing is not held against labels.
    pub fn declares(&self, tool: &str) -> bool {
        self.unmask.as_ref().is_some_and(|tools| tools.contains_key(tool) || tools.contains_key("*"))
    }

    /// Whether a tool is given this argument in the clear. The tools that a service brings are its own code: without a `tools:` part
    /// they get what they need, and with one what it opens to them.
    pub fn unmasks(&self, tool: &str, argument: &str) -> bool {
        match &self.unmask {
            None => true,
            Some(tools) => tools.get(tool).is_some_and(|open| open.contains(argument)),
        }
    }
}

fn within(section: &str, error: SpecError) -> SpecError {
    SpecError { path: format!("{section}.{}", error.path), ..error }
}
