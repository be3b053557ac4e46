//! What was looked at lately, in two generations: when the younger one is full, the older one goes. What the file does not have yet
//! stays. Without a file nothing goes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

pub(crate) struct Cache<K, V, S = RandomState> {
    young: HashMap<K, (u64, V), S>,
    old: HashMap<K, (u64, V), S>,
    limit: usize,
}

impl<K: Hash + Eq, V: Clone, S: BuildHasher + Default> Cache<K, V, S> {
    /// At most about twice as many entries as `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), limit }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key)).map(|(_, value)| value)
    }

    /// `since` is the revision that puts it into the file, and `committed` up to which revision the file has everything.
    pub(crate) fn put(&mut self, key: K, value: V, since: u64, committed: u64) {
        if self.young.len() >= self.limit {
            let mut gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            gone.retain(|_, (since, _)| *since > committed);
            self.young = gone;
        }
        self.young.insert(key, (since, value));
    }

    /// Everything that is held; an entry that was put anew may come twice.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old).map(|(key, (_, value))| (key, value))
    }

    pub(crate) fn retain(&mut self, keeps: impl Fn(&K, &V) -> bool) {
        self.young.retain(|key, (_, value)| keeps(key, value));
        self.old.retain(|key, (_, value)| keeps(key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_lacks_stays_and_the_rest_goes() {
        let mut cache: Cache<u64, u64> = Cache::new(10);
        for number in 0..1000_u64 {
            let since = if number % 100 == 0 { 5 } else { 0 };
            cache.put(number, number, since, 4);
        }
        assert!((0..1000).step_by(100).all(|number| cache.get(&number) == Some(&number)));
        assert!((0..1000).filter(|number| cache.get(number).is_some()).count() < 50);
        cache.retain(|key, _| *key != 100);
        assert_eq!(cache.get(&100), None);
    }
}
