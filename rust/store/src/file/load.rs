//! Reading a file into memory, each row held against its checksum. What has expired is read too, and cleared later.
//!
//! One thread reads and checks, and the calling one makes entries of what it read. Two that do both are no faster than one: memory
//! grows by a call to the kernel for every few entries in a thread that is not the first, and these calls wait for each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use rusqlite::Connection;

use super::schema::{corrupt, look, seal, state};
use crate::StoreError;
use crate::entry::Entry;
use crate::shared::Shared;
use crate::space::{Space, write};

/// Bytes that are handed over at once.
const CHUNK: usize = 1 << 20;
/// Chunks that are under way.
const CHUNKS: usize = 4;

pub(crate) fn load(path: &Path, shared: &Shared) -> Result<(), StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let connection = look(path)?;
    connection.execute_batch("BEGIN").map_err(told)?; // one moment, should somebody write meanwhile
    let (revision, expected) = state(&connection, path)?;
    let spaces = spaces(&connection, path, shared)?;
    let found = thread::scope(|scope| {
        let (full, chunks) = sync_channel(CHUNKS);
        let (used, empty) = channel();
        let reader = scope.spawn(move || read(&connection, path, &full, &empty));
        let made = make(path, shared, &spaces, revision, &chunks, &used);
        drop(chunks); // whoever still reads finds nobody
        let read = reader.join().unwrap_or_else(|_| Err(corrupt(path, "a row of it could not be read".into())));
        made.and_then(|count| read.map(|()| count))
    })?;
    if found != expected {
        return Err(corrupt(path, format!("it should have {expected} entries and has {found}")));
    }
    shared.order.go_on_after(revision);
    Ok(())
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

/// Rows whose checksums fit: their bytes after each other, and for each its id, its namespace and where it ends.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    rows: Vec<(u64, u32, usize)>,
}

/// Reads all rows, and hands them over in chunks. Ends early when nobody takes them.
fn read(connection: &Connection, path: &Path, full: &SyncSender<Chunk>, empty: &Receiver<Chunk>) -> Result<(), StoreError> {
    let told = |cause| StoreError::sql(path, cause);
    let mut statement = connection.prepare("SELECT id, space, crc, packed FROM entries").map_err(told)?;
    let mut rows = statement.query([]).map_err(told)?;
    let mut chunk = Chunk::default();
    while let Some(row) = rows.next().map_err(told)? {
        let id = row.get::<_, i64>(0).map_err(told)?;
        let (space, crc): (u32, u32) = (row.get(1).map_err(told)?, row.get(2).map_err(told)?);
        let packed = row.get_ref(3).and_then(|packed| packed.as_blob().map_err(Into::into)).map_err(told)?;
        if seal(space.into(), packed) != crc {
            return Err(corrupt(path, format!("entry {id} does not fit its checksum")));
        }
        chunk.bytes.extend_from_slice(packed);
        chunk.rows.push((id.cast_unsigned(), space, chunk.bytes.len()));
        if chunk.bytes.len() >= CHUNK {
            let next = empty.try_recv().unwrap_or_default();
            if full.send(std::mem::replace(&mut chunk, next)).is_err() {
                return Ok(());
            }
        }
    }
    let _ = full.send(chunk); // whoever gave up has said why
    Ok(())
}

/// Makes entries of what was read; gives how many there were.
fn make(
    path: &Path,
    shared: &Shared,
    spaces: &BTreeMap<u32, Arc<Space>>,
    revision: u64,
    chunks: &Receiver<Chunk>,
    used: &Sender<Chunk>,
) -> Result<u64, StoreError> {
    let mut count = 0;
    while let Ok(mut chunk) = chunks.recv() {
        let mut from = 0;
        for (id, space, to) in chunk.rows.drain(..) {
            let entry = chunk.bytes.get(from..to).and_then(Entry::from_file);
            let entry = entry.filter(|entry| entry.id() == id && (id..=revision).contains(&entry.version()));
            let (Some(entry), Some(space)) = (entry, spaces.get(&space)) else {
                return Err(corrupt(path, format!("entry {id} is not what its row says")));
            };
            if !shared.recall(space, entry) {
                return Err(corrupt(path, format!("entry {id} is there twice")));
            }
            from = to;
            count += 1;
        }
        chunk.bytes.clear();
        let _ = used.send(chunk); // the reader may be done
    }
    Ok(count)
}
