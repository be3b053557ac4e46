//! What the limits of an agent mean for the turns that want it.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_admission::{Admission, AgentLimits, Agents, BreakerSpec, Grant, Look, Moves, Outcome, RateSpec, State, Ticket, Why};
use interlock_kernel::{Micros, Priority};

const WELL: Outcome = Outcome::Ok { took_us: 1 };
const NO_LIMITS: AgentLimits = AgentLimits { max_concurrency: None, rate: None, queue: None, breaker: None };
const ONE: AgentLimits = AgentLimits { max_concurrency: Some(1), ..NO_LIMITS };
/// Opens with the first failure, for 100 µs.
const FUSE: BreakerSpec = BreakerSpec { window: 1, min_calls: 1, error_ppm: 1_000_000, slow: None, open_for_us: 100, probes: 1 };

fn agents(max_turns: usize, limits: &[(&str, AgentLimits)]) -> Agents {
    Agents::new(max_turns, limits.iter().map(|(name, limits)| ((*name).into(), *limits))).unwrap()
}

fn ticket(run: u64) -> Ticket {
    Ticket { run, turn: 0 }
}

fn go(runs: &[u64]) -> Moves {
    Moves { go: runs.iter().map(|run| Grant { ticket: ticket(*run), probe: false }).collect(), refused: vec![] }
}

#[test]
fn more_urgent_turns_go_first_and_then_older_ones() {
    let mut agents = agents(1, &[]);
    let now = Micros(0);
    assert_eq!(agents.ask(now, "a", ticket(0), Priority::Low), Admission::Go);
    for (run, priority) in [(1, Priority::Low), (2, Priority::High), (3, Priority::High), (4, Priority::Critical)] {
        assert_eq!(agents.ask(now, "a", ticket(run), priority), Admission::Queued);
    }
    for (done, next) in [(0, 4), (4, 2), (2, 3), (3, 1)] {
        assert_eq!(agents.done(now, ticket(done), WELL), go(&[next]));
    }
    assert_eq!((agents.done(now, ticket(1), WELL), agents.under_way()), (Moves::default(), 0));
}

#[test]
fn several_turns_of_one_run_wait_at_once() {
    let mut agents = agents(8, &[("a", ONE)]);
    for turn in 0..3 {
        agents.ask(Micros(0), "a", Ticket { run: 7, turn }, Priority::Medium);
    }
    assert_eq!(agents.look("a"), Some(Look { under_way: 1, queued: 2, breaker: None }));
    let moves = agents.done(Micros(1), Ticket { run: 7, turn: 0 }, WELL);
    assert_eq!(moves.go, [Grant { ticket: Ticket { run: 7, turn: 1 }, probe: false }]);
}

#[test]
fn a_busy_agent_does_not_hold_up_the_others() {
    let mut agents = agents(2, &[("slow", ONE)]);
    let now = Micros(0);
    assert_eq!(agents.ask(now, "slow", ticket(0), Priority::Medium), Admission::Go);
    assert_eq!(agents.ask(now, "slow", ticket(1), Priority::Critical), Admission::Queued);
    assert_eq!(agents.ask(now, "quick", ticket(2), Priority::Low), Admission::Go);
    assert_eq!(agents.ask(now, "quick", ticket(3), Priority::Low), Admission::Queued);
    assert_eq!(agents.done(now, ticket(2), WELL), go(&[3]), "the urgent turn waits for its own agent");
    assert_eq!(agents.done(now, ticket(0), WELL), go(&[1]));
}

#[test]
fn one_end_may_let_several_go() {
    let limits = AgentLimits { rate: Some(RateSpec { per_second_milli: 10_000, burst: 1 }), ..NO_LIMITS };
    let mut agents = agents(8, &[("a", limits), ("b", ONE)]);
    for (run, agent) in [(0, "a"), (1, "a"), (2, "b"), (3, "b")] {
        agents.ask(Micros(0), agent, ticket(run), Priority::Medium);
    }
    assert_eq!(agents.done(Micros(100_000), ticket(2), WELL), go(&[1, 3]), "a rate wait is over, and an agent is free");
}

