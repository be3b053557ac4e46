//! Expectation and maximisation: posteriors of tasks and error rates of workers, each computed from the other until they agree.

use crate::Label;

/// Added to every count of a confusion matrix and of the class frequencies, so that nothing is held impossible.
/// A tenth of a label per cell decides little once a worker has labelled ten tasks.
pub const SMOOTHING: f64 = 0.1;

/// The fit has converged when no posterior moves by more than this in one round.
pub const TOLERANCE: f64 = 1e-10;

/// Rounds after which the fit stops, converged or not.
pub const MOST_ITERATIONS: u32 = 1_000;

/// How many of each there are. A fit on a part of the labels keeps the numbers of the whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) workers: usize,
    pub(crate) tasks: usize,
    pub(crate) classes: usize,
}

/// What is held about the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// Everyone is right equally often, errs evenly over the other classes, and every class is equally frequent.
    /// The likeliest class of a task is then the one with most votes, so this is the model behind the majority.
    Alike,
    /// Dawid–Skene: each worker has a confusion matrix of their own, and classes have frequencies.
    Own,
}

/// What a fit found.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// Task by task, the probability of each class.
    pub(crate) posterior: Vec<f64>,
    /// Worker by worker, label by label, the probability of the label for each true class.
    pub(crate) confusion: Vec<f64>,
    prior: Vec<f64>,
    pub(crate) iterations: u32,
    pub(crate) converged: bool,
}

impl Model {
    /// The probability that the worker gives this label to the task.
    pub(crate) fn predicts(&self, label: Label) -> f64 {
        let classes = self.prior.len();
        let truths = &self.posterior[label.task * classes..][..classes];
        let said = &self.confusion[(label.worker * classes + label.class) * classes..][..classes];
        truths.iter().zip(said).map(|(truth, said)| truth * said).sum()
    }
}

/// Fit to labels that are sorted by task and worker. Posteriors start as vote shares.
pub(crate) fn fit(belief: Belief, shape: Shape, labels: &[Label]) -> Model {
    let classes = shape.classes;
    let mut model = Model {
        posterior: shares(shape, labels),
        confusion: vec![0.0; shape.workers * classes * classes],
        prior: vec![0.0; classes],
        iterations: 0,
        converged: false,
    };
    while !model.converged && model.iterations < MOST_ITERATIONS {
        match belief {
            Belief::Alike => count_together(&mut model, labels),
            Belief::Own => count_each(&mut model, labels),
        }
        model.converged = weigh_up(&mut model, labels) <= TOLERANCE;
        model.iterations += 1;
    }
    model
}

/// The votes' shares; evenly for a task without votes.
fn shares(shape: Shape, labels: &[Label]) -> Vec<f64> {
    let mut shares = vec![0.0; shape.tasks * shape.classes];
    for label in labels {
        shares[label.task * shape.classes + label.class] += 1.0;
    }
    for task in shares.chunks_exact_mut(shape.classes) {
        if task.iter().all(|votes| *votes == 0.0) {
            task.fill(1.0);
        }
        scale(task);
    }
    shares
}

/// Error rates of each worker and frequencies of classes, from the posteriors.
fn count_each(model: &mut Model, labels: &[Label]) {
    let classes = model.prior.len();
    model.prior.fill(SMOOTHING);
    model.confusion.fill(SMOOTHING);
    for of_task in labels.chunk_by(|a, b| a.task == b.task) {
        let truths = &model.posterior[of_task[0].task * classes..][..classes];
        for (count, truth) in model.prior.iter_mut().zip(truths) {
            *count += truth;
        }
        for label in of_task {
            let counts = &mut model.confusion[(label.worker * classes + label.class) * classes..][..classes];
            for (count, truth) in counts.iter_mut().zip(truths) {
                *count += truth;
            }
        }
    }
    scale(&mut model.prior);
    for of_worker in model.confusion.chunks_exact_mut(classes * classes) {
        for truth in 0..classes {
            let sum: f64 = of_worker.iter().skip(truth).step_by(classes).sum();
            for count in of_worker.iter_mut().skip(truth).step_by(classes) {
                *count /= sum;
            }
        }
    }
}

/// One accuracy for everyone, from the posteriors.
fn count_together(model: &mut Model, labels: &[Label]) {
    let classes = model.prior.len();
    let others = float(classes) - 1.0;
    let right: f64 = labels.iter().map(|label| model.posterior[label.task * classes + label.class]).sum();
    let right = (right + SMOOTHING) / (float(labels.len()) + SMOOTHING * float(classes));
    model.prior.fill(1.0 / float(classes));
    for of_worker in model.confusion.chunks_exact_mut(classes * classes) {
        of_worker.fill((1.0 - right) / others);
        for class in 0..classes {
            of_worker[class * classes + class] = right;
        }
    }
}

/// Posteriors of tasks from error rates and frequencies; gives how far the farthest moved. Logarithms keep long products from vanishing.
fn weigh_up(model: &mut Model, labels: &[Label]) -> f64 {
    let classes = model.prior.len();
    let frequencies: Vec<f64> = model.prior.iter().map(|share| share.ln()).collect();
    let logs: Vec<f64> = model.confusion.iter().map(|share| share.ln()).collect();
    let mut moved = 0.0_f64;
    let mut rest = labels;
    for (task, posterior) in model.posterior.chunks_exact_mut(classes).enumerate() {
        let (of_task, others) = rest.split_at(rest.partition_point(|label| label.task == task));
        rest = others;
        let mut sums = frequencies.clone();
        for label in of_task {
            let said = &logs[(label.worker * classes + label.class) * classes..][..classes];
            for (sum, log) in sums.iter_mut().zip(said) {
                *sum += log;
            }
        }
        let most = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for sum in &mut sums {
            *sum = (*sum - most).exp();
        }
        scale(&mut sums);
        for (old, new) in posterior.iter_mut().zip(sums) {
            moved = moved.max((*old - new).abs());
            *old = new;
        }
    }
    moved
}

/// Make numbers sum to 1.
fn scale(values: &mut [f64]) {
    let sum: f64 = values.iter().sum();
    for value in values {
        *value /= sum;
    }
}

#[allow(clippy::cast_precision_loss, reason = "no count of labels comes near 2^53")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
