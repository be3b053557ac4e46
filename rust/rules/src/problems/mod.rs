//! What a table's author had better know, found without a message: rules that can never decide, and pairs of rules for one intent whose
//! conditions can both hold.
//!
//! A condition is taken apart into alternatives; each says of fields which values they may have (`==`, `!=`, `in` with a list, `<`, `<=`, `>`,
//! `>=` with a number, a bool field, and all of these under `!`, `&&`, `||`), and of the rest (methods of texts, `has`, a field beside a field, whatever only
//! CEL evaluates) only whether two tests are written alike. *Unreachable* is sound: no message gets there. An *overlap* comes with a message for
//! which both conditions were evaluated and hold. *May overlap* says that both look at one field, or make the same test, that their known
//! parts do not exclude each other, and that no message was found. A pair of which none of this is known is not reported.

mod domain;
mod example;
mod ways;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::facts::Root;
use crate::table::{OnTie, Rule};
use crate::{ANY, RoutingTable, UNKNOWN};
use ways::Way;

/// So many overlaps are told; the rest is counted.
const TOLD: usize = 1_000;

/// The findings, by line.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Problems {
    pub unreachable: Vec<Unreachable>,
    pub overlaps: Vec<Overlap>,
    /// Overlaps beyond the thousandth.
    pub more: usize,
}

/// A rule, or a stage of the cascade, that never gets a task.
#[derive(Debug, PartialEq, Serialize)]
pub struct Unreachable {
    pub line: u32,
    pub intent: String,
    pub why: Why,
    /// The lines of the rules that take its tasks.
    pub taken_by: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its condition is never true.
    NeverTrue,
    /// An earlier rule of the intent has no condition, or holds wherever this one does.
    Covered,
    /// A rule for `any` takes every task before.
    CoveredByAny,
    /// The semantic stage: a rule for `any` takes every task of which nobody stated an intent.
    SemanticCoveredByAny,
}

/// Two rules with different agents whose conditions hold for one task.
#[derive(Debug, PartialEq, Serialize)]
pub struct Overlap {
    pub intent: String,
    /// The rule that is tried first, and the other one.
    pub lines: [u32; 2],
    pub certain: bool,
    pub decided_by: DecidedBy,
    /// A task for which both hold.
    pub example: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    Priority,
    /// The order in the file: nobody has said which is meant.
    Order,
    /// A person, by `on_tie: review`.
    Review,
}

struct Seen<'t> {
    rule: &'t Rule,
    ways: Vec<Way>,
}

impl RoutingTable {
    /// Rules that can never decide, and pairs that can both hold.
    pub fn problems(&self) -> Problems {
        let mut found = Problems::default();
        let any: Vec<Seen<'_>> = self.seen(ANY);
        let always = any.iter().find(|seen| seen.rule.condition.is_none());
        if let (Some(always), Some(semantic)) = (always, self.semantic) {
            let why = Why::SemanticCoveredByAny;
            found.unreachable.push(Unreachable { line: semantic.line, intent: ANY.to_owned(), why, taken_by: vec![always.rule.line] });
        }
        let mut intents: Vec<&str> = self.intents.keys().map(|intent| &**intent).collect();
        intents.sort_unstable();
        for intent in intents {
            let rules = self.seen(intent);
            let mut lost = BTreeSet::new();
            for (place, seen) in rules.iter().enumerate() {
                let finding = never(seen)
                    .or_else(|| covered(seen, &rules[..place]).map(|by| (Why::Covered, by)))
                    .or_else(|| (intent == UNKNOWN).then(|| covered_by_any(seen, &any)).flatten().map(|by| (Why::CoveredByAny, by)));
                if let Some((why, taken_by)) = finding {
                    lost.insert(place);
                    found.unreachable.push(Unreachable { line: seen.rule.line, intent: intent.to_owned(), why, taken_by });
                }
            }
            overlaps(intent, &rules, &lost, &mut found);
        }
        found.unreachable.sort_by_key(|finding| finding.line);
        found.overlaps.sort_by_key(|finding| finding.lines);
        found.more = found.overlaps.len().saturating_sub(TOLD);
        found.overlaps.truncate(TOLD);
        found
    }

