//! Erasing and pruning, as Python asks for them: what was removed comes back as runs, payloads and bytes.

use interlock_journal::{Gone, Journal, JournalError, Reader};
use interlock_kernel::Micros;

use crate::reader::status_of;

pub(crate) type Counts = (u64, u64, u64);

fn counts(gone: Gone) -> Counts {
    (gone.runs, gone.payloads, gone.bytes)
}

pub(crate) fn erase(journal: &Journal, user: &str, by: &str) -> Result<Counts, JournalError> {
    journal.erase_user(user, by).map(counts)
}

/// `before` is in microseconds since 1970.
pub(crate) fn prune(journal: &Journal, before: u64, statuses: &[String], by: &str) -> Result<Counts, JournalError> {
    let statuses = statuses.iter().map(|word| status_of(word)).collect::<Result<Vec<_>, _>>()?;
    journal.prune(Micros(before), &statuses, by).map(counts)
}

pub(crate) fn would_erase(reader: &Reader, user: &str) -> Result<Counts, JournalError> {
    reader.would_erase(user).map(counts)
}

pub(crate) fn would_prune(reader: &Reader, before: u64, statuses: &[String]) -> Result<Counts, JournalError> {
    let statuses = statuses.iter().map(|word| status_of(word)).collect::<Result<Vec<_>, _>>()?;
    reader.would_prune(Micros(before), &statuses).map(counts)
}
