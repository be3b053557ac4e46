//! How data subjects are called: a person of a tenant, a run that nobody asked for, the journal itself.

/// Whom the journal's own documents belong to: plans and rules. Never erased.
pub const JOURNAL: &str = "journal";

/// A person, by tenant and user id. Ids are unique within a tenant.
pub fn of_user(tenant: Option<&str>, user: &str) -> String {
    let mut name = String::from("user:");
    for letter in tenant.unwrap_or_default().chars() {
        match letter {
            '%' => name.push_str("%25"),
            '/' => name.push_str("%2f"),
            other => name.push(other),
        }
    }
    name.push('/');
    name.push_str(user);
    name
}

/// A run without a user, by its id.
pub fn of_run(id: &str) -> String {
    format!("run:{id}")
}

/// The user's id, under any tenant; nothing for other subjects.
pub fn user_of(subject: &str) -> Option<&str> {
    subject.strip_prefix("user:")?.split_once('/').map(|(_, user)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_people_share_a_name() {
        assert_eq!(of_user(Some("a/b"), "c"), "user:a%2fb/c");
        assert_ne!(of_user(Some("a"), "b/c"), of_user(Some("a/b"), "c"));
        assert_eq!(user_of(&of_user(Some("a/b%"), "c/d")), Some("c/d"));
        assert_eq!((user_of(&of_user(None, "ada")), user_of(&of_run("7")), user_of(JOURNAL)), (Some("ada"), None, None));
    }
}
