//! Minting and revealing, in memory: what a token gives back, and what it never does.

use std::collections::HashMap;

use interlock_vault::{Scope, Vault};
use proptest::prelude::*;

const RUN: Scope = [1; 16];
const OTHER: Scope = [2; 16];

proptest! {
    #[test]
    fn a_token_gives_back_its_value_in_its_scope_and_nowhere_else(
        minted in prop::collection::vec((0..4_u8, 0..3_u8, "[A-Z_]{1,12}", "\\PC{0,40}"), 1..60),
        forged in "[a-z2-7]{16}",
    ) {
        let vault = Vault::memory().unwrap();
        let mut known: HashMap<(u8, String, String), String> = HashMap::new();
        let mut owner: HashMap<(u8, String, String), u8> = HashMap::new();
        for (scope, subject, kind, value) in &minted {
            let token = vault.mint(&[*scope; 16], &format!("user:/{subject}"), kind, value).unwrap();
            let place = (*scope, kind.clone(), value.clone());
            prop_assert_eq!(known.entry(place.clone()).or_insert_with(|| token.clone()), &token);
            owner.entry(place).or_insert(*subject);
        }
        for ((scope, kind, value), token) in &known {
            let found = vault.reveal(&[*scope; 16], kind, token).unwrap();
            prop_assert_eq!(found.as_ref(), Some(value));
            prop_assert_eq!(vault.reveal(&[9; 16], kind, token).unwrap(), None);
            prop_assert_eq!(vault.reveal(&[*scope; 16], "ANOTHER KIND", token).unwrap(), None);
            prop_assert_eq!(vault.reveal(&[*scope; 16], kind, &forged).unwrap(), None);
        }
        vault.erase("user:/1").unwrap();
        for ((scope, kind, value), token) in &known {
            let expected = (owner[&(*scope, kind.clone(), value.clone())] != 1).then(|| value.clone());
            prop_assert_eq!(vault.reveal(&[*scope; 16], kind, token).unwrap(), expected);
        }
    }

    #[test]
    fn any_text_is_a_token_or_none(text in "\\PC{0,40}") {
        prop_assert_eq!(Vault::memory().unwrap().reveal(&RUN, "EMAIL_ADDRESS", &text).unwrap(), None);
    }
}

#[test]
fn tokens_of_one_value_have_nothing_in_common_across_scopes_kinds_and_vaults() {
    let (one, two) = (Vault::memory().unwrap(), Vault::memory().unwrap());
    let mint = |vault: &Vault, scope, kind| vault.mint(&scope, "s", kind, "ada@example.com").unwrap();
    let tokens = [mint(&one, RUN, "A"), mint(&one, OTHER, "A"), mint(&one, RUN, "B"), mint(&two, RUN, "A")];
    for (at, token) in tokens.iter().enumerate() {
        assert_eq!(token.len(), 16);
        assert!(tokens[..at].iter().all(|other| other != token));
    }
}

#[test]
fn no_kind_runs_into_a_value() {
    let vault = Vault::memory().unwrap();
    assert_ne!(vault.mint(&RUN, "s", "AB", "C").unwrap(), vault.mint(&RUN, "s", "A", "BC").unwrap());
}

#[test]
fn a_value_is_carried_to_another_scope_and_stays_its_subjects() {
    let vault = Vault::memory().unwrap();
    let token = vault.mint(&RUN, "user:/ada", "IP", "10.0.0.1").unwrap();
    let carried = vault.carry(&RUN, &OTHER, "IP", &token).unwrap().unwrap();
    assert_ne!(carried, token);
    assert_eq!(vault.reveal(&OTHER, "IP", &carried).unwrap().as_deref(), Some("10.0.0.1"));
    assert_eq!(vault.mint(&OTHER, "user:/ada", "IP", "10.0.0.1").unwrap(), carried);
    assert_eq!(vault.carry(&OTHER, &RUN, "IP", &token).unwrap(), None, "it was minted elsewhere");
    vault.erase("user:/ada").unwrap();
    assert_eq!(vault.reveal(&OTHER, "IP", &carried).unwrap(), None);
    assert_eq!(vault.carry(&RUN, &OTHER, "IP", &token).unwrap(), None);
}

#[test]
fn a_user_is_erased_under_every_tenant_and_nobody_else_is() {
    let vault = Vault::memory().unwrap();
    let names = [interlock_vault::subject::of_user(Some("a"), "ada"), interlock_vault::subject::of_user(None, "ada"), "user:a/eve".into()];
    let tokens = names.each_ref().map(|name| vault.mint(&RUN, name, "X", &format!("of {name}")).unwrap());
    assert_eq!(vault.erase_user("ada").unwrap(), 2);
    let left = tokens.each_ref().map(|token| vault.reveal(&RUN, "X", token).unwrap().is_some());
    assert_eq!(left, [false, false, true]);
    assert_eq!(vault.subjects().unwrap(), ["user:a/eve"]);
}

#[test]
fn a_forgotten_scope_knows_no_token() {
    let vault = Vault::memory().unwrap();
    let (gone, kept) = (vault.mint(&RUN, "s", "X", "v").unwrap(), vault.mint(&OTHER, "s", "X", "v").unwrap());
    vault.forget(&[RUN]).unwrap();
    assert_eq!(vault.reveal(&RUN, "X", &gone).unwrap(), None);
    assert_eq!(vault.reveal(&OTHER, "X", &kept).unwrap().as_deref(), Some("v"));
}
