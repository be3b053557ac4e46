//! Linking new rows: who becomes whose neighbour. A batch is planned against the graph as it stands, on as many threads as there
//! are, and then written; so the graph depends on what was added in which batches, and not on the threads.

use crate::codes::{Codes, Probe};
use crate::graph::{Entry, Graph, LINKS, level_of};
use crate::order::{key, row, score};
use crate::threads::in_parallel;
use crate::walk::{Room, descend, walk};

/// Rows that a new row chooses its neighbours from. hnswlib's own choice is 200; other widths than this one were not compared.
const WIDTH: usize = 128;
/// A batch is at most this share of the graph: rows of one batch do not meet each other.
const SHARE: usize = 64;
const MOST: usize = 1_024;

/// Links to be written: level, row, its neighbours.
pub(crate) type Written = (usize, u32, Vec<u32>);

/// How many rows the next batch may hold.
pub(crate) fn batch(rows: usize) -> usize {
    (rows / SHARE).clamp(1, MOST)
}

/// What to compare with and room to do it in, one for each thread.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    room: Room,
    probe: Probe,
    pub(crate) other: Probe,
    sums: Vec<i32>,
}

/// The new rows' own links, by walks through the graph.
pub(crate) fn plan(graph: &Graph, codes: &Codes, rows: &[(u32, i64)], threads: usize) -> Vec<Written> {
    let Some(entry) = graph.entry() else {
        return vec![];
    };
    let planned =
        in_parallel(rows, threads, Bench::default, |bench, (row, id)| plan_one(graph, codes, (*row, level_of(*id)), entry, bench));
    planned.into_iter().flatten().collect()
}

fn plan_one(graph: &Graph, codes: &Codes, (new, height): (u32, usize), entry: Entry, bench: &mut Bench) -> Vec<Written> {
    bench.probe.become_row(codes, new);
    let top = height.min(entry.level);
    let mut written = vec![];
    let Some(mut from) = descend(graph, codes, &bench.probe, top, &mut bench.sums) else {
        return written;
    };
    for level in (0..=top).rev() {
        walk(graph, codes, &bench.probe, level, from, WIDTH, &mut bench.room);
        from = bench.room.pool.first().map_or(from, |nearest| row(*nearest));
        written.push((level, new, choose(codes, new, &bench.room.pool, LINKS, &mut bench.other)));
    }
    written
}

/// Of the nearest rows, those that are nearer to the centre than to one chosen before: neighbours in different directions.
/// `near` holds keys as seen from the centre, nearest first.
pub(crate) fn choose(codes: &Codes, centre: u32, near: &[u64], most: usize, probe: &mut Probe) -> Vec<u32> {
    let mut chosen: Vec<u32> = Vec::with_capacity(most);
    for candidate in near {
        if chosen.len() == most {
            break;
        }
        if stands_alone(codes, centre, *candidate, &chosen, probe) {
            chosen.push(row(*candidate));
        }
    }
    chosen
}

/// Whether the candidate is nearer to the centre than to any chosen row. `probe` becomes the candidate.
pub(crate) fn stands_alone(codes: &Codes, centre: u32, candidate: u64, chosen: &[u32], probe: &mut Probe) -> bool {
    if chosen.is_empty() {
        return true;
    }
    let (candidate, score) = (row(candidate), score(candidate));
    probe.become_row(codes, candidate);
    // The key says how near the candidate is, seen from the centre; the biases turn it into the centre seen from the candidate.
    let centre = score + codes.notes[candidate as usize].bias - codes.notes[centre as usize].bias;
    chosen.iter().all(|other| codes.near_one(probe, *other) <= centre)
}

/// The links of those who were chosen: back to the rows of `plan`, and fewer of the others where there is no room.
pub(crate) fn answer(graph: &Graph, codes: &Codes, planned: &[Written], threads: usize) -> Vec<Written> {
    let mut asks: Vec<(usize, u32, u32)> = vec![];
    for (level, new, chosen) in planned {
        asks.extend(chosen.iter().map(|target| (*level, *target, *new)));
    }
    asks.sort_unstable();
    let targets: Vec<&[(usize, u32, u32)]> = asks.chunk_by(|left, right| left.0 == right.0 && left.1 == right.1).collect();
    in_parallel(&targets, threads, Bench::default, |bench, asks| {
        let (level, target, _) = asks[0];
        let mut links = graph.links(level, target).to_vec();
        links.extend(asks.iter().map(|(_, _, new)| *new));
        (level, target, fitted(codes, target, links, Graph::room(level), bench))
    })
}

/// The links that a row keeps when it has been given more than it has room for.
pub(crate) fn fitted(codes: &Codes, centre: u32, links: Vec<u32>, most: usize, bench: &mut Bench) -> Vec<u32> {
    if links.len() <= most {
        return links;
    }
    let near = by_nearness(codes, centre, &links, bench);
    choose(codes, centre, &near, most, &mut bench.other)
}

/// Rows as keys seen from the centre, nearest first.
pub(crate) fn by_nearness(codes: &Codes, centre: u32, rows: &[u32], bench: &mut Bench) -> Vec<u64> {
    let mut near = Vec::with_capacity(rows.len());
    bench.probe.become_row(codes, centre);
    codes.near(&bench.probe, rows, &mut bench.sums, |row, score| near.push(key(score, row)));
    near.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
    near
}

/// Write a batch: towers first, then links.
pub(crate) fn write(graph: &mut Graph, rows: &[(u32, i64)], planned: Vec<Written>, answers: Vec<Written>) {
    for (row, id) in rows {
        graph.raise(*row, level_of(*id));
    }
    for (level, row, links) in planned.into_iter().chain(answers) {
        graph.set_links(level, row, &links);
    }
}
