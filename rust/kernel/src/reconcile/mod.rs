//! One answer out of several: a pure function of the answers and the policy, in integers, with all that it looked at as evidence.
//!
//! It does not matter in which order the answers came in: they stand in the order in which the plan names the branches.

mod vote;

use crate::plan::{Method, Policy};
use crate::{CheckQuery, Confidence, Considered, Content, RuleOutcome, Rules, Tried, TriedOutcome};

/// One branch's answer; no content when it has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub name: &'a str,
    pub content: Option<Content<'a>>,
    pub confidence: Option<Confidence>,
}

/// Everything that a policy looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub answers: &'a [Answer<'a>],
    /// Pairs of those that answered, in parts per million.
    pub agreement: Option<&'a [u32]>,
    /// What the branches were given.
    pub task: CheckQuery<'a>,
}

/// Try the methods in order. What was tried, and the branch whose answer stands, if one does.
pub(crate) fn reconcile(policy: &Policy, panel: &Panel<'_>, rules: &dyn Rules) -> (Vec<Tried>, Option<u16>) {
    let mut all = Vec::new();
    for (number, method) in (0_u16..).zip(&policy.methods) {
        let mut tried = Tried {
            method: number,
            votes: Vec::new(),
            tally: Vec::new(),
            spoiled: Vec::new(),
            considered: Vec::new(),
            outcome: TriedOutcome::NoBallots,
        };
        tried.outcome = match method {
            Method::Overrides { rules: overrides } => by_override(overrides, panel, rules, &mut tried.considered),
            Method::Vote { key, quorum, weights, on_tie } => {
                vote::by_vote(&vote::Ballots { key, quorum: *quorum, weights, on_tie: *on_tie }, panel, rules, &mut tried)
            }
            Method::Confidence { margin_ppm } => {
                let options = all.iter().find(|before: &&Tried| !before.votes.is_empty()).map(|before| before.votes.clone());
                vote::by_confidence(*margin_ppm, panel, rules, options.as_deref())
            }
        };
        let outcome = tried.outcome;
        all.push(tried);
        match outcome {
            TriedOutcome::Won(place) => return (all, Some(place)),
            TriedOutcome::Review => return (all, None),
            TriedOutcome::Tied
            | TriedOutcome::NoQuorum
            | TriedOutcome::NoBallots
            | TriedOutcome::WithinMargin
            | TriedOutcome::NoOverride => {}
        }
    }
    (all, None)
}

/// The first condition that holds decides, if the branch that it names has an answer.
fn by_override(overrides: &[(u16, Option<usize>)], panel: &Panel<'_>, rules: &dyn Rules, considered: &mut Vec<Considered>) -> TriedOutcome {
    let ballots: Vec<_> = panel.answers.iter().filter_map(|answer| Some((answer.name, answer.content?, answer.confidence))).collect();
    let query = CheckQuery { ballots: &ballots, ..panel.task };
    for (number, (expression, take)) in (0_u32..).zip(overrides) {
        let answer = rules.holds(*expression, &query);
        let holds = answer == Ok(true);
        let outcome = match answer {
            Ok(true) => RuleOutcome::Matched,
            Ok(false) => RuleOutcome::NotMatched,
            Err(why) => RuleOutcome::Erred(why),
        };
        considered.push(Considered { rule: number, outcome });
        match take {
            None if holds => return TriedOutcome::Review,
            Some(place) if holds && panel.answers.get(*place).is_some_and(|answer| answer.content.is_some()) => {
                return TriedOutcome::Won(u16::try_from(*place).unwrap_or(u16::MAX));
            }
            Some(_) | None => {}
        }
    }
    TriedOutcome::NoOverride
}
