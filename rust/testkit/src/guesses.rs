//! Inputs that nobody owed: any kind, any number, at any time.

use interlock_kernel::{
    Crossing, Digest, EffectKey, EffectOutcome, Failure, HandOff, Input, Micros, Name, Neighbour, Ref, Reply, ReviewId, ReviewVerdict,
    Reviewer, RunId, Spent, TurnId,
};
use proptest::prelude::*;

use crate::script::{CLASSES, terms};
use crate::tape::{Tape, taped};

/// Any input. Payload 0, the question, is the only one that it refers to, so that every text is at hand.
pub fn guesses() -> impl Strategy<Value = Input> {
    taped(12, guess)
}

fn guess(tape: &mut Tape<'_>) -> Input {
    let nothing = Ref { number: 0, commitment: Digest::default() };
    let turn = TurnId(if tape.chance(10) { u32::MAX } else { tape.below(8).into() });
    let ask = u32::from(tape.below(4));
    let later = |tape: &mut Tape<'_>| Micros(u64::from(tape.draw()) << 24);
    let outcome = |raises| if raises { EffectOutcome::Raised(nothing) } else { EffectOutcome::Returned(nothing) };
    match tape.below(21) {
        0 | 1 => Input::Advanced,
        2 => Input::Requested { run: RunId(9), rules: None, message: nothing, request: None, deadline: later(tape) },
        3 => Input::Reopened { deadline: later(tape) },
        4 => Input::TimePassed,
        5 if tape.chance(30) => Input::CancelRequested { reason: None },
        5..9 => Input::Replied { turn, reply: reply(tape, nothing) },
        9 => {
            let failure = if tape.chance(50) { Failure::Raised(nothing) } else { Failure::TimedOut { after_ms: 1 } };
            Input::AttemptFailed { turn, failure, label: None }
        }
        10 => {
            let intent = name(tape);
            let neighbours = intent.into_iter().map(|intent| Neighbour { example: 0, intent, score: 900_000 }).collect();
            Input::NeighboursFound { ask, neighbours, index: 1 }
        }
        11 => Input::AgreementFound { ask, pairs: tape.some(0, 4, |tape| u32::from(tape.draw()) * 15) },
        12 => {
            let refused = Crossing::Refused { label: "secret".into() };
            let crossing = if tape.chance(30) { refused } else { Crossing::Passes { message: nothing, dropped: 1 } };
            Input::CrossingFound { ask, crossing }
        }
        13 => Input::FactFailed { ask, why: nothing },
        14 => Input::EffectBegun {
            turn,
            key: key(tape),
            tool: "tool".into(),
            class: tape.one_of(&CLASSES[1..]),
            arguments: nothing,
            approve: tape.maybe(40, terms),
            attached: Vec::new(),
        },
        15 => Input::EffectEnded {
            turn,
            key: key(tape),
            tool: "tool".into(),
            class: tape.one_of(&CLASSES),
            arguments: nothing,
            outcome: outcome(tape.chance(50)),
            label: None,
            assigned: None,
        },
        16 => Input::ReviewClaimed { review: review(tape), by: reviewer(tape), until: later(tape) },
        17 => Input::ReviewReassigned {
            review: review(tape),
            by: reviewer(tape),
            role: tape.maybe(50, |tape| tape.one_of(&["manager", "chief"]).into()),
            person: tape.maybe(30, |tape| tape.one_of(&["pat", "kim"]).into()),
            decision: nothing,
        },
        18 => Input::Derived { from: RunId(8), seq: tape.draw().into(), deadline: later(tape), message: tape.maybe(50, |_| nothing) },
        _ => Input::ReviewAnswered {
            review: review(tape),
            by: reviewer(tape),
            decision: nothing,
            verdict: tape.one_of(&[ReviewVerdict::Rejected, ReviewVerdict::Answered, ReviewVerdict::Approved, ReviewVerdict::Edited]),
            content: tape.maybe(70, |_| nothing),
            deadline: later(tape),
        },
    }
}

fn review(tape: &mut Tape<'_>) -> ReviewId {
    ReviewId(tape.below(3).into())
}

fn reviewer(tape: &mut Tape<'_>) -> Reviewer {
    let roles = tape.some(0, 2, |tape| tape.one_of(&["manager", "chief"]).into());
    Reviewer { name: tape.one_of(&["pat", "kim", "sam"]).into(), roles }
}

fn reply(tape: &mut Tape<'_>, content: Ref) -> Reply {
    Reply {
        content,
        empty: tape.chance(50),
        confidence: None,
        intent: name(tape),
        hand_off: name(tape).map(|target| HandOff { target }),
        delegated: if tape.chance(30) { tape.some(1, 3, |tape| (name(tape).unwrap_or_else(|| "ann".into()), None)) } else { Vec::new() },
        spent: tape.maybe(50, |tape| Spent { tokens: tape.draw().into(), estimated: false }),
        label: None,
    }
}

fn key(tape: &mut Tape<'_>) -> EffectKey {
    EffectKey([u8::try_from(tape.below(4)).unwrap_or(0); 16])
}

fn name(tape: &mut Tape<'_>) -> Option<Name> {
    tape.maybe(50, |tape| tape.one_of(&["ann", "bob", "cyd", "relay1", "sequence2", "domain1", "chat2", "nobody"]).into())
}
