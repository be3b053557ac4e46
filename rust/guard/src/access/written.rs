//! Policies written by hand: taken apart at their semicolons, so that each is named by its file and line, and read by Cedar one by one.

use std::collections::BTreeSet;

use cedar_policy::{ActionConstraint, EntityUid, ParseErrors, Policy, PolicyId, PrincipalConstraint};
use miette::Diagnostic as _;

use super::generate::Draft;
use super::request::Action;
use super::spec::Written;
use crate::SpecError;

/// Types that a policy can name.
pub(super) const TYPES: [&str; 12] =
    ["Action", "Agent", "Data", "Group", "Model", "Namespace", "Place", "Review", "Role", "Tenant", "Tool", "User"];

/// The policies of every text, each with where it stands.
pub(super) fn drafts(written: &[Written]) -> Vec<Draft> {
    let mut names = BTreeSet::new();
    let mut drafts = Vec::new();
    for (number, one) in written.iter().enumerate() {
        for (start, text) in pieces(&one.text) {
            let line = one.line.saturating_sub(1).saturating_add(line_of(&one.text, start));
            let mut id = format!("{}:{line}", one.name);
            while !names.insert(id.clone()) {
                id.push('+'); // another on the same line
            }
            let review = text.contains("@on_violation(\"review\")");
            drafts.push(Draft { id, at: format!("policies[{number}]"), text: text.to_owned(), scopes: Vec::new(), review });
        }
    }
    drafts
}

/// A draft as Cedar reads it.
pub(super) fn parse(draft: &Draft) -> Result<Policy, SpecError> {
    let hint = "the language is described at https://docs.cedarpolicy.com; slots (`?principal`) need links, which this file has none of";
    Policy::parse(Some(PolicyId::new(&draft.id)), &draft.text).map_err(|errors| {
        let (offset, what) = told(&errors);
        let inside = draft.text.get(..offset).map_or(0, |text| text.matches('\n').count());
        SpecError { path: draft.at.clone(), message: format!("{}: {what}", moved(&draft.id, inside)), hint: hint.to_owned() }
    })
}

/// Whether everything that a policy names can be there.
pub(super) fn check(draft: &Draft, policy: &Policy) -> Result<(), SpecError> {
    let error =
        |message: String, hint: String| Err(SpecError { path: draft.at.clone(), message: format!("{}: {message}", draft.id), hint });
    for uid in policy.entity_literals() {
        let (kind, name): (String, &str) = (kind_of(&uid), uid.id().as_ref());
        if !TYPES.contains(&kind.as_str()) {
            return error(format!("there is no entity type {kind}"), format!("the types are {}", TYPES.join(", ")));
        }
        if kind == "Action" && !Action::ALL.iter().any(|action| action.name() == name) {
            let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            return error(format!("there is no action {name:?}"), format!("the actions are {}", names.join(", ")));
        }
    }
    let acts = match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) => kind_of(&uid),
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => kind.to_string(),
        PrincipalConstraint::Any => return Ok(()),
    };
    match acts.as_str() {
        "Agent" | "Group" => Ok(()),
        "User" | "Role" | "Tenant" if names_review(policy) => Ok(()),
        "User" | "Role" | "Tenant" => error(
            format!("the principal is an agent, so a {acts} never is one, except where a review is decided"),
            format!("write `when {{ context has user && context.user in {acts}::\"…\" }}`"),
        ),
        _ => error(format!("a {acts} never acts"), "the principal is an Agent; a User only for Action::\"DecideReview\"".to_owned()),
    }
}

fn kind_of(uid: &EntityUid) -> String {
    uid.type_name().to_string()
}

fn names_review(policy: &Policy) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is_review(&uid),
        ActionConstraint::In(uids) => uids.iter().any(is_review),
    }
}

fn is_review(action: &EntityUid) -> bool {
    let name: &str = action.id().as_ref();
    name == Action::DecideReview.name()
}

/// The first error: where, in bytes, and what.
fn told(errors: &ParseErrors) -> (usize, String) {
    let mut what = errors.to_string();
    let first = errors.iter().next();
    let label = first.and_then(|error| error.labels().and_then(|mut labels| labels.next()));
    if let Some(said) = label.as_ref().and_then(|label| label.label()) {
        what = format!("{what}, {said}");
    }
    (label.map_or(0, |label| label.offset()), what)
}

/// `extra.cedar:12` some lines on.
fn moved(id: &str, lines: usize) -> String {
    match id.trim_end_matches('+').rsplit_once(':').and_then(|(name, line)| Some((name, line.parse::<usize>().ok()?))) {
        Some((name, line)) => format!("{name}:{}", line + lines),
        None => id.to_owned(),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The statements of a text, from their first character on. A semicolon in a text or a comment ends none.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut start) = (0, None);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' => {
                start.get_or_insert(at);
                at += 1;
                while let Some(inner) = bytes.get(at).filter(|inner| **inner != b'"') {
                    at += if *inner == b'\\' { 2 } else { 1 };
                }
            }
            b';' => {
                let from = start.take().unwrap_or(at);
                found.extend(text.get(from..=at).map(|piece| (from, piece)));
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => _ = start.get_or_insert(at),
        }
        at += 1;
    }
    found.extend(start.and_then(|from| Some((from, text.get(from..)?))));
    found
}

#[allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_taken_apart_at_their_semicolons() {
        let text =
            "// a; b\npermit(principal, action, resource)\nwhen { \"x;\\\";\" == \"y\" }; // c\n\n  forbid(principal, action, resource);;x";
        let found: Vec<(usize, &str)> =
            pieces(text).into_iter().map(|(start, piece)| (line_of(text, start), piece.lines().next().unwrap())).collect();
        assert_eq!(found, [(2, "permit(principal, action, resource)"), (5, "forbid(principal, action, resource);"), (5, ";"), (5, "x")]);
    }
}
