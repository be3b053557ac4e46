//! The semantic stage: the nearest examples vote on the intent, each with its similarity. Integers throughout.

use interlock_kernel::{Confidence, Name, Neighbour};

use crate::table::Semantic;

/// What the vote found, and what it saw.
pub(crate) struct Ballot {
    /// The winner, if it is near enough and far enough ahead.
    pub(crate) accepted: Option<Name>,
    /// Shares of the sum in parts per million, largest first, then by name.
    pub(crate) candidates: Vec<(Name, u32)>,
    /// Who voted, nearest first.
    pub(crate) voters: Vec<Neighbour>,
}

pub(crate) fn vote(semantic: Semantic, neighbours: &[Neighbour]) -> Ballot {
    let mut voters = neighbours.to_vec();
    voters.sort_by(|a, b| b.score.cmp(&a.score).then(a.example.cmp(&b.example)));
    voters.truncate(semantic.k);
    let candidates = shares(&voters);
    let near = voters.first().is_some_and(|best| i64::from(best.score) >= i64::from(semantic.threshold_ppm));
    let accepted = match candidates.as_slice() {
        [] => None,
        [(intent, share), rest @ ..] => {
            let ahead = share - rest.first().map_or(0, |(_, next)| *next);
            (near && ahead >= semantic.margin_ppm).then(|| intent.clone())
        }
    };
    Ballot { accepted, candidates, voters }
}

/// A score below 0 points away from the example, which is no vote for another.
fn shares(voters: &[Neighbour]) -> Vec<(Name, u32)> {
    let mut weights: Vec<(Name, u64)> = Vec::new();
    for voter in voters {
        let weight = u64::from(voter.score.max(0).unsigned_abs());
        match weights.iter_mut().find(|(intent, _)| *intent == voter.intent) {
            Some((_, sum)) => *sum += weight,
            None => weights.push((voter.intent.clone(), weight)),
        }
    }
    weights.retain(|(_, weight)| *weight > 0);
    let sum: u64 = weights.iter().map(|(_, weight)| weight).sum();
    let share = |weight: u64| {
        let ppm = u128::from(weight) * u128::from(Confidence::ONE) / u128::from(sum.max(1));
        u32::try_from(ppm).unwrap_or(Confidence::ONE)
    };
    let mut shares: Vec<(Name, u32)> = weights.into_iter().map(|(intent, weight)| (intent, share(weight))).collect();
    shares.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    shares
}
