//! Proofs that a leaf is in a tree, and that a smaller tree is the beginning of a larger one: RFC 6962, sections 2.1.1
//! and 2.1.2; verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, describe.
//!
//! What a proof consists of follows from the sizes alone. So the leaves pass by once, and only the subtrees that the
//! asked-for proofs consist of are kept: O(log n) hashes a proof, however large the tree.

use std::ops::Range;

use interlock_kernel::Digest;
use rustc_hash::FxHashMap;

use super::tree::{Frontier, node};

/// Proofs in the making: ask for them, let the tree's leaves pass by, take them.
///
/// ```
/// use interlock_journal::merkle::{Proofs, leaf, verify_inclusion};
///
/// let mut proofs = Proofs::new(5);
/// proofs.want_inclusion(3);
/// (0_u8..5).for_each(|number| proofs.push(leaf(&[number])));
/// let path = proofs.inclusion(3).unwrap();
/// assert!(verify_inclusion(&leaf(&[3]), 3, 5, &path, &proofs.root()));
/// ```
#[derive(Debug)]
pub struct Proofs {
    size: u64,
    frontier: Frontier,
    /// Complete subtrees by height and number.
    kept: FxHashMap<(u32, u64), Option<Digest>>,
}

impl Proofs {
    /// Proofs in the tree of the first `size` leaves.
    pub fn new(size: u64) -> Self {
        Self { size, frontier: Frontier::new(), kept: FxHashMap::default() }
    }

    /// Asks for the proof that leaf `index` is in the tree.
    pub fn want_inclusion(&mut self, index: u64) {
        self.want(inclusion_ranges(index, self.size));
    }

    /// Asks for the proof that the first `older` leaves are the beginning of the tree.
    pub fn want_consistency(&mut self, older: u64) {
        self.want(consistency_ranges(older, self.size));
    }

    fn want(&mut self, ranges: Vec<Range<u64>>) {
        for range in ranges {
            self.kept.extend(pieces(range).map(|piece| (piece, None)));
        }
    }

    /// The next leaf's hash. Those beyond the tree's size are ignored.
    pub fn push(&mut self, leaf: Digest) {
        if self.frontier.size() < self.size {
            let kept = &mut self.kept;
            self.frontier.push_seen(leaf, |height, number, hash| {
                if let Some(place) = kept.get_mut(&(height, number)) {
                    *place = Some(*hash);
                }
            });
        }
    }

    /// The root over the leaves that passed by.
    pub fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// How many leaves passed by.
    pub fn seen(&self) -> u64 {
        self.frontier.size()
    }

    /// The path from the leaf to the root. Nothing if it was not asked for, or leaves are missing yet.
    pub fn inclusion(&self, index: u64) -> Option<Vec<Digest>> {
        if index < self.size { self.take(inclusion_ranges(index, self.size)) } else { None }
    }

    /// What proves that the first `older` leaves are the beginning of the tree. Nothing if it was not asked for, or leaves
    /// are missing yet, or there can be no such proof: of nothing, or of more leaves than there are.
    pub fn consistency(&self, older: u64) -> Option<Vec<Digest>> {
        if (1..=self.size).contains(&older) { self.take(consistency_ranges(older, self.size)) } else { None }
    }

    fn take(&self, ranges: Vec<Range<u64>>) -> Option<Vec<Digest>> {
        ranges.into_iter().map(|range| self.hash(range)).collect()
    }

    /// The root over a range that a proof names: its complete subtrees, folded from the right.
    fn hash(&self, range: Range<u64>) -> Option<Digest> {
        let found: Option<Vec<Digest>> = pieces(range).map(|piece| self.kept.get(&piece).copied().flatten()).collect();
        found?.into_iter().rev().reduce(|right, left| node(&left, &right))
    }
}

/// The largest power of two below `n`, which is above 1.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The leaves below each node of `PATH(index, D[size])`, the leaf's side first.
fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut low, mut high, mut ranges) = (0, size, Vec::new());
    while high.saturating_sub(low) > 1 {
        let middle = low + split(high - low);
        if index < middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The leaves below each node of `PROOF(older, D[size])`.
fn consistency_ranges(older: u64, size: u64) -> Vec<Range<u64>> {
    let (mut low, mut high, mut ranges) = (0, size, Vec::new());
    if older == 0 || older > size {
        return ranges;
    }
    while older != high {
        let middle = low + split(high - low);
        if older <= middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
        }
    }
    if low != 0 {
        ranges.push(low..high); // the verifier does not have this one: it is no whole older tree
    }
    ranges.reverse();
    ranges
}

/// The complete subtrees that a range of a proof is made of, by height and number, from the left: the largest first.
fn pieces(range: Range<u64>) -> impl Iterator<Item = (u32, u64)> {
    let mut low = range.start;
    std::iter::from_fn(move || {
        let height = (range.end.checked_sub(low)?).checked_ilog2()?;
        let number = low >> height;
        low += 1 << height;
        Some((height, number))
    })
}

/// Whether the leaf stands at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest], root: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut own, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if own & 1 == 1 || own == last {
            hash = node(beside, &hash);
            let skipped = own.trailing_zeros(); // a node at the right edge without a sibling is its child; an odd one has one
            (own, last) = (own >> skipped, last >> skipped);
        } else {
            hash = node(&hash, beside);
        }
        (own, last) = (own >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the tree of `older` (its size and root) is the beginning of the tree of `newer`.
pub fn verify_consistency(older: (u64, &Digest), newer: (u64, &Digest), path: &[Digest]) -> bool {
    let ((first, first_root), (second, second_root)) = (older, newer);
    if first == 0 || first > second {
        return false;
    }
    if first == second {
        return path.is_empty() && first_root == second_root;
    }
    let mut path = path.iter();
    let start = if first.is_power_of_two() { Some(first_root) } else { path.next() };
    let Some(start) = start else { return false };
    let skipped = (first - 1).trailing_ones();
    let (mut own, mut last) = ((first - 1) >> skipped, (second - 1) >> skipped);
    let (mut first_hash, mut second_hash) = (*start, *start);
    for beside in path {
        if last == 0 {
            return false;
        }
        if own & 1 == 1 || own == last {
            first_hash = node(beside, &first_hash);
            second_hash = node(beside, &second_hash);
            let skipped = own.trailing_zeros();
            (own, last) = (own >> skipped, last >> skipped);
        } else {
            second_hash = node(&second_hash, beside);
        }
        (own, last) = (own >> 1, last >> 1);
    }
    last == 0 && first_hash == *first_root && second_hash == *second_root
}

#[cfg(test)]
mod tests;
