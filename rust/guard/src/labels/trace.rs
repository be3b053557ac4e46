//! Where a value comes from: which of the sources that are trusted enough hold it as a whole.

use std::cell::OnceCell;

use serde_json::Value;

use super::dates::{Day, LAST_MINUTE, Moment, Times, scan};
use super::fold::{SEPARATOR, find_marked, find_whole, fold, has_word, is_plain, lower, words};
use super::leaves::{Kind, Leaf};
use super::numbers::{canonical, of_word};
use interlock_kernel::{Integrity, Label};

/// Something that the context was made of: the user's request, a tool's result, a remembered record.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub label: Label,
    pub text: &'a str,
    /// Its structured part, as JSON.
    pub data: Option<&'a [u8]>,
}

/// A source, made comparable when it is first looked into.
struct Prepared<'a> {
    source: &'a Source<'a>,
    exact: OnceCell<String>,
    small: OnceCell<String>,
    times: OnceCell<Times>,
}

pub(super) struct Trace<'a> {
    sources: Vec<Prepared<'a>>,
}

impl<'a> Trace<'a> {
    pub(super) fn new(sources: &'a [Source<'a>]) -> Self {
        let prepared = |source| Prepared { source, exact: OnceCell::new(), small: OnceCell::new(), times: OnceCell::new() };
        Self { sources: sources.iter().map(prepared).collect() }
    }

    /// Whether somebody of at least this integrity gave the value.
    pub(super) fn holds(&self, leaf: &Leaf<'_>, needed: Integrity) -> bool {
        let moment = match &leaf.kind {
            Kind::Text(text) => Moment::read(text),
            Kind::Number(_) | Kind::Boolean(_) => None,
        };
        self.trusted(needed).any(|source| source.has(leaf)) || moment.is_some_and(|moment| self.has_moment(moment, needed))
    }

    /// Whether a link or an address that stands in a text was given by somebody of at least this integrity.
    pub(super) fn holds_text(&self, text: &str, needed: Integrity) -> bool {
        let folded = fold(text);
        self.trusted(needed).any(|source| source.has_text(&folded))
    }

    /// The best integrity that some source gives the value; `context` where none does.
    pub(super) fn best(&self, leaf: &Leaf<'_>, context: Integrity) -> Integrity {
        [Integrity::System, Integrity::Developer, Integrity::User].into_iter().find(|level| self.holds(leaf, *level)).unwrap_or(context)
    }

    /// Whether the user's own text has one of the words.
    pub(super) fn is_asked(&self, any: &[String]) -> bool {
        let own = |source: &&Prepared<'_>| source.source.label.integrity == Integrity::User;
        self.sources.iter().filter(own).any(|source| any.iter().any(|word| has_word(source.small(), word)))
    }

    /// Whether the user's own text has this text as a whole.
    pub(super) fn user_says(&self, text: &str) -> bool {
        let folded = fold(text);
        let own = |source: &&Prepared<'_>| source.source.label.integrity == Integrity::User;
        is_plain(text) && folded.chars().count() > 2 && self.sources.iter().filter(own).any(|source| source.has_text(&folded))
    }

    /// Whether a length of so many minutes is named by somebody of at least this integrity.
    pub(super) fn has_length(&self, minutes: i64, needed: Integrity) -> bool {
        self.trusted(needed).any(|source| source.times().lengths.contains(&minutes))
    }

    /// The join of every source that holds the value, if one of at least user integrity is among them; `context` otherwise.
    /// What only strangers hold may be a code that they agreed on for something secret.
    pub(super) fn label(&self, leaf: &Leaf<'_>, context: Label) -> Label {
        if !self.holds(leaf, Integrity::User) {
            return context;
        }
        let holders = self.sources.iter().filter(|source| source.has(leaf)).map(|source| source.source.label);
        holders.reduce(Label::join).unwrap_or(context)
    }

    /// Bytes of sources that are worth looking into.
    pub(super) fn weight(&self) -> usize {
        self.trusted(Integrity::User).map(|source| source.source.text.len() + source.source.data.map_or(0, <[u8]>::len)).sum()
    }

    fn trusted(&self, needed: Integrity) -> impl Iterator<Item = &Prepared<'a>> {
        self.sources.iter().filter(move |source| source.source.label.integrity >= needed)
    }

    /// Day and time stand in one source; a year that it leaves out is named by another of the trusted.
    fn has_moment(&self, moment: Moment, needed: Integrity) -> bool {
        let same_year = |day: &Day| day.year == Some(moment.year);
        let year_known = || self.trusted(needed).any(|source| source.times().days.iter().any(same_year));
        self.trusted(needed).any(|source| {
            let times = source.times();
            let on_day = |day: &&Day| day.month == moment.month && day.of_month == moment.day;
            let day = times.days.iter().filter(on_day).any(|day| same_year(day) || (day.year.is_none() && year_known()));
            let whole_day = |minute: i64| minute == 0 || minute == LAST_MINUTE;
            day && moment.minute.is_none_or(|minute| times.clocks.contains(&minute) || (times.clocks.is_empty() && whole_day(minute)))
        })
    }
}

impl Prepared<'_> {
    fn exact(&self) -> &str {
        self.exact.get_or_init(|| {
            let mut text = fold(self.source.text);
            let values = self.source.data.and_then(|data| serde_json::from_slice::<Value>(data).ok());
            for leaf in values.iter().flat_map(|values| super::leaves::leaves(values, |_| true)) {
                text.push(SEPARATOR);
                text.push_str(&fold(&leaf.text()));
            }
            text
        })
    }

    fn small(&self) -> &str {
        self.small.get_or_init(|| lower(self.exact()))
    }

    fn times(&self) -> &Times {
        self.times.get_or_init(|| scan(self.small()))
    }

    fn has(&self, leaf: &Leaf<'_>) -> bool {
        match &leaf.kind {
            Kind::Text(text) if is_plain(text) => self.has_text(&fold(text)),
            Kind::Text(text) => find_whole(self.source.text, text).is_some(),
            Kind::Number(number) => canonical(number).is_some_and(|number| self.has_number(&number)),
            Kind::Boolean(flag) => *flag && leaf.name().split('_').all(|word| has_word(self.small(), &lower(word))),
        }
    }

    /// Letters' case counts only in paths and links, where another case may be another place.
    fn has_text(&self, folded: &str) -> bool {
        if let Some(number) = canonical(folded) {
            return self.has_number(&number);
        }
        let needle = lower(folded);
        if folded.chars().filter(|c| c.is_alphanumeric()).count() <= 1 {
            return self.is_record() && find_whole(self.small(), &needle).is_some() || find_marked(self.small(), &needle);
        }
        if folded.contains('/') { find_whole(self.exact(), folded).is_some() } else { find_whole(self.small(), &needle).is_some() }
    }

    /// By value, never out of a date. One digit alone is found by chance in every list, so a request must mark it (`$5`, `#5`, `"5"`).
    fn has_number(&self, number: &str) -> bool {
        let chance = number.len() == 1 && !self.is_record();
        let same = |(place, word): (usize, &str)| {
            word.bytes().any(|b| b.is_ascii_digit())
                && of_word(word).is_some_and(|(found, marked)| found == number && (marked || !chance))
                && self.times().places.binary_search(&place).is_err()
        };
        words(self.small()).any(same) || (chance && find_marked(self.small(), number))
    }

    fn is_record(&self) -> bool {
        self.source.label.integrity >= Integrity::Developer
    }
}
