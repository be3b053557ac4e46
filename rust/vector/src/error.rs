//! Why vectors can't be indexed or searched, and why an index's file can't be used.

/// What is wrong with the vectors, the ids, the query or the file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    #[error("the vectors have 0 dimensions")]
    NoDimension,
    #[error("{dim} dimensions are more than the 65,536 that an index takes")]
    TooManyDimensions { dim: usize },
    #[error("the metric {name:?} is unknown")]
    UnknownMetric { name: String },
    #[error("the storage {name:?} is unknown")]
    UnknownStorage { name: String },
    #[error("{values} values are not {labels} rows of {dim}: one label a row is expected")]
    Length { values: usize, labels: usize, dim: usize },
    #[error("{values} values are not {rows} rows of {dim}, one for each id")]
    Shape { values: usize, rows: usize, dim: usize },
    #[error("{labels} labels came with {ids} ids")]
    Labels { labels: usize, ids: usize },
    #[error("{rows} rows are more than a row number can count")]
    TooManyRows { rows: usize },
    #[error("row {row} has a value at {column} that is not a finite number")]
    NotFinite { row: usize, column: usize },
    #[error("row {row} is zero throughout, so it points nowhere")]
    Zero { row: usize },
    #[error("row {row} has a value at {column} that the index can't hold: it keeps up to {limit}")]
    TooLarge { row: usize, column: usize, limit: &'static str },
    #[error("the id {id} is negative")]
    NegativeId { id: i64 },
    #[error("the id {id} is in the index already")]
    Duplicate { id: i64 },
    #[error("the id {id} was given twice")]
    Twice { id: i64 },
    #[error("the id {id} is not in the index")]
    UnknownId { id: i64 },
    #[error("the query has {given} dimensions and the index {dim}")]
    QueryLength { given: usize, dim: usize },
    #[error("the query has a value at {column} that is not a finite number")]
    QueryNotFinite { column: usize },
    #[error("the query has a value at {column} that is too large: squares up to 1e36 can be summed")]
    QueryTooLarge { column: usize },
    #[error("the query is zero throughout, so nothing is near it")]
    QueryZero,
    #[error("0 neighbours were asked for")]
    NoneWanted,
    #[error("a recall of {given} was asked for, and must lie above 0 and be 1 at most")]
    Recall { given: String },
    #[error("these allowed rows were chosen from another index")]
    OtherIndex,
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("{path} is no vector index")]
    NotAnIndex { path: String },
    #[error("{path} was written in version {found}, and this program reads version {known}")]
    FileVersion { path: String, found: u32, known: u32 },
    #[error("{path} is damaged: {why}")]
    Damaged { path: String, why: String },
    #[error("{path} can't be read as an index of hnswlib: {why}")]
    Foreign { path: String, why: String },
    #[error("an earlier change of the index broke off in a bug, so it can't be trusted")]
    Broken,
}

impl VectorError {
    /// Stable, and made for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoDimension | Self::TooManyDimensions { .. } | Self::QueryLength { .. } | Self::Shape { .. } => "vector.dimension",
            Self::Length { .. } | Self::Labels { .. } => "vector.labels",
            Self::UnknownMetric { .. } => "vector.metric",
            Self::UnknownStorage { .. } => "vector.storage",
            Self::TooManyRows { .. } => "vector.too_many",
            Self::NotFinite { .. } | Self::QueryNotFinite { .. } => "vector.not_finite",
            Self::TooLarge { .. } | Self::QueryTooLarge { .. } => "vector.too_large",
            Self::Zero { .. } | Self::QueryZero => "vector.zero",
            Self::NegativeId { .. } => "vector.negative_id",
            Self::Duplicate { .. } | Self::Twice { .. } => "vector.duplicate",
            Self::UnknownId { .. } => "vector.unknown_id",
            Self::NoneWanted => "vector.k",
            Self::Recall { .. } => "vector.recall",
            Self::OtherIndex => "vector.other_index",
            Self::File { .. } => "vector.file",
            Self::NotAnIndex { .. } => "vector.file_kind",
            Self::FileVersion { .. } => "vector.file_version",
            Self::Damaged { .. } => "vector.file_damaged",
            Self::Foreign { .. } => "vector.file_foreign",
            Self::Broken => "vector.broken",
        }
    }

    /// Whether the file is the trouble, and not the call.
    pub fn is_about_file(&self) -> bool {
        self.code().starts_with("vector.file")
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDimension | Self::TooManyDimensions { .. } => "pass the embedding model's dimension",
            Self::UnknownMetric { .. } => "it is one of cosine, dot and l2",
            Self::UnknownStorage { .. } => "it is one of f32, f16 and i8",
            Self::Length { .. } => "pass rows of equal length one after another, and a label for each",
            Self::Shape { .. } => "pass one row of the index's dimension for each id",
            Self::Labels { .. } => "pass one label for each id, or one for all",
            Self::TooManyRows { .. } => "split the rows over several indexes",
            Self::NotFinite { .. } | Self::Zero { .. } => "embed this example again, or leave it out",
            Self::TooLarge { .. } => "scale the vectors down, or use the storage f32",
            Self::NegativeId { .. } => "number rows from 0",
            Self::Duplicate { .. } => "pass replace=True to put the new vector in its place, or call update",
            Self::Twice { .. } => "give each id once a call",
            Self::UnknownId { .. } => "ask first whether the index has it: `id in index`",
            Self::QueryLength { .. } => "embed the query with the model that embedded the examples",
            Self::QueryNotFinite { .. } | Self::QueryZero => "an empty text has no direction: check it before the search",
            Self::QueryTooLarge { .. } => "scale the vectors down",
            Self::NoneWanted => "ask for at least 1",
            Self::Recall { .. } => "0.95 is usual, and 1 looks at every row",
            Self::OtherIndex => "choose them with this index's own subset()",
            Self::File { .. } => "check the path, the permissions and the space on the disk",
            Self::NotAnIndex { .. } => "load what VectorIndex.save wrote; import_hnswlib reads hnswlib's files",
            Self::FileVersion { .. } => "load it with the version that wrote it, or add the vectors to a new index",
            Self::Damaged { .. } => "restore it from a copy, or add the vectors to a new index",
            Self::Foreign { .. } => "pass the dimension and the metric that it was made with",
            Self::Broken => "load it again from its file, and report the panic that came before",
        }
    }
}
