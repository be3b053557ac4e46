//! Hashes of leaves and nodes, and the tree's right edge, which is all that appending needs.

use interlock_kernel::Digest;
use sha2::{Digest as _, Sha256};

/// A leaf's hash: `SHA-256(0x00 || frame)`.
pub fn leaf(frame: &[u8]) -> Digest {
    Digest(Sha256::new().chain_update([0]).chain_update(frame).finalize().into())
}

/// An inner node's hash: `SHA-256(0x01 || left || right)`.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Digest(Sha256::digest(bytes).into())
}

/// The tree's right edge: the roots of its complete subtrees, largest first. All that appending needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds a frontier from [`Frontier::parts`]; nothing if the number of peaks does not fit the size.
    pub fn from_parts(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// The size and the peaks, for keeping.
    pub fn parts(&self) -> (u64, &[Digest]) {
        (self.size, &self.peaks)
    }

    /// Appends a leaf's hash. One inner node a leaf on average, O(log n) at worst.
    pub fn push(&mut self, leaf: Digest) {
        self.push_seen(leaf, |_, _, _| ());
    }

    /// As [`Frontier::push`], and shows each subtree that the leaf completes: its height, its number among those of that
    /// height, and its root. The first is the leaf itself.
    pub(super) fn push_seen(&mut self, leaf: Digest, mut completed: impl FnMut(u32, u64, &Digest)) {
        let mut hash = leaf;
        completed(0, self.size, &hash);
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
                completed(height, self.size >> height, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root; the hash of nothing for the empty tree.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Digest(Sha256::digest([]).into()),
            Some(last) => peaks.fold(*last, |right, left| node(left, &right)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// RFC 6962, section 2.1, word for word.
    pub(crate) fn naive(leaves: &[Digest]) -> Digest {
        match leaves.len() {
            0 => Digest(Sha256::digest([]).into()),
            1 => leaves[0],
            n => {
                let split = n.next_power_of_two() / 2;
                node(&naive(&leaves[..split]), &naive(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_empty_tree_has_the_root_of_the_rfc() {
        assert_eq!(Frontier::new().root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn the_leaf_of_nothing_is_the_known_one() {
        assert_eq!(leaf(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn every_size_agrees_with_the_recursive_definition() {
        let leaves: Vec<_> = (0_u32..300).map(|number| leaf(&number.to_le_bytes())).collect();
        let mut frontier = Frontier::new();
        for (size, next) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), naive(&leaves[..size]), "at size {size}");
            frontier.push(*next);
        }
        assert_eq!((frontier.root(), frontier.size()), (naive(&leaves), 300));
    }

    #[test]
    fn a_frontier_can_be_kept_and_rebuilt() {
        let mut frontier = Frontier::new();
        (0_u8..13).for_each(|number| frontier.push(leaf(&[number])));
        let (size, peaks) = (frontier.parts().0, frontier.parts().1.to_vec());
        let mut again = Frontier::from_parts(size, peaks.clone()).unwrap();
        assert_eq!(again, frontier);
        again.push(leaf(b"next"));
        frontier.push(leaf(b"next"));
        assert_eq!(again.root(), frontier.root());
        assert_eq!(Frontier::from_parts(12, peaks), None);
    }
}
