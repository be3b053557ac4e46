//! The ways in which a condition can be true: alternatives of fields' domains and of tests that are only told apart by their text.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, Root};
use crate::json::Json;
use crate::native::{Comparison, Node, Operand, Path, TextTest};
use crate::problems::domain::{Domain, is_exact};
use crate::table::Rule;
use crate::{ANY, Condition, Scope, UNKNOWN};

/// With more alternatives a condition is one test, known by its text.
const MOST: usize = 64;

/// All of it must hold. No domain and no test: always.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way {
    pub(crate) fields: BTreeMap<Path, Domain>,
    /// Tests that nothing is known of but whether two are the same.
    pub(crate) tests: BTreeSet<String>,
    /// What an example had better look like.
    pub(crate) hints: Vec<(Path, Hint)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Hint {
    Starts(String),
    Contains(String),
    Ends(String),
    Has(String),
    Member(Json<'static>),
}

impl Way {
    fn field(path: &Path, domain: Domain) -> Self {
        Self { fields: BTreeMap::from([(path.clone(), domain)]), ..Self::default() }
    }

    fn test(text: String, hint: Option<(Path, Hint)>) -> Self {
        Self { tests: BTreeSet::from([text]), hints: hint.into_iter().collect(), ..Self::default() }
    }

    /// Nothing if the two exclude each other.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (path, domain) in &other.fields {
            let joint = both.fields.get(path).map_or_else(|| domain.clone(), |known| known.and(domain));
            if joint.is_empty() {
                return None;
            }
            both.fields.insert(path.clone(), joint);
        }
        if other.tests.iter().any(|test| self.tests.contains(&opposite(test))) {
            return None;
        }
        both.tests.extend(other.tests.iter().cloned());
        both.hints.extend(other.hints.iter().cloned());
        Some(both)
    }

    /// Whether the other holds wherever this one does.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let fields = other.fields.iter().all(|(path, wide)| self.fields.get(path).is_some_and(|narrow| narrow.is_within(wide)));
        fields && other.tests.is_subset(&self.tests)
    }

    pub(crate) fn looks_at(&self, root: Root) -> bool {
        // A test's text is not taken apart: it may look at anything.
        !self.tests.is_empty() || self.fields.keys().any(|path| path.root == root)
    }

    /// Whether both look at one value, or make one test.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.fields.keys().any(|path| path.root != Root::Intent && other.fields.contains_key(path)) || !self.tests.is_disjoint(&other.tests)
    }
}

/// Every way in which a rule takes a task of its intent.
pub(crate) fn of_rule(rule: &Rule, intent: &str) -> Vec<Way> {
    let ways = ways(rule.condition.as_ref());
    if intent == ANY || intent == UNKNOWN {
        return ways;
    }
    let known = Way::field(&Path { root: Root::Intent, fields: Vec::new() }, Domain::one_of(vec![Json::Str(intent.to_owned().into())]));
    ways.iter().filter_map(|way| way.and(&known)).collect()
}

/// Every way in which a condition is true; none for one that never is.
fn ways(condition: Option<&Condition>) -> Vec<Way> {
    let Some(condition) = condition else { return vec![Way::default()] };
    let whole = || vec![Way::test(condition.text().to_owned(), None)];
    condition.native().map_or_else(whole, |node| alternatives(node, true).unwrap_or_else(whole))
}

