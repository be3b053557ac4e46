//! Rows as bytes: a quarter of the memory to read, which is what a search waits for. What rounding loses is bounded, row by row.

use crate::kernel::{LINE, Line, Wide, one_product, products, products_in_order};
use crate::shape::{Metric, Shape};

/// Largest code.
const LEVELS: f32 = 127.0;
/// Largest number of a widened query. It costs nothing to keep it finer than the rows: its 16 bits are multiplied anyway.
const QUERY_LEVELS: i32 = 4_095;

/// What a row's codes mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Note {
    /// A code's worth.
    pub(crate) scale: f32,
    /// Half the squared length under L2, and 0 otherwise: with it taken off, the largest product is the nearest row.
    pub(crate) bias: f32,
    /// How far the coded row lies from the kept one, at most.
    pub(crate) slack: f32,
    /// The coded row's length.
    pub(crate) reach: f32,
}

/// The codes of every row.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    /// Lines of a row.
    pub(crate) per: usize,
    pub(crate) lines: Vec<Line>,
    pub(crate) notes: Vec<Note>,
}

impl Codes {
    pub(crate) fn new(dim: usize) -> Self {
        Self { per: dim.div_ceil(LINE), lines: vec![], notes: vec![] }
    }

    /// Room for so many rows; new ones are zero.
    pub(crate) fn grow(&mut self, rows: usize) {
        self.lines.resize(rows * self.per, Line([0; LINE]));
        self.notes.resize(rows, Note { scale: 0.0, bias: 0.0, slack: 0.0, reach: 0.0 });
    }

    pub(crate) fn row(&self, row: u32) -> &[Line] {
        &self.lines[row as usize * self.per..][..self.per]
    }

    /// Code a row. `lossless` is for an index that keeps nothing else: then the coded row is the row.
    pub(crate) fn put(&mut self, row: u32, vector: &[f32], shape: Shape, lossless: bool) {
        let at = row as usize * self.per;
        let lines = &mut self.lines[at..at + self.per];
        let mut scale = encode(vector, lines);
        let mut length = lines.iter().flat_map(|line| line.0).map(|code| f64::from(code).powi(2)).sum::<f64>().sqrt();
        if lossless && shape.metric == Metric::Cosine && length > 0.0 {
            scale = narrow(1.0 / length);
        }
        length *= f64::from(scale);
        let codes = lines.iter().flat_map(|line| line.0);
        let lost =
            codes.zip(vector).map(|(code, value)| (f64::from(*value) - f64::from(code) * f64::from(scale)).powi(2)).sum::<f64>().sqrt();
        let bias = match shape.metric {
            Metric::L2 if lossless => length.powi(2) / 2.0,
            Metric::L2 => vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / 2.0,
            Metric::Cosine | Metric::Dot => 0.0,
        };
        let slack = if lossless { 0.0 } else { above(lost) };
        self.notes[row as usize] = Note { scale, bias: narrow(bias), slack, reach: above(length) };
    }

    /// What a coded row stands for, in its first `out.len()` dimensions.
    pub(crate) fn decode(&self, row: u32, out: &mut [f32]) {
        let scale = self.notes[row as usize].scale;
        for (out, code) in out.iter_mut().zip(self.row(row).iter().flat_map(|line| &line.0)) {
            *out = f32::from(*code) * scale;
        }
    }

    /// How near some rows are to a probe, by their codes: higher is nearer, whatever the metric.
    pub(crate) fn near(&self, probe: &Probe, rows: &[u32], sums: &mut Vec<i32>, mut each: impl FnMut(u32, f32)) {
        sums.resize(rows.len(), 0);
        products(&probe.wide, &self.lines, rows, sums);
        for (row, sum) in rows.iter().zip(sums) {
            each(*row, probe.score(*sum, &self.notes[*row as usize]));
        }
    }

