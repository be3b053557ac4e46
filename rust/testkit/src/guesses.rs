//! Inputs that nobody owed: any kind, any number, at any time.

use interlock_kernel::{
    Digest, EffectClass, EffectKey, EffectOutcome, Failure, HandOff, Input, Micros, Name, Neighbour, Ref, Reply, ReviewId, ReviewVerdict,
    RunId, TurnId,
};
use proptest::prelude::*;

/// Any input. Payload 0, the question, is the only one that it refers to, so that every text is at hand.
pub fn guesses() -> impl Strategy<Value = Input> {
    let nothing = Ref { number: 0, commitment: Digest::default() };
    let later = (0_u64..1 << 40).prop_map(Micros);
    prop_oneof![
        later
            .clone()
            .prop_map(move |deadline| { Input::Requested { run: RunId(9), rules: None, message: nothing, request: None, deadline } }),
        later.prop_map(|deadline| Input::Reopened { deadline }),
        Just(Input::Advanced),
        Just(Input::TimePassed),
        Just(Input::CancelRequested { reason: None }),
        (turns(), any::<bool>(), names(), names()).prop_map(move |(turn, empty, intent, target)| {
            let hand_off = target.map(|target| HandOff { target });
            Input::Replied { turn, reply: Reply { content: nothing, empty, confidence: None, intent, hand_off } }
        }),
        (turns(), any::<bool>()).prop_map(move |(turn, raised)| {
            let failure = if raised { Failure::Raised(nothing) } else { Failure::TimedOut { after_ms: 1 } };
            Input::AttemptFailed { turn, failure }
        }),
        names().prop_map(|intent| {
            let neighbours = intent.into_iter().map(|intent| Neighbour { example: 0, intent, score: 900_000 }).collect();
            Input::NeighboursFound { ask: 0, neighbours, index: 1 }
        }),
        (turns(), keys()).prop_map(move |(turn, key)| Input::EffectBegun { turn, key, tool: "tool".into(), arguments: nothing }),
        (turns(), keys(), any::<bool>(), any::<bool>()).prop_map(move |(turn, key, acts, raises)| Input::EffectEnded {
            turn,
            key,
            tool: "tool".into(),
            class: if acts { EffectClass::Effect } else { EffectClass::Pure },
            arguments: nothing,
            outcome: if raises { EffectOutcome::Raised(nothing) } else { EffectOutcome::Returned(nothing) },
        }),
        (0_u32..3, any::<bool>()).prop_map(move |(review, rejected)| Input::ReviewAnswered {
            review: ReviewId(review),
            decision: nothing,
            verdict: if rejected { ReviewVerdict::Rejected } else { ReviewVerdict::Answered },
        }),
    ]
}

fn turns() -> impl Strategy<Value = TurnId> {
    prop_oneof![4 => 0_u32..8, 1 => Just(u32::MAX)].prop_map(TurnId)
}

fn keys() -> impl Strategy<Value = EffectKey> {
    (0_u8..4).prop_map(|key| EffectKey([key; 16]))
}

fn names() -> impl Strategy<Value = Option<Name>> {
    prop::option::of(prop::sample::select(vec!["ann", "bob", "cyd", "relay1", "sequence2", "nobody"]).prop_map(Name::from))
}