#[test]
fn who_waits_for_an_agent_when_its_breaker_opens_waits_no_longer() {
    let mut agents = agents(2, &[("a", AgentLimits { breaker: Some(FUSE), ..ONE })]);
    let now = Micros(0);
    for (run, priority) in [(0, Priority::Medium), (1, Priority::Medium), (2, Priority::High)] {
        agents.ask(now, "a", ticket(run), priority);
    }
    let why = Why::BreakerOpen { until: Some(Micros(100)), revision: 1 };
    let moves = agents.done(now, ticket(0), Outcome::Failed);
    assert_eq!(moves, Moves { go: vec![], refused: vec![(ticket(2), why), (ticket(1), why)] });
    assert_eq!((agents.queued(), agents.under_way()), (0, 0));
}

#[test]
fn an_open_breaker_refuses_and_then_one_probe_decides() {
    let mut agents = agents(8, &[("a", AgentLimits { breaker: Some(FUSE), ..NO_LIMITS })]);
    agents.ask(Micros(0), "a", ticket(0), Priority::Medium);
    assert!(agents.done(Micros(5), ticket(0), Outcome::Failed).is_empty());
    let refused = |until: Option<u64>, revision| Admission::Refused(Why::BreakerOpen { until: until.map(Micros), revision });
    assert_eq!(agents.ask(Micros(104), "a", ticket(1), Priority::Critical), refused(Some(105), 1));
    assert_eq!(agents.ask(Micros(105), "a", ticket(1), Priority::Medium), Admission::GoAsProbe);
    assert_eq!(agents.ask(Micros(106), "a", ticket(2), Priority::Critical), refused(None, 2));
    assert!(agents.abandon(Micros(107), ticket(1)).is_empty());
    assert_eq!(agents.ask(Micros(108), "a", ticket(2), Priority::Medium), Admission::GoAsProbe, "an abandoned probe decides nothing");
    assert!(agents.done(Micros(109), ticket(2), WELL).is_empty());
    assert_eq!(agents.ask(Micros(110), "a", ticket(3), Priority::Medium), Admission::Go);
    assert_eq!(agents.look("a"), Some(Look { under_way: 1, queued: 0, breaker: Some((State::Closed, 3)) }));
}

#[test]
fn a_turn_that_waits_for_a_slot_may_be_the_probe_when_it_goes() {
    let mut agents = agents(1, &[("a", AgentLimits { breaker: Some(FUSE), ..NO_LIMITS })]);
    agents.ask(Micros(0), "a", ticket(0), Priority::Medium);
    assert!(agents.done(Micros(0), ticket(0), Outcome::Failed).is_empty());
    agents.ask(Micros(100), "b", ticket(1), Priority::Medium);
    assert_eq!(agents.ask(Micros(100), "a", ticket(2), Priority::Medium), Admission::Queued);
    let why = Why::BreakerOpen { until: None, revision: 1 };
    assert_eq!(agents.ask(Micros(100), "a", ticket(3), Priority::Medium), Admission::Refused(why), "one waits to be the probe already");
    assert_eq!(agents.done(Micros(101), ticket(1), WELL).go, [Grant { ticket: ticket(2), probe: true }]);
}

#[test]
fn a_full_queue_refuses_and_an_absent_one_too() {
    let mut agents = agents(8, &[("a", AgentLimits { queue: Some(1), ..ONE }), ("b", AgentLimits { queue: Some(0), ..ONE })]);
    let now = Micros(0);
    let answers = [Admission::Go, Admission::Queued, Admission::Refused(Why::QueueFull { limit: 1 })];
    for (run, answer) in (0..).zip(answers) {
        assert_eq!(agents.ask(now, "a", ticket(run), Priority::Medium), answer);
    }
    assert_eq!(agents.ask(now, "b", ticket(10), Priority::Medium), Admission::Go);
    assert_eq!(agents.ask(now, "b", ticket(11), Priority::Medium), Admission::Refused(Why::QueueFull { limit: 0 }));
}

