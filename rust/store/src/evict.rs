//! Making room under the cap. It chooses whom to put out; the change itself is a change like any other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::StoreError;
use crate::entry::Entry;
use crate::options::Eviction;
use crate::space::Space;
use crate::store::{Shared, Store};
use crate::table::Slot;

/// Up to so many entries, all are looked at.
const EXACT: usize = 1_024;
/// Beyond, so many are drawn. Ten are what Redis draws for a good likeness of LRU; more cost little here.
const DRAWN: usize = 32;

/// Less goes first.
type Rank = (bool, u64);

/// A candidate, where it lies.
struct Victim {
    rank: Rank,
    space: Arc<Space>,
    entry: Entry,
}

impl Store {
    /// Puts out what the declared eviction lets, until so many bytes more fit under the cap.
    pub(crate) fn make_room(&self, space: &Space, key: &str, bytes: usize) -> Result<(), StoreError> {
        let shared = &self.shared;
        let Some(cap) = shared.options.cap else { return Ok(()) };
        let hash = shared.hash(key);
        let replaced = || space.look(hash, |table| table.get(hash, key.as_bytes()).map_or(0, |slot| slot.entry.cost())).unwrap_or_default();
        let refused = |why| {
            let (namespace, key) = (space.name.to_string(), key.to_owned());
            StoreError::Full { namespace, key, bytes, used: shared.used(), cap, why }
        };
        if bytes > cap {
            return Err(refused("the cap is less than that"));
        }
        let mut has_swept = false;
        while shared.used() + bytes > cap + replaced() {
            if !has_swept {
                has_swept = true;
                self.sweep()?;
                continue;
            }
            if shared.options.eviction == Eviction::None {
                return Err(refused("nothing may be evicted"));
            }
            let Some(victim) = self.choose((space, key)) else {
                let (namespace, key) = (space.name.to_string(), key.to_owned());
                return Err(StoreError::Held { namespace, key, bytes });
            };
            if self.evict(&victim.space, &victim.entry)? {
                shared.count_evicted();
            }
        }
        Ok(())
    }

    /// Who goes next: nobody that is held, and not the key that room is made for.
    fn choose(&self, spared: (&Space, &str)) -> Option<Victim> {
        let spaces = self.all_spaces();
        let total: usize = spaces.iter().map(|space| space.len()).sum();
        if total > EXACT
            && let Some(drawn) = self.draw(&spaces, spared)
        {
            return Some(drawn);
        }
        let mut best = None;
        for space in &spaces {
            space.each(|table| {
                for slot in table.slots() {
                    self.consider(&mut best, space, slot, spared);
                }
            });
        }
        best
    }

    fn draw(&self, spaces: &[Arc<Space>], spared: (&Space, &str)) -> Option<Victim> {
        let (mut best, mut random) = (None, Random(u64::from(self.shared.tick()) ^ self.shared.used() as u64 | 1));
        for _ in 0..DRAWN {
            let Some(space) = spaces.get(random.below(spaces.len())) else { break };
            let (part, place) = (random.next(), random.next());
            space.draw(part, |table| {
                if table.len() > 0
                    && let Some(slot) = table.at(place % table.len())
                {
                    self.consider(&mut best, space, slot, spared);
                }
                if self.shared.options.eviction == Eviction::TtlFirst
                    && let Some(slot) = table.first_due()
                {
                    self.consider(&mut best, space, slot, spared);
                }
            });
        }
        best
    }

    fn consider(&self, best: &mut Option<Victim>, space: &Arc<Space>, slot: &Slot, (not, at): (&Space, &str)) {
        let rank = self.shared.rank(slot);
        if best.as_ref().is_some_and(|best| best.rank <= rank) {
            return;
        }
        let is_spared = (space.id == not.id && slot.entry.key() == at) || self.shared.holds.has(&space.name, slot.entry.key());
        if !is_spared {
            *best = Some(Victim { rank, space: Arc::clone(space), entry: slot.entry.clone() });
        }
    }
}

impl Shared {
    fn rank(&self, slot: &Slot) -> Rank {
        let expires = slot.entry.expires();
        if self.options.eviction == Eviction::TtlFirst && expires != 0 {
            return (false, expires);
        }
        let age = self.now().wrapping_sub(slot.used.load(Ordering::Relaxed));
        (true, u64::from(u32::MAX - age))
    }
}

/// Xorshift. Nothing depends on its being good.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize
    }

    fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.next() % count }
    }
}