    /// The same for one row.
    pub(crate) fn near_one(&self, probe: &Probe, row: u32) -> f32 {
        probe.score(one_product(&probe.wide, self.row(row)), &self.notes[row as usize])
    }

    /// The raw products with `sums.len()` rows from `first` on.
    pub(crate) fn products_from(&self, probe: &Probe, first: usize, sums: &mut [i32]) {
        products_in_order(&probe.wide, &self.lines[first * self.per..][..sums.len() * self.per], sums);
    }
}

/// Something to compare rows with: a query, or a row of the index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probe {
    pub(crate) wide: Vec<Wide>,
    scale: f32,
    /// Its length, and how far its coded form lies from it.
    length: f32,
    slack: f32,
    /// What sums of so many floats lose at most, as a share of what they could have been.
    rounding: f32,
}

impl Probe {
    pub(crate) fn of_query(query: &[f32]) -> Self {
        let per = query.len().div_ceil(LINE);
        let codes_count = i32::try_from(per * LINE).unwrap_or(i32::MAX);
        // Sums of so many products with a code of up to 127 stay within an i32.
        let levels = QUERY_LEVELS.min(i32::MAX / codes_count / 128);
        let largest = query.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let mut wide = vec![[0; LINE]; per];
        let (scale, finer) = steps(largest, real(levels));
        for (code, value) in wide.as_flattened_mut().iter_mut().zip(query) {
            *code = whole16(value * finer);
        }
        let codes = wide.as_flattened().iter();
        let lost =
            codes.zip(query).map(|(code, value)| (f64::from(*value) - f64::from(*code) * f64::from(scale)).powi(2)).sum::<f64>().sqrt();
        let length = query.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        let rounding = 1e-6 + 5e-9 * real(codes_count);
        Self { wide, scale, length: above(length), slack: above(lost), rounding }
    }

    /// Become a row of the index.
    pub(crate) fn become_row(&mut self, codes: &Codes, row: u32) {
        self.wide.clear();
        self.wide.extend(codes.row(row).iter().map(|line| line.0.map(i16::from)));
        self.scale = codes.notes[row as usize].scale;
    }

    #[inline]
    pub(crate) fn score(&self, sum: i32, note: &Note) -> f32 {
        real(sum) * (self.scale * note.scale) - note.bias
    }

    /// How far a score by codes can lie from that of the rows themselves (Cauchy and Schwarz), with the rounding of the sums.
    #[inline]
    pub(crate) fn doubt(&self, note: &Note) -> f32 {
        let most = (self.length + note.reach) * (self.length + note.reach);
        self.length * note.slack + self.slack * note.reach + self.rounding * most
    }
}

/// Codes of a row; what one is worth comes back.
fn encode(vector: &[f32], lines: &mut [Line]) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let (scale, finer) = steps(largest, LEVELS);
    lines.fill(Line([0; LINE]));
    for (line, values) in lines.iter_mut().zip(vector.chunks(LINE)) {
        for (code, value) in line.0.iter_mut().zip(values) {
            *code = whole8(value * finer);
        }
    }
    scale
}

/// The worth of a step, and how many fit into 1. A row too small to have steps is coded as zero, and its slack says so.
fn steps(largest: f32, levels: f32) -> (f32, f32) {
    if largest < 1e-30 { (0.0, 0.0) } else { (largest / levels, levels / largest) }
}

/// A bound must not be rounded down.
fn above(value: f64) -> f32 {
    narrow(value * 1.000_001)
}

#[expect(clippy::cast_possible_truncation, reason = "24 bits are what is kept")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "a sum of a million millions of codes is no better for its last bits")]
#[inline]
fn real(value: i32) -> f32 {
    value as f32
}

#[expect(clippy::cast_possible_truncation, reason = "at most 127 and a rounding")]
fn whole8(value: f32) -> i8 {
    value.round() as i8
}

#[expect(clippy::cast_possible_truncation, reason = "at most 4,095 and a rounding")]
fn whole16(value: f32) -> i16 {
    value.round() as i16
}
