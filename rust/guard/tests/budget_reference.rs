//! The ledger beside a bookkeeper who adds everything up anew for each question, over random programs with crashes in between.
#![allow(clippy::expect_used, reason = "a test that can't be set up has failed")]

use interlock_guard::budget::{Actual, Entry, Estimate, Every, Ledger, Per, Reservation, Short, Spec, What, WhenShort, Who};
use proptest::prelude::*;

const LIMITS: &str = r#"[
    {"per": "run", "tokens": 400, "turns": 5, "depth": 3, "when_short": "review"},
    {"per": "run", "cost": 0.0009, "tool_calls": 4, "fan_out": 2},
    {"per": "agent", "tokens": 900, "every": "hour", "when_short": "shorter"},
    {"per": "agent", "seconds": 0.002, "every": "day"},
    {"per": "user", "cost": 0.0015, "every": "day", "when_short": "cheaper", "cheaper": "small"},
    {"per": "user", "tokens": 2000, "every": "month"},
    {"per": "tenant", "tokens": 3000, "cost": 0.003}
]"#;
const HOUR: u64 = 3_600_000_000;

#[derive(Debug, Clone)]
enum Step {
    Reserve {
        run: u8,
        agent: u8,
        user: u8,
        tenant: u8,
        estimate: [u8; 8],
    },
    Settle {
        which: u8,
        key: u8,
        share: u8,
    },
    Release {
        which: u8,
    },
    End {
        run: u8,
    },
    Wait {
        hours: u8,
    },
    /// Killed: made again from every line, or from what it would be cut to.
    Crash {
        from_log: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4u8, 0..3u8, 0..3u8, 0..2u8, prop::array::uniform8(any::<u8>())).prop_map(|(run, agent, user, tenant, estimate)| {
            Step::Reserve { run, agent, user, tenant, estimate }
        }),
        6 => (any::<u8>(), 0..40u8, any::<u8>()).prop_map(|(which, key, share)| Step::Settle { which, key, share }),
        2 => any::<u8>().prop_map(|which| Step::Release { which }),
        1 => (0..4u8).prop_map(|run| Step::End { run }),
        2 => (0..30u8).prop_map(|hours| Step::Wait { hours }),
        1 => any::<bool>().prop_map(|from_log| Step::Crash { from_log }),
    ]
}

/// A call on the bookkeeper's pad.
#[derive(Debug, Clone)]
struct Line {
    number: u64,
    owners: [String; 4],
    sums: [u64; 5],
    /// When it was booked; until then it is held back.
    booked: Option<u64>,
    /// Its run is over, so it no longer counts for that run.
    run_over: bool,
}

#[derive(Default)]
struct Bookkeeper {
    lines: Vec<Line>,
    keys: Vec<(String, [u8; 16])>,
}

impl Bookkeeper {
    fn sums(&self, now: u64, per: Per, owner: &str, every: Every, what: usize) -> (u64, u64) {
        let mine = |line: &&Line| line.owners[per as usize] == owner && !(per == Per::Run && line.run_over);
        let same = |at: u64| match every {
            Every::Hour => at / HOUR == now / HOUR,
            Every::Day => at / HOUR / 24 == now / HOUR / 24,
            Every::Month => at / HOUR / 24 / 31 == now / HOUR / 24 / 31, // the tests' time stays within January 1970
            Every::Total => true,
        };
        let spent = self.lines.iter().filter(mine).filter(|line| line.booked.is_some_and(same)).map(|line| line.sums[what]).sum();
        let held = self.lines.iter().filter(mine).filter(|line| line.booked.is_none()).map(|line| line.sums[what]).sum();
        (spent, held)
    }

    fn short(&self, spec: &Spec, now: u64, owners: &[String; 4], call: &Estimate) -> Option<(Per, What, u64, u64, u64, WhenShort)> {
        let wanted = sums(call);
        let mut found: Vec<(Per, What, u64, u64, u64, WhenShort)> = Vec::new();
        for per in [Per::Run, Per::Agent, Per::User, Per::Tenant] {
            for limit in spec.limits.iter().filter(|limit| limit.per == per) {
                let micro = |value: Option<f64>| value.map(|value| format!("{:.0}", value * 1e6).parse::<u64>().unwrap_or(0));
                let caps = [limit.tokens, micro(limit.cost), micro(limit.seconds), limit.turns, limit.tool_calls];
                let names = [What::Tokens, What::Cost, What::Seconds, What::Turns, What::ToolCalls];
                let looks = [(What::Depth, limit.depth, call.depth), (What::FanOut, limit.fan_out, call.fan_out)];
                let look = looks.into_iter().find_map(|(what, cap, wanted)| cap.filter(|&cap| wanted > cap).map(|cap| (what, cap, 0, 0)));
                let sum = (0..5).find_map(|what| {
                    let (cap, (spent, held)) = (caps[what]?, self.sums(now, per, &owners[per as usize], limit.every, what));
                    (wanted[what] > 0 && spent + held + wanted[what] > cap).then_some((names[what], cap, spent, held))
                });
                found.extend(look.or(sum).map(|(what, cap, spent, held)| (per, what, cap, spent, held, limit.when_short)));
            }
        }
        let strictest = found.iter().map(|one| one.5).max()?;
        found.into_iter().find(|one| one.5 == strictest)
    }
}

