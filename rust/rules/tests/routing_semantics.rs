//! A hundred sentences about routing, each with a table, a task and what becomes of it. The notation is that of `common/sentences.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;
#[path = "common/sentences.rs"]
mod sentences;

use common::{compile, neighbour};
use sentences::hold;

#[test]
fn the_more_specific_rule_wins() {
    hold(&[
        ("a rule takes the intent that it names", "refund -> billing", "refund", "rules refund: billing, line 1"),
        ("a rule leaves other intents alone", "refund -> billing", "weather", "unknown unknown: a person"),
        ("an intent is compared letter by letter", "refund -> billing", "Refund", "unknown unknown: a person"),
        ("spaces around a rule's intent say nothing", " refund  -> billing", "refund", "rules refund: billing, line 1"),
        (
            "a true condition beats none",
            "refund -> billing\nrefund -> senior | when data.amount > 500",
            r#"refund | data {"amount": 501}"#,
            "rules refund: senior, line 2",
        ),
        (
            "a false condition leaves the task to the rule without one",
            "refund -> billing\nrefund -> senior | when data.amount > 500",
            r#"refund | data {"amount": 500}"#,
            "rules refund: billing, line 1",
        ),
        (
            "a condition that has no answer is no match",
            "refund -> billing\nrefund -> senior | when data.amount > 500",
            "refund | data {}",
            "rules refund: billing, line 1",
        ),
        (
            "a condition over broken data is no match",
            "refund -> billing\nrefund -> senior | when data.amount > 500",
            "refund | data {broken",
            "rules refund: billing, line 1",
        ),
        (
            "a condition beats a higher priority without one",
            "refund -> billing | critical\nrefund -> senior | when true | low",
            "refund",
            "rules refund: senior, line 2, low",
        ),
        (
            "two conditions are not told apart by how much they ask",
            "refund -> a | when user.tier == 'gold'\nrefund -> b | when user.tier == 'gold' && data.amount > 5",
            r#"refund | data {"amount": 6} | user {"tier": "gold"}"#,
            "rules refund: a, line 1",
        ),
        (
            "a named intent beats any, even without a condition",
            "any -> desk | when true | critical\nrefund -> billing | low",
            "refund",
            "rules refund: billing, line 2, low",
        ),
        ("any takes what no named rule takes", "any -> desk\nrefund -> billing", "weather", "rules weather: desk, line 1"),
        (
            "any takes what the named rules' conditions refuse",
            "any -> desk\nrefund -> billing | when data.ok",
            r#"refund | data {"ok": false}"#,
            "rules refund: desk, line 1",
        ),
        ("any beats unknown", "unknown -> triage\nany -> desk", "weather", "rules weather: desk, line 2"),
        (
            "a rule for a person is as specific as one for an agent",
            "legal -> human_review\nany -> desk",
            "legal",
            "rules legal: a person, line 1",
        ),
    ]);
}

#[test]
fn then_priority_and_then_the_order_in_the_file() {
    hold(&[
        ("critical goes before high", "a -> x | high | when true\na -> y | critical | when 1 == 1", "a", "rules a: y, line 2, critical"),
        ("high goes before medium", "a -> x\na -> y | high", "a", "rules a: y, line 2, high"),
        ("medium goes before low", "a -> x | low\na -> y | medium", "a", "rules a: y, line 2"),
        ("no priority is medium", "a -> x | low\na -> y", "a", "rules a: y, line 2"),
        (
            "of equal conditions' priorities the first in the file wins",
            "a -> x | when true\na -> y | when 1 == 1",
            "a",
            "rules a: x, line 1",
        ),
        (
            "the order of the file counts within a priority only",
            "a -> x | when true | low\na -> y | when 1 == 1",
            "a",
            "rules a: y, line 2",
        ),
        ("any's rules have priorities among themselves", "any -> x | low\nany -> y | high", "-", "rules any: y, line 2, high"),
        (
            "any's rules with conditions go first",
            "any -> x | critical\nany -> y | when text == 'hello' | low",
            "- | text hello",
            "rules any: y, line 2, low",
        ),
        ("unknown's rules have priorities too", "unknown -> x\nunknown -> y | high", "-", "unknown unknown: y, line 2, high"),
        (
            "a priority that is none is refused",
            "a -> x | urgent",
            "a",
            "error: routing_rules[0].priority (line 1): \"urgent\" is not a priority",
        ),
    ]);
}

