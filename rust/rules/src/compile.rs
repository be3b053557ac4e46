//! From the specification to the table, with every rule that a table must keep.

use interlock_kernel::{Confidence, Digest, Name, Priority, Target};
use rustc_hash::FxHashMap;

use crate::table::{Mention, Rule, Semantic};
use crate::{Condition, HUMAN_REVIEW, Place, RoutingTable, RuleSpec, RulesError, SemanticSpec, TableSpec, escalation};

pub(crate) fn table(spec: &TableSpec, revision: Digest) -> Result<RoutingTable, RulesError> {
    let mut intents: FxHashMap<Name, Vec<Rule>> = FxHashMap::default();
    let mut mentions = Vec::new();
    for (number, rule) in (0_u32..).zip(&spec.rules) {
        let compiled = compile(rule, number, &mut mentions)?;
        intents.entry(rule.intent.trim().into()).or_default().push(compiled);
    }
    refuse_ties(&spec.rules)?;
    for rules in intents.values_mut() {
        // Stable, so that file order decides what is left.
        rules.sort_by_key(|rule| (rule.condition.is_none(), rule.priority));
    }
    let min_confidence = spec.min_confidence_ppm.map(|ppm| share(ppm, "min_confidence", None)).transpose()?.map(Confidence);
    let semantic = spec.semantic.as_ref().map(semantic).transpose()?;
    Ok(RoutingTable { revision, intents, semantic, min_confidence, mentions })
}

fn compile(spec: &RuleSpec, number: u32, mentions: &mut Vec<Mention>) -> Result<Rule, RulesError> {
    let at = |key| key_of(number, key, spec.line);
    let mut target = |name: &str, key| match name.trim() {
        "" => Err(RulesError::EmptyName { at: at(key) }),
        HUMAN_REVIEW => Ok(Target::Review),
        name => {
            let agent = Name::from(name);
            mentions.push(Mention { agent: agent.clone(), path: at(key).path, line: spec.line });
            Ok(Target::Agent(agent))
        }
    };
    if spec.intent.trim().is_empty() {
        return Err(RulesError::EmptyName { at: at("intent") });
    }
    let agent = target(&spec.agent, "agent")?;
    let fallback = spec.fallback.as_deref().map(|name| target(name, "fallback")).transpose()?;
    if fallback.as_ref() == Some(&agent) {
        return Err(RulesError::FallbackIsAgent { at: at("fallback"), agent: spec.agent.trim().to_owned() });
    }
    let condition = spec.when.as_deref().map(Condition::compile).transpose();
    let escalation = spec
        .escalation_after
        .as_ref()
        .map(|text| escalation::parse(text).ok_or_else(|| RulesError::Escalation { at: at("escalation_after"), given: text.clone() }));
    Ok(Rule {
        number,
        line: spec.line,
        condition: condition.map_err(|reason| RulesError::Condition { at: at("when"), reason })?,
        target: agent,
        priority: priority(spec).map_err(|given| RulesError::Priority { at: at("priority"), given })?,
        fallback,
        escalation: escalation.transpose()?,
    })
}

fn priority(spec: &RuleSpec) -> Result<Priority, String> {
    match spec.priority.as_deref() {
        None => Ok(Priority::default()),
        Some("critical") => Ok(Priority::Critical),
        Some("high") => Ok(Priority::High),
        Some("medium") => Ok(Priority::Medium),
        Some("low") => Ok(Priority::Low),
        Some(other) => Err(other.to_owned()),
    }
}

/// Two rules that claim the same task with equal right: file order would decide, which nobody meant.
fn refuse_ties(rules: &[RuleSpec]) -> Result<(), RulesError> {
    let mut seen = FxHashMap::default();
    for (number, rule) in (0_u32..).zip(rules) {
        let claim = (rule.intent.trim(), rule.when.as_deref().map(str::trim), rule.priority.as_deref().unwrap_or("medium"));
        if let Some(other_line) = seen.insert(claim, rule.line) {
            let at = Place { path: format!("routing_rules[{number}]"), line: Some(rule.line) };
            return Err(RulesError::Tie { at, other_line });
        }
    }
    Ok(())
}

fn semantic(spec: &SemanticSpec) -> Result<Semantic, RulesError> {
    let line = Some(spec.line);
    if spec.k == 0 {
        return Err(RulesError::NoNeighbours { at: Place { path: "semantic.k".to_owned(), line } });
    }
    Ok(Semantic {
        k: usize::try_from(spec.k).unwrap_or(usize::MAX),
        threshold_ppm: share(spec.threshold_ppm, "semantic.threshold", line)?,
        margin_ppm: share(spec.margin_ppm, "semantic.margin", line)?,
    })
}

fn share(ppm: u32, path: &str, line: Option<u32>) -> Result<u32, RulesError> {
    if ppm > Confidence::ONE {
        return Err(RulesError::AboveOne { at: Place { path: path.to_owned(), line }, ppm });
    }
    Ok(ppm)
}

fn key_of(number: u32, key: &str, line: u32) -> Place {
    Place { path: format!("routing_rules[{number}].{key}"), line: Some(line) }
}
