//! What a worker's voice counts, as a whole number, and votes counted with it.

use crate::Labels;
use crate::em::{SMOOTHING, float};

/// Everyone's weight when the majority is kept.
pub const EQUAL_WEIGHT: u32 = 1_000;

/// The weight of 999 right answers for one wrong one: ln(999) in thousandths. More would silence all others on little evidence.
pub const MOST_WEIGHT: u32 = 6_907;

/// Log-odds of an accuracy, in thousandths. With two classes that is ln(a / (1 - a)); with more, chance is right once in `classes`,
/// and ln(a (classes - 1) / (1 - a)) is what one vote is worth when errors fall evenly. Clamped to 0 and [`MOST_WEIGHT`]:
/// who is no better than chance has no voice, and nobody's vote counts against what it says.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, and rounded to a whole number")]
pub(crate) fn weight(right: f64, labels: usize, classes: usize) -> u32 {
    let accuracy = (right + SMOOTHING) / (float(labels) + SMOOTHING * float(classes));
    let odds = accuracy * (float(classes) - 1.0) / (1.0 - accuracy);
    (odds.ln() * 1_000.0).round().clamp(0.0, f64::from(MOST_WEIGHT)) as u32
}

/// For each task, the class with most votes; of equals, the first in the order of [`Labels::classes`].
pub fn majority(labels: &Labels) -> Vec<usize> {
    count(labels, |_| 1)
}

/// For each task, the class with most weight behind it; of equals, the first in the order of [`Labels::classes`].
/// A worker without a weight has none.
pub fn weighted(labels: &Labels, weights: &[u32]) -> Vec<usize> {
    count(labels, |worker| weights.get(worker).copied().map_or(0, u64::from))
}

fn count(labels: &Labels, weight: impl Fn(usize) -> u64) -> Vec<usize> {
    let mut chosen = vec![0; labels.tasks().len()];
    let mut votes = vec![0_u64; labels.classes().len()];
    for of_task in labels.rows().chunk_by(|a, b| a.task == b.task) {
        votes.fill(0);
        for label in of_task {
            votes[label.class] += weight(label.worker);
        }
        chosen[of_task[0].task] = votes.iter().enumerate().fold(0, |best, (class, sum)| if *sum > votes[best] { class } else { best });
    }
    chosen
}
