//! Removing what was said: payloads and their salts go, frames stay, and a frame of the journal's own says which runs and why.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::mpsc::Sender;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::query::{self, Answer};

/// At most so many runs are removed in one transaction, and named by one frame. Appends wait for one transaction: at 1,000 runs
/// p50 was 40 ms while pruning on two busy cores.
pub(crate) const CHUNK: usize = 250;

/// Why payloads are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedWhy {
    /// They were old, and nobody needs them any more.
    Pruned,
    /// The user's data had to go; also the run's key, user and thread did.
    Erased,
}

impl RemovedWhy {
    /// The word that the journal keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::Erased => "erased",
        }
    }
}

impl fmt::Display for RemovedWhy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl FromStr for RemovedWhy {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::Pruned, Self::Erased].into_iter().find(|why| why.word() == word).ok_or_else(|| format!("{word:?} is no removal"))
    }
}

/// What a frame says of a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub why: RemovedWhy,
    /// Runs by number: the first and the last of each unbroken row of them.
    pub runs: Vec<(u64, u64)>,
    /// Who asked for it.
    pub by: String,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gone {
    pub runs: u64,
    pub payloads: u64,
    /// Of the payloads, each counted in full.
    pub bytes: u64,
}

impl Gone {
    pub(crate) fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.payloads += other.payloads;
        self.bytes += other.bytes;
    }
}

/// A removal on its way to the writer: part of the transaction that writes its frame.
#[derive(Debug)]
pub(crate) struct Removal {
    pub why: RemovedWhy,
    pub runs: Vec<u64>,
    /// Told once it is committed. Nobody hears of it when the journal fails.
    pub tell: Sender<Gone>,
}

/// Sorted numbers as ranges.
pub(crate) fn ranges(runs: &[u64]) -> Vec<(u64, u64)> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for run in runs {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == *run => *last = *run,
            Some(_) | None => found.push((*run, *run)),
        }
    }
    found
}

const CONTENTS: &str = "SELECT content FROM payloads WHERE run = ?1 AND content IS NOT NULL";
const ORPHAN: &str = "DELETE FROM contents WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM payloads WHERE content = ?1)";
const PRUNED: &str = "UPDATE runs SET removed = 'pruned' WHERE run = ?1 AND removed IS NULL";
const ERASED: &str = "UPDATE runs SET removed = 'erased', key = NULL, user = NULL, thread = NULL WHERE run = ?1";

/// Removes the payloads of finished runs. The caller's transaction also writes the frame that says so.
pub(crate) fn remove(connection: &Connection, removal: &Removal) -> Answer<Gone> {
    let mut listed = connection.prepare_cached(CONTENTS)?;
    let mut delete = connection.prepare_cached("DELETE FROM payloads WHERE run = ?1")?;
    let mut mark = connection.prepare_cached(match removal.why {
        RemovedWhy::Pruned => PRUNED,
        RemovedWhy::Erased => ERASED,
    })?;
    let mut contents: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut gone = Gone::default();
    for run in &removal.runs {
        gone.add(query::weigh(connection, *run)?);
        let run = run.cast_signed();
        for content in listed.query_map([run], |row| row.get(0))? {
            contents.insert(content?);
        }
        delete.execute([run])?;
        mark.execute([run])?;
    }
    let mut orphan = connection.prepare_cached(ORPHAN)?;
    for content in contents {
        orphan.execute([content])?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_in_a_row_are_one_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges(&[]), []);
    }
}
