//! Windows of time, all in UTC: an hour, a day, a calendar month, or all time.

use serde::{Deserialize, Serialize};

const HOUR_US: u64 = 3_600_000_000;
const DAY_US: u64 = 24 * HOUR_US;
/// Days from 1 March of year 0 to 1 January 1970 in the Gregorian calendar, drawn out to the past.
const TO_1970: u64 = 719_468;
const DAYS_OF_400_YEARS: u64 = 146_097;

/// How often an account begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Hour,
    Day,
    Month,
    /// Never.
    #[default]
    Total,
}

impl Every {
    pub(super) const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Total];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The number of the window that a moment lies in; it grows with time.
    pub(super) fn window(self, at: u64) -> u64 {
        match self {
            Self::Hour => at / HOUR_US,
            Self::Day => at / DAY_US,
            Self::Month => month(at / DAY_US),
            Self::Total => 0,
        }
    }

    /// When the window of a moment began.
    pub fn began(self, at: u64) -> u64 {
        match self {
            Self::Hour => at - at % HOUR_US,
            Self::Day => at - at % DAY_US,
            Self::Month => first_day(month(at / DAY_US)).saturating_mul(DAY_US),
            Self::Total => 0,
        }
    }

    /// When a window is over.
    pub(super) fn ends(self, window: u64) -> Option<u64> {
        let next = window.saturating_add(1);
        match self {
            Self::Hour => Some(next.saturating_mul(HOUR_US)),
            Self::Day => Some(next.saturating_mul(DAY_US)),
            Self::Month => Some(first_day(next).saturating_mul(DAY_US)),
            Self::Total => None,
        }
    }
}

/// Months since January 1970. Years are counted from March, so that the leap day is their last: then the length of a month
/// follows from its place alone (the usual way of converting days to dates, as in C++'s `std::chrono`).
fn month(day: u64) -> u64 {
    let day = day + TO_1970;
    let (era, day) = (day / DAYS_OF_400_YEARS, day % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    (era * 400 + year) * 12 + from_march + 2 - 1_970 * 12
}

/// The day, counted from 1970, on which a month begins.
fn first_day(month: u64) -> u64 {
    let months = month.saturating_add(1_970 * 12 - 2);
    let (year, from_march) = (months / 12, months % 12);
    let of_year = (153 * from_march + 2) / 5;
    let (era, year) = (year / 400, year % 400);
    (era.saturating_mul(DAYS_OF_400_YEARS) + year * 365 + year / 4 - year / 100 + of_year).saturating_sub(TO_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_where_the_one_before_ends() {
        for number in 0..12_000 {
            let begin = first_day(number);
            assert_eq!(month(begin), number);
            let end = Every::Month.ends(number).map_or(begin, |at| at / DAY_US);
            assert_eq!(month(end - 1), number);
            assert!((28..=31).contains(&(end - begin)));
        }
    }

    #[test]
    fn known_days_lie_in_their_months() {
        let known = [(0, 0), (30, 0), (31, 1), (58, 1), (59, 2), (11_016, 361), (11_017, 362), (20_783, 682)];
        for (day, expected) in known {
            assert_eq!(month(day), expected, "day {day}"); // 29 February 2000 is day 11,016; 26 November 2026 is day 20,783
        }
    }

    #[test]
    fn the_last_moment_there_is_has_a_window_too() {
        for every in Every::ALL {
            assert!(every.ends(every.window(u64::MAX)).is_none_or(|end| end > u64::MAX / 2));
        }
    }
}
