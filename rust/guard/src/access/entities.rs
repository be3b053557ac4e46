//! The entities and the context of one request: only those that a policy could ask for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request as Asked, RestrictedExpression};

use super::request::{Action, Request, User};
use super::spec::{Effect, OTHERS, Role, Spec};
use super::values::texts;
use crate::SpecError;

/// What of the configuration the entities are made of.
#[derive(Debug)]
pub(super) struct World {
    types: BTreeMap<&'static str, EntityTypeName>,
    actions: [EntityUid; Action::ALL.len()],
    agents: BTreeSet<String>,
    effects: BTreeMap<String, Effect>,
    /// What `data:` speaks of.
    data: BTreeSet<String>,
    /// Each role's own scopes and those of the roles that it extends; None: there are no roles.
    roles: Option<BTreeMap<String, Held>>,
}

/// What a role stands for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) scopes: BTreeSet<String>,
    /// Itself and every role that it extends.
    pub(super) roles: BTreeSet<String>,
}

impl World {
    pub(super) fn of(spec: &Spec) -> Result<Self, SpecError> {
        let mut types = BTreeMap::new();
        for name in super::written::TYPES {
            let parsed = EntityTypeName::from_str(name);
            types.insert(name, parsed.map_err(|cause| SpecError { path: String::new(), message: cause.to_string(), hint: String::new() })?);
        }
        let action = types["Action"].clone();
        let actions = Action::ALL.map(|one| EntityUid::from_type_name_and_id(action.clone(), EntityId::new(one.name())));
        let names = |name: &&String| name.as_str() != OTHERS;
        Ok(Self {
            types,
            actions,
            agents: spec.agents.iter().flat_map(BTreeMap::keys).filter(names).cloned().collect(),
            effects: spec.tools.iter().flatten().filter_map(|(name, tool)| Some((name.clone(), tool.effect?))).collect(),
            data: spec.data.iter().map(|entry| entry.of.clone()).collect(),
            roles: spec.roles.as_ref().map(closed).transpose()?,
        })
    }

    fn uid(&self, kind: &str, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(self.types[kind].clone(), EntityId::new(id))
    }

    /// What a user's roles let; None where no roles are configured.
    pub(super) fn user_scopes(&self, user: Option<&User<'_>>) -> Option<BTreeSet<&str>> {
        let roles = self.roles.as_ref()?;
        let held = user.iter().flat_map(|user| user.roles).filter_map(|role| roles.get(*role));
        Some(held.flat_map(|held| held.scopes.iter().map(String::as_str)).collect())
    }

    /// Whether some role gives a scope.
    pub(super) fn is_given(&self, scope: &str) -> bool {
        self.roles.iter().flatten().any(|(_, held)| held.scopes.contains(scope))
    }

    /// The roles of a user through which a scope is held.
    pub(super) fn roles_with(&self, user: Option<&User<'_>>, scope: &str) -> Vec<String> {
        let roles = self
            .roles
            .iter()
            .flatten()
            .filter(|(name, held)| held.scopes.contains(scope) && user.is_some_and(|user| user.roles.contains(&name.as_str())));
        roles.map(|(name, _)| name.clone()).collect()
    }

    /// What stands above a resource: the entries of `data:` that speak of it.
    pub(super) fn entries<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a String> {
        self.data.iter().filter(move |entry| covers(entry, of))
    }

    pub(super) fn entities(&self, request: &Request<'_>) -> Option<Entities> {
        let mut all = vec![self.resource(request)?];
        let listed = self.agents.contains(request.agent);
        let same = request.action == Action::HandTo && request.agent == request.resource;
        if listed && !same && request.action != Action::DecideReview {
            all.push(self.agent(request.agent));
        }
        if let Some(user) = &request.user {
            all.push(self.user(user)?);
        }
        Entities::from_entities(all, None).ok()
    }

    fn agent(&self, name: &str) -> Entity {
        let group = self.agents.contains(name).then(|| self.uid("Group", "agents"));
        Entity::new_no_attrs(self.uid("Agent", name), group.into_iter().collect())
    }