    fn seen(&self, intent: &str) -> Vec<Seen<'_>> {
        self.intents.get(intent).into_iter().flatten().map(|rule| Seen { rule, ways: ways::of_rule(rule, intent) }).collect()
    }
}

fn never(seen: &Seen<'_>) -> Option<(Why, Vec<u32>)> {
    seen.ways.is_empty().then(|| (Why::NeverTrue, Vec::new()))
}

/// The rules before that hold in every way in which this one does. One that would share a tie with it does not take its tasks.
fn covered(seen: &Seen<'_>, before: &[Seen<'_>]) -> Option<Vec<u32>> {
    let takers = || before.iter().filter(|other| other.rule.rivals == 0 || other.rule.rank() != seen.rule.rank());
    cover(seen, takers, |_| true)
}

/// A rule for `any` is looked at before an intent may have been found, so ways that look at the intent prove nothing.
fn covered_by_any(seen: &Seen<'_>, any: &[Seen<'_>]) -> Option<Vec<u32>> {
    cover(seen, || any.iter(), |way| !way.looks_at(Root::Intent))
}

fn cover<'s, I: Iterator<Item = &'s Seen<'s>>>(seen: &Seen<'_>, takers: impl Fn() -> I, counts: impl Fn(&Way) -> bool) -> Option<Vec<u32>> {
    let taker =
        |way: &Way| takers().find(|other| other.ways.iter().any(|wide| counts(wide) && way.is_within(wide))).map(|other| other.rule.line);
    let lines = seen.ways.iter().map(taker).collect::<Option<BTreeSet<u32>>>()?;
    Some(lines.into_iter().collect())
}

fn overlaps(intent: &str, rules: &[Seen<'_>], lost: &BTreeSet<usize>, found: &mut Problems) {
    for (place, two) in rules.iter().enumerate().filter(|(place, _)| !lost.contains(place)) {
        for (_, one) in rules[..place].iter().enumerate().filter(|(place, _)| !lost.contains(place)) {
            // A rule without a condition is there for what the others leave.
            if one.rule.target == two.rule.target || two.rule.condition.is_none() {
                continue;
            }
            let pairs = one.ways.iter().flat_map(|left| two.ways.iter().filter_map(move |right| Some((left, right, left.and(right)?))));
            let (mut example, mut may) = (None, false);
            for (left, right, both) in pairs {
                may = may || left.meets(right) || share_a_field(one.rule, two.rule);
                let stated = Some(intent).filter(|intent| *intent != ANY && *intent != UNKNOWN);
                example = example::of(&both, stated, [one.rule.condition.as_ref(), two.rule.condition.as_ref()]);
                if example.is_some() {
                    break;
                }
            }
            if example.is_some() || may {
                let (lines, certain) = ([one.rule.line, two.rule.line], example.is_some());
                found.overlaps.push(Overlap {
                    intent: intent.to_owned(),
                    lines,
                    certain,
                    decided_by: decided_by(one.rule, two.rule),
                    example,
                });
            }
        }
    }
}

/// Whether a name of a field stands in both conditions.
fn share_a_field(one: &Rule, two: &Rule) -> bool {
    match (&one.condition, &two.condition) {
        (Some(one), Some(two)) => !one.fields().is_disjoint(two.fields()),
        _ => false,
    }
}

fn decided_by(one: &Rule, two: &Rule) -> DecidedBy {
    let asks = [one, two].iter().any(|rule| rule.on_tie == Some(OnTie::Review));
    match (one.rank() == two.rank(), asks) {
        (false, _) => DecidedBy::Priority,
        (true, true) => DecidedBy::Review,
        (true, false) => DecidedBy::Order,
    }
}
