//! Dates, times and lengths by meaning: `May 15th, 2024` in a request is the `2024-05-15` of a call.

use super::fold::words;

/// A day that a text names; the year where it says one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub year: Option<i64>,
    pub month: u8,
    pub of_month: u8,
}

/// What a text says of time. Places are those of the words of days, so that these are not read again as plain numbers.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub days: Vec<Day>,
    /// Minutes after midnight.
    pub clocks: Vec<i64>,
    /// Minutes.
    pub lengths: Vec<i64>,
    pub places: Vec<usize>,
}

/// A call's date: the day, and minutes after midnight if it says a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub year: i64,
    pub month: u8,
    pub day: u8,
    pub minute: Option<i64>,
}

pub(super) const LAST_MINUTE: i64 = 24 * 60 - 1;

impl Moment {
    /// `2024-05-15`, alone or with `10:00` or `10:00:00` after a space or a `T`; anything else is no moment.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = text.split_once([' ', 'T', 't']).map_or((text, None), |(date, time)| (date, Some(time)));
        let (year, month, day) = iso(date)?;
        let minute = match time {
            None => None,
            Some(time) => Some(clock_24(time.strip_suffix(['Z', 'z']).unwrap_or(time))?),
        };
        Some(Self { year, month, day, minute })
    }

    /// Minutes since 0000-03-01, in the Gregorian calendar (days from civil, H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    pub(super) fn minutes(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = if month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        days * 24 * 60 + self.minute.unwrap_or(0)
    }
}

/// Everything of time in a folded text of small letters.
pub(super) fn scan(text: &str) -> Times {
    let words: Vec<(usize, &str)> = words(text).collect();
    let mut times = Times::default();
    let mut at = 0;
    while at < words.len() {
        let days = day_at(&words[at..], &mut times);
        times.places.extend(words[at..at + days].iter().map(|(place, _)| *place));
        let taken = days.max(clock_at(&words[at..], &mut times)).max(length_at(&words[at..], &mut times));
        at += taken.max(1);
    }
    times
}

/// How many words from here name a day.
fn day_at(words: &[(usize, &str)], times: &mut Times) -> usize {
    let word = |n: usize| words.get(n).map(|(_, word)| *word);
    let Some(first) = word(0) else { return 0 };
    let is_digit = first.starts_with(|c: char| c.is_ascii_digit());
    if !is_digit && month(first).is_none() {
        return 0; // most words
    }
    let date_part = first.split_once('t').map_or(first, |(date, _)| date);
    if let Some((year, month, day)) = iso(date_part).or_else(|| dotted(first)) {
        times.days.push(Day { year: Some(year), month, of_month: day });
        times.clocks.extend(first.split_once('t').and_then(|(_, time)| clock_24(time)));
        return 1;
    }
    let of = usize::from(word(1) == Some("of"));
    let (month, day, next) = if let (Some(month), Some(day)) = (month(first), word(1).and_then(ordinal)) {
        (month, day, 2)
    } else if let (Some(day), Some(month)) = (ordinal(first), word(1 + of).and_then(month)) {
        (month, day, 2 + of)
    } else {
        return 0;
    };
    let year = word(next).filter(|word| word.len() == 4).and_then(|word| word.parse().ok());
    times.days.push(Day { year, month, of_month: day });
    next + usize::from(year.is_some())
}

/// How many words from here name a time of day.
fn clock_at(words: &[(usize, &str)], times: &mut Times) -> usize {
    let Some((_, first)) = words.first().filter(|(_, first)| first.starts_with(|c: char| c.is_ascii_digit())) else { return 0 };
    let next = words.get(1).map(|(_, word)| word.trim_end_matches('.'));
    let (body, half, taken) = match (first.strip_suffix("am"), first.strip_suffix("pm"), next) {
        (Some(body), _, _) => (body, Some(0), 1),
        (_, Some(body), _) => (body, Some(12), 1),
        (_, _, Some("am" | "a.m")) => (*first, Some(0), 2),
        (_, _, Some("pm" | "p.m")) => (*first, Some(12), 2),
        _ => (*first, None, 1),
    };
    let read = match half {
        None => clock_24(body),
        Some(half) => clock_24(body)
            .or_else(|| body.parse().ok().map(|hour: i64| hour * 60))
            .filter(|m| (60..13 * 60).contains(m))
            .map(|m| m % 720 + half * 60),
    };
    read.map_or(0, |minutes| {
        times.clocks.push(minutes);
        taken
    })
}

/// How many words from here name a length of time.
fn length_at(words: &[(usize, &str)], times: &mut Times) -> usize {
    let Some((_, first)) = words.first() else { return 0 };
    let (count, unit, taken) = match (first.split_once('-'), words.get(1)) {
        (Some((count, unit)), _) if minutes_of(unit).is_some() => (count, unit, 1),
        (_, Some((_, unit))) => (*first, *unit, 2),
        _ => return 0,
    };
    match minutes_of(unit).map(|minutes| (amount(count), minutes)) {
        Some((Some(count), minutes)) => {
            times.lengths.push(count * minutes);
            taken
        }
        _ => 0,
    }
}

fn iso(text: &str) -> Option<(i64, u8, u8)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() != 2 || day.len() != 2 || parts.next().is_some() {
        return None;
    }
    valid(digits(year)?, digits(month)?, digits(day)?)
}

/// `15.05.2024`, and with slashes where only one reading is a date: `05/15/2024`.
fn dotted(text: &str) -> Option<(i64, u8, u8)> {
    let sign = if text.contains('.') { '.' } else { '/' };
    let mut parts = text.split(sign);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let (first, second, year) = (digits(first)?, digits(second)?, digits(year)?);
    match (sign, valid(year, second, first), valid(year, first, second)) {
        ('.', day_first, _) => day_first,
        (_, Some(found), None) | (_, None, Some(found)) => Some(found),
        (_, Some(one), Some(other)) if one == other => Some(one),
        _ => None,
    }
}

fn valid(year: i64, month: i64, day: i64) -> Option<(i64, u8, u8)> {
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then_some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn ordinal(word: &str) -> Option<u8> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    digits(bare).filter(|day| (1..=31).contains(day)).and_then(|day| u8::try_from(day).ok())
}

fn month(word: &str) -> Option<u8> {
    const NAMES: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    if !word.starts_with(['j', 'f', 'm', 'a', 's', 'o', 'n', 'd']) || word.len() < 3 {
        return None;
    }
    let place = NAMES.iter().position(|name| *name == word || (word.len() >= 3 && word.len() <= 4 && name.starts_with(word)))?;
    u8::try_from(place + 1).ok()
}

fn clock_24(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let seconds = parts.next().map_or(Some(0), digits)?;
    if minute.len() != 2 || parts.next().is_some() {
        return None;
    }
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (hour < 24 && minute < 60 && (seconds == 0 || seconds == 59)).then_some(hour * 60 + minute)
}

fn amount(word: &str) -> Option<i64> {
    const WORDS: [&str; 13] = ["a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if word == "an" {
        return Some(1);
    }
    let named = WORDS.iter().position(|name| *name == word).and_then(|place| i64::try_from(place.max(1)).ok());
    named.or_else(|| digits(word))
}

fn minutes_of(unit: &str) -> Option<i64> {
    match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" | "min" => Some(1),
        "hour" | "hr" => Some(60),
        "day" => Some(24 * 60),
        "week" => Some(7 * 24 * 60),
        _ => None,
    }
}
