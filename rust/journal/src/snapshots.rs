//! Snapshots of the tree's right edge, so that opening a long journal need not hash all of it again.
//!
//! A snapshot spares work and proves nothing: opening holds it against the root that was committed at its size, and verifying
//! against the frames themselves.

use interlock_kernel::Digest;
use rusqlite::{Connection, OptionalExtension};

use crate::JournalError;
use crate::merkle::Frontier;
use crate::query::{self, Answer};

/// Frames between two snapshots, and frames at the end that opening always reads: about 50 ms of scanning.
pub(crate) const EVERY: u64 = 65_536;

/// The newest snapshot's size; 0 when there is none.
pub(crate) fn newest(connection: &Connection) -> Answer<u64> {
    let newest: Option<i64> = connection.query_row("SELECT max(size) FROM snapshots", [], |row| row.get(0))?;
    Ok(newest.unwrap_or(0).cast_unsigned())
}

/// Takes a snapshot, in the transaction that commits the last of its frames.
pub(crate) fn take(connection: &Connection, frontier: &Frontier) -> rusqlite::Result<()> {
    let (size, peaks) = frontier.parts();
    let bytes: Vec<u8> = peaks.iter().flat_map(|peak| peak.0).collect();
    connection.prepare_cached("INSERT INTO snapshots(size, peaks) VALUES(?1, ?2)")?.execute((size.cast_signed(), bytes))?;
    Ok(())
}

/// Where opening may start: the newest snapshot with enough frames after it, or the empty tree.
pub(crate) fn start(connection: &Connection) -> Answer<Frontier> {
    if query::format(connection)? == 1 {
        return Ok(Frontier::new());
    }
    let committed: Option<i64> = connection.query_row("SELECT max(size) FROM commits", [], |row| row.get(0))?;
    let (committed, newest) = (committed.unwrap_or(0).cast_unsigned(), newest(connection)?);
    if newest > committed {
        return Err(JournalError::damaged(format!("a snapshot has {newest} frames and {committed} were committed")).into());
    }
    let Some(frontier) = all(connection)?.into_iter().rev().find(|frontier| frontier.size() + EVERY <= committed) else {
        return Ok(Frontier::new());
    };
    let root = "SELECT root FROM commits WHERE size = ?1";
    let root: Option<Vec<u8>> = connection.query_row(root, [frontier.size().cast_signed()], |row| row.get(0)).optional()?;
    if root.as_deref() == Some(&frontier.root().0) { Ok(frontier) } else { Err(wrong(&frontier).into()) }
}

/// Every snapshot, smallest first.
pub(crate) fn all(connection: &Connection) -> Answer<Vec<Frontier>> {
    if query::format(connection)? == 1 {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT size, peaks FROM snapshots ORDER BY size")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let size = row.get::<_, i64>(0)?.cast_unsigned();
        let (peaks, rest) = query::blob(row, 1)?.as_chunks::<32>();
        let frontier = Frontier::from_parts(size, peaks.iter().map(|peak| Digest(*peak)).collect());
        let whole = frontier.filter(|_| rest.is_empty());
        found.push(whole.ok_or_else(|| JournalError::damaged(format!("the snapshot of {size} frames can't be read")))?);
    }
    Ok(found)
}

pub(crate) fn wrong(snapshot: &Frontier) -> JournalError {
    JournalError::damaged(format!("the snapshot of {} frames is not of those that were committed", snapshot.size()))
}
