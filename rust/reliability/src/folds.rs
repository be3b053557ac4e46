//! Which of the two to trust: both are asked for labels that they have not seen. No gold is used.
//!
//! The labels are dealt into folds. For each fold, both models are fitted to the other folds and say how probable they hold each
//! label of this one: the sum over classes of the task's posterior times the probability that the worker says this label then.
//! For Dawid–Skene that is the worker's own confusion matrix. For the majority it is one accuracy for everyone with even errors,
//! fitted by the same EM; the likeliest class under that model is the one with most votes. The score is the mean natural logarithm
//! of these probabilities.
//!
//! Dawid–Skene has many more parameters, so it must win by more than chance: its mean advantage must exceed its standard error,
//! taken over tasks, because the labels of one task are not independent.

use crate::em::{self, Belief, float};
use crate::{Label, Labels, ReliabilityError};

pub(crate) const MOST_FOLDS: usize = 100;

/// How a panel's labels become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Majority,
    DawidSkene,
}

impl Method {
    pub fn word(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::DawidSkene => "dawid_skene",
        }
    }
}

/// The evidence behind a choice. Scores are natural logarithms a held-out label: nearer to 0 is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    pub folds: usize,
    /// Labels held out, each once.
    pub labels: usize,
    pub majority: f64,
    pub dawid_skene: f64,
    /// Dawid–Skene's score less the majority's.
    pub advantage: f64,
    /// The standard error of the advantage, over tasks.
    pub standard_error: f64,
}

impl Scores {
    /// Dawid–Skene if its advantage is above its standard error, else the majority.
    pub fn chosen(&self) -> Method {
        if self.advantage > self.standard_error { Method::DawidSkene } else { Method::Majority }
    }
}

/// Score both methods on labels that they have not seen.
pub fn cross_validate(labels: &Labels, folds: usize) -> Result<Scores, ReliabilityError> {
    if !(2..=MOST_FOLDS).contains(&folds) {
        return Err(ReliabilityError::Folds { given: folds });
    }
    let dealt = deal(labels.rows(), folds);
    let mut sums = (0.0, 0.0);
    let mut advantages = vec![0.0; labels.tasks().len()];
    for fold in 0..folds {
        let (held, seen): (Vec<_>, Vec<_>) = dealt.iter().copied().partition(|(_, its)| *its == fold);
        if held.is_empty() {
            continue; // more folds than labels of a task, in a small set: nothing to ask
        }
        let seen: Vec<Label> = seen.into_iter().map(|(label, _)| label).collect();
        let alike = em::fit(Belief::Alike, labels.shape(), &seen);
        let own = em::fit(Belief::Own, labels.shape(), &seen);
        for (label, _) in held {
            let (majority, dawid_skene) = (alike.predicts(label).ln(), own.predicts(label).ln());
            sums.0 += majority;
            sums.1 += dawid_skene;
            advantages[label.task] += dawid_skene - majority;
        }
    }
    let (count, tasks) = (float(labels.rows().len()), float(advantages.len()));
    let mean = advantages.iter().sum::<f64>() / tasks;
    let variance = advantages.iter().map(|its| (its - mean).powi(2)).sum::<f64>() / (tasks - 1.0);
    Ok(Scores {
        folds,
        labels: labels.rows().len(),
        majority: sums.0 / count,
        dawid_skene: sums.1 / count,
        advantage: mean * tasks / count,
        standard_error: (variance / tasks).sqrt() * tasks / count,
    })
}

/// Deal labels into folds: a task's labels go to one fold after another, by worker, and the next task begins one fold later.
/// So no fold takes a whole task that has two labels or more, and a worker of a full matrix loses equally many labels to each.
fn deal(rows: &[Label], folds: usize) -> Vec<(Label, usize)> {
    let of_tasks = rows.chunk_by(|a, b| a.task == b.task);
    of_tasks.flat_map(|its| its.iter().enumerate().map(move |(rank, label)| (*label, (label.task + rank) % folds))).collect()
}
