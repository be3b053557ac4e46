//! Labels as numbers: names are sorted and become indexes, rows are sorted by task and then by worker.

use std::collections::BTreeSet;

use crate::ReliabilityError;

/// Cells of all confusion matrices and posteriors together; 2^24 of 8 bytes are 128 MiB.
const MOST_CELLS: usize = 1 << 24;

/// One label, by index into the sorted names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    pub task: usize,
    pub worker: usize,
    pub class: usize,
}

/// Who called what what. Immutable; a worker has at most one label for a task, and need not have any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    workers: Vec<String>,
    tasks: Vec<String>,
    classes: Vec<String>,
    /// By task, then by worker.
    rows: Vec<Label>,
}

impl Labels {
    /// Take three columns, a row each label, in any order. A row that is there twice counts once.
    pub fn build<S: AsRef<str>>(workers: &[S], tasks: &[S], labels: &[S]) -> Result<Self, ReliabilityError> {
        if workers.len() != tasks.len() || tasks.len() != labels.len() {
            return Err(ReliabilityError::Columns { workers: workers.len(), tasks: tasks.len(), labels: labels.len() });
        }
        let (worker_names, task_names, classes) = (names("worker", workers)?, names("task", tasks)?, names("label", labels)?);
        match (&worker_names[..], &task_names[..], &classes[..]) {
            ([], _, _) => return Err(ReliabilityError::Empty),
            (_, _, [class]) => return Err(ReliabilityError::OneClass { class: class.clone() }),
            ([worker], _, _) => return Err(ReliabilityError::OneWorker { worker: worker.clone() }),
            (_, [task], _) => return Err(ReliabilityError::OneTask { task: task.clone() }),
            (_, _, _) => {}
        }
        let cells = cells(worker_names.len(), task_names.len(), classes.len());
        if cells > MOST_CELLS {
            let (workers, tasks, classes) = (worker_names.len(), task_names.len(), classes.len());
            return Err(ReliabilityError::TooLarge { workers, tasks, classes, cells, limit: MOST_CELLS });
        }
        let rows: BTreeSet<Label> = workers
            .iter()
            .zip(tasks)
            .zip(labels)
            .map(|((worker, task), class)| Label {
                task: index(&task_names, task.as_ref()),
                worker: index(&worker_names, worker.as_ref()),
                class: index(&classes, class.as_ref()),
            })
            .collect();
        let rows: Vec<Label> = rows.into_iter().collect();
        for pair in rows.windows(2) {
            if (pair[0].task, pair[0].worker) == (pair[1].task, pair[1].worker) {
                return Err(ReliabilityError::Contradiction {
                    worker: worker_names[pair[0].worker].clone(),
                    task: task_names[pair[0].task].clone(),
                    first: classes[pair[0].class].clone(),
                    second: classes[pair[1].class].clone(),
                });
            }
        }
        Ok(Self { workers: worker_names, tasks: task_names, classes, rows })
    }

    /// The workers' names, sorted.
    pub fn workers(&self) -> &[String] {
        &self.workers
    }

    /// The tasks' names, sorted.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }

    /// The classes' names, sorted as text: this order breaks ties.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// All labels, by task and then by worker.
    pub fn rows(&self) -> &[Label] {
        &self.rows
    }
}

/// The names of a column, sorted, each once.
fn names<S: AsRef<str>>(column: &'static str, values: &[S]) -> Result<Vec<String>, ReliabilityError> {
    if let Some(row) = values.iter().position(|value| value.as_ref().is_empty()) {
        return Err(ReliabilityError::Blank { row, column });
    }
    let sorted: BTreeSet<&str> = values.iter().map(AsRef::as_ref).collect();
    Ok(sorted.into_iter().map(str::to_owned).collect())
}

/// Where a name stands. It is always found: the names were taken from the same column.
fn index(names: &[String], name: &str) -> usize {
    names.partition_point(|known| known.as_str() < name)
}

fn cells(workers: usize, tasks: usize, classes: usize) -> usize {
    workers.saturating_mul(classes).saturating_mul(classes).saturating_add(tasks.saturating_mul(classes))
}
