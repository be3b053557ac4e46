//! What comes in is looked at before anything changes.

use std::collections::HashSet;

use crate::VectorError;
use crate::half;
use crate::order::MOST_ROWS;
use crate::product::{Directionless, normalise};
use crate::shape::{Metric, Shape, Storage};

/// The largest value under dot and L2: the sum of 65,536 products of two still fits an `f32`.
const LARGEST: f32 = 1e16;

/// Rows to be added, as they are kept; unit rows under cosine.
pub(crate) fn rows(shape: Shape, ids: &[i64], mut vectors: Vec<f32>) -> Result<Vec<f32>, VectorError> {
    if ids.len().checked_mul(shape.dim) != Some(vectors.len()) {
        return Err(VectorError::Shape { values: vectors.len(), rows: ids.len(), dim: shape.dim });
    }
    if ids.len() > MOST_ROWS {
        return Err(VectorError::TooManyRows { rows: ids.len() });
    }
    distinct(ids)?;
    for (row, vector) in vectors.chunks_exact_mut(shape.dim).enumerate() {
        one_row(shape, row, vector)?;
    }
    Ok(vectors)
}

fn one_row(shape: Shape, row: usize, vector: &mut [f32]) -> Result<(), VectorError> {
    if shape.metric == Metric::Cosine {
        return normalise(vector).map_err(|why| match why {
            Directionless::NotFinite { column } => VectorError::NotFinite { row, column },
            Directionless::Zero => VectorError::Zero { row },
        });
    }
    if let Some(column) = vector.iter().position(|value| !value.is_finite()) {
        return Err(VectorError::NotFinite { row, column });
    }
    let (largest, limit) = if shape.storage == Storage::F16 { (half::LARGEST, "65504") } else { (LARGEST, "1e16") };
    match vector.iter().position(|value| value.abs() > largest) {
        Some(column) => Err(VectorError::TooLarge { row, column, limit }),
        None => Ok(()),
    }
}

/// Ids that can be ids, each once.
pub(crate) fn distinct(ids: &[i64]) -> Result<(), VectorError> {
    if let Some(id) = ids.iter().find(|id| **id < 0) {
        return Err(VectorError::NegativeId { id: *id });
    }
    if ids.is_sorted_by(|left, right| left < right) {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(ids.len());
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(id) => Err(VectorError::Twice { id: *id }),
        None => Ok(()),
    }
}

pub(crate) fn query(shape: Shape, query: &[f32]) -> Result<Vec<f32>, VectorError> {
    if query.len() != shape.dim {
        return Err(VectorError::QueryLength { given: query.len(), dim: shape.dim });
    }
    let mut query = query.to_vec();
    if shape.metric == Metric::Cosine {
        normalise(&mut query).map_err(|why| match why {
            Directionless::NotFinite { column } => VectorError::QueryNotFinite { column },
            Directionless::Zero => VectorError::QueryZero,
        })?;
    } else if let Some(column) = query.iter().position(|value| !value.is_finite()) {
        return Err(VectorError::QueryNotFinite { column });
    } else if let Some(column) = query.iter().position(|value| value.abs() > LARGEST) {
        return Err(VectorError::QueryTooLarge { column });
    }
    Ok(query)
}

pub(crate) fn wanted(k: usize, recall: f64) -> Result<(), VectorError> {
    if k == 0 {
        return Err(VectorError::NoneWanted);
    }
    if recall > 0.0 && recall <= 1.0 { Ok(()) } else { Err(VectorError::Recall { given: recall.to_string() }) }
}
