//! A search: which rows may be found, and whether it is faster to look at all of them or to walk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::bits::Bits;
use crate::content::Content;
use crate::find::{Allowed, Desk, Found, Query, scan, through_graph};
use crate::threads::in_parallel;
use crate::tuning::CROSSING;
use crate::vector_index::VectorIndex;
use crate::{VectorError, check};

/// Desks kept for the next searches, so that a crowd of threads does not leave its memory behind.
const DESKS: usize = 16;

/// Which rows may be found: those with one of the ids and one of the labels, as far as given. Ids that the index does not have allow
/// nothing, and are no mistake: what somebody may see is often more than what is indexed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub ids: Option<&'a [i64]>,
    pub labels: Option<&'a [&'a str]>,
    pub subset: Option<&'a Subset>,
}

/// Ids looked up once for many searches. It follows the index: after a change they are looked up again.
#[derive(Debug)]
pub struct Subset {
    ids: Vec<i64>,
    index: u64,
    rows: Mutex<Option<(u64, Arc<Allowed>)>>,
}

impl Subset {
    /// How many ids were given, those that the index does not have included.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// Numbers for indexes, so that a subset knows its own.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl VectorIndex {
    /// The `k` rows nearest to the query, best first; of equals, the lower id first. Fewer, when there are not so many.
    pub fn search(&self, query: &[f32], k: usize, filter: Filter<'_>, recall: f64) -> Result<Vec<Found>, VectorError> {
        check::wanted(k, recall)?;
        let query = Query::new(check::query(self.shape(), query)?);
        let content = self.read()?;
        let allowed = self.allowed(&content, filter)?;
        let mut desk = self.desk();
        let found = find(&content, &query, k, allowed.as_deref(), recall, &mut desk);
        self.give_back(desk);
        Ok(found)
    }

    /// The same for many queries, one after another in `queries`, on up to so many threads. All see the same content.
    pub fn search_many(
        &self,
        queries: &[f32],
        k: usize,
        filter: Filter<'_>,
        recall: f64,
        threads: usize,
    ) -> Result<Vec<Vec<Found>>, VectorError> {
        check::wanted(k, recall)?;
        let dim = self.shape().dim;
        if !queries.len().is_multiple_of(dim) {
            return Err(VectorError::QueryLength { given: queries.len() % dim, dim });
        }
        let queries: Vec<Query> =
            queries.chunks_exact(dim).map(|query| check::query(self.shape(), query).map(Query::new)).collect::<Result<_, _>>()?;
        let content = self.read()?;
        let allowed = self.allowed(&content, filter)?;
        let look = |desk: &mut Desk, query: &Query| find(&content, query, k, allowed.as_deref(), recall, desk);
        Ok(in_parallel(&queries, threads, Desk::default, look))
    }

    /// Ids that are allowed in many searches.
    pub fn subset(&self, ids: &[i64]) -> Result<Subset, VectorError> {
        no_negative(ids)?;
        Ok(Subset { ids: ids.to_vec(), index: self.number, rows: Mutex::new(None) })
    }

    fn allowed(&self, content: &Content, filter: Filter<'_>) -> Result<Option<Arc<Allowed>>, VectorError> {
        let chosen = match (filter.ids, filter.subset) {
            (None, None) => None,
            (Some(ids), None) => {
                no_negative(ids)?;
                Some(Arc::new(with_ids(content, ids)))
            }
            (None, Some(subset)) => Some(self.resolved(content, subset)?),
            (Some(ids), Some(subset)) => {
                no_negative(ids)?;
                let other = self.resolved(content, subset)?;
                Some(Arc::new(kept(&with_ids(content, ids), content, |row| other.bits.has(row))))
            }
        };
        let Some(labels) = filter.labels else { return Ok(chosen) };
        let labelled = with_labels(content, labels);
        Ok(Some(match chosen {
            None => Arc::new(labelled),
            Some(chosen) => Arc::new(kept(&labelled, content, |row| chosen.bits.has(row))),
        }))
    }

    fn resolved(&self, content: &Content, subset: &Subset) -> Result<Arc<Allowed>, VectorError> {
        if subset.index != self.number {
            return Err(VectorError::OtherIndex);
        }
        let mut known = subset.rows.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((epoch, rows)) if *epoch == content.epoch => Ok(Arc::clone(rows)),
            Some(_) | None => {
                let rows = Arc::new(with_ids(content, &subset.ids));
                *known = Some((content.epoch, Arc::clone(&rows)));
                Ok(rows)
            }
        }
    }

    fn desk(&self) -> Desk {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, desk: Desk) {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if desks.len() < DESKS {
            desks.push(desk);
        }
    }
}

/// The planner: walk when that is faster than a scan and reaches the recall, and scan otherwise.
fn find(content: &Content, query: &Query, k: usize, allowed: Option<&Allowed>, recall: f64, desk: &mut Desk) -> Vec<Found> {
    let rows = allowed.map_or(content.len(), |allowed| allowed.rows.len());
    if rows == 0 {
        return vec![];
    }
    // A walk meets so many more rows as allowed ones are rarer, and a scan so many fewer: they meet at the square root.
    let worth_a_walk = allowed.is_none() || rows.saturating_mul(rows) > CROSSING.saturating_mul(content.len());
    let width = if worth_a_walk && recall < 1.0 { content.tuning.width(recall, k, rows, content.len()) } else { None };
    width
        .filter(|width| *width < rows)
        .and_then(|width| through_graph(content, query, (k, width), allowed, desk))
        .unwrap_or_else(|| scan(content, query, k, allowed, desk))
}

fn no_negative(ids: &[i64]) -> Result<(), VectorError> {
    ids.iter().find(|id| **id < 0).map_or(Ok(()), |id| Err(VectorError::NegativeId { id: *id }))
}

fn with_ids(content: &Content, ids: &[i64]) -> Allowed {
    let mut bits = Bits::for_rows(content.ids.len());
    for row in ids.iter().filter_map(|id| content.by_id.row(*id)) {
        bits.insert(row);
    }
    Allowed { rows: bits.rows().collect(), bits }
}

fn with_labels(content: &Content, labels: &[&str]) -> Allowed {
    let mut bits = Bits::for_rows(content.ids.len());
    for label in labels {
        for row in content.labels.rows(label) {
            bits.insert(*row);
        }
    }
    Allowed { rows: bits.rows().collect(), bits }
}

fn kept(allowed: &Allowed, content: &Content, keep: impl Fn(u32) -> bool) -> Allowed {
    let mut bits = Bits::for_rows(content.ids.len());
    for row in allowed.rows.iter().filter(|row| keep(**row)) {
        bits.insert(*row);
    }
    Allowed { rows: bits.rows().collect(), bits }
}
