//! Every transition of a breaker, in a sentence and in a line of calls.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_admission::{Breaker, BreakerSpec, May, Outcome, Pass, SlowSpec, State};
use interlock_kernel::Micros;

const WELL: Outcome = Outcome::Ok { took_us: 10 };
const SLOWLY: Outcome = Outcome::Ok { took_us: 51 };
const CLOSED: State = State::Closed;

/// Four calls are looked at, two at least; half of them failed or slow is too much; it stays open for 100 µs.
const SPEC: BreakerSpec = BreakerSpec {
    window: 4,
    min_calls: 2,
    error_ppm: 500_000,
    slow: Some(SlowSpec { latency_us: 50, ppm: 500_000 }),
    open_for_us: 100,
    probes: 1,
};

/// Something that happens; calls are numbered in the order in which they begin.
enum Act {
    At(u64),
    /// A call wants to go, and gets this answer.
    Begins(Answer),
    /// Call so many ends, and this is how the breaker then stands.
    Ends(usize, Outcome, State),
    /// A call begins and ends well, slowly or wrongly.
    Call(Outcome, State),
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Allowed,
    Probe,
    Refused(Option<u64>),
}

use Act::{At, Begins, Call, Ends};
use Answer::{Allowed, Probe, Refused};
use Outcome::{Abandoned, Failed};

const fn open(until: u64) -> State {
    State::Open { until: Micros(until) }
}

const fn half_open(out: u32, passed: u32) -> State {
    State::HalfOpen { out, passed }
}

/// Play the acts, and count the changes of state.
fn play(sentence: &str, spec: BreakerSpec, acts: &[Act]) -> u64 {
    let mut breaker = Breaker::new(spec).unwrap();
    let (mut now, mut passes) = (Micros(0), Vec::<Option<Pass>>::new());
    let mut ask = |breaker: &mut Breaker, now| {
        let (answer, pass) = match breaker.may_call(now) {
            May::Allowed(pass) => (Allowed, Some(pass)),
            May::Probe(pass) => (Probe, Some(pass)),
            May::Refused { until } => (Refused(until.map(|at| at.0)), None),
        };
        passes.push(pass);
        (answer, passes.clone())
    };
    let mut begun = Vec::new();
    for (place, act) in acts.iter().enumerate() {
        let before = breaker.revision();
        match act {
            At(at) => now = Micros(*at),
            Begins(expected) => {
                let (answer, passes) = ask(&mut breaker, now);
                begun = passes;
                assert_eq!(&answer, expected, "{sentence}: act {place}");
            }
            Ends(call, outcome, state) => {
                let opened = breaker.record(now, begun[*call].unwrap(), *outcome);
                assert_eq!(&breaker.state(), state, "{sentence}: act {place}");
                assert_eq!(opened, breaker.revision() > before && matches!(state, State::Open { .. }), "{sentence}: act {place}");
            }
            Call(outcome, state) => {
                let (_, passes) = ask(&mut breaker, now);
                begun = passes;
                breaker.record(now, begun.last().copied().flatten().unwrap(), *outcome);
                assert_eq!(&breaker.state(), state, "{sentence}: act {place}");
            }
        }
    }
    breaker.revision()
}

