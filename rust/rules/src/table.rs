//! The compiled routing table: rules by intent, in the order in which they are tried.

use interlock_kernel::{Confidence, Considered, Digest, Escalation, Name, Priority, RuleOutcome, Target};
use rustc_hash::FxHashMap;

use crate::facts::Facts;
use crate::{Condition, RulesError, TableSpec, compile};

/// The name that stands for a person wherever an agent may stand.
pub const HUMAN_REVIEW: &str = "human_review";

/// The intent of what nothing else claims.
pub const UNKNOWN: &str = "unknown";

/// Rules ready to be asked. Immutable: a changed file is a new table with another revision.
#[derive(Debug)]
pub struct RoutingTable {
    pub(crate) revision: Digest,
    pub(crate) intents: FxHashMap<Name, Vec<Rule>>,
    pub(crate) semantic: Option<Semantic>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) mentions: Vec<Mention>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    /// The place in the file, from 0.
    pub(crate) number: u32,
    pub(crate) line: u32,
    pub(crate) condition: Option<Condition>,
    pub(crate) target: Target,
    pub(crate) priority: Priority,
    pub(crate) fallback: Option<Target>,
    pub(crate) escalation: Option<Escalation>,
}

/// How the neighbours vote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Semantic {
    pub(crate) k: usize,
    pub(crate) threshold_ppm: u32,
    pub(crate) margin_ppm: u32,
}

/// An agent's name in the file.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) agent: Name,
    pub(crate) path: String,
    pub(crate) line: u32,
}

impl RoutingTable {
    /// Check a table and compile it. The revision is the digest of the text it was read from.
    ///
    /// ```
    /// use interlock_kernel::Digest;
    /// use interlock_rules::{RoutingTable, TableSpec};
    ///
    /// let spec: TableSpec = serde_json::from_str(r#"{"rules": [{"line": 3, "intent": "refund", "agent": "billing", "when": "amount > 5"}]}"#)?;
    /// let error = RoutingTable::compile(&spec, Digest::default()).unwrap_err();
    /// assert_eq!((error.path(), error.line()), ("routing_rules[0].when", Some(3)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn compile(spec: &TableSpec, revision: Digest) -> Result<Self, RulesError> {
        compile::table(spec, revision)
    }

    /// The digest of the rules' text.
    pub fn revision(&self) -> Digest {
        self.revision
    }

    /// How many neighbours the semantic stage asks for, if there is one.
    pub fn neighbours(&self) -> Option<usize> {
        self.semantic.map(|semantic| semantic.k)
    }

    /// Every agent named as agent or fallback, with the key's path and line, in file order.
    pub fn agents(&self) -> impl Iterator<Item = (&Name, &str, u32)> {
        self.mentions.iter().map(|mention| (&mention.agent, mention.path.as_str(), mention.line))
    }

    /// The first rule of an intent that matches, with the table's own name for the intent. Every try is recorded.
    pub(crate) fn first_match(&self, intent: &str, facts: &Facts<'_>, considered: &mut Vec<Considered>) -> Option<(&Name, &Rule)> {
        let (intent, rules) = self.intents.get_key_value(intent)?;
        for rule in rules {
            let outcome = match rule.condition.as_ref().map(|condition| condition.answer(facts)) {
                None | Some(Ok(true)) => RuleOutcome::Matched,
                Some(Ok(false)) => RuleOutcome::NotMatched,
                Some(Err(why)) => RuleOutcome::Erred(why),
            };
            let matched = outcome == RuleOutcome::Matched;
            considered.push(Considered { rule: rule.number, outcome });
            if matched {
                return Some((intent, rule));
            }
        }
        None
    }
}
