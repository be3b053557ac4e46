//! A part of a namespace: entries in an array, found by hash, with those that expire in a heap. It knows no locks and no clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU32, Ordering};

use hashbrown::HashTable;

use crate::entry::Entry;

/// An entry, when it was used last, and the hash that finds it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub entry: Entry,
    pub used: AtomicU32,
    hash: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// Places in `slots`.
    places: HashTable<u32>,
    /// What expires, soonest first: when, the hash, the version. Entries that were replaced or deleted are passed over.
    due: BinaryHeap<Reverse<(u64, u32, u64)>>,
}

/// 32 bits of hash, spread over 64 as the table wants them.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        let fits = |place: &u32| self.slots.get(*place as usize).is_some_and(|slot| slot.hash == hash && slot.entry.key_bytes() == key);
        self.places.find(spread(hash), fits).copied()
    }

    pub(crate) fn get(&self, hash: u32, key: &[u8]) -> Option<&Slot> {
        self.slots.get(self.find(hash, key)? as usize)
    }

    /// The slot at a place, for whoever draws places at random.
    pub(crate) fn at(&self, place: usize) -> Option<&Slot> {
        self.slots.get(place)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().map(|slot| &slot.entry)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Puts an entry in its place; gives the one that was there.
    pub(crate) fn set(&mut self, hash: u32, entry: Entry, used: u32) -> Option<Entry> {
        if entry.expires() != 0 {
            self.due.push(Reverse((entry.expires(), hash, entry.version())));
        }
        if let Some(place) = self.find(hash, entry.key_bytes()) {
            let slot = self.slots.get_mut(place as usize)?;
            slot.used = AtomicU32::new(used);
            return Some(std::mem::replace(&mut slot.entry, entry));
        }
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(4 + self.slots.len() / 4); // doubling would leave half of it empty
        }
        let place = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot { entry, used: AtomicU32::new(used), hash });
        let Self { slots, places, .. } = self;
        places.insert_unique(spread(hash), place, |place| slots.get(*place as usize).map_or(0, |slot| spread(slot.hash)));
        None
    }

    pub(crate) fn remove(&mut self, hash: u32, key: &[u8]) -> Option<Entry> {
        let place = self.find(hash, key)?;
        self.places.find_entry(spread(hash), |other| *other == place).ok()?.remove();
        let gone = self.slots.swap_remove(place as usize);
        let moved = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        if let Some(slot) = self.slots.get(place as usize)
            && let Some(other) = self.places.find_mut(spread(slot.hash), |other| *other == moved)
        {
            *other = place;
        }
        if self.slots.capacity() > 64 && self.slots.len() < self.slots.capacity() / 4 {
            self.slots.shrink_to(self.slots.len() * 2);
            let Self { slots, places, .. } = self;
            places.shrink_to(slots.len() * 2, |place| slots.get(*place as usize).map_or(0, |slot| spread(slot.hash)));
        }
        Some(gone.entry)
    }

    /// The next entry that has expired, taken out.
    pub(crate) fn take_expired(&mut self, now: u64) -> Option<Entry> {
        let (expires, place) = self.due_first()?;
        if expires > now {
            return None;
        }
        let slot = self.slots.get(place as usize)?;
        let (hash, entry) = (slot.hash, slot.entry.clone());
        self.remove(hash, entry.key_bytes())
    }

    /// When the next entry expires.
    pub(crate) fn next_due(&mut self) -> Option<u64> {
        self.due_first().map(|(expires, _)| expires)
    }

    /// The slot of what expires next.
    pub(crate) fn first_due(&mut self) -> Option<&Slot> {
        let (_, place) = self.due_first()?;
        self.slots.get(place as usize)
    }

    /// What expires next, and its place. Takes what no longer matters out of the heap.
    fn due_first(&mut self) -> Option<(u64, u32)> {
        while let Some(Reverse((expires, hash, version))) = self.due.peek() {
            if let Some(place) = self.place_of(*hash, *version) {
                return Some((*expires, place));
            }
            self.due.pop();
        }
        None
    }

    fn place_of(&self, hash: u32, version: u64) -> Option<u32> {
        let fits = |place: &u32| self.slots.get(*place as usize).is_some_and(|slot| slot.hash == hash && slot.entry.version() == version);
        self.places.find(spread(hash), fits).copied()
    }

    /// All slots' entries, for tables that are made anew from them.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (u32, Entry, u32)> {
        self.slots.into_iter().map(|slot| (slot.hash, slot.entry, slot.used.into_inner()))
    }

    /// Drops stale places from the heap when they outnumber what is there, so that rewriting one key does not fill the memory.
    pub(crate) fn tidy(&mut self) {
        if self.due.len() > 64 && self.due.len() > 2 * self.slots.len() {
            let due = std::mem::take(&mut self.due);
            self.due = due.into_iter().filter(|Reverse((_, hash, version))| self.place_of(*hash, *version).is_some()).collect();
        }
    }
}

impl Slot {
    pub(crate) fn touch(&self, tick: u32) {
        self.used.store(tick, Ordering::Relaxed);
    }
}
