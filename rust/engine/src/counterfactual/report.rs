//! What re-deciding many runs comes to, in counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::again::RanOut;
use super::route::Parting;

/// What a set of runs took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Cost {
    pub runs: u64,
    pub recorded_turns: u64,
    pub recorded_tokens: u64,
    pub redecided_turns: u64,
    pub redecided_tokens: u64,
}

impl Cost {
    pub(super) fn add(&mut self, recorded: (u32, u64), redecided: (u32, u64)) {
        self.runs += 1;
        self.recorded_turns += u64::from(recorded.0);
        self.recorded_tokens += recorded.1;
        self.redecided_turns += u64::from(redecided.0);
        self.redecided_tokens += redecided.1;
    }
}

/// What came of one run.
pub(super) struct One {
    pub id: String,
    pub parting: Option<Parting>,
    pub ran_out: Option<RanOut>,
    /// How it ended, and how it ends now if that is known.
    pub ends: (&'static str, Option<&'static str>),
    /// Both delivered, and not the same.
    pub other_answer: bool,
    pub recorded: (u32, u64),
    pub redecided: (u32, u64),
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    same: u64,
    elsewhere: u64,
    unknown: u64,
    ran_out: u64,
    other_answer: u64,
    pub erased: u64,
    pub open: u64,
    partings: BTreeMap<Parting, (u64, Vec<String>)>,
    ends: BTreeMap<(&'static str, &'static str), u64>,
    out: BTreeMap<RanOut, (u64, Vec<String>)>,
    all: Cost,
    complete: Cost,
}

impl Tally {
    /// Count a run. Of each kind at most `shown` are named.
    pub(super) fn add(&mut self, one: One, shown: usize) {
        self.all.add(one.recorded, one.redecided);
        if let Some(parting) = one.parting {
            self.elsewhere += 1;
            note(self.partings.entry(parting).or_default(), &one.id, shown);
        } else if one.ran_out.is_some() {
            self.unknown += 1;
        } else {
            self.same += 1;
        }
        if let Some(ran_out) = one.ran_out {
            self.ran_out += 1;
            note(self.out.entry(ran_out).or_default(), &one.id, shown);
        } else {
            self.complete.add(one.recorded, one.redecided);
        }
        self.other_answer += u64::from(one.other_answer);
        if let (then, Some(now)) = one.ends {
            *self.ends.entry((then, now)).or_insert(0) += 1;
        }
    }

    pub(super) fn report(&self) -> serde_json::Value {
        let mut moves: BTreeMap<(&str, &str), (u64, Vec<&String>)> = BTreeMap::new();
        let mut rules: BTreeMap<(Option<u32>, Option<u32>), u64> = BTreeMap::new();
        for (parting, (count, runs)) in &self.partings {
            let sum = moves.entry((&parting.from, &parting.to)).or_default();
            sum.0 += count;
            sum.1.extend(runs);
            *rules.entry((parting.old_line, parting.new_line)).or_insert(0) += count;
        }
        let differ: u64 = self.ends.iter().filter(|((then, now), _)| then != now).map(|(_, count)| count).sum();
        serde_json::json!({
            "runs": self.all.runs,
            "same": self.same,
            "elsewhere": self.elsewhere,
            "unknown": self.unknown,
            "ran_out": self.ran_out,
            "skipped": { "open": self.open, "erased": self.erased },
            "moves": by_count(moves.into_iter().map(|((from, to), (count, runs))| (count, serde_json::json!({ "from": from, "to": to, "count": count, "runs": runs })))),
            "rules": by_count(rules.into_iter().map(|((old, new), count)| (count, serde_json::json!({ "old_line": old, "new_line": new, "count": count })))),
            "ends_differ": differ,
            "other_answer": self.other_answer,
            "ends": by_count(self.ends.iter().map(|((then, now), count)| (*count, serde_json::json!({ "recorded": then, "redecided": now, "count": count })))),
            "ran_out_at": by_count(self.out.iter().map(|(at, (count, runs))| (*count, serde_json::json!({ "who": at.who, "why": at.why, "count": count, "runs": runs })))),
            "cost": { "all": self.all, "complete": self.complete },
        })
    }
}

fn note((count, runs): &mut (u64, Vec<String>), id: &str, shown: usize) {
    *count += 1;
    if runs.len() < shown {
        runs.push(id.to_owned());
    }
}

/// The most frequent first; of two as frequent, in the order of their names.
fn by_count(rows: impl Iterator<Item = (u64, serde_json::Value)>) -> Vec<serde_json::Value> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(count, _)| Reverse(*count));
    rows.into_iter().map(|(_, row)| row).collect()
}
