//! The rows as they are kept, and exact scores from them. What the codes chose is put in order here.

use std::hint::black_box;

use crate::codes::Codes;
use crate::half;
use crate::product::{LANES, dot, squared_distance};
use crate::shape::{Metric, Shape, Storage};

/// Rows whose memory is asked for before the first is used.
const AHEAD: usize = 4;
/// Floats, or twice as many halves, in a cache line.
const FLOATS: usize = 16;

/// Rows beside their codes; `stride` is `dim` rounded up to whole lanes, and what a row does not fill is 0.
#[derive(Debug)]
pub(crate) enum Rows {
    F32(Vec<f32>),
    F16(Vec<u16>),
    None,
}

impl Rows {
    pub(crate) fn new(storage: Storage) -> Self {
        match storage {
            Storage::F32 => Self::F32(vec![]),
            Storage::F16 => Self::F16(vec![]),
            Storage::I8 => Self::None,
        }
    }

    pub(crate) fn grow(&mut self, rows: usize, dim: usize) {
        match self {
            Self::F32(all) => all.resize(rows * stride(dim), 0.0),
            Self::F16(all) => all.resize(rows * stride(dim), 0),
            Self::None => {}
        }
    }

    pub(crate) fn put(&mut self, row: u32, vector: &[f32]) {
        let at = row as usize * stride(vector.len());
        match self {
            Self::F32(all) => all[at..at + vector.len()].copy_from_slice(vector),
            Self::F16(all) => {
                for (to, from) in all[at..].iter_mut().zip(vector) {
                    *to = half::from_single(*from);
                }
            }
            Self::None => {}
        }
    }

    /// A row as it is kept, in `out`, whose length is the stride.
    pub(crate) fn read(&self, row: u32, codes: &Codes, out: &mut [f32]) {
        let at = row as usize * out.len();
        match self {
            Self::F32(all) => out.copy_from_slice(&all[at..at + out.len()]),
            Self::F16(all) => {
                for (to, from) in out.iter_mut().zip(&all[at..]) {
                    *to = half::to_single(*from);
                }
            }
            Self::None => codes.decode(row, out),
        }
    }

    /// The exact scores of some rows, as the metric gives them. `query` and `room` have the stride's length.
    pub(crate) fn scores(
        &self,
        shape: Shape,
        query: &[f32],
        rows: &[u32],
        codes: &Codes,
        room: &mut [f32],
        mut each: impl FnMut(u32, f32),
    ) {
        for group in rows.chunks(AHEAD) {
            self.ask_for(group, query.len());
            for row in group {
                let at = *row as usize * query.len();
                let score = if let Self::F32(all) = self {
                    score(shape.metric, query, &all[at..at + query.len()])
                } else {
                    self.read(*row, codes, room);
                    score(shape.metric, query, room)
                };
                each(*row, score);
            }
        }
    }

    /// Read a number of every cache line, so that memory brings all of them at once.
    fn ask_for(&self, rows: &[u32], stride: usize) {
        match self {
            Self::F32(all) => {
                let lines = rows.iter().flat_map(|row| all[*row as usize * stride..][..stride].iter().step_by(FLOATS));
                black_box(lines.fold(0, |sum, value| sum ^ value.to_bits()));
            }
            Self::F16(all) => {
                let lines = rows.iter().flat_map(|row| all[*row as usize * stride..][..stride].iter().step_by(2 * FLOATS));
                black_box(lines.fold(0, |sum, value| sum ^ value));
            }
            Self::None => {}
        }
    }
}

pub(crate) fn stride(dim: usize) -> usize {
    dim.next_multiple_of(LANES)
}

fn score(metric: Metric, query: &[f32], row: &[f32]) -> f32 {
    match metric {
        // Rounding may leave a unit vector's product with itself a little above 1.
        Metric::Cosine => dot(query, row).clamp(-1.0, 1.0),
        Metric::Dot => dot(query, row),
        Metric::L2 => squared_distance(query, row),
    }
}
