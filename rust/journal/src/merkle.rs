//! The Merkle tree over all frames in commit order, as RFC 6962 defines it. It hashes and never reads a frame.

mod proof;
mod tree;

pub use proof::{Proofs, verify_consistency, verify_inclusion};
pub use tree::{Frontier, leaf, node};
