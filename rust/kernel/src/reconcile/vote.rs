//! Votes and confidences, counted in integers.

use crate::plan::{OnTie, Quorum};
use crate::reconcile::Panel;
use crate::{BallotKey, Confidence, Rules, Tried, TriedOutcome};

/// How a vote is counted.
pub(super) struct Ballots<'a> {
    pub key: &'a BallotKey,
    pub quorum: Option<Quorum>,
    /// For each branch.
    pub weights: &'a [u64],
    pub on_tie: OnTie,
}

/// The option with the most weight wins, and of its voters the surest answer stands; of two as sure, the one named first.
pub(super) fn by_vote(spec: &Ballots<'_>, panel: &Panel<'_>, rules: &dyn Rules, tried: &mut Tried) -> TriedOutcome {
    tried.votes = match spec.key {
        BallotKey::Agreement { least_ppm } => agreed(panel, *least_ppm),
        BallotKey::Text | BallotKey::Field { .. } => keyed(spec.key, panel, rules, &mut tried.spoiled),
    };
    let weight = |place: usize| spec.weights.get(place).copied().unwrap_or(0);
    let options = tried.votes.iter().flatten().max().map_or(0, |last| usize::from(*last) + 1);
    tried.tally = vec![0; options];
    let mut counts = vec![0_usize; options];
    for (place, option) in voted(&tried.votes) {
        tried.tally[option] += weight(place);
        counts[option] += 1;
    }
    let Some(most) = tried.tally.iter().max().copied().filter(|most| *most > 0) else { return TriedOutcome::NoBallots };
    let first: Vec<usize> = (0..options).filter(|option| tried.tally[*option] == most).collect();
    // Options are numbered in the order in which the plan names the branches, so the first of them is the earliest.
    let winner = match (first.as_slice(), spec.on_tie) {
        ([winner], _) | ([winner, ..], OnTie::First) => *winner,
        (_, OnTie::Review) => return TriedOutcome::Review,
        (_, OnTie::Next | OnTie::First) => return TriedOutcome::Tied,
    };
    let panel_weight: u64 = (0..panel.answers.len()).map(weight).sum();
    let enough = match spec.quorum {
        None => true,
        Some(Quorum::Count(count)) => counts[winner] >= usize::from(count),
        Some(Quorum::Share(ppm)) => u128::from(most) * u128::from(Confidence::ONE) >= u128::from(ppm) * u128::from(panel_weight),
    };
    if !enough {
        return TriedOutcome::NoQuorum;
    }
    let surest = voted(&tried.votes)
        .filter(|(_, option)| *option == winner)
        .map(|(place, _)| place)
        .max_by_key(|place| (panel.answers[*place].confidence, std::cmp::Reverse(*place)));
    surest.map_or(TriedOutcome::NoBallots, |place| TriedOutcome::Won(u16::try_from(place).unwrap_or(u16::MAX)))
}

fn voted(votes: &[Option<u16>]) -> impl Iterator<Item = (usize, usize)> + '_ {
    votes.iter().enumerate().filter_map(|(place, option)| Some((place, usize::from((*option)?))))
}

/// Options by what the key makes of each answer, numbered in order of appearance.
fn keyed(key: &BallotKey, panel: &Panel<'_>, rules: &dyn Rules, spoiled: &mut Vec<(u16, String)>) -> Vec<Option<u16>> {
    let mut known: Vec<String> = Vec::new();
    let mut option = |(place, content): (usize, Option<crate::Content<'_>>)| {
        let vote = match rules.ballot(key, content?) {
            Ok(vote) => vote?, // an abstention
            Err(why) => {
                spoiled.push((u16::try_from(place).unwrap_or(u16::MAX), why));
                return None;
            }
        };
        let number = known.iter().position(|other| *other == vote).unwrap_or_else(|| {
            known.push(vote);
            known.len() - 1
        });
        u16::try_from(number).ok()
    };
    panel.answers.iter().map(|answer| answer.content).enumerate().map(&mut option).collect()
}

/// Options by what the comparator found to agree: answers that are linked by pairs that agree are one option.
fn agreed(panel: &Panel<'_>, least_ppm: u32) -> Vec<Option<u16>> {
    let places: Vec<usize> =
        panel.answers.iter().enumerate().filter(|(_, answer)| answer.content.is_some()).map(|(place, _)| place).collect();
    let mut group: Vec<usize> = (0..places.len()).collect();
    let pairs = (0..places.len()).flat_map(|first| (first + 1..places.len()).map(move |second| (first, second)));
    // With one answer there is no pair; without a comparator nothing agrees.
    for ((first, second), ppm) in pairs.zip(panel.agreement.unwrap_or_default()) {
        if *ppm >= least_ppm {
            let (low, high) = (group[first].min(group[second]), group[first].max(group[second]));
            group.iter_mut().filter(|one| **one == high).for_each(|one| *one = low);
        }
    }
    let mut known: Vec<usize> = group.clone();
    known.sort_unstable();
    known.dedup();
    let mut votes = vec![None; panel.answers.len()];
    for (place, group) in places.iter().zip(&group) {
        votes[*place] = known.iter().position(|other| other == group).and_then(|number| u16::try_from(number).ok());
    }
    votes
}

/// The surest answer wins, if it is far enough ahead of the surest one that says something else.
pub(super) fn by_confidence(margin_ppm: u32, panel: &Panel<'_>, rules: &dyn Rules, options: Option<&[Option<u16>]>) -> TriedOutcome {
    let texts = options.is_none().then(|| keyed(&BallotKey::Text, panel, rules, &mut Vec::new()));
    let option = |place: usize| options.or(texts.as_deref()).and_then(|all| all.get(place).copied().flatten());
    let sure = || {
        panel.answers.iter().enumerate().filter_map(|(place, answer)| answer.content.and(answer.confidence).map(|stated| (stated, place)))
    };
    let Some((best, winner)) = sure().max_by_key(|(stated, place)| (*stated, std::cmp::Reverse(*place))) else {
        return TriedOutcome::NoBallots;
    };
    let differs = |place: usize| place != winner && (option(place).is_none() || option(place) != option(winner));
    let next = sure().filter(|(_, place)| differs(*place)).map(|(stated, _)| stated).max();
    match next {
        Some(next) if next == best => TriedOutcome::Tied,
        Some(next) if best.0 - next.0 < margin_ppm => TriedOutcome::WithinMargin,
        Some(_) | None => TriedOutcome::Won(u16::try_from(winner).unwrap_or(u16::MAX)),
    }
}
