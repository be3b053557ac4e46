//! Taking a row out of the graph: whoever led to it leads past it from now on. Nothing is rebuilt, and the row's place is free at once.

use crate::codes::Codes;
use crate::graph::Graph;
use crate::link::{Bench, by_nearness, stands_alone};
use crate::order::row;

/// New links for each that lost one.
const REPAIRS: usize = 2;

/// Take a row out. `others` are the rows that stay, and the next entry is one of them.
pub(crate) fn unlink(graph: &mut Graph, codes: &Codes, gone: u32, others: impl Iterator<Item = u32>, bench: &mut Bench) {
    for level in (0..=graph.level(gone)).rev() {
        let linkers = if level == 0 { graph.linkers(gone) } else { graph.linkers_above(level, gone) };
        let around = graph.links(level, gone).to_vec();
        for linker in linkers {
            let repaired = past(graph, codes, level, (linker, gone), &around, bench);
            graph.set_links(level, linker, &repaired);
        }
        graph.set_links(level, gone, &[]);
        if level == 0 {
            for orphan in &around {
                adopt(graph, codes, *orphan, bench);
            }
        }
    }
    graph.raze(gone, others);
}

/// The linker's links without the gone row, and instead up to [`REPAIRS`] of those that it led to.
fn past(graph: &Graph, codes: &Codes, level: usize, (linker, gone): (u32, u32), around: &[u32], bench: &mut Bench) -> Vec<u32> {
    let mut links: Vec<u32> = graph.links(level, linker).iter().copied().filter(|link| *link != gone).collect();
    let offered: Vec<u32> = around.iter().copied().filter(|other| *other != linker && !links.contains(other)).collect();
    let mut repairs = REPAIRS.min(Graph::room(level) - links.len());
    for candidate in by_nearness(codes, linker, &offered, bench) {
        if repairs == 0 {
            break;
        }
        if stands_alone(codes, linker, candidate, &links, &mut bench.other) {
            links.push(row(candidate));
            repairs -= 1;
        }
    }
    links
}

/// A row that nobody leads to any more is linked to by the nearest row that it links to, in place of that one's farthest if need be.
fn adopt(graph: &mut Graph, codes: &Codes, orphan: u32, bench: &mut Bench) {
    if !graph.linkers(orphan).is_empty() {
        return;
    }
    let near = by_nearness(codes, orphan, graph.links(0, orphan), bench);
    let Some(parent) = near.first().map(|nearest| row(*nearest)) else { return };
    let mut links = graph.links(0, parent).to_vec();
    if links.len() == Graph::room(0) {
        let far = by_nearness(codes, parent, &links, bench);
        links = far.iter().map(|key| row(*key)).collect();
        links.pop();
    }
    links.push(orphan);
    graph.set_links(0, parent, &links);
}
