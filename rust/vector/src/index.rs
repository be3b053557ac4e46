//! The index: unit rows one after another, and the scan over them.

use crate::VectorError;
use crate::product::{Directionless, LANES, dot, normalise};
use crate::revision;
use crate::top::Top;

/// Labelled vectors that can be searched. Immutable; a changed set of examples is a new index with another revision.
#[derive(Debug, Clone)]
pub struct Index {
    dim: usize,
    /// The row's room: `dim`, rounded up to whole lanes. What a row does not fill is 0 and changes no product.
    stride: usize,
    /// Row-major, every row of length 1.
    vectors: Box<[f32]>,
    labels: Box<[u32]>,
    revision: u64,
}

/// One row near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub row: u32,
    pub label: u32,
    /// The cosine, from -1 to 1.
    pub score: f32,
}

impl Index {
    /// Take rows of any length, row-major, with a label each.
    pub fn build(dim: usize, mut vectors: Vec<f32>, labels: Vec<u32>) -> Result<Self, VectorError> {
        if dim == 0 {
            return Err(VectorError::NoDimension);
        }
        if labels.len().checked_mul(dim) != Some(vectors.len()) {
            return Err(VectorError::Length { values: vectors.len(), labels: labels.len(), dim });
        }
        let rows = u32::try_from(labels.len()).map_err(|_| VectorError::TooManyRows { rows: labels.len() })?;
        for (row, vector) in vectors.chunks_exact_mut(dim).enumerate() {
            normalise(vector).map_err(|why| match why {
                Directionless::NotFinite { column } => VectorError::NotFinite { row, column },
                Directionless::Zero => VectorError::Zero { row },
            })?;
        }
        let words = vectors.iter().map(|value| value.to_bits());
        let revision = revision::hash(std::iter::once(rows).chain(words).chain(labels.iter().copied()));
        let stride = dim.next_multiple_of(LANES);
        let vectors = if stride == dim { vectors } else { widen(&vectors, dim, stride) };
        Ok(Self { dim, stride, vectors: vectors.into(), labels: labels.into(), revision })
    }

    /// The `k` rows nearest to the query by cosine, best first; of equals, the lower row first.
    pub fn search(&self, query: &[f32], k: usize) -> Result<Vec<Hit>, VectorError> {
        if k == 0 {
            return Err(VectorError::NoneWanted);
        }
        if query.len() != self.dim {
            return Err(VectorError::QueryLength { given: query.len(), dim: self.dim });
        }
        let mut query = query.to_vec();
        normalise(&mut query).map_err(|why| match why {
            Directionless::NotFinite { column } => VectorError::QueryNotFinite { column },
            Directionless::Zero => VectorError::QueryZero,
        })?;
        query.resize(self.stride, 0.0);
        let mut top = Top::new(k.min(self.labels.len()));
        for ((row, vector), label) in (0_u32..).zip(self.vectors.chunks_exact(self.stride)).zip(&self.labels) {
            // Rounding may leave a unit vector's product with itself a little above 1.
            top.offer(Hit { row, label: *label, score: dot(&query, vector).clamp(-1.0, 1.0) });
        }
        Ok(top.into_hits())
    }

    /// A hash of rows and labels, for the evidence of a decision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

fn widen(vectors: &[f32], dim: usize, stride: usize) -> Vec<f32> {
    let mut wide = vec![0.0; vectors.len() / dim * stride];
    for (to, from) in wide.chunks_exact_mut(stride).zip(vectors.chunks_exact(dim)) {
        to[..dim].copy_from_slice(from);
    }
    wide
}
