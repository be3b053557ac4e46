//! What an index holds. Every change is checked before it is made, and none can fail half-way.

use crate::bits::Bits;
use crate::codes::Codes;
use crate::graph::Graph;
use crate::ids::Ids;
use crate::labels::Labels;
use crate::link::{self, Bench, Written};
use crate::revision;
use crate::rows::{Rows, stride};
use crate::shape::{Shape, Storage};
use crate::tuning::Tuning;
use crate::unlink::unlink;

/// A row's id where there is no row.
pub(crate) const FREE: i64 = -1;

#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) shape: Shape,
    pub(crate) codes: Codes,
    pub(crate) rows: Rows,
    pub(crate) ids: Vec<i64>,
    pub(crate) by_id: Ids,
    /// Rows that can be found.
    pub(crate) live: Bits,
    /// Rows to be used again, the last first.
    pub(crate) free: Vec<u32>,
    pub(crate) labels: Labels,
    pub(crate) graph: Option<Graph>,
    pub(crate) tuning: Tuning,
    /// Rows that came or went since the tuning was measured.
    pub(crate) changed: usize,
    pub(crate) revision: u64,
    /// Counts changes, for whoever remembers rows.
    pub(crate) epoch: u64,
}

impl Content {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            codes: Codes::new(shape.dim),
            rows: Rows::new(shape.storage),
            ids: vec![],
            by_id: Ids::default(),
            live: Bits::default(),
            free: vec![],
            labels: Labels::default(),
            graph: None,
            tuning: Tuning::default(),
            changed: 0,
            revision: revision::of_shape(shape),
            epoch: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Make room for so many rows, used or not.
    pub(crate) fn grow(&mut self, rows: usize) {
        self.codes.grow(rows);
        self.rows.grow(rows, self.shape.dim);
        self.ids.resize(rows, FREE);
        self.live.grow(rows);
        self.labels.grow(rows);
        if let Some(graph) = &mut self.graph {
            graph.grow(rows);
        }
    }

    /// Keep vectors in rows that can't be found yet.
    pub(crate) fn store(&mut self, ids: &[i64], vectors: &[f32]) -> Vec<(u32, i64)> {
        let again = self.free.len().min(ids.len());
        let mut rows: Vec<u32> = self.free.drain(self.free.len() - again..).rev().collect();
        let first = self.ids.len();
        self.grow(first + ids.len() - again);
        rows.extend((first..self.ids.len()).filter_map(|row| u32::try_from(row).ok()));
        for (row, vector) in rows.iter().zip(vectors.chunks_exact(self.shape.dim)) {
            self.rows.put(*row, vector);
            self.codes.put(*row, vector, self.shape, self.shape.storage == Storage::I8);
        }
        rows.into_iter().zip(ids.iter().copied()).collect()
    }

    /// Let stored rows be found, in place of those that had their ids. `labels` has one for each, or is empty: then a replaced
    /// row's label stays.
    pub(crate) fn publish(&mut self, stored: &[(u32, i64)], labels: &[Option<&str>], links: (Vec<Written>, Vec<Written>)) {
        if let Some(graph) = &mut self.graph {
            link::write(graph, stored, links.0, links.1);
        }
        let mut bench = Bench::default();
        for (index, (row, id)) in stored.iter().enumerate() {
            let old = self.by_id.row(*id);
            let kept = old.and_then(|old| self.labels.label(old)).map(Box::<str>::from);
            if let Some(old) = old {
                self.retire(old, &mut bench);
            }
            let label = if labels.is_empty() { kept.as_deref() } else { labels[index] };
            if let Some(label) = label {
                self.labels.put(*row, label);
            }
            self.ids[*row as usize] = *id;
            self.by_id.insert(*id, *row);
            self.live.insert(*row);
            self.revision = self.revision.wrapping_add(self.fingerprint(*row));
        }
        self.changed += stored.len();
        self.epoch += 1;
    }

    /// Forget a row.
    pub(crate) fn retire(&mut self, row: u32, bench: &mut Bench) {
        self.revision = self.revision.wrapping_sub(self.fingerprint(row));
        self.live.remove(row);
        if let Some(graph) = &mut self.graph {
            unlink(graph, &self.codes, row, self.live.rows(), bench);
        }
        let nothing = vec![0.0; self.shape.dim]; // what is forgotten is not kept in what is free, here or in a file
        self.rows.put(row, &nothing);
        self.codes.put(row, &nothing, self.shape, self.shape.storage == Storage::I8);
        self.labels.remove(row);
        self.by_id.remove(self.ids[row as usize]);
        self.ids[row as usize] = FREE;
        self.free.push(row);
        self.changed += 1;
        self.epoch += 1;
    }

    /// A row's row of numbers, as it is kept.
    pub(crate) fn vector(&self, row: u32) -> Vec<f32> {
        let mut vector = vec![0.0; stride(self.shape.dim)];
        self.rows.read(row, &self.codes, &mut vector);
        vector.truncate(self.shape.dim);
        vector
    }

    /// Memory for rows, codes and the graph.
    pub(crate) fn bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::F32(all) => size_of_val(all.as_slice()),
            Rows::F16(all) => size_of_val(all.as_slice()),
            Rows::None => 0,
        };
        let codes = size_of_val(self.codes.lines.as_slice()) + size_of_val(self.codes.notes.as_slice());
        rows + codes + self.graph.as_ref().map_or(0, Graph::bytes)
    }

    fn fingerprint(&self, row: u32) -> u64 {
        revision::of_row(self.ids[row as usize], self.labels.label(row), &self.vector(row))
    }
}
