//! Under which key the writer seals a run's payloads: the one that its payloads have, or that of whom the run was started for.

use std::sync::Arc;

use interlock_kernel::RunId;
use interlock_vault::{Found, KeyId, Sealer, Vault, subject};
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use crate::query::{self, Answer};
use crate::sealing::{self, NUMBER};
use crate::{JournalError, Payload, PayloadKind, RunRow, request};

/// Runs whose keys are kept: 1 KiB each.
const KEPT: usize = 2_048;

pub(crate) struct RunKeys {
    vault: Arc<Vault>,
    known: FxHashMap<u64, (KeyId, Sealer)>,
    /// Erasures of the vault that were seen: after each, no key that is kept can be trusted to be there.
    erasures: u64,
}

/// Whose a run's payloads are: the user of the request, if it names one, else nobody but the run.
pub(crate) fn subject_of<'a>(id: RunId, mut payloads: impl Iterator<Item = &'a Payload>) -> Result<String, JournalError> {
    let asked = payloads.find(|payload| payload.kind == PayloadKind::Request).map(|found| request::person(&found.bytes)).transpose()?;
    Ok(match asked.flatten() {
        Some((tenant, user)) => subject::of_user(tenant.as_deref(), &user),
        None => subject::of_run(&id.to_string()),
    })
}

impl RunKeys {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        let erasures = vault.erasures();
        Self { vault, known: FxHashMap::default(), erasures }
    }

    /// Takes note of the keys that runs were started with.
    pub(crate) fn recall(&mut self, started: &[(u64, KeyId)]) -> Answer<()> {
        if self.known.len() > KEPT || self.erasures != self.vault.erasures() {
            self.known.clear();
            self.erasures = self.vault.erasures();
        }
        for (run, id) in started {
            if let Found::There(sealer) = sealing::sealer(&self.vault, *id, *run)? {
                self.known.insert(*run, (*id, sealer));
            }
        }
        Ok(())
    }

    /// Seals a payload of the batch, which is written within the connection's transaction.
    pub(crate) fn seal(
        &mut self,
        connection: &Connection,
        (run, payload): (u64, &Payload),
        batch: &[(u64, Payload)],
        rows: &[RunRow],
    ) -> Answer<([u8; NUMBER], Vec<u8>)> {
        if !self.known.contains_key(&run) {
            let found = self.find(connection, run, batch, rows)?;
            self.known.insert(run, found);
        }
        let Some((id, sealer)) = self.known.get(&run) else { return Err(lost(run).into()) };
        Ok(sealing::seal(*id, sealer, run, payload)?)
    }

    fn find(&self, connection: &Connection, run: u64, batch: &[(u64, Payload)], rows: &[RunRow]) -> Answer<(KeyId, Sealer)> {
        if let Some(id) = newest(connection, run)?
            && let Found::There(sealer) = sealing::sealer(&self.vault, id, run)?
        {
            return Ok((id, sealer));
        }
        let id = self.vault.key_of(&self.subject(connection, run, batch, rows)?).map_err(JournalError::from)?;
        match sealing::sealer(&self.vault, id, run)? {
            Found::There(sealer) => Ok((id, sealer)),
            Found::Erased | Found::Unknown => Err(lost(run).into()),
        }
    }

    /// For runs that began before payloads were sealed, and those whose key was deleted while they went on.
    fn subject(&self, connection: &Connection, run: u64, batch: &[(u64, Payload)], rows: &[RunRow]) -> Answer<String> {
        if run == 0 {
            return Ok(subject::JOURNAL.into());
        }
        let row = match rows.iter().find(|row| row.number == run) {
            Some(row) => row.clone(),
            None => query::run(connection, run)?.ok_or_else(|| lost(run))?,
        };
        let own = batch.iter().filter(|(number, _)| *number == run).map(|(_, payload)| payload);
        let written = query::readable(connection, run, &sealing::Keys(Some(Arc::clone(&self.vault))))?;
        Ok(subject_of(row.id, own.chain(&written))?)
    }
}

fn lost(run: u64) -> JournalError {
    JournalError::Misused { what: format!("run {run} has payloads and no key; this is a mistake in the journal") }
}

/// The key of the run's newest sealed payload.
fn newest(connection: &Connection, run: u64) -> Answer<Option<KeyId>> {
    let sql = "SELECT salt FROM payloads WHERE run = ?1 AND length(salt) = 8 ORDER BY number DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let found: Option<[u8; NUMBER]> = statement.query_row([run.cast_signed()], |row| row.get(0)).optional()?;
    Ok(found.map(|bytes| KeyId(u64::from_le_bytes(bytes))))
}