#[test]
fn a_turn_over_the_rate_goes_when_it_is_due() {
    let limits = AgentLimits { rate: Some(RateSpec { per_second_milli: 10_000, burst: 1 }), ..NO_LIMITS };
    let mut agents = agents(8, &[("a", limits)]);
    let due = Micros(100_000);
    assert_eq!(agents.ask(Micros(0), "a", ticket(0), Priority::Medium), Admission::Go);
    assert_eq!(agents.ask(Micros(0), "a", ticket(1), Priority::Medium), Admission::QueuedUntil(due));
    assert_eq!(agents.ask(Micros(0), "a", ticket(2), Priority::High), Admission::QueuedUntil(due));
    assert_eq!((agents.next_due(), agents.due(Micros(99_999))), (Some(due), Moves::default()));
    assert_eq!(agents.due(due), go(&[2]), "the more urgent one");
    assert_eq!(agents.next_due(), Some(Micros(200_000)));
    assert!(agents.abandon(Micros(150_000), ticket(1)).is_empty());
    assert_eq!(agents.next_due(), None, "nobody waits");
}

#[test]
fn a_clock_that_goes_back_loses_no_turn() {
    let limits = AgentLimits { rate: Some(RateSpec { per_second_milli: 10_000, burst: 1 }), ..NO_LIMITS };
    let mut agents = agents(2, &[("a", limits)]);
    let due = Micros(100_000);
    for (run, agent) in [(0, "a"), (1, "b"), (2, "a")] {
        agents.ask(Micros(0), agent, ticket(run), Priority::Medium);
    }
    assert!(agents.due(due).is_empty(), "it is due, and no slot is free");
    assert!(agents.done(Micros(50_000), ticket(1), WELL).is_empty(), "a slot is free, and it is no longer due");
    assert_eq!((agents.next_due(), agents.due(due)), (Some(due), go(&[2])));
}

#[test]
fn what_is_held_is_not_taken_twice_and_what_is_not_held_is_not_given_back() {
    let mut agents = agents(1, &[]);
    let now = Micros(0);
    assert_eq!(agents.ask(now, "a", ticket(0), Priority::Medium), Admission::Go);
    assert_eq!(agents.ask(now, "a", ticket(0), Priority::Medium), Admission::Held);
    assert_eq!(agents.ask(now, "a", ticket(1), Priority::Medium), Admission::Queued);
    assert_eq!(agents.ask(now, "a", ticket(1), Priority::Critical), Admission::Held);
    assert_eq!(agents.done(now, ticket(0), WELL), go(&[1]));
    assert_eq!(agents.done(now, ticket(0), WELL), Moves::default(), "a repeat");
    assert_eq!((agents.under_way(), agents.queued(), agents.took_us(Micros(9), ticket(1))), (1, 0, 9));
}

#[test]
fn limits_that_make_no_sense_are_named() {
    let wrong = |limits| Agents::new(1, [("a".into(), limits)]).unwrap_err().to_string();
    let none_at_once = AgentLimits { max_concurrency: Some(0), ..NO_LIMITS };
    assert_eq!(wrong(none_at_once), r#"limits of agent "a": max_concurrency must be at least 1, not 0"#);
    let never_judged = AgentLimits { breaker: Some(BreakerSpec { min_calls: 2, ..FUSE }), ..NO_LIMITS };
    assert_eq!(wrong(never_judged), r#"limits of agent "a": breaker.min_calls must be at least 1, and at most the window, not 2"#);
    assert_eq!(Agents::new(0, []).unwrap_err().to_string(), "max_turns must be at least 1, not 0");
    assert_eq!(Agents::new(1, [("a".into(), ONE), ("a".into(), ONE)]).unwrap_err().to_string(), r#"agent "a" has limits twice"#);
}
