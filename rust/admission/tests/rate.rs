//! A rate, against its promise: at most a burst, and then what the rate gives.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_admission::{Rate, RateSpec, Take, Wrong};
use interlock_kernel::Micros;
use proptest::prelude::*;

fn rate(per_second_milli: u32, burst: u32) -> Rate {
    Rate::new(RateSpec { per_second_milli, burst }).unwrap()
}

/// Take at these times, each so many microseconds after the one before; the times at which one was given.
fn taken(rate: &mut Rate, start: u64, pauses: &[u64]) -> Vec<u64> {
    let mut now = start;
    let mut given = Vec::new();
    for pause in pauses {
        now += pause;
        if rate.take(Micros(now)) == Take::Ok {
            given.push(now);
        }
    }
    given
}

proptest! {
    #[test]
    fn no_stretch_of_time_has_more_than_the_burst_and_the_rate(
        per_second_milli in 1_u32..,
        burst in 1_u32..20,
        start in 0_u64..1 << 52,
        pauses in proptest::collection::vec(0_u64..2_000_000, 1..100),
    ) {
        let given = taken(&mut rate(per_second_milli, burst), start, &pauses);
        for (first, from) in given.iter().enumerate() {
            for (last, to) in given.iter().enumerate().skip(first) {
                let beyond_burst = (last - first + 1).saturating_sub(burst as usize) as u128;
                prop_assert!(beyond_burst * 1_000_000_000 <= u128::from(to - from) * u128::from(per_second_milli));
            }
        }
    }

    #[test]
    fn the_time_that_it_names_is_the_first_at_which_it_gives(
        per_second_milli in 1_u32..,
        burst in 1_u32..20,
        pauses in proptest::collection::vec(0_u64..2_000_000, 1..60),
    ) {
        let mut rate = rate(per_second_milli, burst);
        let mut now = Micros(1_760_000_000_000_000);
        for pause in pauses {
            now = Micros(now.0 + pause);
            if let Take::WaitUntil(due) = rate.take(now) {
                prop_assert!(due > now);
                prop_assert!(!rate.is_ready(Micros(due.0 - 1)), "it gives before");
                prop_assert_eq!(rate.clone().take(due), Take::Ok);
            }
        }
    }

    #[test]
    fn who_takes_whenever_it_gives_gets_the_whole_rate(per_second_milli in 1_000_u32..=1_000_000_000, burst in 2_u32..20) {
        let mut rate = rate(per_second_milli, burst);
        let (start, calls) = (1_760_000_000_000_000, 500_u32);
        let mut now = Micros(start);
        for _ in 0..calls {
            while let Take::WaitUntil(due) = rate.take(now) {
                now = due;
            }
        }
        // The last call is less than a microsecond late, however many went before. (A burst of 1 can't keep the rest of a microsecond.)
        let exact = u128::from(calls.saturating_sub(burst)) * 1_000_000_000;
        prop_assert_eq!(u128::from(now.0 - start), exact.div_ceil(per_second_milli.into()));
    }

    #[test]
    fn a_clock_that_goes_back_gains_nothing(back in 0_u64..1 << 50) {
        let mut rate = rate(1_000, 1);
        let now = Micros(1 << 50);
        prop_assert_eq!(rate.take(now), Take::Ok);
        prop_assert_eq!(rate.take(Micros(now.0 - back)), Take::WaitUntil(Micros(now.0 + 1_000_000)));
    }
}

#[test]
fn a_rate_at_the_ends_of_its_numbers_does_not_overflow() {
    let mut fast = rate(u32::MAX, u32::MAX);
    assert_eq!(fast.take(Micros(u64::MAX)), Take::Ok);
    let mut slow = rate(1, 1);
    assert_eq!(slow.take(Micros(u64::MAX)), Take::Ok);
    assert_eq!(slow.take(Micros(u64::MAX)), Take::WaitUntil(Micros(u64::MAX)));
}

#[test]
fn a_rate_that_never_gives_is_refused() {
    let none = RateSpec { per_second_milli: 0, burst: 1 };
    assert_eq!(Rate::new(none).unwrap_err(), Wrong { field: "rate.per_second_milli", must: "at least 1", is: 0 });
    let no_burst = RateSpec { per_second_milli: 1, burst: 0 };
    assert_eq!(Rate::new(no_burst).unwrap_err().to_string(), "rate.burst must be at least 1, not 0");
}
