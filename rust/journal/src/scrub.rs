//! Zeros for what a file's pages no longer hold. SQLite's `secure_delete` overwrites what is deleted; but when it spreads the
//! cells of a full page over several, copies stay in the unused middle of pages, and a later deletion does not know of them.
//!
//! Only bytes that SQLite does not read are written, so a crash at any moment leaves the same journal. The log must be empty
//! and nobody else may write.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::JournalError;
use crate::query::Answer;
use crate::store::lock;

/// Files by device and inode. They stay open as long as the process runs: closing any handle of a file would give back the
/// locks that SQLite holds on it (POSIX locks belong to the process, not to the handle).
static OPEN: Mutex<BTreeMap<(u64, u64), Arc<File>>> = Mutex::new(BTreeMap::new());

/// The pages of every tree that may hold a text, a key or a user: all but those of frames, commits and snapshots.
const PAGES: &str = "SELECT pageno FROM dbstat WHERE pagetype <> 'overflow' AND name IN
    (SELECT name FROM sqlite_schema WHERE tbl_name IN ('payloads', 'contents', 'runs'))";

fn handle(path: &Path) -> io::Result<Arc<File>> {
    let known = path.metadata()?;
    let mut open = lock(&OPEN);
    if let Some(file) = open.get(&(known.dev(), known.ino())) {
        return Ok(Arc::clone(file));
    }
    let file = Arc::new(OpenOptions::new().read(true).write(true).open(path)?);
    open.insert((known.dev(), known.ino()), Arc::clone(&file));
    Ok(file)
}

/// Overwrites the unused parts of pages. The connection must forget its pages afterwards: it may have read them before.
pub(crate) fn scrub(connection: &Connection, path: &Path) -> Answer<()> {
    let size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let mut statement = connection.prepare(PAGES)?;
    let pages = statement.query_map([], |row| row.get::<_, u32>(0))?.collect::<rusqlite::Result<Vec<u32>>>()?;
    let overwrite = || -> io::Result<()> {
        let file = handle(path)?;
        let mut page = vec![0; size as usize];
        for number in pages {
            let at = u64::from(number - 1) * u64::from(size);
            file.read_exact_at(&mut page, at)?;
            for (start, end) in unused(&page, if number == 1 { 100 } else { 0 }) {
                clean(&file, &page[start..end], at + start as u64)?;
            }
        }
        free_pages(&file, u64::from(size))?;
        file.sync_all()
    };
    overwrite().map_err(|cause| JournalError::io(path, cause).into())
}

/// Overwrites what stands at a place, unless it is zeros already: most of it is.
fn clean(file: &File, found: &[u8], at: u64) -> io::Result<()> {
    if found.iter().all(|byte| *byte == 0) { Ok(()) } else { file.write_all_at(&vec![0; found.len()], at) }
}

fn short(page: &[u8], at: usize) -> usize {
    page.get(at..at + 2).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]))
}

fn long(page: &[u8], at: usize) -> u64 {
    page.get(at..at + 4).map_or(0, |four| four.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The parts of a tree's page that hold nothing: between the cells' addresses and the first cell, and the free blocks without
/// their own four bytes. (File format, section 1.6.)
fn unused(page: &[u8], head: usize) -> Vec<(usize, usize)> {
    let inner = matches!(page.get(head), Some(2 | 5)); // their heads are four bytes longer
    let first_cell = match short(page, head + 5) {
        0 => 65_536,
        at => at,
    };
    let addresses = head + if inner { 12 } else { 8 } + 2 * short(page, head + 3);
    let mut found = vec![(addresses, first_cell)];
    let mut block = short(page, head + 1);
    while block != 0 {
        found.push((block + 4, block + short(page, block + 2)));
        let next = short(page, block);
        block = if next > block { next } else { 0 }; // they are in ascending order
    }
    found.retain(|(start, end)| start < end && *end <= page.len());
    found
}

/// Pages that no tree uses: trunks hold a list of the others after 8 bytes, and the others nothing. (Section 1.5.)
fn free_pages(file: &File, size: u64) -> io::Result<()> {
    let mut head = [0; 100];
    file.read_exact_at(&mut head, 0)?;
    let mut page = vec![0; usize::try_from(size).unwrap_or_default()];
    let mut other = page.clone();
    let (mut trunk, mut left) = (long(&head, 32), long(&head, 36));
    while trunk != 0 && left > 0 {
        let at = (trunk - 1) * size;
        file.read_exact_at(&mut page, at)?;
        let listed = usize::try_from(long(&page, 4)).unwrap_or_default().min(page.len() / 4 - 2);
        let end = 8 + 4 * listed;
        clean(file, &page[end..], at + end as u64)?;
        for free in (0..listed).map(|place| long(&page, 8 + 4 * place)).filter(|free| *free > 1) {
            file.read_exact_at(&mut other, (free - 1) * size)?;
            clean(file, &other, (free - 1) * size)?;
        }
        left = left.saturating_sub(1 + listed as u64);
        trunk = long(&page, 0);
    }
    Ok(())
}
