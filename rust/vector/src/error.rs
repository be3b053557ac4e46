//! Why vectors can't be indexed or searched.

/// What is wrong with the vectors, the labels or the query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    #[error("the vectors have 0 dimensions")]
    NoDimension,
    #[error("{values} values are not {labels} rows of {dim}: one label a row is expected")]
    Length { values: usize, labels: usize, dim: usize },
    #[error("{rows} rows are more than a row number can count")]
    TooManyRows { rows: usize },
    #[error("row {row} has a value at {column} that is not a finite number")]
    NotFinite { row: usize, column: usize },
    #[error("row {row} is zero throughout, so it points nowhere")]
    Zero { row: usize },
    #[error("the query has {given} dimensions and the index {dim}")]
    QueryLength { given: usize, dim: usize },
    #[error("the query has a value at {column} that is not a finite number")]
    QueryNotFinite { column: usize },
    #[error("the query is zero throughout, so nothing is near it")]
    QueryZero,
    #[error("0 neighbours were asked for")]
    NoneWanted,
}

impl VectorError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDimension => "pass the embedding model's dimension",
            Self::Length { .. } => "pass rows of equal length one after another, and a label for each",
            Self::TooManyRows { .. } => "split the examples over several indexes",
            Self::NotFinite { .. } | Self::Zero { .. } => "embed this example again, or leave it out",
            Self::QueryLength { .. } => "embed the query with the model that embedded the examples",
            Self::QueryNotFinite { .. } | Self::QueryZero => "an empty text has no direction: check it before the search",
            Self::NoneWanted => "ask for at least 1",
        }
    }
}
