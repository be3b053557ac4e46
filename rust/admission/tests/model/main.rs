//! `Agents` beside a model that is plain enough to be believed, through long random lives.
//!
//! What the model cannot say is checked on the log: how many were under way, how often an agent was called, and that every ticket came to an end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod life;
mod naive;
mod naive_breaker;
mod script;

use interlock_admission::{Breaker, May, Outcome};
use interlock_kernel::Micros;
use life::Life;
use naive_breaker::NaiveBreaker;
use proptest::prelude::*;
use script::{breaker, limits, script};

proptest! {
    #[test]
    fn every_ticket_is_granted_refused_or_dropped_once_and_no_limit_is_ever_passed(
        max_turns in 1_usize..7,
        limits in limits(),
        script in script(),
    ) {
        let mut life = Life::new(max_turns, &limits);
        for act in script {
            life.act(act);
        }
        life.finish();
        life.check_rates(&limits);
    }
    #[test]
    fn a_breaker_agrees_with_one_that_counts_anew_each_time(spec in breaker(), mostly_well in calls()) {
        let (mut breaker, mut naive) = (Breaker::new(spec).unwrap(), NaiveBreaker::new(spec));
        let (mut now, mut under_way) = (Micros(1_760_000_000_000_000), Vec::new());
        for (pause, ends, outcome) in mostly_well {
            now.0 += pause;
            let room = naive.room(now);
            match breaker.may_call(now) {
                May::Refused { until } => prop_assert_eq!((room, until), (Some(0), naive.until(now))),
                May::Allowed(pass) => {
                    prop_assert!(room.is_none() && !naive.call(now));
                    under_way.push((pass, naive.age));
                }
                May::Probe(pass) => {
                    prop_assert!(room.is_some_and(|room| room > 0) && naive.call(now));
                    under_way.push((pass, naive.age));
                }
            }
            if !under_way.is_empty() && ends < 90 {
                let (pass, age) = under_way.remove(ends % under_way.len());
                prop_assert_eq!(breaker.record(now, pass, outcome), naive.ended(now, age, outcome));
            }
            prop_assert_eq!(breaker.revision(), naive.age);
        }
    }
}

/// The pause before each call, which of those under way ends then (from 90 on none), and how.
fn calls() -> impl Strategy<Value = Vec<(u64, usize, Outcome)>> {
    let well = |took_us| Outcome::Ok { took_us };
    let outcome = prop_oneof![
        10 => (0_u64..3_000).prop_map(well),
        2 => Just(Outcome::Failed),
        1 => Just(Outcome::Abandoned),
    ];
    proptest::collection::vec((0_u64..3_000, 0_usize..100, outcome), 1..150)
}
