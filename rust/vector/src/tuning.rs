//! How wide a walk must be for a wanted recall: measured on the index itself, since it depends on the rows more than on anything else.

use crate::content::Content;
use crate::find::{Desk, Query, scan, through_graph};
use crate::product::normalise;
use crate::shape::Metric;
use crate::threads::in_parallel;

/// Below so many rows a scan is exact at about the price of a walk, and there is no graph. Measured: decision 20.
pub(crate) const SCANNED: usize = 1_000;
/// A scan of `m` allowed rows of `n` takes as long as a walk among them when `m * m` is this times `n`. Measured: decision 20.
pub(crate) const CROSSING: usize = 2_500;
/// Fresh queries miss up to so many for each that the measurement missed: 1.0 times at 30,000 rows, 1.9 at 100,000.
const CAUTION: f64 = 2.0;

/// Queries of a measurement, and the neighbours that each asks for.
const SAMPLE: usize = 256;
const K: usize = 10;
/// Rows that a query is made of, and the walk that looks for them.
const AROUND: usize = 32;
const NEIGHBOUR_WIDTH: usize = 64;
const WIDTHS: [usize; 18] = [10, 11, 12, 14, 16, 18, 20, 23, 26, 32, 40, 52, 64, 96, 128, 192, 320, 512];

/// Recall by width, and how many rows there were when it was measured.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Tuning {
    pub(crate) rows: usize,
    /// One for each of the narrowest widths, up to the first that found everything.
    pub(crate) recalls: Vec<f32>,
}

impl Tuning {
    /// Whether so many rows came or went since that it is another index by half.
    pub(crate) fn is_outdated(&self, changed: usize) -> bool {
        changed * 2 >= self.rows
    }

    /// The narrowest walk that reached the recall. `None` when none did, so that only a scan can.
    pub(crate) fn width(&self, recall: f64, k: usize) -> Option<usize> {
        let missed = (1.0 - recall) / CAUTION;
        let reached = self.recalls.iter().position(|reached| 1.0 - f64::from(*reached) <= missed)?;
        Some((WIDTHS[reached] * k.div_ceil(K)).max(k))
    }

    /// Each width that was measured, and its recall.
    pub(crate) fn widths(&self) -> Vec<(usize, f32)> {
        WIDTHS.iter().copied().zip(self.recalls.iter().copied()).collect()
    }

    /// Ask for the neighbours of points that lie where the rows do, and are none of them.
    pub(crate) fn measure(content: &Content, threads: usize) -> Self {
        let step = (content.len() / SAMPLE).max(1);
        let sample: Vec<u32> = content.live.rows().step_by(step).take(SAMPLE).collect();
        let found = in_parallel(&sample, threads, Desk::default, |desk, row| found_by_width(content, *row, desk));
        let mut recalls = vec![];
        for width in 0..WIDTHS.len() {
            let (hits, wanted) = found.iter().fold((0, 0), |(hits, wanted), (found, most)| (hits + found[width], wanted + most));
            let recall = if wanted == 0 { 1.0 } else { share(hits, wanted) };
            recalls.push(recalls.last().map_or(recall, |before: &f32| before.max(recall)));
            if hits == wanted {
                break;
            }
        }
        Self { rows: content.len(), recalls }
    }
}

/// How many of the nearest each width finds, and how many there are to find.
fn found_by_width(content: &Content, row: u32, desk: &mut Desk) -> ([usize; WIDTHS.len()], usize) {
    let mut point = beside(content, row, desk);
    if content.shape.metric == Metric::Cosine && normalise(&mut point).is_err() {
        return ([0; WIDTHS.len()], 0); // they lie all around the origin, and the point on it
    }
    let query = Query::new(point);
    let nearest = scan(content, &query, K, None, desk);
    let mut found = [0; WIDTHS.len()];
    for (found, width) in found.iter_mut().zip(WIDTHS) {
        let walked = through_graph(content, &query, (K, width), None, desk).unwrap_or_default();
        // Counted by score, because of rows that are equally near any will do.
        *found = nearest.last().map_or(0, |last| {
            let as_near = |score: f32| if content.shape.metric == Metric::L2 { score <= last.score } else { score >= last.score };
            walked.iter().filter(|found| as_near(found.score)).count().min(nearest.len())
        });
    }
    (found, nearest.len())
}

/// A point like the rows around this one, as if drawn from where they were drawn. Weights `1/m + t` and `1/m - t` in turn add up to 1, so
/// the point keeps their middle; with squares that add up to 1 it lies as far from it as they do. The row itself, or a point halfway
/// to a neighbour, would be found too easily: at 30,000 clustered rows the narrowest walk found .98 of what is near such points, .92 of
/// what is near fresh queries.
fn beside(content: &Content, row: u32, desk: &mut Desk) -> Vec<f32> {
    let own = content.vector(row);
    let around = through_graph(content, &Query::new(own.clone()), (AROUND, NEIGHBOUR_WIDTH), None, desk).unwrap_or_default();
    let around = &around[..around.len() / 2 * 2];
    if around.is_empty() {
        return own;
    }
    let share = 1.0 / count(around.len());
    let swing = ((1.0 - share) * share).sqrt();
    let mut point = vec![0.0; own.len()];
    for (found, sign) in around.iter().zip([1.0, -1.0].into_iter().cycle()) {
        let Some(neighbour) = content.by_id.row(found.id) else { continue };
        for (value, other) in point.iter_mut().zip(content.vector(neighbour)) {
            *value += (share + sign * swing) * other;
        }
    }
    point
}

fn share(part: usize, whole: usize) -> f32 {
    count(part) / count(whole)
}

#[expect(clippy::cast_precision_loss, reason = "counts up to some thousands")]
fn count(number: usize) -> f32 {
    number as f32
}
