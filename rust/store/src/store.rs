//! The store's doors: open, read, wait, look after. Changing is in `write`, making room in `evict`, the file in `file`.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::entry::Entry;
use crate::feed::Feed;
use crate::file::{self, Ownership};
use crate::hold::{Hold, Holds};
use crate::log::{Mode, Order};
use crate::options::{Eviction, Options};
use crate::space::{Found, Space, read, write};
use crate::write::{check_key, check_namespace};
use crate::{StoreError, log};

/// Versioned values in memory, with a file behind them if a path is given. Safe to use from many threads.
#[derive(Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    ownership: Mutex<Option<Ownership>>,
    path: Option<PathBuf>,
    is_durable: bool,
    opened_by: u32,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub options: Options,
    spaces: RwLock<HashMap<Box<str>, Arc<Space>>>,
    pub order: Order,
    pub holds: Arc<Holds>,
    /// Held for reading by every change; whoever needs a moment without any takes it for writing.
    pub gate: RwLock<()>,
    used: AtomicUsize,
    evicted: AtomicU64,
    tick: AtomicU32,
    seed: DefaultHashBuilder,
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

impl Shared {
    fn new(options: Options, revision: u64, mode: Mode) -> Self {
        Self {
            options,
            spaces: RwLock::default(),
            order: Order::new(revision, mode),
            holds: Arc::default(),
            gate: RwLock::default(),
            used: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            tick: AtomicU32::new(0),
            seed: DefaultHashBuilder::default(),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is one")]
    pub(crate) fn hash(&self, key: &str) -> u32 {
        let hash = self.seed.hash_one(key.as_bytes());
        (hash ^ (hash >> 32)) as u32
    }

    /// The next moment of use.
    pub(crate) fn tick(&self) -> u32 {
        if self.options.eviction == Eviction::None { 0 } else { self.tick.fetch_add(1, Ordering::Relaxed).wrapping_add(1) }
    }

    /// The last moment of use.
    pub(crate) fn now(&self) -> u32 {
        self.tick.load(Ordering::Relaxed)
    }

    pub(crate) fn account(&self, less: usize, more: usize) {
        self.used.fetch_add(more, Ordering::Relaxed);
        self.used.fetch_sub(less, Ordering::Relaxed);
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn count_evicted(&self) {
        self.evicted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn spaces(&self) -> Vec<Arc<Space>> {
        let mut all: Vec<_> = read(&self.spaces).values().cloned().collect();
        all.sort_by_key(|space| space.id);
        all
    }

    /// A namespace that the file has.
    pub(crate) fn recall_space(&self, id: u32, name: &str) -> Arc<Space> {
        let space = Arc::new(Space::new(id, name));
        write(&self.spaces).insert(name.into(), Arc::clone(&space));
        space
    }

    /// An entry that the file has.
    pub(crate) fn recall(&self, space: &Space, entry: Entry) {
        let cost = entry.cost();
        let hash = self.hash(entry.key());
        space.change(hash, |table| table.set(hash, entry, 0));
        self.account(0, cost);
    }
}

impl Store {
    /// A store that ends with the process.
    pub fn in_memory(options: Options) -> Self {
        Self {
            shared: Arc::new(Shared::new(options, 0, Mode::Memory)),
            writer: Mutex::default(),
            ownership: Mutex::default(),
            path: None,
            is_durable: false,
            opened_by: std::process::id(),
        }
    }

    /// A store with a file, which this process then owns. The file is made if it is missing.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let path = file::canonical(path)?;
        if path.exists() {
            drop(file::look(&path)?); // before a lock file is put beside what may be no store
        }
        let ownership = Ownership::take(&path)?;
        file::create_if_missing(&path)?;
        file::rewrite_log(&path)?;
        let revision = file::revision(&path)?;
        let shared = Arc::new(Shared::new(options, revision, Mode::Durable));
        file::load(&path, &shared)?;
        let writer = file::spawn(Arc::clone(&shared), &path)?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(writer)),
            ownership: Mutex::new(Some(ownership)),
            path: Some(path),
            is_durable: true,
            opened_by: std::process::id(),
        })
    }

    /// What a file holds, whoever owns it. Changes are refused.
    pub fn open_read_only(path: &Path, options: Options) -> Result<Self, StoreError> {
        let path = file::canonical(path)?;
        let shared = Arc::new(Shared::new(options, file::revision(&path)?, Mode::ReadOnly));
        file::load(&path, &shared)?;
        Ok(Self {
            shared,
            writer: Mutex::default(),
            ownership: Mutex::default(),
            path: Some(path),
            is_durable: false,
            opened_by: std::process::id(),
        })
    }

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

    /// The entries of a namespace whose keys begin so, by key. It looks at all keys of the namespace.
    pub fn scan(&self, namespace: &str, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let Some(space) = self.space(namespace)? else { return Ok(Vec::new()) };
        let now = self.shared.options.clock.now();
        let mut found = Vec::new();
        space.each(|table| {
            let fits = |entry: &&Entry| entry.key_bytes().starts_with(prefix.as_bytes()) && !entry.has_expired(|| now);
            found.extend(table.entries().filter(fits).cloned());
        });
        found.sort_by(|a, b| a.key_bytes().cmp(b.key_bytes()));
        Ok(found)
    }

    /// The namespaces and how many entries each has (what has expired and was not cleared away counts).
    pub fn namespaces(&self) -> BTreeMap<String, usize> {
        read(&self.shared.spaces).values().filter(|space| space.len() > 0).map(|space| (space.name.to_string(), space.len())).collect()
    }

