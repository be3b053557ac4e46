//! The store's doors for reading. Changing is in `write`, opening and closing in `open`, the file's upkeep in `upkeep`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use interlock_files::Lock;

use crate::StoreError;
use crate::entry::Entry;
use crate::feed::Feed;
use crate::hold::Hold;
use crate::options::Eviction;
use crate::shared::Shared;
use crate::space::{Found, Space, read, write};
use crate::write::{check_key, check_namespace};

/// Versioned values in memory, with a file behind them if a path is given. Safe to use from many threads.
#[derive(Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    pub(crate) writer: Mutex<Option<JoinHandle<()>>>,
    pub(crate) ownership: Mutex<Option<Lock>>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) is_durable: bool,
    pub(crate) opened_by: u32,
}

/// Counts, in entries and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub entries: usize,
    pub namespaces: usize,
    pub bytes: usize,
    pub evicted: u64,
    pub revision: u64,
    pub committed: u64,
    /// Bytes that wait for the disk.
    pub backlog: usize,
}

impl Store {
    /// The entry under a key, if there is one that has not expired.
    pub fn get(&self, namespace: &str, key: &str) -> Result<Found, StoreError> {
        let shared = &self.shared;
        let spaces = read(&shared.spaces);
        let Some(space) = spaces.get(namespace) else {
            drop(spaces);
            return self.none_of(namespace).map(|()| None);
        };
        let hash = shared.hash(key);
        let found = space.look(hash, |table| {
            table.get(hash, key.as_bytes()).map(|slot| {
                if shared.options.eviction != Eviction::None {
                    slot.touch(shared.tick());
                }
                slot.entry.clone()
            })
        });
        drop(spaces);
        Ok(found.flatten().filter(|entry| !entry.has_expired(|| shared.options.clock.now())))
    }

    /// The entries of a namespace whose keys begin so, by key. It looks at all keys of the namespace. Each entry is as it was at some
    /// moment during the scan.
    pub fn scan(&self, namespace: &str, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let Some(space) = self.space(namespace)? else { return Ok(Vec::new()) };
        let now = self.shared.options.clock.now();
        let mut found = Vec::new();
        space.each(|table| {
            let fits = |entry: &&Entry| entry.key_bytes().starts_with(prefix.as_bytes()) && !entry.has_expired(|| now);
            found.extend(table.entries().filter(fits).cloned());
        });
        found.sort_unstable_by(|a, b| a.key_bytes().cmp(b.key_bytes()));
        Ok(found)
    }

    /// The namespaces and how many entries each has (what has expired and was not cleared away counts).
    pub fn namespaces(&self) -> BTreeMap<String, usize> {
        let spaces = read(&self.shared.spaces);
        spaces.all().iter().filter(|space| space.len() > 0).map(|space| (space.name.to_string(), space.len())).collect()
    }

    /// The changes of one namespace or of all from now on, of keys that begin so; at most `room` of them wait to be read.
    pub fn feed(&self, namespace: Option<&str>, prefix: &str, room: usize) -> Result<Feed, StoreError> {
        namespace.map_or(Ok(()), |name| self.none_of(name))?;
        Ok(self.shared.order.lock().feeds.open(namespace, prefix, room))
    }

    /// Keeps a namespace, or a key, from being evicted. What is there when this returns stays, so hold first and read then.
    pub fn hold(&self, namespace: &str, key: Option<&str>) -> Result<Hold, StoreError> {
        key.map_or_else(|| check_namespace(namespace), |key| check_key(namespace, key))?;
        Ok(self.shared.holds.hold(namespace, key))
    }

    pub fn stats(&self) -> Stats {
        let log = self.shared.order.lock();
        let (revision, backlog) = (log.revision, log.batch.bytes + log.writing);
        drop(log);
        let spaces = read(&self.shared.spaces);
        Stats {
            entries: spaces.entries(),
            namespaces: spaces.all().len(),
            bytes: self.shared.used(),
            evicted: self.shared.evicted(),
            revision,
            committed: if self.is_durable { self.shared.order.committed.load(Ordering::Acquire) } else { revision },
            backlog,
        }
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether a change would wait now, since the disk has fallen behind or a snapshot is being listed.
    pub fn is_pressed(&self) -> bool {
        self.shared.order.is_pressed.load(Ordering::Relaxed) || self.shared.gate.try_read().is_err()
    }

    /// Whether there is a file that changes go to.
    pub fn is_durable(&self) -> bool {
        self.is_durable
    }

    /// A namespace that nobody wrote to: nothing, or an error where the namespaces are declared and it is none of them.
    fn none_of(&self, namespace: &str) -> Result<(), StoreError> {
        check_namespace(namespace)?;
        match &self.shared.options.namespaces {
            Some(known) if !known.iter().any(|name| name == namespace) => {
                Err(StoreError::UnknownNamespace { namespace: namespace.into(), known: known.join(", ") })
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn space(&self, namespace: &str) -> Result<Option<Arc<Space>>, StoreError> {
        let found = read(&self.shared.spaces).get(namespace).cloned();
        if found.is_none() {
            self.none_of(namespace)?;
        }
        Ok(found)
    }

    /// Makes a namespace, unless somebody just did.
    pub(crate) fn new_space(&self, namespace: &str) -> Result<Arc<Space>, StoreError> {
        self.check_writable()?;
        let _gate = read(&self.shared.gate);
        let mut spaces = write(&self.shared.spaces);
        if let Some(found) = spaces.get(namespace) {
            return Ok(Arc::clone(found));
        }
        let space = spaces.next(namespace);
        let mut log = self.shared.order.lock();
        log.open()?;
        log.made(&space);
        drop(log);
        spaces.add(Arc::clone(&space));
        Ok(space)
    }
}
