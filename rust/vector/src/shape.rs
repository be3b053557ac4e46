//! What an index is made for: how many dimensions, what near means, and how rows are kept.

use crate::VectorError;

/// Most dimensions of a row: the sum of 65,536 products of codes still fits an `i32`.
pub const MOST_DIMENSIONS: usize = 65_536;

/// What near means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The cosine, largest first. Rows are scaled to length 1 when they are added.
    Cosine,
    /// The inner product, largest first.
    Dot,
    /// The squared Euclidean distance, smallest first.
    L2,
}

impl Metric {
    pub const ALL: [Self; 3] = [Self::Cosine, Self::Dot, Self::L2];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::L2 => "l2",
        }
    }

    pub fn named(name: &str) -> Result<Self, VectorError> {
        Self::ALL.into_iter().find(|metric| metric.name() == name).ok_or_else(|| VectorError::UnknownMetric { name: name.to_owned() })
    }
}

/// How rows are kept beside their codes of one byte a dimension, which every index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// As they came: 4 bytes more a dimension, and scores as exact as the input.
    F32,
    /// Rounded to 11 bits: 2 bytes more a dimension.
    F16,
    /// Nothing but the codes. What was lost in rounding to them is lost: docs/guide/vectors.md says what that costs.
    I8,
}

impl Storage {
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::I8];

    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I8 => "i8",
        }
    }

    pub fn named(name: &str) -> Result<Self, VectorError> {
        Self::ALL.into_iter().find(|storage| storage.name() == name).ok_or_else(|| VectorError::UnknownStorage { name: name.to_owned() })
    }
}

/// What never changes about an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    pub dim: usize,
    pub metric: Metric,
    pub storage: Storage,
}

impl Shape {
    pub fn new(dim: usize, metric: Metric, storage: Storage) -> Result<Self, VectorError> {
        match dim {
            0 => Err(VectorError::NoDimension),
            1..=MOST_DIMENSIONS => Ok(Self { dim, metric, storage }),
            _ => Err(VectorError::TooManyDimensions { dim }),
        }
    }
}
