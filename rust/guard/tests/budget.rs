//! What a budget promises, one sentence at a time.
#![allow(clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_guard::budget::{Actual, Entry, Estimate, Every, Kill, Kills, Ledger, Per, Spec, Target, What, WhenShort, Who};

const DAY: u64 = 86_400_000_000;

fn ledger(limits: &str) -> Ledger {
    Ledger::new(&serde_json::from_str::<Spec>(limits).expect("a spec")).expect("limits")
}

fn who(run: &str) -> Who<'_> {
    Who { run, agent: "billing", user: Some("ada"), tenant: Some("acme") }
}

fn tokens(input_tokens: u64) -> Estimate {
    Estimate { input_tokens, ..Estimate::default() }
}

fn used(key: u8, input_tokens: u64) -> Actual {
    Actual { key: [key; 16], input_tokens, ..Actual::default() }
}

#[test]
fn a_reservation_is_on_all_accounts_or_on_none() {
    let mut book = ledger(r#"[{"per": "run", "tokens": 100}, {"per": "tenant", "tokens": 150}]"#);
    book.reserve(0, &who("r1"), &tokens(100)).expect("it fits");
    let short = book.reserve(0, &who("r2"), &tokens(60)).expect_err("the tenant is short");
    assert_eq!(
        (short.per, short.what, short.limit, short.spent, short.reserved, short.wanted),
        (Per::Tenant, What::Tokens, 150, 0, 100, 60)
    );
    assert_eq!(book.standing(0, Per::Run, "r2", Every::Total).1.tokens, 0);
    book.reserve(0, &who("r2"), &tokens(50)).expect("up to the limit itself");
}

#[test]
fn more_than_was_reserved_is_booked_in_full_and_the_next_reservation_sees_it() {
    let mut book = ledger(r#"[{"per": "run", "tokens": 100}]"#);
    let one = book.reserve(0, &who("r1"), &tokens(10)).expect("it fits");
    book.settle(one, &used(1, 130));
    let short = book.reserve(0, &who("r1"), &tokens(1)).expect_err("it is over");
    assert_eq!(short.spent, 130);
    book.reserve(0, &who("r1"), &Estimate { tool_calls: 1, ..Estimate::default() }).expect("what wants no tokens is not stopped by them");
}

#[test]
fn one_response_is_booked_once() {
    let mut book = ledger(r#"[{"per": "run", "tokens": 100}]"#);
    let one = book.reserve(0, &who("r1"), &tokens(40)).expect("it fits");
    assert!(matches!(book.settle(one, &used(7, 40)), Some(Entry::Settled { .. })));
    assert_eq!(book.settle(one, &used(8, 40)), None);
    let again = book.reserve(0, &who("r1"), &tokens(40)).expect("it fits");
    assert_eq!(book.settle(again, &used(7, 40)), Some(Entry::Released { number: again.0 }));
    assert_eq!(book.standing(0, Per::Run, "r1", Every::Total).0.tokens, 40);
}

#[test]
fn windows_roll_over_and_what_is_out_stays_held_back() {
    let mut book = ledger(r#"[{"per": "user", "tokens": 100, "every": "day"}]"#);
    let spent = book.reserve(0, &who("r1"), &tokens(60)).expect("it fits");
    book.settle(spent, &used(1, 60));
    book.reserve(DAY - 1, &who("r1"), &tokens(40)).expect("it fits");
    let short = book.reserve(DAY - 1, &who("r1"), &tokens(1)).expect_err("the day is spent");
    assert_eq!(short.resets_at, Some(DAY));
    book.reserve(DAY, &who("r1"), &tokens(60)).expect("a new day, less what is out");
    assert!(book.reserve(DAY, &who("r1"), &tokens(1)).is_err());
    assert!(book.reserve(0, &who("r1"), &tokens(1)).is_err(), "a clock that goes backwards opens no window again");
}

#[test]
fn of_several_limits_the_strictest_is_told() {
    let mut book = ledger(
        r#"[{"per": "run", "cost": 0.00001, "when_short": "cheaper", "cheaper": "small"}, {"per": "tenant", "cost": 0.00001, "when_short": "review"}]"#,
    );
    let short = book.reserve(0, &who("r1"), &Estimate { cost_micro: 11, ..Estimate::default() }).expect_err("both are short");
    assert_eq!((short.per, short.when_short), (Per::Tenant, WhenShort::Review));
}

#[test]
fn a_runs_time_runs_without_its_pauses_and_stops_everything() {
    let mut book = ledger(r#"[{"per": "run", "seconds": 60}]"#);
    let first = book.reserve(1_000_000, &who("r1"), &tokens(1)).expect("it fits");
    book.settle(first, &Actual { at: 11_000_000, ..used(1, 1) });
    book.pause(21_000_000, "r1");
    book.reserve(9 * DAY, &who("r1"), &tokens(1)).expect("20 s are used");
    assert!(book.reserve(9 * DAY + 40_000_000, &who("r1"), &tokens(0)).is_ok());
    let short = book.reserve(9 * DAY + 40_000_001, &who("r1"), &tokens(0)).expect_err("its time is up");
    assert_eq!((short.what, short.spent), (What::Seconds, 60_000_001));
}

#[test]
fn who_has_no_name_shares_one_account() {
    let mut book = ledger(r#"[{"per": "user", "turns": 1}]"#);
    let nobody = |run| Who { run, agent: "a", user: None, tenant: None };
    let turn = Estimate { turns: 1, ..Estimate::default() };
    book.reserve(0, &nobody("r1"), &turn).expect("the first");
    assert_eq!(&*book.reserve(0, &nobody("r2"), &turn).expect_err("the second").owner, "");
}

#[test]
fn what_an_ended_run_left_open_is_booked_as_reserved() {
    let mut book = ledger(r#"[{"per": "run", "tokens": 100}, {"per": "tenant", "tokens": 100}]"#);
    book.reserve(0, &who("r1"), &tokens(70)).expect("it fits");
    let lines = book.end(5, "r1");
    assert_eq!(lines.len(), 2);
    assert!(book.orphans().is_empty());
    assert_eq!(book.standing(5, Per::Tenant, "acme", Every::Total).0.tokens, 70);
    assert_eq!(book.end(6, "r1"), []);
}

#[test]
fn a_run_that_ended_in_a_torn_log_leaves_no_orphan() {
    let limits = r#"[{"per": "run", "tokens": 100}, {"per": "tenant", "tokens": 100}]"#;
    let mut book = ledger(limits);
    let open = book.reserve(3, &who("r1"), &tokens(70)).expect("it fits");
    let lines = [book.reserved(open).expect("open"), Entry::Ended { run: "r1".into() }];
    let mut again = ledger(limits);
    assert_eq!(again.restore(lines), []);
    assert_eq!(again.standing(5, Per::Tenant, "acme", Every::Total).0.tokens, 70);
}

#[test]
fn accounts_on_which_nothing_counts_are_forgotten() {
    let mut book = ledger(r#"[{"per": "user", "tokens": 10, "every": "hour"}]"#);
    for day in 0..10_000_u64 {
        let user = format!("u{day}");
        let who = Who { run: "r", agent: "a", user: Some(&user), tenant: None };
        let one = book.reserve(day * DAY, &who, &tokens(5)).expect("it fits");
        book.settle(one, &Actual { at: day * DAY, ..used(u8::try_from(day % 256).unwrap_or(0), 5) });
    }
    assert!(book.entries().len() < 5_100, "{} entries", book.entries().len());
}

#[test]
fn limits_that_mean_nothing_are_refused_with_their_place() {
    let cases = [
        (r#"[{"per": "run"}]"#, "budgets[0]"),
        (r#"{"limits": [{"per": "run", "tokens": 1}, {"per": "run", "cost": -1}]}"#, "budgets.limits[1].cost"),
        (r#"[{"per": "run", "seconds": 1e13}]"#, "budgets[0].seconds"),
        (r#"[{"per": "run", "tokens": 1, "every": "day"}]"#, "budgets[0].every"),
        (r#"[{"per": "user", "cost": 1, "when_short": "cheaper"}]"#, "budgets[0].cheaper"),
        (r#"[{"per": "user", "cost": 1, "cheaper": "m"}]"#, "budgets[0].cheaper"),
        (r#"[{"per": "user", "tokens": 1, "when_short": "cheaper", "cheaper": "m"}]"#, "budgets[0].when_short"),
    ];
    for (text, path) in cases {
        let error = Ledger::new(&serde_json::from_str(text).expect("it has the shape")).expect_err(text);
        assert_eq!(error.path, path);
        assert!(!error.hint.is_empty());
    }
    for text in
        [r#"[{"per": "runs", "tokens": 1}]"#, r#"[{"per": "run", "token": 1}]"#, r#"{"limit": []}"#, r#"[{"per": "run", "tokens": -1}]"#]
    {
        assert!(serde_json::from_str::<Spec>(text).is_err(), "{text}");
    }
}

#[test]
fn a_switch_stops_an_agent_a_tool_or_a_tenant_until_it_is_lifted() {
    let mut kills = Kills::default();
    let kill = |target: Target| Kill { target, reason: "it loops".into(), by: "ops".into(), at: 7 };
    assert!(kills.throw(kill(Target::Agent("billing".into()))));
    assert!(!kills.throw(Kill { reason: "again".into(), ..kill(Target::Agent("billing".into())) }));
    kills.throw(kill(Target::Tool("refund".into())));
    kills.throw(kill(Target::Tenant("acme".into())));
    let reason = |kill: Option<&Kill>| kill.map(|kill| (kill.target.clone(), kill.reason.clone()));
    assert_eq!(reason(kills.is_killed("billing", None, None)), Some((Target::Agent("billing".into()), "it loops".into())));
    assert_eq!(reason(kills.is_killed("support", Some("refund"), None)), Some((Target::Tool("refund".into()), "it loops".into())));
    assert_eq!(reason(kills.is_killed("support", None, Some("acme"))), Some((Target::Tenant("acme".into()), "it loops".into())));
    assert_eq!(kills.is_killed("support", Some("search"), Some("other")), None);
    assert_eq!(kills.iter().count(), 3);
    assert!(kills.lift(&Target::Agent("billing".into())).is_some());
    assert_eq!(kills.is_killed("billing", None, None), None);
}
