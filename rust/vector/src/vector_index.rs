//! The index that others use: one lock around its content, searches side by side, and one writer at a time.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::content::Content;
use crate::find::Desk;
use crate::graph::Graph;
use crate::link::{self, Bench};
use crate::search::next_number;
use crate::shape::Shape;
use crate::threads::available;
use crate::tuning::{SCANNED, Tuning};
use crate::{VectorError, check};

/// Rows taken out under one hold of the lock: a search waits for some milliseconds at most.
const GONE_AT_ONCE: usize = 32;

/// What an index is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    pub rows: usize,
    /// Rows that were taken out, whose room the next ones use.
    pub free_rows: usize,
    /// Labels that some row has.
    pub labels: usize,
    /// Memory for rows, codes and the graph.
    pub bytes: usize,
    /// Links of the graph's ground; 0 without a graph.
    pub links: usize,
    /// Neighbours asked for, widths of the walk, and the recall that each had when it was measured.
    pub widths: Vec<(usize, usize, f32)>,
}

/// Vectors by id, that can be searched while they change.
///
/// Below some thousand rows a search looks at all of them; above, it walks through a graph (HNSW) whose width is measured, so that
/// the wanted recall is reached. Rows added in one call can be found in groups, as they are linked; a call that fails adds none.
#[derive(Debug)]
pub struct VectorIndex {
    shape: Shape,
    content: RwLock<Content>,
    /// Held by whoever changes the content, also while it only reads to plan the change.
    writer: Mutex<()>,
    pub(crate) desks: Mutex<Vec<Desk>>,
    pub(crate) number: u64,
}

impl VectorIndex {
    pub fn new(shape: Shape) -> Self {
        Self::holding(Content::new(shape))
    }

    pub(crate) fn holding(content: Content) -> Self {
        let shape = content.shape;
        Self { shape, content: RwLock::new(content), writer: Mutex::new(()), desks: Mutex::new(vec![]), number: next_number() }
    }