    fn resource(&self, request: &Request<'_>) -> Option<Entity> {
        if request.action == Action::HandTo {
            return Some(self.agent(request.resource));
        }
        let uid = self.uid(request.action.resource(), request.resource);
        let mut parents: HashSet<EntityUid> = HashSet::new();
        let place = match request.action {
            Action::CallTool => Some(format!("tool:{}", request.resource)),
            Action::ReadMemory | Action::WriteMemory => Some(request.resource.to_owned()),
            Action::CallModel | Action::HandTo | Action::DecideReview | Action::Unmask => None,
        };
        for entry in place.iter().flat_map(|place| self.entries(place)) {
            parents.insert(self.uid("Data", entry));
            parents.insert(self.uid("Group", "data"));
        }
        let effect = self.effects.get(request.resource).filter(|_| request.action == Action::CallTool);
        let tenant = request.tenant.filter(|_| request.action == Action::DecideReview);
        let told = effect.map(|effect| ("effect", named(*effect))).into_iter().chain(tenant.map(|tenant| ("tenant", tenant)));
        let attributes = told.map(|(name, text)| (name.to_owned(), RestrictedExpression::new_string(text.to_owned())));
        Entity::new(uid, attributes.collect(), parents).ok()
    }

    fn user(&self, user: &User<'_>) -> Option<Entity> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let mut attributes = HashMap::from([("id".to_owned(), text(user.id)), ("roles".to_owned(), texts(user.roles))]);
        let mut parents: HashSet<EntityUid> = user.roles.iter().map(|role| self.uid("Role", role)).collect();
        for held in self.roles.iter().flat_map(|roles| user.roles.iter().filter_map(|role| roles.get(*role))) {
            parents.extend(held.roles.iter().map(|role| self.uid("Role", role)));
        }
        if let Some(tenant) = user.tenant {
            attributes.insert("tenant".to_owned(), text(tenant));
            parents.insert(self.uid("Tenant", tenant));
        }
        attributes.insert("scopes".to_owned(), texts(self.user_scopes(Some(user)).unwrap_or_default()));
        Entity::new(self.uid("User", user.id), attributes, parents).ok()
    }

    /// Principal, action and resource.
    pub(super) fn uids(&self, request: &Request<'_>) -> [EntityUid; 3] {
        let principal = match (request.action, &request.user) {
            (Action::DecideReview, Some(user)) => self.uid("User", user.id),
            (Action::DecideReview, None) => self.uid("Group", "nobody"),
            (_, _) => self.uid("Agent", request.agent),
        };
        let action = self.actions[request.action as usize].clone();
        [principal, action, self.uid(request.action.resource(), request.resource)]
    }

    /// What there is to say in the context, apart from arguments and rows.
    pub(super) fn context(&self, request: &Request<'_>, scopes: &[&str]) -> Vec<(String, RestrictedExpression)> {
        let mut pairs = vec![("scopes".to_owned(), texts(scopes)), ("required".to_owned(), texts(request.required))];
        pairs.extend(request.user.map(|user| ("user".to_owned(), RestrictedExpression::new_entity_uid(self.uid("User", user.id)))));
        pairs.extend(request.domain.map(|domain| ("domain".to_owned(), RestrictedExpression::new_string(domain.to_owned()))));
        pairs
    }
}

/// The request as Cedar takes it.
pub(super) fn asked([principal, action, resource]: [EntityUid; 3], pairs: Vec<(String, RestrictedExpression)>) -> Option<Asked> {
    Asked::new(principal, action, resource, Context::from_pairs(pairs).ok()?, None).ok()
}

/// Whether an entry of `data:` speaks of a place.
pub(super) fn covers(entry: &str, of: &str) -> bool {
    entry.strip_suffix('*').map_or(entry == of, |start| of.starts_with(start))
}

fn named(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::Effect => "effect",
        Effect::EffectOnce => "effect_once",
    }
}

/// Each role with all that it extends.
fn closed(roles: &BTreeMap<String, Role>) -> Result<BTreeMap<String, Held>, SpecError> {
    roles.keys().map(|name| Ok((name.clone(), held(roles, name)?))).collect()
}

fn held(roles: &BTreeMap<String, Role>, name: &str) -> Result<Held, SpecError> {
    let mut held = Held::default();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        let Some(role) = roles.get(next) else { continue };
        if !held.roles.insert(next.to_owned()) {
            continue;
        }
        held.scopes.extend(role.scopes.iter().cloned());
        for (place, extended) in role.extends.iter().enumerate() {
            let at = format!("roles.{next}.extends[{place}]");
            if extended == name {
                let hint = "let roles extend each other in one direction only".to_owned();
                return Err(SpecError { path: at, message: format!("goes round: {name} would extend itself"), hint });
            }
            if !roles.contains_key(extended) {
                let known: Vec<&str> = roles.keys().map(String::as_str).collect();
                return Err(SpecError {
                    path: at,
                    message: format!("there is no role {extended:?}"),
                    hint: format!("the roles are {}", known.join(", ")),
                });
            }
            open.push(extended);
        }
    }
    Ok(held)
}
