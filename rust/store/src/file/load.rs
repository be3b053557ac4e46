//! Reading a file into memory: two halves at once, each row held against its checksum. What has expired stays behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;

use super::schema::{look, state};
use crate::StoreError;
use crate::entry::Entry;
use crate::space::Space;
use crate::store::Shared;

/// Threads that read. More than two wait for each other's memory.
const READERS: u64 = 2;

const ROWS: &str = "SELECT id, space, crc, packed FROM entries WHERE id BETWEEN ?1 AND ?2";

pub(crate) fn load(path: &Path, shared: &Shared) -> Result<(), StoreError> {
    let connection = look(path)?;
    let told = |cause| StoreError::sql(path, cause);
    let snapshot = connection.unchecked_transaction().map_err(told)?; // one moment, should somebody write meanwhile
    let (_, expected) = state(&snapshot, path)?;
    let spaces = spaces(&snapshot, shared).map_err(told)?;
    let newest: Option<i64> = snapshot.query_row("SELECT max(id) FROM entries", [], |row| row.get(0)).map_err(told)?;
    let newest = newest.unwrap_or_default().cast_unsigned();
    let half = newest / READERS;
    let other = look(path)?;
    let read = |connection: &Connection, from: u64, to: u64| rows(connection, path, shared, &spaces, (from, to));
    let found = thread::scope(|scope| {
        let (read, other) = (&read, other);
        let upper = scope.spawn(move || read(&other, half + 1, newest));
        let lower = read(&snapshot, 0, half);
        let upper = upper.join().unwrap_or_else(|_| Err(corrupt(path, "a row of it could not be read".into())));
        Ok::<u64, StoreError>(lower? + upper?)
    })?;
    if found != expected {
        return Err(corrupt(path, format!("it should have {expected} entries and has {found}")));
    }
    Ok(())
}

fn corrupt(path: &Path, what: String) -> StoreError {
    StoreError::Corrupt { path: path.into(), what }
}

fn spaces(connection: &Connection, shared: &Shared) -> rusqlite::Result<BTreeMap<u32, Arc<Space>>> {
    let mut statement = connection.prepare("SELECT id, name FROM spaces")?;
    let mut rows = statement.query([])?;
    let mut spaces = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (id, name) = (row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        spaces.insert(id, shared.recall_space(id, name));
    }
    Ok(spaces)
}

/// Reads a part of the rows; gives how many there were.
fn rows(
    connection: &Connection,
    path: &Path,
    shared: &Shared,
    spaces: &BTreeMap<u32, Arc<Space>>,
    (from, to): (u64, u64),
) -> Result<u64, StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let mut statement = connection.prepare(ROWS).map_err(told)?;
    let mut rows = statement.query((from.cast_signed(), to.cast_signed())).map_err(told)?;
    let mut count = 0;
    while let Some(row) = rows.next().map_err(told)? {
        count += 1;
        let id = row.get::<_, i64>(0).map_err(told)?;
        let (space, crc): (u32, u32) = (row.get(1).map_err(told)?, row.get(2).map_err(told)?);
        let packed = row.get_ref(3).and_then(|packed| packed.as_blob().map_err(Into::into)).map_err(told)?;
        let entry = (crc32fast::hash(packed) == crc).then(|| Entry::from_file(packed)).flatten();
        let (Some(entry), Some(space)) = (entry.filter(|entry| entry.id() == id.cast_unsigned()), spaces.get(&space)) else {
            return Err(corrupt(path, format!("entry {id} does not fit its checksum")));
        };
        shared.recall(space, entry);
    }
    Ok(count)
}
