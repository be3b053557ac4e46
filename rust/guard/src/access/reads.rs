//! What a policy looks at: whether its answer can be kept, and which arguments it needs to see.

use std::collections::BTreeSet;

use cedar_policy::Policy;
use serde_json::Value;

/// Names of the members of a record that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// Perhaps any.
    All,
    These(BTreeSet<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }

    /// These, and those.
    pub(super) fn join(&mut self, others: &Self) {
        match (&mut *self, others) {
            (_, Self::All) => *self = Self::All,
            (Self::All, Self::These(_)) => {}
            (Self::These(names), Self::These(others)) => names.extend(others.iter().cloned()),
        }
    }

    fn add(&mut self, name: Option<&str>) {
        match (self, name) {
            (Self::All, _) => {}
            (Self::These(names), Some(name)) => {
                names.insert(name.to_owned());
            }
            (all @ Self::These(_), None) => *all = Self::All,
        }
    }
}

/// What of a request's context a policy's answer depends on, beyond scopes, roles, tenant and domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Who the user is.
    pub(super) user_id: bool,
    /// The call's arguments, or what was found out about them.
    pub(super) arguments: bool,
    /// Members of `context.arguments` that it compares or asks for.
    pub(super) values: Names,
    /// Members of `context.row`.
    pub(super) row: Names,
    /// Members of `context`.
    pub(super) roots: Names,
}

/// What was found out about arguments before Cedar sees them; made by `Facts`.
pub(super) const FOUND_OUT: [&str; 5] = ["types", "low", "high", "matches", "names"];

impl Reads {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut reads = Self::default();
        match policy.to_json() {
            Ok(text) => reads.walk(&text),
            Err(_) => reads.everything(),
        }
        reads
    }

    fn walk(&mut self, node: &Value) {
        if let Some(path) = path(node) {
            return self.path(&path);
        }
        match node {
            Value::Object(members) => {
                for (operator, operands) in members {
                    if operator == "in" && is_group(operands) {
                        self.roots.add(Some("user"));
                        continue; // `context.user in Role::"…"` depends on roles and tenant only
                    }
                    match (operator.as_str(), operands.get("left").and_then(path), operands.get("attr").and_then(Value::as_str)) {
                        ("has", Some(mut path), Some(name)) => {
                            path.push(name);
                            if path == ["user"] {
                                self.roots.add(Some("user")); // whether there is a user is no question of who it is
                            } else {
                                self.path(&path);
                            }
                        }
                        (_, _, _) => self.walk(operands),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// A path from `context` on.
    fn path(&mut self, path: &[&str]) {
        self.roots.add(path.first().copied());
        match path {
            [] => self.everything(),
            ["user"] | ["user", "id", ..] => self.user_id = true,
            ["arguments", rest @ ..] => {
                self.arguments = true;
                self.values.add(rest.first().copied());
            }
            ["row", rest @ ..] => self.row.add(rest.first().copied()),
            [name, ..] if FOUND_OUT.contains(name) => self.arguments = true,
            _ => {}
        }
    }

    fn everything(&mut self) {
        *self = Self { user_id: true, arguments: true, values: Names::All, row: Names::All, roots: Names::All };
    }
}

/// The attributes from `context` on: `context.user.tenant` is `["user", "tenant"]`.
fn path(node: &Value) -> Option<Vec<&str>> {
    if node.get("Var").and_then(Value::as_str) == Some("context") {
        return Some(Vec::new());
    }
    let access = node.get(".")?;
    let mut inner = path(access.get("left")?)?;
    inner.push(access.get("attr")?.as_str()?);
    Some(inner)
}

/// Whether this asks if the user is in something that is no single user.
fn is_group(operands: &Value) -> bool {
    let asked = operands.get("left").and_then(path).is_some_and(|path| path == ["user"]);
    let group = operands.pointer("/right/Value/__entity/type").and_then(Value::as_str);
    asked && group.is_some_and(|group| group != "User")
}

#[allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#[cfg(test)]
mod tests {
    use super::*;

    fn of(condition: &str) -> Reads {
        Reads::of(&Policy::parse(None, format!("forbid(principal, action, resource) when {{ {condition} }};")).unwrap())
    }

    fn these(names: &[&str]) -> Names {
        Names::These(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn what_stands_in_the_key_is_not_a_read() {
        for condition in [
            "true",
            "context.scopes.contains(\"a\")",
            "context has user && context.user.tenant == \"acme\"",
            "context has user && context.user in Role::\"lead\"",
            "context has domain && context.domain == \"bank\"",
            "resource has effect && resource.effect == \"pure\"",
        ] {
            assert_eq!(Reads { roots: Names::default(), ..of(condition) }, Reads::default(), "{condition}");
        }
    }

    #[test]
    fn users_are_read_where_one_is_meant() {
        for condition in
            ["context.user == User::\"u\"", "context.user.id == \"u\"", "context.user in User::\"u\"", "context.user in resource"]
        {
            assert!(of(condition).user_id, "{condition}");
        }
    }

    #[test]
    fn arguments_are_read_by_name_or_all() {
        assert_eq!(of("context.arguments has amount && context.arguments.amount > 3").values, these(&["amount"]));
        assert_eq!(of("context.arguments.a.b == context.arguments.c").values, these(&["a", "c"]));
        assert_eq!(of("context.arguments == {a: 1}").values, Names::All);
        assert_eq!(of("context == {a: 1}").values, Names::All);
        let found_out = of("context.low has amount");
        assert_eq!((found_out.arguments, found_out.values), (true, these(&[])));
        let row = of("context.row.team == context.user.tenant && context has domain");
        assert_eq!((row.row, row.roots), (these(&["team"]), these(&["row", "user", "domain"])));
        assert_eq!(of("context has user && context.user in Role::\"r\"").roots, these(&["user"]));
    }
}
