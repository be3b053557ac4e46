//! Nearest vectors: which rows are nearest to a query, and never what they mean.
//!
//! [`VectorIndex`] changes, filters, is kept in files, and walks through a graph when its rows are many. [`Index`] is the small set of
//! labelled examples that routing decides by: immutable, by cosine, and always looked at as a whole.
//!
//! Every sum of floats has a fixed order, so the same index and query give the same bits on every machine.
//!
//! ```
//! use interlock_vector::{Filter, Metric, Shape, Storage, VectorIndex};
//!
//! let index = VectorIndex::new(Shape::new(2, Metric::L2, Storage::F32)?);
//! index.add(&[40, 41], &[1.0, 0.0, 0.0, 5.0], &[Some("public"), Some("secret")], false)?;
//! let public = Filter { labels: Some(&["public"]), ..Filter::default() };
//! let found = index.search(&[0.0, 4.0], 1, public, 0.95)?;
//! assert_eq!((found[0].id, found[0].score), (40, 17.0));
//! # Ok::<(), interlock_vector::VectorError>(())
//! ```
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
