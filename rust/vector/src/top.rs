//! The best k of a stream of scores, in a small sorted array.

use crate::Hit;

/// The best hits so far, best first. Rows must be offered in ascending order: an equal score then goes behind the lower row.
pub(crate) struct Top {
    hits: Vec<Hit>,
    wanted: usize,
}

impl Top {
    pub(crate) fn new(wanted: usize) -> Self {
        Self { hits: Vec::with_capacity(wanted), wanted }
    }

    #[inline]
    pub(crate) fn offer(&mut self, hit: Hit) {
        if self.hits.len() == self.wanted {
            match self.hits.last() {
                Some(worst) if hit.score > worst.score => self.hits.pop(),
                Some(_) | None => return, // nearly every row of a scan ends here
            };
        }
        let place = self.hits.partition_point(|better| better.score >= hit.score);
        self.hits.insert(place, hit);
    }

    pub(crate) fn into_hits(self) -> Vec<Hit> {
        self.hits
    }
}