#[test]
fn a_tie_is_refused_unless_a_rule_says_what_decides() {
    let tie =
        "error: routing_rules[1] (line 2): nothing decides between this rule and the one in line 1: same intent, condition and priority";
    hold(&[
        ("two rules for one intent are a tie", "a -> x\na -> y", "a", tie),
        ("two equal conditions are a tie", "a -> x | when data.b\na -> y | when data.b", "a", tie),
        ("medium and no priority are a tie", "a -> x | medium\na -> y", "a", tie),
        ("two rules for any are a tie", "any -> x\nany -> y", "a", tie),
        ("two rules for unknown are a tie", "unknown -> x\nunknown -> y", "a", tie),
        ("a tie with the same agent is one too", "a -> x\na -> x", "a", tie),
        ("another priority is no tie", "a -> x\na -> y | low", "a", "rules a: x, line 1"),
        ("another condition is no tie", "a -> x | when data.b\na -> y | when data.c", r#"a | data {"b": true}"#, "rules a: x, line 1"),
        ("on_tie: first takes the first", "a -> x | tie first\na -> y", "a", "rules a: x, line 1"),
        ("on_tie may stand at the second rule", "a -> x\na -> y | tie first", "a", "rules a: x, line 1"),
        ("on_tie: review asks a person", "a -> x | tie review\na -> y", "a", "rules a: a person, tied [0, 1]"),
        (
            "of first and review, review is the careful one",
            "a -> x | tie first\na -> y | tie review",
            "a",
            "rules a: a person, tied [0, 1]",
        ),
        (
            "two conditions that both hold are a tie for on_tie: review",
            "a -> x | when data.b > 1 | tie review\na -> y | when data.b > 2",
            r#"a | data {"b": 3}"#,
            "rules a: a person, tied [0, 1]",
        ),
        (
            "one that holds alone is no tie",
            "a -> x | when data.b > 1 | tie review\na -> y | when data.b > 2",
            r#"a | data {"b": 2}"#,
            "rules a: x, line 1",
        ),
        (
            "without on_tie the order of the file decides between conditions",
            "a -> x | when data.b > 1\na -> y | when data.b > 2",
            r#"a | data {"b": 3}"#,
            "rules a: x, line 1",
        ),
        (
            "rules that agree on the agent are no tie",
            "a -> x | when data.b > 1 | tie review\na -> x | when data.b > 2",
            r#"a | data {"b": 3}"#,
            "rules a: x, line 1",
        ),
        (
            "a rule of lower priority is no rival",
            "a -> x | when data.b > 1 | tie review\na -> y | when data.b > 2 | low",
            r#"a | data {"b": 3}"#,
            "rules a: x, line 1",
        ),
        (
            "a rule that says review and does not match does not ask",
            "a -> x | when data.b > 1\na -> y | when data.b > 2\na -> z | when data.b > 9 | tie review",
            r#"a | data {"b": 3}"#,
            "rules a: x, line 1",
        ),
        (
            "all rivals are named, and the priority is kept",
            "a -> x | when data.b > 1 | high\na -> y | when data.b > 2 | high | tie review\na -> z | when data.b > 0 | high",
            r#"a | data {"b": 3}"#,
            "rules a: a person, high, tied [0, 1, 2]",
        ),
        (
            "a rival whose condition has no answer is none",
            "a -> x | when data.b > 1 | tie review\na -> y | when data.c > 2",
            r#"a | data {"b": 3}"#,
            "rules a: x, line 1",
        ),
        (
            "an on_tie that is none is refused",
            "a -> x | tie last",
            "a",
            "error: routing_rules[0].on_tie (line 1): \"last\" is neither first nor review",
        ),
    ]);
}

#[test]
fn a_chain_of_fallbacks_is_kept_in_its_order() {
    hold(&[
        ("one name is a chain of one", "a -> x | fallback y", "a", "rules a: x, line 1, then y"),
        ("a list is tried in its order", "a -> x | fallback z, y", "a", "rules a: x, line 1, then z then y"),
        ("a person may end a chain", "a -> x | fallback y, human_review", "a", "rules a: x, line 1, then y then a person"),
        (
            "nobody comes after a person",
            "a -> x | fallback human_review, y",
            "a",
            "error: routing_rules[0].fallback[1] (line 1): \"y\" comes after human_review, and a person is where a chain ends",
        ),
        (
            "nobody stands in a chain twice",
            "a -> x | fallback y, z, y",
            "a",
            "error: routing_rules[0].fallback[2] (line 1): \"y\" stands in the chain already",
        ),
        (
            "an agent is no fallback for itself, wherever it stands",
            "a -> x | fallback y, x",
            "a",
            "error: routing_rules[0].fallback[1] (line 1): \"x\" is the rule's agent too, so nobody is left when it fails",
        ),
        ("a rule for a person may have agents behind", "a -> human_review | fallback y", "a", "rules a: a person, line 1, then y"),
        ("a tie has no fallback: a person decides", "a -> x | tie review | fallback y\na -> z", "a", "rules a: a person, tied [0, 1]"),
    ]);
}

#[test]
fn escalation_counts_attempts_or_time() {
    let wrong = "error: routing_rules[0].escalation_after (line 1): \"0_attempts\" is neither a number of attempts nor a time";
    hold(&[
        ("attempts are counted", "a -> x | after 2_attempts", "a", "rules a: x, line 1, after 2 attempts"),
        ("one attempt is an attempt", "a -> x | after 1_attempt", "a", "rules a: x, line 1, after 1 attempts"),
        ("seconds are seconds", "a -> x | after 30s", "a", "rules a: x, line 1, after 30000 ms"),
        ("minutes may be written out", "a -> x | after 5_minutes", "a", "rules a: x, line 1, after 300000 ms"),
        ("milliseconds are finer", "a -> x | after 500ms", "a", "rules a: x, line 1, after 500 ms"),
        ("no attempts are no escalation", "a -> x | after 0_attempts", "a", wrong),
    ]);
}
