//! Opening a journal's file: own it, find it whole, recall what appending goes on from, start the writer.
//! Nothing is written before everything was checked.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex};

use interlock_files as files;

use super::Durable;
use crate::beside::Beside;
use crate::error::RunName;
use crate::live::{Known, Live};
use crate::lock::Ownership;
use crate::own::Own;
use crate::queue::{Batch, Shared, Sleep, State};
use crate::run_keys::RunKeys;
use crate::scan::{Extent, Scan, scan};
use crate::store::{Store, lock};
use crate::wake::{Wake, Wanted};
use crate::writer::Writer;
use crate::{Broken, JournalError, Reader, query, review_table, schema, snapshots};

impl Durable {
    /// Opens or makes a journal; gives it with the highest number that a run has.
    ///
    /// A vault that a key from outside protects seals the payloads from now on.
    pub(crate) fn open(path: &Path, by: &str, max_bytes: Option<u64>, beside: Beside<'_>) -> Result<(Self, u64), JournalError> {
        let path = files::canonical(path).map_err(JournalError::of(path))?;
        if path.exists() {
            drop(Reader::open(&path)?); // before a lock file is put beside what may be no journal
        }
        let ownership = if Broken::from_environment()?.ownership_lock { None } else { Some(Ownership::take(&path)?) };
        schema::create_if_missing(&path, by)?;
        files::rewrite_log(&path).map_err(JournalError::of(&path))?;
        let vault = beside.open(&path, ownership.is_none())?;
        let reader = Reader::open_with(&path, vault.clone())?;
        let seals = vault.clone().filter(|vault| vault.is_protected());
        if seals.is_none() && reader.is_encrypted()? {
            return Err(JournalError::Encrypted { run: RunName { number: 0, id: None } });
        }
        reader.ask(schema::save)?; // each page is looked at once
        let scan = reader.ask(|connection| scan(connection, Extent::Recent))?;
        if scan.is_whole {
            reader.ask(query::check_list)?; // of a long journal's old runs the list is looked at by `verify`
        }
        if reader.ask(query::format)? < schema::FORMAT {
            schema::lift(&path)?;
        }
        if let Some(vault) = &seals
            && !reader.is_encrypted()?
        {
            schema::seal(&path, &query::hex(&vault.id()))?;
        }
        let (live, own) = (recall_runs(&reader)?, recall_own(&reader)?);
        let last = reader.ask(query::last_run)?;
        reader.ask(schema::spend)?;
        let wake = Wake::new().map_err(|cause| JournalError::io(&path, cause))?;
        let shared = Arc::new(share(live, own, wake, &scan));
        let snapshot = reader.ask(snapshots::newest)?;
        let connection = schema::writer(&path, by, max_bytes).map_err(|cause| JournalError::store(&path, cause))?;
        let writer = Writer {
            shared: Arc::clone(&shared),
            connection,
            frontier: scan.frontier,
            path,
            by: by.into(),
            max_bytes,
            snapshot,
            keys: seals.as_ref().map(|vault| RunKeys::new(Arc::clone(vault))),
            vault: vault.clone(),
            logged: 0,
        }
        .spawn()?;
        let (writer, ownership) = (Mutex::new(Some(writer)), Mutex::new(ownership));
        let durable = Self { opened_by: std::process::id(), newest: scan.newest, shared, reader, seals, vault, writer, ownership };
        match durable.note_opening(by) {
            Ok(()) => Ok((durable, last)),
            Err(told) => {
                let cause = durable.failure().unwrap_or(told);
                let _ = durable.close(); // the cause says more
                Err(cause)
            }
        }
    }

    fn note_opening(&self, by: &str) -> Result<(), JournalError> {
        let mut state = lock(&self.shared.state);
        let frame = state.own.opened(by, self.newest)?;
        state.size += 1;
        self.shared.enqueue(state, 0, &frame, vec![]);
        self.flush()
    }
}

fn share(live: Live, own: Own, wake: Wake, Scan { frontier, .. }: &Scan) -> Shared {
    let size = frontier.size();
    let state = State {
        live,
        own,
        batch: Batch::default(),
        size,
        checkpoint: (size, frontier.root()),
        wanted: Wanted::default(),
        sleep: Sleep::None,
        waiting: 0,
        closing: false,
        failure: None,
        retired: 0,
    };
    Shared {
        state: Mutex::new(state),
        work: Condvar::new(),
        done: Condvar::new(),
        committed: AtomicU64::new(size),
        queued_bytes: AtomicUsize::new(0),
        wake,
        barrier: Mutex::default(),
    }
}

/// The unfinished runs. What the list of runs says of them must fit the frames, since appending goes on from there.
fn recall_runs(reader: &Reader) -> Result<Live, JournalError> {
    let (mut live, asked) = (Live::default(), reader.ask(review_table::runs)?);
    reader.ask(|connection| {
        query::each_unfinished(connection, |row| {
            let found = query::count_frames(connection, row.number)?;
            if found != u64::from(row.frames) {
                let what = format!("the list of runs counts {} frames and the file has {found}", row.frames);
                return Err(JournalError::damaged(what).at(RunName { number: row.number, id: Some(row.id) }, None).into());
            }
            let asked = asked.contains(&row.number);
            live.insert(Known { row, ticket: 0, asked });
            Ok(())
        })
    })?;
    Ok(live)
}

fn recall_own(reader: &Reader) -> Result<Own, JournalError> {
    let mut own = Own::new()?;
    for frame in reader.frames(0)? {
        own.recall(&frame);
    }
    Ok(own)
}
