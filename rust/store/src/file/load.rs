//! Reading a file into memory: two halves at once, each row held against its checksum. What has expired is read, and cleared later.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;

use super::schema::{corrupt, look, seal, state};
use crate::StoreError;
use crate::entry::Entry;
use crate::shared::Shared;
use crate::space::{Space, write};

const ROWS: &str = "SELECT id, space, crc, packed FROM entries WHERE id BETWEEN ?1 AND ?2";

pub(crate) fn load(path: &Path, shared: &Shared) -> Result<(), StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let (first, revision, expected) = moment(path)?;
    let spaces = spaces(&first, path, shared)?;
    let newest: Option<i64> = first.query_row("SELECT max(id) FROM entries", [], |row| row.get(0)).map_err(told)?;
    let newest = newest.unwrap_or_default().cast_unsigned();
    let rows = Rows { path, shared, spaces: &spaces, revision };
    let (second, other, _) = moment(path)?;
    let found = if other == revision {
        thread::scope(|scope| {
            let rows = &rows;
            let upper = scope.spawn(move || rows.read(&second, newest / 2 + 1, newest));
            let lower = rows.read(&first, 0, newest / 2);
            let upper = upper.join().unwrap_or_else(|_| Err(corrupt(path, "a row of it could not be read".into())));
            Ok::<u64, StoreError>(lower? + upper?)
        })?
    } else {
        rows.read(&first, 0, newest)? // somebody wrote in between, and two halves of two moments make no whole
    };
    if found != expected {
        return Err(corrupt(path, format!("it should have {expected} entries and has {found}")));
    }
    shared.order.go_on_after(revision);
    Ok(())
}

/// A connection that sees one moment, should somebody write meanwhile, with the newest version and the count of entries then.
fn moment(path: &Path) -> Result<(Connection, u64, u64), StoreError> {
    let connection = look(path)?;
    connection.execute_batch("BEGIN").map_err(|cause| StoreError::sql(path, cause))?;
    let (revision, entries) = state(&connection, path)?;
    Ok((connection, revision, entries))
}

fn spaces(connection: &Connection, path: &Path, shared: &Shared) -> Result<BTreeMap<u32, Arc<Space>>, StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let mut statement = connection.prepare("SELECT id, name, crc FROM spaces ORDER BY id").map_err(told)?;
    let mut rows = statement.query([]).map_err(told)?;
    let mut spaces = BTreeMap::new();
    while let Some(row) = rows.next().map_err(told)? {
        let (id, name, crc): (u32, String, u32) = row.try_into().map_err(told)?;
        if seal(id.into(), name.as_bytes()) != crc {
            return Err(corrupt(path, format!("namespace {id} does not fit its checksum")));
        }
        spaces.insert(id, write(&shared.spaces).recall(id, &name));
    }
    Ok(spaces)
}

/// Where rows come from, and where they go.
struct Rows<'a> {
    path: &'a Path,
    shared: &'a Shared,
    spaces: &'a BTreeMap<u32, Arc<Space>>,
    revision: u64,
}

impl Rows<'_> {
    /// Reads the rows with these ids; gives how many there were.
    fn read(&self, connection: &Connection, from: u64, to: u64) -> Result<u64, StoreError> {
        let told = |cause| StoreError::sql(self.path, cause);
        let mut statement = connection.prepare(ROWS).map_err(told)?;
        let mut rows = statement.query((from.cast_signed(), to.cast_signed())).map_err(told)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(told)? {
            count += 1;
            let id = row.get::<_, i64>(0).map_err(told)?;
            let (space, crc): (u32, u32) = (row.get(1).map_err(told)?, row.get(2).map_err(told)?);
            let packed = row.get_ref(3).and_then(|packed| packed.as_blob().map_err(Into::into)).map_err(told)?;
            let entry = (seal(space.into(), packed) == crc).then(|| Entry::from_file(packed)).flatten();
            let entry = entry.filter(|entry| entry.id() == id.cast_unsigned() && (entry.id()..=self.revision).contains(&entry.version()));
            let (Some(entry), Some(space)) = (entry, self.spaces.get(&space)) else {
                return Err(corrupt(self.path, format!("entry {id} does not fit its checksum")));
            };
            if !self.shared.recall(space, entry) {
                return Err(corrupt(self.path, format!("entry {id} is there twice")));
            }
        }
        Ok(count)
    }
}