    /// The changes of one namespace or of all from now on, of keys that begin so; at most `room` of them wait to be read.
    pub fn feed(&self, namespace: Option<&str>, prefix: &str, room: usize) -> Result<Feed, StoreError> {
        namespace.map_or(Ok(()), |name| self.none_of(name))?;
        Ok(self.shared.order.lock().feeds.open(namespace, prefix, room))
    }

    /// Keeps a namespace, or a key, from being evicted.
    pub fn hold(&self, namespace: &str, key: Option<&str>) -> Result<Hold, StoreError> {
        key.map_or_else(|| check_namespace(namespace), |key| check_key(namespace, key))?;
        Ok(self.shared.holds.hold(namespace, key))
    }

    /// Waits until the file has every change up to a version.
    pub fn wait(&self, version: u64) -> Result<(), StoreError> {
        let order = &self.shared.order;
        if !self.is_durable() || self.shared.options.broken.acknowledge_early || order.committed.load(Ordering::Acquire) >= version {
            return Ok(());
        }
        self.check_process()?;
        let mut log = order.lock();
        log.waiting += 1;
        order.work.notify_one();
        while log.failing.is_none() && order.committed.load(Ordering::Acquire) < version {
            log = log::sleep(&order.done, log);
        }
        log.waiting -= 1;
        if order.committed.load(Ordering::Acquire) >= version { Ok(()) } else { log.open() }
    }

    /// Waits until the file has all that was changed so far.
    pub fn flush(&self) -> Result<(), StoreError> {
        let revision = self.shared.order.lock().revision;
        self.wait(revision)
    }

    /// Writes the file anew, without a byte of what was removed from it. Changes go on meanwhile and wait for the disk.
    pub fn vacuum(&self) -> Result<(), StoreError> {
        if !self.is_durable() {
            return Ok(());
        }
        self.check_process()?;
        let order = &self.shared.order;
        let mut log = order.lock();
        log.open()?;
        log.vacuum += 1;
        let wanted = log.vacuum;
        log.waiting += 1;
        order.work.notify_one();
        while log.failing.is_none() && log.vacuumed < wanted {
            log = log::sleep(&order.done, log);
        }
        log.waiting -= 1;
        if log.vacuumed >= wanted { Ok(()) } else { log.open() }
    }

    /// Writes what the store holds at this moment to a new file, which can be opened as a store.
    pub fn snapshot(&self, path: &Path) -> Result<(), StoreError> {
        let path = file::canonical(path)?;
        if path.exists() {
            return Err(crate::write::unusable(format!("{} exists", path.display()), "name a path where nothing is"));
        }
        file::write_copy(&self.shared, &path)
    }

    pub fn stats(&self) -> Stats {
        let log = self.shared.order.lock();
        let (revision, backlog) = (log.revision, log.batch.bytes + log.writing);
        drop(log);
        let spaces = read(&self.shared.spaces);
        Stats {
            entries: spaces.values().map(|space| space.len()).sum(),
            namespaces: spaces.len(),
            bytes: self.shared.used(),
            evicted: self.shared.evicted.load(Ordering::Relaxed),
            revision,
            committed: if self.is_durable() { self.shared.order.committed.load(Ordering::Acquire) } else { revision },
            backlog,
        }
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Writes what waits, and lets the file go. A store in memory is only closed.
    pub fn close(&self) -> Result<(), StoreError> {
        let flushed = if self.is_durable() && self.check_process().is_ok() { self.flush() } else { Ok(()) };
        self.shared.order.lock().closing = true;
        self.shared.order.work.notify_all();
        self.shared.order.done.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.opened_by == std::process::id()
            && let Some(writer) = writer
            && writer.join().is_err()
        {
            return Err(crate::write::unusable("the store's writer panicked".into(), "report this: it is a mistake in the store"));
        }
        drop(self.ownership.lock().unwrap_or_else(PoisonError::into_inner).take());
        flushed
    }

    /// Whether a change would wait now, since the disk has fallen behind.
    pub fn is_pressed(&self) -> bool {
        self.shared.order.is_pressed.load(Ordering::Relaxed)
    }

    /// Whether there is a file that changes go to.
    pub fn is_durable(&self) -> bool {
        self.is_durable
    }

    fn check_process(&self) -> Result<(), StoreError> {
        let used_by = std::process::id();
        if used_by == self.opened_by { Ok(()) } else { Err(StoreError::Forked { opened_by: self.opened_by, used_by }) }
    }

    pub(crate) fn check_writable(&self) -> Result<(), StoreError> {
        let log = self.shared.order.lock();
        if log.mode == Mode::ReadOnly {
            return Err(StoreError::ReadOnly { path: self.path.clone().unwrap_or_default() });
        }
        log.open()?;
        let is_durable = log.mode == Mode::Durable;
        drop(log);
        if is_durable { self.check_process() } else { Ok(()) }
    }

    pub(crate) fn all_spaces(&self) -> Vec<Arc<Space>> {
        self.shared.spaces()
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

    pub(crate) fn space_or_new(&self, namespace: &str) -> Result<Arc<Space>, StoreError> {
        if let Some(found) = self.space(namespace)? {
            return Ok(found);
        }
        self.check_writable()?;
        let _gate = read(&self.shared.gate);
        let mut spaces = write(&self.shared.spaces);
        if let Some(found) = spaces.get(namespace) {
            return Ok(Arc::clone(found));
        }
        let id = spaces.values().map(|space| space.id).max().unwrap_or_default() + 1;
        let space = Arc::new(Space::new(id, namespace));
        let mut log = self.shared.order.lock();
        log.open()?;
        log.made(&space);
        drop(log);
        spaces.insert(namespace.into(), Arc::clone(&space));
        Ok(space)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.close(); // whoever wants to know calls close
    }
}
