//! From the specification to the table, with every rule that a table must keep.

use interlock_kernel::{Confidence, Digest, Name, Priority, Target};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::table::{Mention, OnTie, Rule, Semantic};
use crate::{Condition, FallbackSpec, HUMAN_REVIEW, Place, RoutingTable, RuleSpec, RulesError, SemanticSpec, TableSpec, escalation};

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
        rules.sort_by_key(Rule::rank);
        for group in rules.chunk_by_mut(|left, right| left.rank() == right.rank()) {
            let asks = group.iter().any(|rule| rule.on_tie == Some(OnTie::Review));
            for (rule, after) in group.iter_mut().rev().zip(0..) {
                rule.rivals = if asks { after } else { 0 };
            }
        }
    }
    let min_confidence = spec.min_confidence_ppm.map(|ppm| share(ppm, "min_confidence", None)).transpose()?.map(Confidence);
    let semantic = spec.semantic.as_ref().map(semantic).transpose()?;
    let claims_on_tie = on_tie(spec.claims_on_tie.as_deref(), || Place { path: "claims_on_tie".to_owned(), line: None })?;
    Ok(RoutingTable { revision, intents, semantic, min_confidence, claims_on_tie: claims_on_tie.unwrap_or(OnTie::Review), mentions })
}

fn compile(spec: &RuleSpec, number: u32, mentions: &mut Vec<Mention>) -> Result<Rule, RulesError> {
    let at = |key| key_of(number, key, spec.line);
    if spec.intent.trim().is_empty() {
        return Err(RulesError::EmptyName { at: at("intent") });
    }
    let agent = target(&spec.agent, at("agent"), mentions)?;
    let fallback = chain(spec, &agent, number, mentions)?;
    let condition = spec.when.as_deref().map(Condition::of_rule).transpose();
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
        on_tie: on_tie(spec.on_tie.as_deref(), || at("on_tie"))?,
        rivals: 0,
    })
}

fn target(name: &str, at: Place, mentions: &mut Vec<Mention>) -> Result<Target, RulesError> {
    match name.trim() {
        "" => Err(RulesError::EmptyName { at }),
        HUMAN_REVIEW => Ok(Target::Review),
        name => {
            let agent = Name::from(name);
            mentions.push(Mention { agent: agent.clone(), path: at.path, line: at.line.unwrap_or_default() });
            Ok(Target::Agent(agent))
        }
    }
}

/// Who stands in for the rule's agent: each of them once, and a person only at the end.
fn chain(spec: &RuleSpec, agent: &Target, number: u32, mentions: &mut Vec<Mention>) -> Result<Vec<Target>, RulesError> {
    let written: Vec<(&str, Place)> = match &spec.fallback {
        None => Vec::new(),
        Some(FallbackSpec::One(name)) => vec![(name, key_of(number, "fallback", spec.line))],
        Some(FallbackSpec::Chain(names)) => {
            let place = |place: usize| key_of(number, &format!("fallback[{place}]"), spec.line);
            names.iter().enumerate().map(|(at, name)| (name.as_str(), place(at))).collect()
        }
    };
    let mut chain: Vec<Target> = Vec::with_capacity(written.len());
    for (name, at) in written {
        let next = target(name, at.clone(), mentions)?;
        let agent_name = name.trim().to_owned();
        if next == *agent {
            return Err(RulesError::FallbackIsAgent { at, agent: agent_name });
        }
        if chain.contains(&next) {
            return Err(RulesError::FallbackRepeats { at, agent: agent_name });
        }
        if chain.last() == Some(&Target::Review) {
            return Err(RulesError::FallbackAfterReview { at, agent: agent_name });
        }
        chain.push(next);
    }
    Ok(chain)
}

fn on_tie(given: Option<&str>, at: impl Fn() -> Place) -> Result<Option<OnTie>, RulesError> {
    match given {
        None => Ok(None),
        Some("first") => Ok(Some(OnTie::First)),
        Some("review") => Ok(Some(OnTie::Review)),
        Some(other) => Err(RulesError::OnTie { at: at(), given: other.to_owned() }),
    }
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

/// Two rules that claim the same task with equal right: file order would decide, which nobody meant unless one of them says so.
fn refuse_ties(rules: &[RuleSpec]) -> Result<(), RulesError> {
    let claim = |rule: &RuleSpec| {
        let condition = rule.when.as_deref().map(|when| when.trim().to_owned());
        (rule.intent.trim().to_owned(), condition, rule.priority.as_deref().unwrap_or("medium").to_owned())
    };
    let settled: FxHashSet<_> = rules.iter().filter(|rule| rule.on_tie.is_some()).map(claim).collect();
    let mut seen = FxHashMap::default();
    for (number, rule) in (0_u32..).zip(rules) {
        let claim = claim(rule);
        if settled.contains(&claim) {
            continue;
        }
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
        line: spec.line,
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
