//! The index of example utterances, and its answer as a recorded fact.

use interlock_kernel::{Name, Neighbour};
use interlock_vector::Index;

use crate::EngineError;

/// Examples with their intents. Immutable: a new set of examples is a new index.
#[derive(Debug)]
pub struct Semantic {
    index: Index,
    intents: Vec<Name>,
    k: usize,
}

impl Semantic {
    /// `labels[i]` is the place in `intents` of example `i`; `vectors` holds one row of `dim` floats each.
    pub fn build(dim: usize, vectors: Vec<f32>, labels: Vec<u32>, intents: Vec<Name>, k: usize) -> Result<Self, EngineError> {
        if labels.iter().any(|label| *label as usize >= intents.len()) {
            return Err(EngineError::Internal("a label of the semantic index names no intent"));
        }
        Ok(Self { index: Index::build(dim, vectors, labels)?, intents, k })
    }

    pub fn revision(&self) -> u64 {
        self.index.revision()
    }

    pub(crate) fn nearest(&self, vector: &[f32]) -> Result<Vec<Neighbour>, EngineError> {
        let hits = self.index.search(vector, self.k)?;
        Ok(hits
            .into_iter()
            .filter_map(|hit| {
                let intent = self.intents.get(hit.label as usize)?.clone();
                Some(Neighbour { example: hit.row, intent, score: parts_per_million(hit.score) })
            })
            .collect())
    }
}

/// A cosine in parts per million; it lies between -1 and 1, so the conversion can't overflow.
#[expect(clippy::cast_possible_truncation, reason = "a cosine times a million fits an i32")]
fn parts_per_million(score: f32) -> i32 {
    (f64::from(score.clamp(-1.0, 1.0)) * 1_000_000.0).round() as i32
}
