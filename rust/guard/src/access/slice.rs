//! Of many policies the few whose scope can hold for a request, found by what the scope names. The rest can't change the decision:
//! a policy whose scope doesn't hold is neither satisfied nor in error.

use std::fmt;

use cedar_policy::{
    ActionConstraint, Authorizer, Effect, Entities, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint, Request,
    ResourceConstraint,
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

/// What policies say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub permits: Vec<u32>,
    pub forbids: Vec<u32>,
    /// Those that could not be evaluated, and why.
    pub erred: Vec<(u32, String)>,
}

impl Said {
    /// As Cedar decides: a forbid overrides, and without a permit it is denied.
    pub fn allowed(&self) -> bool {
        self.forbids.is_empty() && !self.permits.is_empty()
    }

    /// The policies that decided.
    pub fn by(&self) -> &[u32] {
        if self.forbids.is_empty() { &self.permits } else { &self.forbids }
    }

    /// With what others said.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.permits.extend(&other.permits);
        self.forbids.extend(&other.forbids);
        self.erred.extend(other.erred.iter().cloned());
        self.permits.sort_unstable();
        self.forbids.sort_unstable();
        self
    }
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

    /// The policies whose scope can hold for a principal, an action and a resource, in their order.
    pub fn candidates(&self, [principal, action, resource]: [&EntityUid; 3], entities: &Entities) -> Vec<u32> {
        let ask = |asked: &EntityUid| above(asked, entities);
        let (principals, actions, resources) = (ask(principal), ask(action), ask(resource));
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
        let mut said = Said::default();
        for number in numbers {
            let Some((effect, set)) = self.sets.get(number as usize) else { continue };
            let response = self.authorizer.is_authorized(request, set, entities);
            if let Some(error) = response.diagnostics().errors().next() {
                said.erred.push((number, error.to_string()));
            } else if response.diagnostics().reason().next().is_some() {
                match effect {
                    Effect::Permit => said.permits.push(number),
                    Effect::Forbid => said.forbids.push(number),
                }
            }
        }
        said
    }

    /// Whether a policy forbids.
    pub fn forbids(&self, number: u32) -> bool {
        self.sets.get(number as usize).is_some_and(|(effect, _)| *effect == Effect::Forbid)
    }

    /// All policies as one set, as Cedar takes them: for comparing.
    pub fn whole(&self) -> PolicySet {
        PolicySet::from_policies(self.sets.iter().flat_map(|(_, set)| set.policies().cloned())).unwrap_or_default()
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