/// Nothing if there are too many. A condition that has no answer is not true, and its negation is not either.
fn alternatives(node: &Node, truth: bool) -> Option<Vec<Way>> {
    match node {
        Node::Not(inner) => alternatives(inner, !truth),
        Node::Both(left, right) if truth => every(&alternatives(left, truth)?, &alternatives(right, truth)?),
        Node::Either(left, right) if !truth => every(&alternatives(left, truth)?, &alternatives(right, truth)?),
        Node::Both(left, right) | Node::Either(left, right) => {
            let mut either = alternatives(left, truth)?;
            either.extend(alternatives(right, truth)?);
            (either.len() <= MOST).then_some(either)
        }
        Node::Value(Operand::Path(path)) => Some(vec![Way::field(path, Domain::one_of(vec![Json::Bool(truth)]))]),
        Node::Value(Operand::Literal(_))
        | Node::Compare(_, Operand::Literal(_), Operand::Literal(_))
        | Node::In(Operand::Literal(_), Operand::Literal(_)) => {
            let always = node.answer(&Facts::of(Scope::default())) == Ok(truth);
            Some(if always { vec![Way::default()] } else { Vec::new() })
        }
        Node::Compare(comparison, Operand::Path(path), Operand::Literal(value)) => {
            Some(vec![compared(node, path, comparison.or_not(truth), value, truth)])
        }
        Node::Compare(comparison, Operand::Literal(value), Operand::Path(path)) => {
            Some(vec![compared(node, path, comparison.flipped().or_not(truth), value, truth)])
        }
        Node::In(Operand::Path(path), Operand::Literal(Json::List(values))) if values.iter().all(is_exact) => {
            let domain = if truth { Domain::one_of(values.clone()) } else { Domain::none_of(values.clone()) };
            Some(if domain.is_empty() { Vec::new() } else { vec![Way::field(path, domain)] })
        }
        Node::In(Operand::Literal(value), Operand::Path(path)) => {
            Some(vec![opaque(node, truth, Some((path.clone(), Hint::Member(value.clone()))))])
        }
        Node::Has(path, field) => Some(vec![opaque(node, truth, Some((path.clone(), Hint::Has(field.clone()))))]),
        Node::Test(path, test) => Some(vec![opaque(node, truth, hint(test).map(|hint| (path.clone(), hint)))]),
        Node::In(_, _) | Node::Compare(_, Operand::Path(_), Operand::Path(_)) => Some(vec![opaque(node, truth, None)]),
    }
}

fn every(left: &[Way], right: &[Way]) -> Option<Vec<Way>> {
    let both: Vec<Way> = left.iter().flat_map(|one| right.iter().filter_map(|two| one.and(two))).collect();
    (both.len() <= MOST).then_some(both)
}

fn compared(node: &Node, path: &Path, comparison: Comparison, value: &Json<'static>, truth: bool) -> Way {
    let domain = match comparison {
        Comparison::Equal if is_exact(value) => Some(Domain::one_of(vec![value.clone()])),
        Comparison::NotEqual if is_exact(value) => Some(Domain::none_of(vec![value.clone()])),
        Comparison::Equal | Comparison::NotEqual => None,
        Comparison::Less => Domain::below(value, false),
        Comparison::LessEqual => Domain::below(value, true),
        Comparison::Greater => Domain::above(value, false),
        Comparison::GreaterEqual => Domain::above(value, true),
    };
    domain.map_or_else(|| opaque(node, truth, None), |domain| Way::field(path, domain))
}

/// A test known by its shape's text, with a sign for whether it must pass.
fn opaque(node: &Node, truth: bool, hint: Option<(Path, Hint)>) -> Way {
    Way::test(format!("{}{node:?}", if truth { '+' } else { '-' }), hint.filter(|_| truth))
}

fn opposite(test: &str) -> String {
    match (test.strip_prefix('+'), test.strip_prefix('-')) {
        (Some(rest), _) => format!("-{rest}"),
        (None, Some(rest)) => format!("+{rest}"),
        (None, None) => String::new(),
    }
}

fn hint(test: &TextTest) -> Option<Hint> {
    match test {
        TextTest::StartsWith(part) => Some(Hint::Starts(part.clone())),
        TextTest::Contains(part) => Some(Hint::Contains(part.clone())),
        TextTest::EndsWith(part) => Some(Hint::Ends(part.clone())),
        TextTest::Matches(_) => None,
    }
}