    /// Add a row for each id; `vectors` has one after another. `labels` has one for each, or is empty. An id that is there already
    /// is refused, unless it may be replaced; then its label stays if none is given.
    pub fn add<'a>(
        &self,
        ids: &[i64],
        vectors: impl Into<Cow<'a, [f32]>>,
        labels: &[Option<&str>],
        replace: bool,
    ) -> Result<(), VectorError> {
        let rows = check::rows(self.shape, ids, vectors.into().into_owned())?;
        if !labels.is_empty() && labels.len() != ids.len() {
            return Err(VectorError::Labels { labels: labels.len(), ids: ids.len() });
        }
        let writer = self.writer();
        if !replace {
            let content = self.read()?;
            if let Some(id) = ids.iter().find(|id| content.by_id.row(**id).is_some()) {
                return Err(VectorError::Duplicate { id: *id });
            }
        }
        self.put(&writer, ids, &rows, labels, replace)
    }

    /// Give rows that are there other vectors; their labels stay.
    pub fn update<'a>(&self, ids: &[i64], vectors: impl Into<Cow<'a, [f32]>>) -> Result<(), VectorError> {
        let rows = check::rows(self.shape, ids, vectors.into().into_owned())?;
        let writer = self.writer();
        self.all_known(ids)?;
        self.put(&writer, ids, &rows, &[], true)
    }

    /// Take rows out.
    pub fn remove(&self, ids: &[i64]) -> Result<(), VectorError> {
        check::distinct(ids)?;
        let writer = self.writer();
        self.all_known(ids)?;
        let mut bench = Bench::default();
        for ids in ids.chunks(GONE_AT_ONCE) {
            let mut content = self.write()?;
            for id in ids {
                if let Some(row) = content.by_id.row(*id) {
                    content.retire(row, &mut bench);
                }
            }
        }
        self.tune(&writer)
    }

    fn all_known(&self, ids: &[i64]) -> Result<(), VectorError> {
        let content = self.read()?;
        match ids.iter().find(|id| content.by_id.row(**id).is_none()) {
            Some(id) => Err(VectorError::UnknownId { id: *id }),
            None => Ok(()),
        }
    }

    /// Store, plan and publish in batches. Nothing in here can fail but by a bug.
    fn put(
        &self,
        writer: &MutexGuard<'_, ()>,
        ids: &[i64],
        vectors: &[f32],
        labels: &[Option<&str>],
        replace: bool,
    ) -> Result<(), VectorError> {
        let mut done = 0;
        while done < ids.len() {
            let (rows, linked) = self.read().map(|content| (content.len(), content.graph.is_some()))?;
            let size = match (linked, replace) {
                (true, true) => link::batch(rows).min(GONE_AT_ONCE),
                (true, false) => link::batch(rows),
                (false, _) => SCANNED.saturating_sub(rows).max(1),
            };
            let part = done..ids.len().min(done + size);
            let stored = self.write()?.store(&ids[part.clone()], &vectors[part.start * self.shape.dim..part.end * self.shape.dim]);
            let links = {
                let content = self.read()?;
                content.graph.as_ref().map(|graph| {
                    let planned = link::plan(graph, &content.codes, &stored, available());
                    let answers = link::answer(graph, &content.codes, &planned, available());
                    (planned, answers)
                })
            };
            let labels = if labels.is_empty() { labels } else { &labels[part.clone()] };
            self.write()?.publish(&stored, labels, links.unwrap_or_default());
            done = part.end;
            self.link_all(writer)?;
        }
        self.tune(writer)
    }

    /// Make the graph, once the rows are so many that it is faster than looking at all.
    fn link_all(&self, _writer: &MutexGuard<'_, ()>) -> Result<(), VectorError> {
        let content = self.read()?;
        if content.graph.is_some() || content.len() < SCANNED {
            return Ok(());
        }
        let mut graph = Graph::default();
        graph.grow(content.ids.len());
        let rows: Vec<(u32, i64)> = content.live.rows().map(|row| (row, content.ids[row as usize])).collect();
        let mut done = 0;
        while done < rows.len() {
            let part = &rows[done..rows.len().min(done + link::batch(done))];
            let planned = link::plan(&graph, &content.codes, part, available());
            let answers = link::answer(&graph, &content.codes, &planned, available());
            link::write(&mut graph, part, planned, answers);
            done += part.len();
        }
        drop(content);
        self.write()?.graph = Some(graph);
        Ok(())
    }

    /// Measure again how wide walks must be, once the index is another by half.
    fn tune(&self, _writer: &MutexGuard<'_, ()>) -> Result<(), VectorError> {
        let tuning = {
            let content = self.read()?;
            if content.graph.is_none() || !content.tuning.is_outdated(content.changed) {
                return Ok(());
            }
            Tuning::measure(&content, available())
        };
        let mut content = self.write()?;
        content.tuning = tuning;
        content.changed = 0;
        Ok(())
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    pub fn len(&self) -> Result<usize, VectorError> {
        Ok(self.read()?.len())
    }

    pub fn is_empty(&self) -> Result<bool, VectorError> {
        Ok(self.len()? == 0)
    }

    pub fn contains(&self, id: i64) -> Result<bool, VectorError> {
        Ok(self.read()?.by_id.row(id).is_some())
    }

    /// The ids, ascending.
    pub fn ids(&self) -> Result<Vec<i64>, VectorError> {
        Ok(self.read()?.by_id.sorted())
    }

    /// A row as it is kept: of unit length under cosine, rounded by its storage.
    pub fn get(&self, id: i64) -> Result<Vec<f32>, VectorError> {
        let content = self.read()?;
        content.by_id.row(id).map(|row| content.vector(row)).ok_or(VectorError::UnknownId { id })
    }

    /// The label of an id's row.
    pub fn label(&self, id: i64) -> Result<Option<String>, VectorError> {
        let content = self.read()?;
        let row = content.by_id.row(id).ok_or(VectorError::UnknownId { id })?;
        Ok(content.labels.label(row).map(str::to_owned))
    }

    /// A number that is the same for the same ids, vectors and labels, however they got there, and another for others.
    pub fn revision(&self) -> Result<u64, VectorError> {
        Ok(self.read()?.revision)
    }

    pub fn stats(&self) -> Result<Stats, VectorError> {
        let content = self.read()?;
        Ok(Stats {
            rows: content.len(),
            free_rows: content.free.len(),
            labels: content.labels.in_use(),
            bytes: content.bytes(),
            links: content.graph.as_ref().map_or(0, Graph::count_links),
            widths: content.tuning.widths(),
        })
    }

    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, Content>, VectorError> {
        self.content.read().map_err(|_| VectorError::Broken)
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Content>, VectorError> {
        self.content.write().map_err(|_| VectorError::Broken)
    }

    /// The right to change. A writer that panicked left the content itself poisoned, if it had touched it.
    fn writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
