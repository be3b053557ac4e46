//! Which namespace to draw from, so that every entry is about as likely to be drawn, however unlike the sizes of namespaces are.

use std::sync::{Arc, Mutex, PoisonError};

use crate::space::Space;

/// After so many draws at least, sizes are looked at again; with more namespaces than that, after as many as there are.
const DRAWS: usize = 64;

/// For each namespace, how many entries it and those before it had.
type Sums = Arc<[usize]>;

#[derive(Debug, Default)]
pub(crate) struct Odds {
    kept: Mutex<(Sums, usize)>,
}

impl Odds {
    /// As they were a few draws ago, or as they are now.
    pub(crate) fn sums(&self, spaces: &[Arc<Space>], are_fresh: bool) -> Sums {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (sums, left) = &mut *kept;
        if *left == 0 || are_fresh {
            let mut sum = 0;
            let grow = |space: &Arc<Space>| {
                sum += space.len();
                sum
            };
            *sums = spaces.iter().map(grow).collect();
            *left = spaces.len().max(DRAWS);
        }
        *left -= 1;
        Arc::clone(sums)
    }
}

/// The place of the namespace that has this entry, counted through all of them.
pub(crate) fn place(sums: &[usize], entry: usize) -> usize {
    sums.partition_point(|sum| *sum <= entry)
}