#[test]
fn a_breaker_turns_as_its_table_says() {
    let opened = || [Call(Failed, CLOSED), Call(Failed, open(100))];
    let table: Vec<(&str, u64, Vec<Act>)> = vec![
        ("it begins closed", 0, vec![Begins(Allowed)]),
        ("one failure is fewer calls than it judges by", 0, vec![Call(Failed, CLOSED)]),
        ("half of the calls failed: it opens", 1, vec![Call(WELL, CLOSED), Call(Failed, open(100))]),
        ("half of the calls were slow: it opens", 1, vec![Call(WELL, CLOSED), Call(SLOWLY, open(100))]),
        (
            "failures and slowness are not added up",
            0,
            vec![Call(WELL, CLOSED), Call(WELL, CLOSED), Call(SLOWLY, CLOSED), Call(Failed, CLOSED)],
        ),
        (
            "a call that took just the latency is not slow",
            0,
            vec![Call(Outcome::Ok { took_us: 50 }, CLOSED), Call(Outcome::Ok { took_us: 50 }, CLOSED)],
        ),
        ("abandoned calls say nothing", 0, vec![Call(Abandoned, CLOSED), Call(Abandoned, CLOSED), Call(Failed, CLOSED)]),
        (
            "a failure that left the window is forgotten",
            0,
            vec![Call(WELL, CLOSED), Call(WELL, CLOSED), Call(Failed, CLOSED)]
                .into_iter()
                .chain([Call(WELL, CLOSED), Call(WELL, CLOSED), Call(WELL, CLOSED), Call(Failed, CLOSED)])
                .collect(),
        ),
        ("an open breaker refuses, and says until when", 1, then(opened(), [At(99), Begins(Refused(Some(100)))])),
        ("when its time is over, it lets one probe through", 2, then(opened(), [At(100), Begins(Probe)])),
        (
            "while the probe is under way, it refuses the next call",
            2,
            then(opened(), [At(100), Begins(Probe), At(101), Begins(Refused(None))]),
        ),
        ("a probe that succeeds closes it", 3, then(opened(), [At(100), Begins(Probe), Ends(2, WELL, CLOSED), Begins(Allowed)])),
        ("closing forgets what was before", 3, then(opened(), [At(100), Call(WELL, CLOSED), Call(Failed, CLOSED)])),
        ("a probe that fails opens it for the same time", 3, then(opened(), [At(150), Begins(Probe), At(160), Ends(2, Failed, open(260))])),
        ("a probe that is slow opens it", 3, then(opened(), [At(150), Begins(Probe), At(160), Ends(2, SLOWLY, open(260))])),
        (
            "an abandoned probe gives its place to another",
            2,
            then(opened(), [At(100), Begins(Probe), Ends(2, Abandoned, half_open(0, 0)), Begins(Probe)]),
        ),
        (
            "a late success of a call that began before the opening closes nothing",
            2,
            then(
                [Begins(Allowed), Call(Failed, CLOSED), Call(Failed, open(100)), Ends(0, WELL, open(100))],
                [At(100), Begins(Probe), Ends(0, WELL, half_open(1, 0))],
            ),
        ),
        (
            "a late failure of a call that began before the opening opens nothing",
            3,
            then(
                [Begins(Allowed), Begins(Allowed), Call(Failed, CLOSED), Call(Failed, open(100)), At(100)],
                [Begins(Probe), Ends(0, Failed, half_open(1, 0)), Ends(4, WELL, CLOSED), Ends(1, Failed, CLOSED), Call(Failed, CLOSED)],
            ),
        ),
        ("a clock that goes back leaves it open", 1, then(opened(), [At(0), Begins(Refused(Some(100)))])),
    ];
    for (sentence, revision, acts) in table {
        assert_eq!(play(sentence, SPEC, &acts), revision, "{sentence}: how often its state changed");
    }
}

#[test]
fn two_probes_go_and_both_must_succeed() {
    let spec = BreakerSpec { probes: 2, ..SPEC };
    let opened = || [Call(Failed, CLOSED), Call(Failed, open(100)), At(100), Begins(Probe), Begins(Probe), Begins(Refused(None))];
    let closes = then(opened(), [Ends(2, WELL, half_open(1, 1)), Begins(Refused(None)), Ends(3, WELL, CLOSED)]);
    assert_eq!(play("both succeed, and it closes", spec, &closes), 3);
    let opens = then(opened(), [Ends(2, WELL, half_open(1, 1)), Ends(3, Failed, open(200))]);
    assert_eq!(play("one fails, and it opens", spec, &opens), 3);
    let late =
        then(opened(), [Ends(2, Failed, open(200)), Ends(3, WELL, open(200)), At(200), Begins(Probe), Ends(3, WELL, half_open(1, 0))]);
    assert_eq!(play("the other's late success is not the next probe's", spec, &late), 4);
}

fn then<const A: usize, const B: usize>(first: [Act; A], rest: [Act; B]) -> Vec<Act> {
    first.into_iter().chain(rest).collect()
}
