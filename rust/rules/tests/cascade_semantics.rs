//! The second half of a hundred sentences: the stages of the cascade, in their order. The notation is that of `common/sentences.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;
#[path = "common/sentences.rs"]
mod sentences;

use common::{compile, neighbour};
use sentences::hold;

#[test]
fn any_is_looked_at_before_the_meaning() {
    hold(&[
        ("any takes a task whose intent nobody stated", "any -> desk", "-", "rules any: desk, line 1"),
        (
            "any's conditions see the text",
            "any -> desk | when text.contains('refund')",
            "- | text a refund please",
            "rules any: desk, line 1",
        ),
        ("any's conditions see the labels", "any -> desk | when 'vip' in labels", "- | labels late, vip", "rules any: desk, line 1"),
        ("any's conditions see no intent where none was stated", "any -> desk | when intent == null", "-", "rules any: desk, line 1"),
        ("any's conditions see the stated intent", "any -> desk | when intent == 'weather'", "weather", "rules weather: desk, line 1"),
        ("any goes before the semantic stage", "any -> desk | when true\n!semantic", "-", "rules any: desk, line 1"),
        ("where any does not match, the neighbours are asked for", "any -> desk | when false\n!semantic", "-", "needs Neighbours"),
        ("any takes a task stated in doubt", "any -> desk\n!min_confidence 0.5", "refund | sure 0.4", "rules any: desk, line 1"),
        ("an agent that states any has named nothing", "any -> desk", "any", "rules any: desk, line 1"),
    ]);
}

#[test]
fn a_member_may_claim_a_task() {
    let two = "- | text hello | claims billing: text == 'hello'; tech: text.startsWith('h')";
    hold(&[
        (
            "the only one who claims gets it",
            "refund -> billing",
            "- | text hi | claims tech: text == 'hi'; b: false",
            "claims claimed: tech",
        ),
        ("claims need no table", "!none", "- | text hi | claims tech: text == 'hi'", "claims claimed: tech"),
        (
            "claims see data, user and labels",
            "!none",
            r#"- | data {"a": 1} | user {"b": 2} | labels c | claims tech: data.a == 1 && user.b == 2 && 'c' in labels"#,
            "claims claimed: tech",
        ),
        ("two who claim are a tie for a person", "!none", two, "claims claimed: a person, tied [0, 1]"),
        ("a table without a word on it asks a person too", "a -> x", two, "claims claimed: a person, tied [0, 1]"),
        ("claims_on_tie: review says so", "!claims_on_tie review", two, "claims claimed: a person, tied [0, 1]"),
        ("claims_on_tie: first takes the first member", "!claims_on_tie first", two, "claims claimed: billing"),
        ("claims_on_tie is nothing else", "!claims_on_tie last", "-", "error: claims_on_tie: \"last\" is neither first nor review"),
        ("a claim that has no answer is no claim", "!none", "- | claims billing: data.x > 1; tech: true", "claims claimed: tech"),
        ("one who does not claim is not tied", "!none", "- | claims a: true; b: false; c: true", "claims claimed: a person, tied [0, 2]"),
        ("a stated intent is not claimed", "refund -> billing", "refund | claims tech: true", "rules refund: billing, line 1"),
        ("nor is one that no rule takes", "refund -> billing", "weather | claims tech: true", "unknown unknown: a person"),
        ("any goes before claims", "any -> desk", "- | claims tech: true", "rules any: desk, line 1"),
        ("claims go before the semantic stage", "a -> x\n!semantic", "- | claims tech: true", "claims claimed: tech"),
        ("where nobody claims, the neighbours are asked for", "a -> x\n!semantic", "- | claims tech: false", "needs Neighbours"),
    ]);
}

#[test]
fn then_the_meaning_decides() {
    let table = "refund -> billing\nonly -> gold | when user.tier == 'gold'\nunknown -> triage\n!semantic";
    hold(&[
        ("a near example's intent is taken", table, "- | near refund 0.9", "semantic refund: billing, line 1"),
        ("a vote too far away is none", table, "- | near refund 0.5", "unknown unknown: triage, line 3"),
        ("a vote too close is none", table, "- | near refund 0.9, only 0.8", "unknown unknown: triage, line 3"),
        ("an intent whose conditions refuse is unknown", table, "- | near only 0.9", "unknown unknown: triage, line 3"),
        ("its conditions see the user", table, r#"- | near only 0.9 | user {"tier": "gold"}"#, "semantic only: gold, line 2"),
        (
            "its conditions see the intent that was found",
            "refund -> billing | when intent == 'refund'\n!semantic",
            "- | near refund 0.9",
            "semantic refund: billing, line 1",
        ),
        ("without a semantic stage nobody asks for neighbours", "refund -> billing", "- | near refund 0.9", "unknown unknown: a person"),
        ("a stated intent needs no neighbours", table, "refund", "rules refund: billing, line 1"),
        (
            "a doubted intent is not voted on",
            "refund -> billing\n!min_confidence 0.5\n!semantic",
            "refund | sure 0.4",
            "unknown unknown: a person",
        ),
    ]);
}

#[test]
fn then_the_router_and_then_unknown() {
    hold(&[
        (
            "the router is asked where nothing found an intent",
            "refund -> billing\nunknown -> triage",
            "- | router",
            "router unknown: the router",
        ),
        ("the router needs no table", "!none", "- | router", "router unknown: the router"),
        ("claims go before the router", "!none", "- | claims tech: true | router", "claims claimed: tech"),
        ("the meaning goes before the router", "a -> x\n!semantic", "- | router", "needs Neighbours"),
        ("a vote that is not clear leaves it to the router", "a -> x\n!semantic", "- | near a 0.1 | router", "router unknown: the router"),
        ("a clear vote does not", "a -> x\n!semantic", "- | near a 0.9 | router", "semantic a: x, line 1"),
        ("an intent stated in doubt is asked about", "a -> x\n!min_confidence 0.5", "a | sure 0.4 | router", "router unknown: the router"),
        ("one with enough confidence is not", "a -> x\n!min_confidence 0.5", "a | sure 0.5 | router", "rules a: x, line 1"),
        ("one without a confidence is believed", "a -> x\n!min_confidence 0.5", "a | router", "rules a: x, line 1"),
        ("an agent that states unknown has found nothing", "unknown -> triage", "unknown | router", "router unknown: the router"),
        ("an intent that no rule takes was found all the same", "unknown -> triage", "weather | router", "unknown unknown: triage, line 1"),
        ("without a router unknown's rules take it", "unknown -> triage", "-", "unknown unknown: triage, line 1"),
        ("unknown's conditions see what was stated", "unknown -> w | when intent == 'w'\nunknown -> t", "w", "unknown unknown: w, line 1"),
        (
            "unknown's settings count",
            "unknown -> t | low | fallback a | after 3_attempts",
            "-",
            "unknown unknown: t, line 1, low, then a, after 3 attempts",
        ),
        ("without unknown's rules a person gets it", "refund -> billing", "-", "unknown unknown: a person"),
        ("without a table a person gets it", "!none", "refund", "unknown unknown: a person"),
    ]);
}
