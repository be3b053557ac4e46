//! A namespace: one table while it is small, 64 with a lock each once it is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::entry::Entry;
use crate::table::Table;

/// Entries from which on a namespace is split. A table of a few costs 150 bytes, so 64 for each of 100,000 users would be a gigabyte.
const SPLIT: usize = 4_096;
const PARTS: usize = 64;

/// What a read found.
pub type Found = Option<Entry>;

#[derive(Debug)]
pub(crate) struct Space {
    pub id: u32,
    pub name: Box<str>,
    parts: RwLock<Box<[RwLock<Table>]>>,
    len: AtomicUsize,
    /// Entries of all namespaces of the store.
    total: Arc<AtomicUsize>,
}

/// A lock that a panicking thread left is taken over: every critical section here leaves its data whole.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn part_of(hash: u32, parts: usize) -> usize {
    if parts == 1 { 0 } else { (hash >> 26) as usize % parts }
}

impl Space {
    pub(crate) fn new(id: u32, name: &str, total: &Arc<AtomicUsize>) -> Self {
        let parts = RwLock::new(Box::from([RwLock::default()]));
        Self { id, name: name.into(), parts, len: AtomicUsize::new(0), total: Arc::clone(total) }
    }

    fn count(&self, before: usize, after: usize) {
        for counter in [&self.len, &self.total] {
            if after > before {
                counter.fetch_add(after - before, Ordering::Relaxed);
            } else if before > after {
                counter.fetch_sub(before - after, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Looks at the table that a hash belongs to.
    pub(crate) fn look<R>(&self, hash: u32, look: impl FnOnce(&Table) -> R) -> Option<R> {
        let parts = read(&self.parts);
        let part = parts.get(part_of(hash, parts.len()))?;
        Some(look(&read(part)))
    }

    /// Changes the table that a hash belongs to.
    pub(crate) fn change<R>(&self, hash: u32, change: impl FnOnce(&mut Table) -> R) -> Option<R> {
        let parts = read(&self.parts);
        let part = parts.get(part_of(hash, parts.len()))?;
        let mut table = write(part);
        let before = table.len();
        let result = change(&mut table);
        let after = table.len();
        self.count(before, after);
        drop(table);
        let is_due = parts.len() == 1 && after > SPLIT;
        drop(parts);
        if is_due {
            self.split();
        }
        Some(result)
    }

    /// Looks at every table, one after another.
    pub(crate) fn each(&self, mut look: impl FnMut(&Table)) {
        for part in read(&self.parts).iter() {
            look(&read(part));
        }
    }

    /// Changes every table, one after another.
    pub(crate) fn change_each(&self, mut change: impl FnMut(&mut Table)) {
        for part in read(&self.parts).iter() {
            let mut table = write(part);
            let before = table.len();
            change(&mut table);
            self.count(before, table.len());
        }
    }

    /// Looks at one table, drawn by a number.
    pub(crate) fn draw<R>(&self, drawn: usize, look: impl FnOnce(&mut Table) -> R) -> Option<R> {
        let parts = read(&self.parts);
        let part = parts.get(drawn % parts.len())?;
        Some(look(&mut write(part)))
    }

    fn split(&self) {
        let mut parts = write(&self.parts);
        if parts.len() > 1 {
            return;
        }
        let mut wider: Vec<Table> = std::iter::repeat_with(Table::default).take(PARTS).collect();
        for part in std::mem::take(&mut *parts) {
            let table = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            for (hash, entry, used) in table.into_entries() {
                if let Some(table) = wider.get_mut(part_of(hash, PARTS)) {
                    table.set(hash, entry, used);
                }
            }
        }
        *parts = wider.into_iter().map(RwLock::new).collect();
    }
}
