//! Of many policies the few whose scope can hold for a request, found by what the scope names. The rest can't change the decision:
//! a policy whose scope doesn't hold is neither satisfied nor in error.

use std::fmt;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision as Word, Effect, Entities, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint,
    Request, ResourceConstraint,
};
use rustc_hash::FxHashMap;

/// What the scope says of one of its three places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Head {
    Any,
    Is(EntityTypeName),
    /// This one, or something below it.
    Under(EntityUid),
}

/// Policies, each by itself, and where to find them.
pub struct Slices {
    authorizer: Authorizer,
    sets: Vec<(Effect, PolicySet)>,
    found: FxHashMap<(Head, Head, Head), Vec<u32>>,
}

/// What the policies say together, as Cedar decides: a forbid overrides, and without a permit it is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub allowed: bool,
    /// Some policy permits it, whether or not another forbids.
    pub permitted: bool,
    /// The policies that decided, in the order in which they were given.
    pub by: Vec<u32>,
    /// Those that could not be evaluated, and why.
    pub erred: Vec<(u32, String)>,
}

impl Slices {
    /// From policies that have no slots and differ in their ids. The error is Cedar's text.
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Result<Self, String> {
        let mut slices = Self { authorizer: Authorizer::new(), sets: Vec::new(), found: FxHashMap::default() };
        for (policy, number) in policies.into_iter().zip(0..) {
            for key in heads(&policy) {
                slices.found.entry(key).or_default().push(number);
            }
            let mut set = PolicySet::new();
            let effect = policy.effect();
            set.add(policy).map_err(|cause| cause.to_string())?;
            slices.sets.push((effect, set));
        }
        Ok(slices)
    }

    /// The policies whose scope can hold, in their order.
    pub fn candidates(&self, request: &Request, entities: &Entities) -> Vec<u32> {
        let ask = |asked: Option<&EntityUid>| asked.map_or_else(Vec::new, |asked| above(asked, entities));
        let (principals, actions, resources) = (ask(request.principal()), ask(request.action()), ask(request.resource()));
        let mut found = Vec::new();
        for principal in &principals {
            for action in &actions {
                for resource in &resources {
                    if let Some(numbers) = self.found.get(&(principal.clone(), action.clone(), resource.clone())) {
                        found.extend_from_slice(numbers);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What these policies say.
    pub fn evaluate(&self, numbers: impl IntoIterator<Item = u32>, request: &Request, entities: &Entities) -> Said {
        let (mut permits, mut forbids, mut erred) = (Vec::new(), Vec::new(), Vec::new());
        for number in numbers {
            let Some((effect, set)) = self.sets.get(number as usize) else { continue };
            let response = self.authorizer.is_authorized(request, set, entities);
            if let Some(error) = response.diagnostics().errors().next() {
                erred.push((number, error.to_string()));
            } else if response.diagnostics().reason().next().is_some() {
                match effect {
                    Effect::Permit => permits.push(number),
                    Effect::Forbid => forbids.push(number),
                }
            }
            debug_assert!(response.decision() == Word::Deny || *effect == Effect::Permit);
        }
        let permitted = !permits.is_empty();
        Said { allowed: permitted && forbids.is_empty(), permitted, by: if forbids.is_empty() { permits } else { forbids }, erred }
    }

    /// Whether a policy forbids.
    pub fn forbids(&self, number: u32) -> bool {
        self.sets.get(number as usize).is_some_and(|(effect, _)| *effect == Effect::Forbid)
    }

    pub fn len(&self) -> u32 {
        u32::try_from(self.sets.len()).unwrap_or(u32::MAX)
    }

    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

impl fmt::Debug for Slices {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Slices({} policies)", self.sets.len())
    }
}

/// Everything that a scope could name and still mean this entity.
fn above(uid: &EntityUid, entities: &Entities) -> Vec<Head> {
    let own = [Head::Any, Head::Is(uid.type_name().clone()), Head::Under(uid.clone())];
    own.into_iter().chain(entities.ancestors(uid).into_iter().flatten().cloned().map(Head::Under)).collect()
}

/// The keys under which a policy is found; several where the scope lists actions.
fn heads(policy: &Policy) -> Vec<(Head, Head, Head)> {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Any => Head::Any,
        PrincipalConstraint::Is(kind) => Head::Is(kind),
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) | PrincipalConstraint::IsIn(_, uid) => Head::Under(uid),
    };
    let resource = match policy.resource_constraint() {
        ResourceConstraint::Any => Head::Any,
        ResourceConstraint::Is(kind) => Head::Is(kind),
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => Head::Under(uid),
    };
    let actions = match policy.action_constraint() {
        ActionConstraint::Any => vec![Head::Any],
        ActionConstraint::Eq(uid) => vec![Head::Under(uid)],
        ActionConstraint::In(uids) => uids.into_iter().map(Head::Under).collect(),
    };
    actions.into_iter().map(|action| (principal.clone(), action, resource.clone())).collect()
}
