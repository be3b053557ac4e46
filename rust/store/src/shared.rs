//! What all threads of a store share: its namespaces, the order of its changes, what is held, and how much is used.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use hashbrown::DefaultHashBuilder;

use crate::entry::Entry;
use crate::hold::Holds;
use crate::log::{Mode, Order};
use crate::odds::Odds;
use crate::options::{Eviction, Options};
use crate::space::{Space, read};
use crate::spaces::Spaces;

/// Locks are taken in this order: the gate, the namespaces, the parts of one, one part, the log, a feed.
#[derive(Debug)]
pub(crate) struct Shared {
    pub options: Options,
    pub spaces: RwLock<Spaces>,
    pub order: Order,
    pub holds: Arc<Holds>,
    /// Held for reading by every change; whoever needs a moment without any takes it for writing.
    pub gate: RwLock<()>,
    pub odds: Odds,
    used: AtomicUsize,
    evicted: AtomicU64,
    tick: AtomicU32,
    /// No entry expires before, in microseconds since 1970.
    earliest: AtomicU64,
    seed: DefaultHashBuilder,
}

impl Shared {
    pub(crate) fn new(options: Options, mode: Mode) -> Self {
        Self {
            options,
            spaces: RwLock::default(),
            order: Order::new(mode),
            holds: Arc::default(),
            gate: RwLock::default(),
            odds: Odds::default(),
            used: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            tick: AtomicU32::new(0),
            earliest: AtomicU64::new(u64::MAX),
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

    /// Counts what came and what went at once, so that nobody sees more in use than is.
    pub(crate) fn account(&self, less: usize, more: usize) {
        if more >= less {
            self.used.fetch_add(more - less, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(less - more, Ordering::Relaxed);
        }
    }

    /// Counts so many bytes as used, if they fit under the cap.
    pub(crate) fn reserve(&self, bytes: usize, cap: usize) -> bool {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| bytes == 0 || *sum <= cap);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn count_evicted(&self) {
        self.evicted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Notes when something expires; 0 for never.
    pub(crate) fn expires_at(&self, moment: u64) {
        if moment != 0 {
            self.earliest.fetch_min(moment, Ordering::AcqRel);
        }
    }

    /// Forgets the moments, for whoever looks at all entries and notes them anew.
    pub(crate) fn forget_moments(&self) {
        self.earliest.store(u64::MAX, Ordering::Release);
    }

    /// Whether something may have expired.
    pub(crate) fn may_have_expired(&self) -> bool {
        let earliest = self.earliest.load(Ordering::Acquire);
        earliest != u64::MAX && earliest <= self.options.clock.now()
    }

    pub(crate) fn all_spaces(&self) -> Vec<Arc<Space>> {
        read(&self.spaces).all().to_vec()
    }

    /// An entry that the file has. False if its key is there already.
    pub(crate) fn recall(&self, space: &Space, entry: Entry) -> bool {
        let (cost, hash) = (entry.cost(), self.hash(entry.key()));
        self.expires_at(entry.expires());
        let before = space.change(hash, |table| table.set(hash, entry, 0)).flatten();
        self.account(0, cost);
        before.is_none()
    }
}
