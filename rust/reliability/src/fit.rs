//! Dawid–Skene on all labels: what each task most likely is, and how each worker errs.

use crate::em::{self, Belief, Model, Shape};
use crate::{Labels, weight};

/// Posteriors that differ by less are equal, and the class that stands first is taken.
pub const TIED: f64 = 1e-9;

/// What Dawid–Skene found. Tasks, workers and classes are numbered as in [`Labels`].
#[derive(Debug, Clone)]
pub struct Fit {
    classes: usize,
    model: Model,
    weights: Vec<u32>,
}

/// Fit Dawid–Skene, started from the vote shares.
pub fn fit(labels: &Labels) -> Fit {
    let model = em::fit(Belief::Own, labels.shape(), labels.rows());
    let classes = labels.classes().len();
    let mut right = vec![(0.0, 0_usize); labels.workers().len()];
    for label in labels.rows() {
        let (sum, count) = &mut right[label.worker];
        *sum += model.posterior[label.task * classes + label.class];
        *count += 1;
    }
    let weights = right.into_iter().map(|(sum, count)| weight::weight(sum, count, classes)).collect();
    Fit { classes, model, weights }
}

impl Fit {
    /// The probability of each class for a task.
    pub fn posterior(&self, task: usize) -> &[f64] {
        &self.model.posterior[task * self.classes..][..self.classes]
    }

    /// The likeliest class of a task; of equals, the first.
    pub fn label(&self, task: usize) -> usize {
        let posterior = self.posterior(task);
        posterior.iter().enumerate().fold(0, |best, (class, share)| if *share > posterior[best] + TIED { class } else { best })
    }

    /// A worker's confusion matrix: for each true class, the probability of each label.
    pub fn confusion(&self, worker: usize) -> Vec<Vec<f64>> {
        let cells = &self.model.confusion[worker * self.classes * self.classes..][..self.classes * self.classes];
        (0..self.classes).map(|truth| cells.iter().skip(truth).step_by(self.classes).copied().collect()).collect()
    }

    /// A worker's weight in a vote: log-odds of their accuracy in thousandths, from 0 to [`crate::MOST_WEIGHT`].
    /// The accuracy is the mean posterior of the labels that they gave, smoothed like a row of their matrix.
    pub fn weight(&self, worker: usize) -> u32 {
        self.weights[worker]
    }

    /// All weights, in the order of the workers.
    pub fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// Rounds of EM.
    pub fn iterations(&self) -> u32 {
        self.model.iterations
    }

    /// Whether the rounds ended because nothing moved any more.
    pub fn converged(&self) -> bool {
        self.model.converged
    }
}

impl Labels {
    pub(crate) fn shape(&self) -> Shape {
        Shape { workers: self.workers().len(), tasks: self.tasks().len(), classes: self.classes().len() }
    }
}
