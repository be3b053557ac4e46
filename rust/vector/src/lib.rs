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

mod bits;
mod check;
mod codes;
mod content;
mod error;
mod file;
mod find;
mod graph;
mod half;
mod hnswlib;
mod ids;
mod index;
mod kernel;
mod labels;
mod link;
mod order;
mod product;
mod revision;
mod rows;
mod search;
mod shape;
mod stream;
mod threads;
mod top;
mod tuning;
mod unlink;
mod vector_index;
mod walk;

pub use error::VectorError;
pub use find::Found;
pub use index::{Hit, Index};
pub use search::{Filter, Subset};
pub use shape::{MOST_DIMENSIONS, Metric, Shape, Storage};
pub use vector_index::{Stats, VectorIndex};