fn sums(call: &Estimate) -> [u64; 5] {
    [call.input_tokens + call.output_tokens, call.cost_micro, call.time_us, call.turns, call.tool_calls]
}

fn told(short: &Short) -> (Per, What, u64, u64, u64, WhenShort) {
    (short.per, short.what, short.limit, short.spent, short.reserved, short.when_short)
}

/// Both at once, and every line that was written.
struct World {
    spec: Spec,
    ledger: Ledger,
    pad: Bookkeeper,
    log: Vec<Entry>,
    now: u64,
}

impl World {
    fn new() -> Self {
        let spec: Spec = serde_json::from_str(LIMITS).expect("the limits are a spec");
        let ledger = Ledger::new(&spec).expect("the limits compile");
        Self { spec, ledger, pad: Bookkeeper::default(), log: Vec::new(), now: 0 }
    }

    fn nth_open(&self, which: u8) -> Option<usize> {
        let open: Vec<usize> = (0..self.pad.lines.len()).filter(|&place| self.pad.lines[place].booked.is_none()).collect();
        (!open.is_empty()).then(|| open[usize::from(which) % open.len()])
    }

    fn reserve(&mut self, names: [u8; 4], estimate: [u8; 8]) {
        let owners = [
            format!("r{}", names[0]),
            format!("a{}", names[1]),
            if names[2] == 0 { String::new() } else { format!("u{}", names[2]) },
            format!("t{}", names[3]),
        ];
        let [input, output, cost, time, turns, tools, depth, fan_out] = estimate.map(u64::from);
        let call = Estimate {
            input_tokens: input / 2,
            output_tokens: output / 4,
            cost_micro: cost * 2,
            time_us: time * 3,
            turns: turns % 2,
            tool_calls: tools % 2,
            depth: depth % 5,
            fan_out: fan_out % 4,
        };
        let expected = self.pad.short(&self.spec, self.now, &owners, &call);
        let user = (!owners[2].is_empty()).then_some(owners[2].as_str());
        let who = Who { run: &owners[0], agent: &owners[1], user, tenant: Some(&owners[3]) };
        match self.ledger.reserve(self.now, &who, &call) {
            Ok(reservation) => {
                assert_eq!(expected, None);
                self.log.push(self.ledger.reserved(reservation).expect("it is open"));
                self.pad.lines.push(Line { number: reservation.0, owners, sums: sums(&call), booked: None, run_over: false });
            }
            Err(short) => assert_eq!(Some(told(&short)), expected),
        }
    }

    fn settle(&mut self, which: u8, key: u8, share: u8) {
        let Some(place) = self.nth_open(which) else { return };
        let (line, key) = (&mut self.pad.lines[place], [key; 16]);
        let used = line.sums.map(|sum| sum * u64::from(share) / 128); // up to twice what was reserved
        let actual = Actual {
            at: self.now,
            key,
            input_tokens: used[0],
            cost_micro: used[1],
            time_us: used[2],
            turns: used[3],
            tool_calls: used[4],
            ..Actual::default()
        };
        let name = (line.owners[0].clone(), key);
        let again = self.pad.keys.contains(&name);
        (line.sums, line.booked) = (if again { [0; 5] } else { used }, Some(self.now));
        let number = Reservation(line.number);
        let entry = self.ledger.settle(number, &actual).expect("it was open");
        assert_eq!(matches!(entry, Entry::Released { .. }), again);
        assert_eq!(self.ledger.settle(number, &actual), None, "a second time changes nothing");
        self.pad.keys.push(name);
        self.log.push(entry);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Reserve { run, agent, user, tenant, estimate } => self.reserve([run, agent, user, tenant], estimate),
            Step::Settle { which, key, share } => self.settle(which, key, share),
            Step::Release { which } => {
                let Some(place) = self.nth_open(which) else { return };
                let line = self.pad.lines.remove(place);
                self.log.extend(self.ledger.release(Reservation(line.number)));
            }
            Step::End { run } => {
                let run = format!("r{run}");
                self.log.extend(self.ledger.end(self.now, &run));
                for line in self.pad.lines.iter_mut().filter(|line| line.owners[0] == run) {
                    line.booked = line.booked.or(Some(self.now));
                    line.run_over = true;
                }
                self.pad.keys.retain(|(of, _)| *of != run);
            }
            Step::Wait { hours } => self.now = (self.now + u64::from(hours) * HOUR).min(30 * 24 * HOUR),
            Step::Crash { from_log } => {
                let lines = if from_log { self.log.clone() } else { self.ledger.entries() };
                let text = serde_json::to_string(&lines).expect("lines are JSON");
                let mut again = Ledger::new(&self.spec).expect("the limits compile");
                let open = again.restore(serde_json::from_str::<Vec<Entry>>(&text).expect("lines are read again"));
                assert_eq!(open, self.ledger.orphans());
                assert_eq!(again.entries(), again.clone().entries());
                self.ledger = again;
                if !from_log {
                    self.log = self.ledger.entries();
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn the_ledger_says_what_a_bookkeeper_says(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
    }
}
