//! How wide a walk must be for a wanted recall: measured on the index itself, since it depends on the rows more than on anything else.

use crate::content::Content;
use crate::find::{Desk, Query, scan, through_graph};
use crate::product::normalise;
use crate::shape::Metric;
use crate::threads::in_parallel;

/// Below so many rows a scan is exact at about the price of a walk, and there is no graph. Measured: decision 20.
pub(crate) const SCANNED: usize = 1_000;
/// A scan of `m` allowed rows of `n` takes about as long as a walk among them when `m * m` is this times `n`. Reckoned from what a row of
/// a scan and a whole walk cost at 100,000 rows; not measured at other sizes.
pub(crate) const CROSSING: usize = 2_500;
/// Fresh queries miss up to so many for each that the measurement counts as missed: 0.9 to 1.4 at 30,000 rows, 1.2 to 2.1 at 100,000.
const CAUTION: f64 = 2.0;

/// Queries of a measurement at the first depth, and every how many of them go deeper, which takes longer.
const SAMPLE: usize = 512;
const DEEPER: usize = 2;
/// How many neighbours are asked for. It matters: of rows in clusters of 50 the ten nearest are easy, and the hundred nearest lie in
/// clusters that no link leads to. Ten among half of the rows are about as deep as twenty among all.
const DEPTHS: [usize; 3] = [10, 30, 100];
/// Widths of walks, in tenths of the depth; and the widest that is tried, beyond which a scan is as good.
const TENTHS: [usize; 18] = [10, 11, 12, 14, 16, 18, 20, 23, 26, 32, 40, 52, 64, 96, 128, 192, 320, 512];
const WIDEST: usize = 512;
pub(crate) const MOST_WIDTHS: usize = TENTHS.len();
/// Rows that a query is made of, and the walk that looks for them.
const AROUND: usize = 32;
const NEIGHBOUR_WIDTH: usize = 64;

/// Recalls by depth and width, and how many rows there were when they were measured.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Tuning {
    pub(crate) rows: usize,
    /// For each depth, one for each of the narrowest widths, up to the first that found everything.
    pub(crate) recalls: [Vec<f32>; DEPTHS.len()],
}

impl Tuning {
    /// Whether so many rows came or went since that it is another index by half.
    pub(crate) fn is_outdated(&self, changed: usize) -> bool {
        changed * 2 >= self.rows
    }

    /// The narrowest walk that reaches the recall for the `k` nearest of `allowed` rows. `None` when none did, so that only a scan can.
    pub(crate) fn width(&self, recall: f64, k: usize, allowed: usize, rows: usize) -> Option<usize> {
        let missed = (1.0 - recall) / CAUTION;
        let rank = deepest(k, allowed, rows);
        let last = DEPTHS.iter().position(|depth| rank <= *depth).unwrap_or(DEPTHS.len() - 1);
        let mut all = 0; // among all rows: a deeper search is no narrower than a shallow one
        for (depth, recalls) in DEPTHS.iter().zip(&self.recalls).take(last + 1) {
            let reached = recalls.iter().position(|reached| 1.0 - f64::from(*reached) <= missed)?;
            all = all.max(depth * TENTHS[reached] / 10);
        }
        let all = count(all) * (count(rank) / count(DEPTHS[last])).max(1.0);
        Some(whole((all * share(allowed, rows)).ceil()).max(k)) // only allowed rows count for the walk
    }

    /// Each depth and width that was measured, and its recall.
    pub(crate) fn widths(&self) -> Vec<(usize, usize, f32)> {
        let by_depth = DEPTHS.iter().zip(&self.recalls);
        by_depth
            .flat_map(|(depth, recalls)| TENTHS.iter().zip(recalls).map(move |(tenths, recall)| (*depth, depth * tenths / 10, *recall)))
            .collect()
    }

    /// Ask for the neighbours of points that lie where the rows do, and are none of them.
    pub(crate) fn measure(content: &Content, threads: usize) -> Self {
        let step = (content.len() / SAMPLE).max(1);
        let sample: Vec<(usize, u32)> = content.live.rows().step_by(step).take(SAMPLE).enumerate().collect();
        let depths = |place: usize| if place.is_multiple_of(DEEPER) { DEPTHS.len() } else { 1 };
        let hits = in_parallel(&sample, threads, Desk::default, |desk, (place, row)| hits(content, *row, depths(*place), desk));
        let mut tuning = Self { rows: content.len(), recalls: Default::default() };
        for (place, depth) in DEPTHS.into_iter().enumerate() {
            let asked = || hits.iter().step_by(if place == 0 { 1 } else { DEEPER }).flatten();
            let most = depth.min(content.len());
            let wanted = most * asked().count();
            let mut best = 0.0_f32; // a wider walk is no worse, whatever a small sample says
            for width in (0..TENTHS.len()).take_while(|width| depth * TENTHS[*width] / 10 <= WIDEST) {
                let found: usize = asked().map(|hits| hits[place][width]).sum();
                // A walk that lost its way misses all, so one query more or less is what a sample can't tell.
                best = best.max(if wanted == 0 { 1.0 } else { share(found.saturating_sub(most), wanted) });
                tuning.recalls[place].push(best);
                if found == wanted {
                    break;
                }
            }
        }
        tuning
    }
}

/// The rank among all rows that the `k`th of the allowed ones rarely passes: the mean and two standard deviations of the number of rows that
/// are drawn until `k` of them are allowed.
fn deepest(k: usize, allowed: usize, rows: usize) -> usize {
    let (k, share) = (count(k.min(rows)), share(allowed, rows.max(1)));
    whole((k + 2.0 * (k * (1.0 - share)).sqrt()) / share)
}

/// How many of the nearest each width finds at each depth. `None` for a point that has no direction.
fn hits(content: &Content, row: u32, depths: usize, desk: &mut Desk) -> Option<[[usize; TENTHS.len()]; DEPTHS.len()]> {
    let mut point = beside(content, row, desk);
    if content.shape.metric == Metric::Cosine {
        normalise(&mut point).ok()?; // the rows lie all around the origin, and the point on it
    }
    let query = Query::new(point);
    let nearest = scan(content, &query, DEPTHS[depths - 1], None, desk);
    let mut all = [[0; TENTHS.len()]; DEPTHS.len()];
    for (found, depth) in all.iter_mut().zip(DEPTHS).take(depths) {
        let nearest = &nearest[..depth.min(nearest.len())];
        let Some(last) = nearest.last() else { continue };
        for (place, tenths) in TENTHS.into_iter().enumerate().take_while(|(_, tenths)| depth * tenths / 10 <= WIDEST) {
            let walked = through_graph(content, &query, (depth, depth * tenths / 10), None, desk).unwrap_or_default();
            // Counted by score, because of rows that are equally near any will do.
            let as_near = |score: f32| if content.shape.metric == Metric::L2 { score <= last.score } else { score >= last.score };
            found[place] = walked.iter().filter(|found| as_near(found.score)).count().min(nearest.len());
            if found[place] == nearest.len() {
                found[place..].fill(nearest.len()); // wider walks find them too, and need not be walked
                break;
            }
        }
    }
    Some(all)
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and a float too large becomes the largest number")]
fn whole(number: f32) -> usize {
    number as usize
}

#[expect(clippy::cast_precision_loss, reason = "shares and ranks are no better for their eighth digit")]
fn count(number: usize) -> f32 {
    number as f32
}
