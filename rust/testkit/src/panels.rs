//! The settings of generated patterns in which several work: when they have said enough, who is next, what ends it.

use interlock_kernel::plan::{
    ForumSpec, MethodSpec, Mode, NodeSpec, OnFailure, OnLimit, OnTie, OverrideSpec, ParallelSpec, PolicySpec, Quorum, SpeakerRule,
};
use interlock_kernel::{BallotKey, Fold, Name};

use crate::rules::{ACCEPTS, ALWAYS, DONE, ERRS, EVEN, FINE, SURE, word};
use crate::tape::Tape;
use crate::{chat as plain_chat, name_of};

/// One of the expressions that the scripted rules know.
pub(crate) fn expression(tape: &mut Tape<'_>) -> u16 {
    tape.one_of(&[ALWAYS, DONE, EVEN, SURE, ERRS, FINE, ACCEPTS, word("yes"), word("no"), word("next")])
}

pub(crate) fn parallel(tape: &mut Tape<'_>, name: Name, branches: Vec<NodeSpec>, synthesis: Option<NodeSpec>) -> ParallelSpec {
    let names: Vec<Name> = branches.iter().map(|branch| name_of(branch).clone()).collect();
    let reconcile = if synthesis.is_none() || tape.chance(30) { Some(policy_on(tape, &names)) } else { None };
    let panel = u16::try_from(branches.len()).unwrap_or(1);
    let mode = match tape.below(4) {
        0 | 1 => Mode::WaitAll,
        2 => Mode::FirstK(1 + tape.below(panel)),
        _ => Mode::FailFast,
    };
    let branch_deadline_ms = tape.maybe(25, |tape| 1 + u64::from(tape.below(2_000)));
    let on_failure = tape.one_of(&[OnFailure::Review, OnFailure::Fail]);
    ParallelSpec { name, branches, mode, branch_deadline_ms, reconcile, synthesis, on_failure }
}

/// Any policy over branches with these names.
pub fn policy_on(tape: &mut Tape<'_>, names: &[Name]) -> PolicySpec {
    let methods = tape.some(1, 3, |tape| match tape.below(8) {
        0..5 => MethodSpec::Vote {
            key: match tape.below(6) {
                0..3 => BallotKey::Text,
                3 => BallotKey::Field { path: "decision".into(), fold: Fold::Case },
                _ => BallotKey::Agreement { least_ppm: 500_000 },
            },
            quorum: match tape.below(4) {
                0 | 1 => None,
                2 => Some(Quorum::Count(1 + tape.below(u16::try_from(names.len()).unwrap_or(1)))),
                _ => Some(Quorum::Share(u32::from(1 + tape.below(100)) * 10_000)),
            },
            // The last branch keeps its usual weight, so that not all weigh nothing.
            weights: names[..names.len() - 1].iter().map(|name| (name.clone(), u64::from(tape.below(4)) * 500)).collect(),
            on_tie: tape.one_of(&[OnTie::Next, OnTie::First, OnTie::Review]),
        },
        5 | 6 => MethodSpec::Confidence { margin_ppm: u32::from(tape.below(3)) * 1_000 },
        _ => MethodSpec::Overrides {
            rules: tape.some(1, 2, |tape| OverrideSpec { expression: expression(tape), take: tape.maybe(60, |tape| tape.one_of(names)) }),
        },
    });
    PolicySpec { methods, on_unresolved: tape.one_of(&[OnFailure::Review, OnFailure::Fail]) }
}

pub(crate) fn chat(
    tape: &mut Tape<'_>,
    name: &Name,
    lead: Option<NodeSpec>,
    members: Vec<NodeSpec>,
    summariser: Option<NodeSpec>,
    on_limit: OnLimit,
) -> ForumSpec {
    let names: Vec<Name> = members.iter().map(|member| name_of(member).clone()).collect();
    let rule = |tape: &mut Tape<'_>| SpeakerRule { expression: expression(tape), to: vec![tape.one_of(&names)] };
    ForumSpec {
        lead,
        rules: if tape.chance(30) { tape.some(1, 3, rule) } else { Vec::new() },
        max_turns: 1 + tape.below(8),
        max_tokens: tape.maybe(15, |tape| 1 + u64::from(tape.below(600))),
        until: tape.maybe(30, expression),
        accept: tape.maybe(30, |_| ACCEPTS),
        window: 1 + tape.below(4),
        summariser,
        on_limit,
        ..plain_chat(name, members)
    }
}

pub(crate) fn hierarchy(tape: &mut Tape<'_>, name: &Name, lead: Option<NodeSpec>, members: Vec<NodeSpec>, on_limit: OnLimit) -> ForumSpec {
    let names: Vec<Name> = members.iter().map(|member| name_of(member).clone()).collect();
    let (max_turns, fan_out) = (1 + tape.below(5), 1 + tape.below(3));
    let mut rules = Vec::new();
    if lead.is_none() {
        // Every member is named, some of them together.
        for (place, member) in names.iter().enumerate() {
            let mut to = vec![member.clone()];
            if fan_out.min(max_turns) > 1 && tape.chance(50) && names.len() > 1 {
                to.push(names[(place + 1) % names.len()].clone());
            }
            // The first mostly holds, so that somebody begins.
            let expression = if place == 0 && tape.chance(70) { FINE } else { expression(tape) };
            rules.push(SpeakerRule { expression, to });
        }
    }
    ForumSpec {
        lead,
        rules,
        delegates: true,
        fan_out,
        max_turns,
        max_tokens: tape.maybe(20, |tape| 1 + u64::from(tape.below(600))),
        max_depth: tape.maybe(20, |tape| 1 + tape.below(3)),
        window: 1 + tape.below(4),
        on_limit,
        ..plain_chat(name, members)
    }
}
