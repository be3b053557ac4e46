//! From a request to its decision: what does not depend on arguments is found out once, and the rest each time.

use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, RestrictedExpression};

use super::arguments::Facts;
use super::cache::{self, Known};
use super::entities::asked;
use super::reads::Names;
use super::request::{Action, Decision, Missing, Request, Why};
use super::slice::Said;
use super::{Access, Rule};

/// All of a decision but what its arguments decide.
#[derive(Debug)]
pub(super) struct Prepared {
    uids: [EntityUid; 3],
    entities: Entities,
    /// What the candidates say that look at no argument.
    fixed: Said,
    /// The other candidates.
    varying: Vec<u32>,
    /// What those look at: of the arguments, and of the context.
    values: Names,
    roots: Names,
    context: Vec<(String, RestrictedExpression)>,
}

impl Access {
    /// May it be done?
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let key = cache::key(request, self.by_user);
        match self.cache.find(&key) {
            Some(Known::Decided(decision)) => return decision,
            Some(Known::Prepared(prepared)) => return self.answer(request, &prepared),
            None => {}
        }
        let Some(prepared) = self.prepare(request) else { return unreadable() };
        let decision = self.answer(request, &prepared);
        let decided = || Known::Decided(Decision { cached: true, ..decision.clone() });
        self.cache.keep(key, if prepared.varying.is_empty() { decided() } else { Known::Prepared(Arc::new(prepared)) });
        decision
    }

    /// Forget what was kept. Decisions stay what they are; only their cost changes.
    pub fn forget(&self) {
        self.cache.clear();
    }

    /// What the agent holds: what came in, and of it what the file lets it hold.
    pub(super) fn held<'a>(&self, request: &Request<'a>) -> Vec<&'a str> {
        request.scopes.iter().copied().filter(|scope| self.lets_hold(request.agent, scope)).collect()
    }

    fn prepare(&self, request: &Request<'_>) -> Option<Prepared> {
        let entities = self.world.entities(request)?;
        let uids = self.world.uids(request);
        let candidates = self.slices.candidates([&uids[0], &uids[1], &uids[2]], &entities);
        let (varying, fixed): (Vec<u32>, Vec<u32>) = candidates.into_iter().partition(|number| self.rule(*number).reads.arguments);
        let context = self.world.context(request, &self.held(request));
        let (_, roots) = self.looked_at(&fixed);
        let asked = asked(uids.clone(), of(&context, &roots))?;
        let fixed = self.slices.evaluate(fixed, &asked, &entities);
        let (values, roots) = self.looked_at(&varying);
        Some(Prepared { context: of(&context, &roots), uids, entities, fixed, varying, values, roots })
    }

    fn answer(&self, request: &Request<'_>, prepared: &Prepared) -> Decision {
        if prepared.varying.is_empty() {
            return self.decision(request, &prepared.fixed);
        }
        let facts = if request.action == Action::CallTool { self.facts.get(request.resource) } else { None };
        let nothing = Facts::default();
        let json = request.arguments.unwrap_or_default();
        let Some(mut context) = facts.unwrap_or(&nothing).find(json, &prepared.values, &prepared.roots) else { return unreadable() };
        context.extend(prepared.context.iter().cloned());
        let Some(asked) = asked(prepared.uids.clone(), context) else { return unreadable() };
        let said = self.slices.evaluate(prepared.varying.iter().copied(), &asked, &prepared.entities);
        self.decision(request, &said.and(&prepared.fixed))
    }

    fn looked_at(&self, numbers: &[u32]) -> (Names, Names) {
        let (mut values, mut roots) = (Names::default(), Names::default());
        for number in numbers {
            values.join(&self.rule(*number).reads.values);
            roots.join(&self.rule(*number).reads.roots);
        }
        (values, roots)
    }

    fn rule(&self, number: u32) -> &Rule {
        &self.rules[number as usize]
    }

    /// Cedar passes over a policy that it can't evaluate; here one that forbids then forbids.
    fn decision(&self, request: &Request<'_>, said: &Said) -> Decision {
        let erred = said.erred.iter().map(|(number, _)| *number).filter(|number| self.slices.forbids(*number));
        let mut by: Vec<u32> = said.forbids.iter().copied().chain(erred).collect();
        let forbidden = !by.is_empty();
        let allowed = !forbidden && said.allowed();
        if allowed {
            by.clone_from(&said.permits);
        }
        let rules = || by.iter().map(|number| self.rule(*number));
        Decision {
            allowed,
            review: forbidden && !said.permits.is_empty() && rules().all(|rule| rule.review),
            policies: rules().map(|rule| Arc::clone(&rule.id)).collect(),
            cached: false,
            why: (!allowed).then(|| {
                let erred = said.erred.iter().map(|(number, cause)| (Arc::clone(&self.rule(*number).id), cause.clone()));
                let missing = self.missing(request, rules().flat_map(|rule| &rule.scopes));
                Arc::new(Why { missing, erred: erred.collect(), unreadable: false, by_default: !forbidden })
            }),
        }
    }

    fn missing<'a>(&self, request: &Request<'a>, asked: impl Iterator<Item = &'a String>) -> Vec<Missing> {
        let (scopes, user) = (self.held(request), self.world.user_scopes(request.user.as_ref()));
        let agent_is_asked = request.action != Action::DecideReview;
        let mut missing: Vec<Missing> = Vec::new();
        for scope in request.required.iter().copied().chain(asked.map(String::as_str)) {
            let agent_holds = !agent_is_asked || scopes.contains(&scope);
            let user_holds = user.as_ref().map(|user| user.contains(scope));
            let lacks = !agent_holds || user_holds == Some(false);
            if lacks && missing.iter().all(|one| one.scope != scope) {
                missing.push(Missing { scope: scope.to_owned(), agent_holds, user_holds });
            }
        }
        missing
    }
}

/// Those pairs that somebody looks at.
fn of(context: &[(String, RestrictedExpression)], roots: &Names) -> Vec<(String, RestrictedExpression)> {
    context.iter().filter(|(name, _)| roots.has(name)).cloned().collect()
}

fn unreadable() -> Decision {
    let why = Why { unreadable: true, ..Why::default() };
    Decision { allowed: false, review: false, policies: Arc::from([]), cached: false, why: Some(Arc::new(why)) }
}
