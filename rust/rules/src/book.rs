//! The rules of one run: the table it started with, if any, the tables of its plan's domains, and its plan's checks.

use std::sync::Arc;

use interlock_kernel::{
    BallotKey, Check, CheckQuery, Consulted, Content, Digest, RouteDecision, RouteEvidence, RouteQuery, Rules, TermsSpec,
};

use crate::{PlanChecks, RoutingTable, ballot, cascade};

#[derive(Debug, Clone)]
pub struct RuleBook {
    table: Option<Arc<RoutingTable>>,
    domains: Vec<Arc<RoutingTable>>,
    checks: Arc<PlanChecks>,
    terms: Option<Arc<TermsSpec>>,
}

impl RuleBook {
    pub fn new(table: Option<Arc<RoutingTable>>, checks: Arc<PlanChecks>) -> Self {
        Self { table, domains: Vec::new(), checks, terms: None }
    }

    /// The plan's own tables, which a query names by number.
    #[must_use]
    pub fn with_domains(self, tables: Vec<Arc<RoutingTable>>) -> Self {
        Self { domains: tables, ..self }
    }

    /// The terms of reviews for which the plan states none.
    #[must_use]
    pub fn with_terms(self, terms: Option<Arc<TermsSpec>>) -> Self {
        Self { terms, ..self }
    }
}

impl Rules for RuleBook {
    fn route(&self, query: &RouteQuery<'_>) -> Consulted<RouteDecision> {
        let table = match query.table {
            None => self.table.as_deref(),
            Some(number) => match self.domains.get(usize::from(number)) {
                Some(table) => Some(table.as_ref()),
                // A plan that names a table it does not have: no other table may decide in its place.
                None => return Consulted::Decided(cascade::nobody(RouteEvidence::default())),
            },
        };
        cascade::route(table, &self.checks, query)
    }

    fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String> {
        self.checks.check(check, query)
    }

    fn holds(&self, expression: u16, query: &CheckQuery<'_>) -> Result<bool, String> {
        self.checks.holds(expression, query)
    }

    fn ballot(&self, key: &BallotKey, content: Content<'_>) -> Result<Option<String>, String> {
        ballot::of(key, content)
    }

    fn terms(&self) -> Option<&TermsSpec> {
        self.terms.as_deref()
    }

    fn revision(&self) -> Option<Digest> {
        self.table.as_ref().map(|table| table.revision())
    }
}
