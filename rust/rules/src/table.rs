//! The compiled routing table: rules by intent, in the order in which they are tried.

use interlock_kernel::{Confidence, Considered, Digest, Escalation, Name, Priority, RuleOutcome, Target};
use rustc_hash::FxHashMap;

use crate::facts::Facts;
use crate::{Condition, RulesError, TableSpec, compile};

/// The name that stands for a person wherever an agent may stand.
pub const HUMAN_REVIEW: &str = "human_review";

/// The intent of what nothing else claims.
pub const UNKNOWN: &str = "unknown";

/// The intent of a rule for every task, whatever its intent.
pub const ANY: &str = "any";

/// Rules ready to be asked. Immutable: a changed file is a new table with another revision.
#[derive(Debug)]
pub struct RoutingTable {
    pub(crate) revision: Digest,
    pub(crate) intents: FxHashMap<Name, Vec<Rule>>,
    pub(crate) semantic: Option<Semantic>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) claims_on_tie: OnTie,
    pub(crate) mentions: Vec<Mention>,
}

/// What decides between those that have equal right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTie {
    First,
    Review,
}

#[derive(Debug)]
pub(crate) struct Rule {
    /// The place in the file, from 0.
    pub(crate) number: u32,
    pub(crate) line: u32,
    pub(crate) condition: Option<Condition>,
    pub(crate) target: Target,
    pub(crate) priority: Priority,
    pub(crate) fallback: Vec<Target>,
    pub(crate) escalation: Option<Escalation>,
    pub(crate) on_tie: Option<OnTie>,
    /// How many rules after this one have its rank and must be looked at too when it matches.
    pub(crate) rivals: usize,
}

impl Rule {
    /// What comes first is tried first.
    pub(crate) fn rank(&self) -> (bool, Priority) {
        (self.condition.is_none(), self.priority)
    }

    fn outcome(&self, facts: &Facts<'_>) -> RuleOutcome {
        match self.condition.as_ref().map(|condition| condition.answer(facts)) {
            None | Some(Ok(true)) => RuleOutcome::Matched,
            Some(Ok(false)) => RuleOutcome::NotMatched,
            Some(Err(why)) => RuleOutcome::Erred(why),
        }
    }
}

/// What an intent's rules say of a task.
pub(crate) struct Match<'t> {
    /// The table's own name for the intent.
    pub(crate) intent: &'t Name,
    pub(crate) rule: &'t Rule,
    /// The rules that nothing decides between, this one first; empty if it is alone.
    pub(crate) tied: Vec<u32>,
}

/// How the neighbours vote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Semantic {
    pub(crate) k: usize,
    pub(crate) threshold_ppm: u32,
    pub(crate) margin_ppm: u32,
    pub(crate) line: u32,
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

    /// The first rule of an intent that matches. Every try is recorded.
    pub(crate) fn first_match(&self, intent: &str, facts: &Facts<'_>, considered: &mut Vec<Considered>) -> Option<Match<'_>> {
        let (intent, rules) = self.intents.get_key_value(intent)?;
        considered.reserve(rules.len());
        let mut matches = |rule: &Rule| {
            let outcome = rule.outcome(facts);
            let matched = outcome == RuleOutcome::Matched;
            considered.push(Considered { rule: rule.number, outcome });
            matched
        };
        let place = rules.iter().position(&mut matches)?;
        let rule = rules.get(place)?;
        let mut rivals: Vec<&Rule> = rules.iter().skip(place + 1).take(rule.rivals).filter(|rival| matches(rival)).collect();
        rivals.retain(|rival| rival.target != rule.target);
        let asks = std::iter::once(&rule).chain(&rivals).any(|rule| rule.on_tie == Some(OnTie::Review));
        let tied =
            if asks && !rivals.is_empty() { std::iter::once(&rule).chain(&rivals).map(|rule| rule.number).collect() } else { Vec::new() };
        Some(Match { intent, rule, tied })
    }
}
