//! Finding: by a scan of the codes, or by a walk through the graph; in either case the rows themselves decide the order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bits::Bits;
use crate::codes::Probe;
use crate::content::Content;
use crate::graph::Graph;
use crate::kernel::products;
use crate::order::{key, row, score};
use crate::rows::stride;
use crate::shape::Metric;
use crate::walk::{Room, descend, walk, walk_allowed};

/// Rows of a scan whose products are taken at once: they and their sums stay in the nearest cache.
const BLOCK: usize = 512;

/// A row that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub id: i64,
    /// The cosine, the inner product, or the squared distance, by the index's metric.
    pub score: f32,
}

/// A query that was checked: its numbers, and itself as something to compare codes with.
#[derive(Debug)]
pub(crate) struct Query {
    /// Of unit length under cosine, and filled up with zeros to the stride.
    exact: Vec<f32>,
    probe: Probe,
}

impl Query {
    pub(crate) fn new(mut vector: Vec<f32>) -> Self {
        let probe = Probe::of_query(&vector);
        vector.resize(stride(vector.len()), 0.0);
        Self { exact: vector, probe }
    }
}

/// Rows that may be found, both ways round.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) rows: Vec<u32>,
    pub(crate) bits: Bits,
}

/// What a search works in, kept for the next.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) room: Room,
    /// The highest that a row's score can be.
    highs: Vec<(f32, u32)>,
    lows: BinaryHeap<Reverse<u64>>,
    rows: Vec<u32>,
    row: Vec<f32>,
}

/// The `k` best of all rows, or of the allowed ones. Exact: codes only rule out rows that can't be among them.
pub(crate) fn scan(content: &Content, query: &Query, k: usize, allowed: Option<&Allowed>, desk: &mut Desk) -> Vec<Found> {
    desk.highs.clear();
    desk.lows.clear();
    let (probe, notes, live) = (&query.probe, &content.codes.notes, &content.live);
    let (highs, lows) = (&mut desk.highs, &mut desk.lows);
    let mut floor = f32::NEG_INFINITY;
    let mut weigh = |row: u32, sum: i32| {
        let note = &notes[row as usize];
        let (middle, doubt) = (probe.score(sum, note), probe.doubt(note));
        if middle + doubt >= floor {
            highs.push((middle + doubt, row));
            lows.push(Reverse(key(middle - doubt, row)));
            if lows.len() > k {
                lows.pop();
            }
            if lows.len() == k {
                floor = lows.peek().map_or(floor, |low| score(low.0));
            }
        }
    };
    let sums = &mut desk.room.sums;
    sums.resize(BLOCK, 0);
    if let Some(allowed) = allowed {
        for rows in allowed.rows.chunks(BLOCK) {
            products(&probe.wide, &content.codes.lines, rows, sums);
            rows.iter().zip(sums.iter()).for_each(|(row, sum)| weigh(*row, *sum));
        }
    } else {
        for first in (0..content.ids.len()).step_by(BLOCK) {
            let sums = &mut sums[..BLOCK.min(content.ids.len() - first)];
            content.codes.products_from(probe, first, sums);
            let rows = (0_u32..).skip(first).zip(sums.iter());
            rows.filter(|(row, _)| live.has(*row)).for_each(|(row, sum)| weigh(row, *sum));
        }
    }
    desk.rows.clear();
    desk.rows.extend(desk.highs.iter().filter(|(high, _)| *high >= floor).map(|(_, row)| *row));
    ranked(content, query, k, desk)
}

/// The `k` best that a walk of the given width finds. `None` without a graph, or when a walk among allowed rows grew longer than
/// looking at all of them.
pub(crate) fn through_graph(
    content: &Content,
    query: &Query,
    (k, width): (usize, usize),
    allowed: Option<&Allowed>,
    desk: &mut Desk,
) -> Option<Vec<Found>> {
    let graph: &Graph = content.graph.as_ref()?;
    let from = descend(graph, &content.codes, &query.probe, 0, &mut desk.room.sums)?;
    match allowed {
        None => walk(graph, &content.codes, &query.probe, 0, from, width, &mut desk.room),
        Some(allowed) => {
            let most = (width, allowed.rows.len());
            if !walk_allowed(graph, &content.codes, &query.probe, from, most, &allowed.bits, &mut desk.room) {
                return None;
            }
        }
    }
    desk.rows.clear();
    desk.rows.extend(promising(content, query, k, &desk.room.pool));
    Some(ranked(content, query, k, desk))
}

/// Of what a walk found, the rows that can be among the `k` best. The doubt is for the worst case; errors of codes are many, small
/// and independent, so that of some hundreds a quarter of it is hardly reached, and the measured recall would show it if it were.
fn promising<'a>(content: &'a Content, query: &'a Query, k: usize, pool: &'a [u64]) -> impl Iterator<Item = u32> + 'a {
    let notes = &content.codes.notes;
    let floor =
        pool.get(k.saturating_sub(1)).map_or(f32::NEG_INFINITY, |key| score(*key) - query.probe.doubt(&notes[row(*key) as usize]) / 4.0);
    pool.iter().take_while(move |key| score(**key) >= floor).map(|key| row(*key))
}

/// Score the chosen rows exactly, and keep the `k` best: of equals, the lower id.
fn ranked(content: &Content, query: &Query, k: usize, desk: &mut Desk) -> Vec<Found> {
    let mut found = Vec::with_capacity(desk.rows.len());
    desk.row.resize(query.exact.len(), 0.0);
    content.rows.scores(content.shape, &query.exact, &desk.rows, &content.codes, &mut desk.row, |row, score| {
        found.push(Found { id: content.ids[row as usize], score });
    });
    let nearer = |left: &Found, right: &Found| match content.shape.metric {
        Metric::Cosine | Metric::Dot => right.score.total_cmp(&left.score).then(left.id.cmp(&right.id)),
        Metric::L2 => left.score.total_cmp(&right.score).then(left.id.cmp(&right.id)),
    };
    if found.len() > k {
        found.select_nth_unstable_by(k - 1, nearer);
        found.truncate(k);
    }
    found.sort_unstable_by(nearer);
    found
}
