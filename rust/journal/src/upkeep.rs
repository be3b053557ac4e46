//! Upkeep of a journal: erase what a user said, prune what is old. Frames stay, so that everything else can still be proved.

use std::thread::sleep;
use std::time::{Duration, Instant};

use interlock_kernel::{Micros, RunId};
use interlock_vault::{Scope, Vault, subject};

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
            let removed = self.remove(RemovedWhy::Erased, &runs, by);
            if let Some(vault) = &self.vault
                && matches!(removed, Ok(_) | Err(JournalError::LogInUse))
            {
                let all = runs.is_empty() || matches!(removed, Err(JournalError::LogInUse));
                forget(vault, &runs)?;
                if all {
                    vault.erase_user(user)?; // then also copies of the file say nothing of them
                }
            }
            gone.add(removed?);
            if runs.is_empty() {
                return Ok(gone); // one that was started, or copied, meanwhile was listed in the next round
            }
        }
    }

    /// Prunes what was said in runs that ended before a moment and stand so. Their keys stay, so that none is started anew.
    pub fn prune(&self, before: Micros, statuses: &[RunStatus], by: &str) -> Result<Gone, JournalError> {
        let runs = prunable(|filter| self.runs(filter), before, statuses)?;
        let removed = self.remove(RemovedWhy::Pruned, &runs, by);
        if let Some(vault) = &self.vault
            && !runs.is_empty()
            && matches!(removed, Ok(_) | Err(JournalError::LogInUse))
        {
            forget(vault, &runs)?;
            vault.erase_all(&runs.iter().map(|row| subject::of_run(&row.id.to_string())).collect::<Vec<_>>())?;
        }
        removed
    }

    /// Gives free space back to the disk. The whole file is written anew, and appends wait for it.
    pub fn compact(&self) -> Result<(), JournalError> {
        self.flush()?;
        self.store.compact()?;
        self.clear()
    }

    fn remove(&self, why: RemovedWhy, runs: &[RunRow], by: &str) -> Result<Gone, JournalError> {
        let mut gone = Gone::default();
        for chunk in runs.chunks(CHUNK) {
            let numbers: Vec<u64> = chunk.iter().map(|row| row.number).collect();
            gone.add(self.store.remove(why, &numbers, by)?);
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

    fn weigh(&self, runs: &[RunRow]) -> Result<Gone, JournalError> {
        self.ask(|connection| {
            let mut gone = Gone::default();
            for run in runs {
                gone.add(query::weigh(connection, run.number)?);
            }
            Ok(gone)
        })
    }
}

/// What placeholders of the runs stood for is forgotten.
fn forget(vault: &Vault, runs: &[RunRow]) -> Result<(), JournalError> {
    Ok(vault.forget(&runs.iter().map(|row| scope_of_run(row.id)).collect::<Vec<_>>())?)
}

/// The scope of a run's placeholders in the vault: its id, as 16 bytes.
pub fn scope_of_run(id: RunId) -> Scope {
    id.0.to_be_bytes()
}

/// A user's runs, if all of them are over; lowest number first.
fn erasable(list: impl Fn(&RunFilter) -> Result<Vec<RunRow>, JournalError>, user: &str) -> Result<Vec<RunRow>, JournalError> {
    let mut rows = list(&RunFilter { user: Some(user.into()), ..RunFilter::default() })?;
    if let Some(row) = rows.iter().rev().find(|row| !row.status.is_over()) {
        return Err(JournalError::NotOver { run: row.id, status: row.status });
    }
    rows.reverse();
    Ok(rows)
}

/// Runs that ended before a moment, stand so, and have their payloads; lowest number first.
fn prunable(
    list: impl Fn(&RunFilter) -> Result<Vec<RunRow>, JournalError>,
    before: Micros,
    statuses: &[RunStatus],
) -> Result<Vec<RunRow>, JournalError> {
    if let Some(status) = statuses.iter().find(|status| !status.is_over()) {
        return Err(JournalError::NotPrunable { status: *status });
    }
    let mut runs = Vec::new();
    for status in statuses {
        let filter = RunFilter { status: Some(*status), ended_before: Some(before), whole: true, ..RunFilter::default() };
        runs.extend(list(&filter)?);
    }
    runs.sort_unstable_by_key(|row| row.number);
    runs.dedup_by_key(|row| row.number); // a status may be named twice
    Ok(runs)
}
