//! Nearest vectors by cosine, found by an exact scan. It decides which rows are nearest, and never what they mean.
//!
//! Every sum has a fixed order, so the same index and query give the same bits on every machine.
//!
//! ```
//! use interlock_vector::Index;
//!
//! let index = Index::build(2, vec![1.0, 0.0, 0.0, 5.0], vec![7, 8])?;
//! let hits = index.search(&[0.1, 2.0], 1)?;
//! assert_eq!((hits[0].row, hits[0].label), (1, 8));
//! # Ok::<(), interlock_vector::VectorError>(())
//! ```

mod error;
mod index;
mod product;
mod revision;
mod top;

pub use error::VectorError;
pub use index::{Hit, Index};
