//! Upkeep of a journal: erase what a user said, prune what is old. Frames stay, so that everything else can still be proved.

use std::thread::sleep;
use std::time::{Duration, Instant};

use interlock_kernel::Micros;

use crate::removal::CHUNK;
use crate::{Gone, Journal, JournalError, Reader, RemovedWhy, RunFilter, RunRow, RunStatus, query};

/// How long to wait for readers to let go of the log.
const PATIENCE: Duration = Duration::from_secs(5);

impl Journal {
    /// Erases what was said in a user's runs, and their keys, user and threads. `by` says who asked for it.
    ///
    /// When it returns, no byte of it is left in the journal's files. After an error or a crash, ask again: what was not
    /// done is done then.
    ///
    /// # Errors
    /// [`JournalError::NotOver`] when a run of the user is not over; nothing was erased. [`JournalError::LogInUse`] when it was
    /// erased and a reader keeps the log from being emptied.
    pub fn erase_user(&self, user: &str, by: &str) -> Result<Gone, JournalError> {
        let mut gone = Gone::default();
        loop {
            let runs = erasable(|filter| self.runs(filter), user)?;
            gone.add(self.remove(RemovedWhy::Erased, &runs, by)?);
            if runs.is_empty() {
                return Ok(gone); // one that was started, or copied, meanwhile was listed in the next round
            }
        }
    }

    /// Prunes what was said in runs that ended before a moment and stand so. Their keys stay, so that none is started anew.
    pub fn prune(&self, before: Micros, statuses: &[RunStatus], by: &str) -> Result<Gone, JournalError> {
        let runs = prunable(|filter| self.runs(filter), before, statuses)?;
        self.remove(RemovedWhy::Pruned, &runs, by)
    }

    /// Gives free space back to the disk. The whole file is written anew, and appends wait for it.
    pub fn compact(&self) -> Result<(), JournalError> {
        self.flush()?;
        self.store.compact()?;
        self.clear()
    }

    fn remove(&self, why: RemovedWhy, runs: &[u64], by: &str) -> Result<Gone, JournalError> {
        let mut gone = Gone::default();
        for chunk in runs.chunks(CHUNK) {
            gone.add(self.store.remove(why, chunk, by)?);
        }
        self.clear()?; // also when nothing was left to remove: a crash may have come between
        Ok(gone)
    }

    fn clear(&self) -> Result<(), JournalError> {
        let until = Instant::now() + PATIENCE;
        while !self.store.clear()? {
            if Instant::now() > until {
                return Err(JournalError::LogInUse);
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Reader {
    /// What [`Journal::erase_user`] would erase, and its errors. Nothing is written.
    pub fn would_erase(&self, user: &str) -> Result<Gone, JournalError> {
        self.weigh(&erasable(|filter| self.runs(filter), user)?)
    }

    /// What [`Journal::prune`] would prune. Nothing is written.
    pub fn would_prune(&self, before: Micros, statuses: &[RunStatus]) -> Result<Gone, JournalError> {
        self.weigh(&prunable(|filter| self.runs(filter), before, statuses)?)
    }

    fn weigh(&self, runs: &[u64]) -> Result<Gone, JournalError> {
        self.ask(|connection| {
            let mut gone = Gone::default();
            for run in runs {
                gone.add(query::weigh(connection, *run)?);
            }
            Ok(gone)
        })
    }
}

/// The numbers of a user's runs, if all of them are over; lowest first.
fn erasable(list: impl Fn(&RunFilter) -> Result<Vec<RunRow>, JournalError>, user: &str) -> Result<Vec<u64>, JournalError> {
    let rows = list(&RunFilter { user: Some(user.into()), ..RunFilter::default() })?;
    match rows.iter().rev().find(|row| !row.status.is_over()) {
        Some(row) => Err(JournalError::NotOver { run: row.id, status: row.status }),
        None => Ok(rows.iter().rev().map(|row| row.number).collect()),
    }
}

/// The numbers of runs that ended before a moment, stand so, and have their payloads; lowest first.
fn prunable(
    list: impl Fn(&RunFilter) -> Result<Vec<RunRow>, JournalError>,
    before: Micros,
    statuses: &[RunStatus],
) -> Result<Vec<u64>, JournalError> {
    if let Some(status) = statuses.iter().find(|status| !status.is_over()) {
        return Err(JournalError::NotPrunable { status: *status });
    }
    let mut runs = Vec::new();
    for status in statuses {
        let filter = RunFilter { status: Some(*status), ended_before: Some(before), whole: true, ..RunFilter::default() };
        runs.extend(list(&filter)?.iter().map(|row| row.number));
    }
    runs.sort_unstable();
    runs.dedup(); // a status may be named twice
    Ok(runs)
}
