//! The cascade, cheapest first: the rules of a stated intent and of `any`; who claims the task; the vote of the nearest examples; the
//! router agent; the rules of `unknown`; a person. Each stage is optional and leaves its evidence in the decision.

use std::mem;

use interlock_kernel::{Consulted, Fact, Name, Priority, RouteDecision, RouteEvidence, RouteQuery, RuleOutcome, Stage, Target};

use crate::facts::Facts;
use crate::table::{Match, OnTie};
use crate::vote::{Ballot, vote};
use crate::{ANY, PlanChecks, RoutingTable, Scope, UNKNOWN};

/// The intent of a task that a member claims: nobody has named one.
const CLAIMED: &str = "claimed";

pub(crate) fn route(table: Option<&RoutingTable>, checks: &PlanChecks, query: &RouteQuery<'_>) -> Consulted<RouteDecision> {
    let facts = Facts::of(Scope {
        text: query.content.text,
        data: query.content.data,
        user: query.user,
        intent: query.intent,
        confidence: query.confidence,
        labels: query.content.labels,
        ..Scope::default()
    });
    Cascade::over(table, checks, query, facts).run()
}

/// No rule claims the task, so a person gets it.
pub(crate) fn nobody(evidence: RouteEvidence) -> RouteDecision {
    plain(Stage::Unknown, UNKNOWN, Target::Review, evidence)
}

pub(crate) struct Cascade<'a> {
    table: Option<&'a RoutingTable>,
    checks: &'a PlanChecks,
    query: &'a RouteQuery<'a>,
    facts: Facts<'a>,
    evidence: RouteEvidence,
}

impl<'a> Cascade<'a> {
    /// The facts are those of the query.
    pub(crate) fn over(table: Option<&'a RoutingTable>, checks: &'a PlanChecks, query: &'a RouteQuery<'a>, facts: Facts<'a>) -> Self {
        let evidence = RouteEvidence { table: table.map(|table| table.revision), ..RouteEvidence::default() };
        Self { table, checks, query, facts, evidence }
    }

    pub(crate) fn run(mut self) -> Consulted<RouteDecision> {
        let stated = self.believed();
        let ruled = stated.and_then(|intent| self.rules(intent, Stage::Rules, None)).or_else(|| self.rules(ANY, Stage::Rules, stated));
        if let Some(decision) = ruled {
            return Consulted::Decided(decision);
        }
        // What was stated in doubt is not asked about again by these two.
        let found = match self.query.intent {
            Some(_) => Consulted::Decided(None),
            None => match self.claims() {
                Some(decision) => return Consulted::Decided(decision),
                None => self.nearest(),
            },
        };
        let found = match found {
            Consulted::Decided(found) => found,
            Consulted::Needs(fact) => return Consulted::Needs(fact),
        };
        if let Some(intent) = &found {
            self.facts.find_intent(intent);
            if let Some(decision) = self.rules(intent, Stage::Semantic, None) {
                return Consulted::Decided(decision);
            }
        }
        if self.query.has_router && stated.is_none() && found.is_none() {
            return Consulted::Decided(plain(Stage::Router, UNKNOWN, Target::Router, self.evidence));
        }
        // These see what was stated too, although it led nowhere.
        let unknown = self.rules(UNKNOWN, Stage::Unknown, None);
        Consulted::Decided(unknown.unwrap_or_else(|| nobody(self.evidence)))
    }

    /// The stated intent, if it says something and was stated with enough confidence.
    fn believed(&self) -> Option<&'a str> {
        let least = self.table.and_then(|table| table.min_confidence);
        let doubted = least.zip(self.query.confidence).is_some_and(|(least, given)| given < least);
        self.query.intent.filter(|intent| !doubted && *intent != UNKNOWN && *intent != ANY)
    }

    /// The first rule of an intent that matches, or the person who decides between several.
    fn rules(&mut self, intent: &str, stage: Stage, stated: Option<&str>) -> Option<RouteDecision> {
        let Match { intent, rule, tied } = self.table?.first_match(intent, &self.facts, &mut self.evidence.considered)?;
        let evidence = mem::take(&mut self.evidence);
        let intent = stated.map_or_else(|| intent.clone(), Name::from);
        if !tied.is_empty() {
            let asked = plain(stage, &intent, Target::Review, RouteEvidence { tied, ..evidence });
            return Some(RouteDecision { priority: rule.priority, ..asked });
        }
        Some(RouteDecision {
            stage,
            intent,
            target: rule.target.clone(),
            priority: rule.priority,
            fallback: rule.fallback.clone(),
            escalation: rule.escalation,
            evidence: RouteEvidence { rule: Some((rule.number, rule.line)), ..evidence },
        })
    }

    /// The only member that claims the task; of several the first, or a person.
    fn claims(&mut self) -> Option<RouteDecision> {
        let mut claimed: Vec<(u32, &Name)> = Vec::new();
        for (place, (member, expression)) in (0..).zip(self.query.claims) {
            let outcome = match self.checks.truth(*expression, &self.facts) {
                Ok(true) => RuleOutcome::Matched,
                Ok(false) => RuleOutcome::NotMatched,
                Err(why) => RuleOutcome::Erred(why),
            };
            if outcome == RuleOutcome::Matched {
                claimed.push((place, member));
            }
            self.evidence.claims.push((member.clone(), outcome));
        }
        let on_tie = self.table.map_or(OnTie::Review, |table| table.claims_on_tie);
        let (target, tied) = match (claimed.as_slice(), on_tie) {
            ([], _) => return None,
            ([(_, member)], _) | ([(_, member), ..], OnTie::First) => (Target::Agent((*member).clone()), Vec::new()),
            (several, OnTie::Review) => (Target::Review, several.iter().map(|(place, _)| *place).collect()),
        };
        let evidence = RouteEvidence { tied, ..mem::take(&mut self.evidence) };
        Some(plain(Stage::Claims, CLAIMED, target, evidence))
    }

    /// The intent for which the nearest examples vote, if the table has a semantic stage and the vote is clear.
    fn nearest(&mut self) -> Consulted<Option<Name>> {
        let Some(semantic) = self.table.and_then(|table| table.semantic) else { return Consulted::Decided(None) };
        let Some((neighbours, index)) = self.query.neighbours else { return Consulted::Needs(Fact::Neighbours) };
        let Ballot { accepted, candidates, voters } = vote(semantic, neighbours);
        let seen = RouteEvidence { candidates, neighbours: voters, index: Some(index), ..mem::take(&mut self.evidence) };
        self.evidence = seen;
        Consulted::Decided(accepted.filter(|intent| **intent != *UNKNOWN))
    }
}

/// A decision that no rule's settings colour.
fn plain(stage: Stage, intent: &str, target: Target, evidence: RouteEvidence) -> RouteDecision {
    RouteDecision { stage, intent: intent.into(), target, priority: Priority::default(), fallback: Vec::new(), escalation: None, evidence }
}
