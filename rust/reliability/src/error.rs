//! Why labels say nothing about reliability.

use crate::folds::MOST_FOLDS;

/// What is wrong with the labels, and where. Rows count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReliabilityError {
    #[error("there are no labels")]
    Empty,
    #[error("{workers} workers, {tasks} tasks and {labels} labels are not columns of one length")]
    Columns { workers: usize, tasks: usize, labels: usize },
    #[error("row {row} has an empty {column}")]
    Blank { row: usize, column: &'static str },
    #[error("worker {worker:?} labels task {task:?} as {first:?} and as {second:?}")]
    Contradiction { worker: String, task: String, first: String, second: String },
    #[error("all labels are {class:?}: one class says nothing about who is right")]
    OneClass { class: String },
    #[error("all labels come from worker {worker:?}: nobody agrees or disagrees with them")]
    OneWorker { worker: String },
    #[error("all labels are about task {task:?}: one task says nothing about who is reliable")]
    OneTask { task: String },
    #[error("{workers} workers and {tasks} tasks with {classes} classes need {cells} cells, and {limit} is the limit")]
    TooLarge { workers: usize, tasks: usize, classes: usize, cells: usize, limit: usize },
    #[error("{given} folds were asked for, and 2 to {MOST_FOLDS} are possible")]
    Folds { given: usize },
}

impl ReliabilityError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "give at least two workers' labels for two tasks",
            Self::Columns { .. } => "give one worker, one task and one label a row",
            Self::Blank { .. } => "leave a missing label out instead of giving an empty one",
            Self::Contradiction { .. } => "keep one label of a worker for a task",
            Self::OneClass { .. } => "give labels in which at least two classes occur",
            Self::OneWorker { .. } => "give the labels of at least two workers for the same tasks",
            Self::OneTask { .. } => "give labels for at least two tasks; a hundred and more make good weights",
            Self::TooLarge { .. } => "check that the labels are classes and no free text, or fit fewer workers at a time",
            Self::Folds { .. } => "5 is usual",
        }
    }
}
