//! Making room under the cap. It chooses whom to put out; the change itself is a change like any other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::entry::Entry;
use crate::options::Eviction;
use crate::shared::Shared;
use crate::space::{Space, read};
use crate::store::Store;
use crate::table::{Slot, Table};
use crate::{StoreError, odds};

/// Up to so many entries, all are looked at.
const EXACT: usize = 1_024;
/// Beyond, so many are drawn. Ten are what Redis draws for a good likeness of LRU; more cost little here.
const DRAWN: usize = 32;
/// How many draws may meet an empty table for each that meets an entry.
const MISSED: usize = 8;

/// Less goes first.
type Rank = (bool, u64);

/// The key that room is made for, and its namespace if there is one already.
type Spared<'a> = (Option<&'a Space>, &'a str);

/// A candidate, where it lies.
struct Victim {
    rank: Rank,
    space: Arc<Space>,
    entry: Entry,
}

/// Bytes that are counted as used for a change that is being made. What is not spent is given back.
pub(crate) struct Room {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Room {
    /// Whether it is that much, or could be made so.
    pub(crate) fn suffices(&mut self, needed: usize) -> bool {
        let more = needed.saturating_sub(self.bytes);
        let is_there = self.shared.reserve(more, self.shared.options.cap.unwrap_or(usize::MAX));
        self.bytes += if is_there { more } else { 0 };
        is_there
    }

    /// How many bytes were counted, for whoever counts the real ones in their place.
    pub(crate) fn spend(mut self) -> usize {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.account(self.bytes, 0);
    }
}

impl Store {
    /// Puts out what the declared eviction lets, until so many bytes more fit under the cap, and keeps that room for the caller.
    pub(crate) fn make_room(&self, namespace: &str, space: Option<&Space>, key: &str, bytes: usize) -> Result<Option<Room>, StoreError> {
        let shared = &self.shared;
        let Some(cap) = shared.options.cap else { return Ok(None) };
        let hash = shared.hash(key);
        let cost = |table: &Table| table.get(hash, key.as_bytes()).map_or(0, |slot| slot.entry.cost());
        let refused = |why| {
            let (namespace, key) = (namespace.to_owned(), key.to_owned());
            StoreError::Full { namespace, key, bytes, used: shared.used(), cap, why }
        };
        if bytes > cap {
            return Err(refused("the cap is less than that"));
        }
        let mut has_swept = false;
        loop {
            let replaced = space.and_then(|space| space.look(hash, cost)).unwrap_or_default();
            let more = bytes.saturating_sub(replaced);
            if shared.reserve(more, cap) {
                return Ok(Some(Room { shared: Arc::clone(shared), bytes: more }));
            }
            if !has_swept {
                has_swept = true;
                if shared.may_have_expired() {
                    self.sweep()?;
                    continue;
                }
            }
            if shared.options.eviction == Eviction::None {
                return Err(refused("nothing may be evicted"));
            }
            let Some(victim) = self.choose((space, key)) else {
                return Err(StoreError::Held { namespace: namespace.into(), key: key.into(), bytes });
            };
            if self.evict(&victim.space, &victim.entry)? {
                shared.count_evicted();
            }
        }
    }

    /// Who goes next: nobody that is held, and not the key that room is made for.
    fn choose(&self, spared: Spared<'_>) -> Option<Victim> {
        let spaces = read(&self.shared.spaces);
        if spaces.entries() > EXACT
            && let Some(drawn) = [false, true].into_iter().find_map(|are_fresh| self.draw(spaces.all(), spared, are_fresh))
        {
            return Some(drawn);
        }
        let mut best = None;
        for space in spaces.all() {
            space.each(|table| {
                for slot in table.slots() {
                    self.consider(&mut best, space, slot, spared);
                }
            });
        }
        best
    }

    fn draw(&self, spaces: &[Arc<Space>], spared: Spared<'_>, are_fresh: bool) -> Option<Victim> {
        let odds = self.shared.odds.sums(spaces, are_fresh);
        let (mut best, mut random) = (None, Random(u64::from(self.shared.tick()) ^ self.shared.used() as u64 | 1));
        let mut drawn = 0;
        for _ in 0..MISSED * DRAWN {
            let space = spaces.get(odds::place(&odds, random.below(odds.last().copied().unwrap_or_default())))?;
            let (part, place) = (random.next(), random.next());
            space.draw(part, |table| {
                if table.len() > 0
                    && let Some(slot) = table.at(place % table.len())
                {
                    drawn += 1;
                    self.consider(&mut best, space, slot, spared);
                }
                if self.shared.options.eviction == Eviction::TtlFirst
                    && let Some(slot) = table.first_due()
                {
                    self.consider(&mut best, space, slot, spared);
                }
            });
            if drawn == DRAWN {
                break;
            }
        }
        best
    }

    fn consider(&self, best: &mut Option<Victim>, space: &Arc<Space>, slot: &Slot, (not, at): Spared<'_>) {
        let rank = self.shared.rank(slot);
        if best.as_ref().is_some_and(|best| best.rank <= rank) {
            return;
        }
        let is_spared =
            (not.is_some_and(|not| not.id == space.id) && slot.entry.key() == at) || self.shared.holds.has(&space.name, slot.entry.key());
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
