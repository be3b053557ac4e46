//! Old bodies are lifted to the present version when they are read. What is on disk is never rewritten.

use std::borrow::Cow;

use interlock_kernel::{
    Considered, Digest, Escalation, Micros, Name, Neighbour, NodeId, Passage, Priority, Ref, ReviewDecided, ReviewId, ReviewVerdict,
    RouteChosen, RouteDecision, RouteEvidence, Stage, StrandId, Target, TurnId,
};
use serde::Deserialize;

use crate::JournalError;

/// Lifts the bodies of one kind from version `from` to `from + 1`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub kind: u16,
    pub from: u8,
    pub lift: fn(&[u8]) -> Result<Vec<u8>, JournalError>,
}

/// Every shape that was ever written, on its way to the present one.
pub(crate) const STEPS: &[Step] = &[
    // Before runs could fork, everything happened on the trunk (0), and nothing was hedged (false, nil).
    Step { kind: 3, from: 1, lift: |body| longer(body, &[0x00, 0xc2, 0xc0]) },
    // Nobody delegated (an empty list), and no tokens were counted ([0, false]).
    Step { kind: 4, from: 1, lift: |body| longer(body, &[0x90, 0x92, 0x00, 0xc2]) },
    // Labels were not recorded (nil).
    Step { kind: 4, from: 2, lift: |body| longer(body, &[0xc0]) },
    Step { kind: 5, from: 1, lift: |body| longer(body, &[0xc0]) },
    Step { kind: 7, from: 1, lift: |body| longer(body, &[0x00]) },
    Step { kind: 8, from: 1, lift: route_chosen },
    // An effect with consequences was of the one class that there was.
    Step { kind: 11, from: 1, lift: |body| wider(body, 1, b"\xa6effect") },
    // Neither a label nor assigned values were recorded.
    Step { kind: 12, from: 1, lift: |body| longer(body, &[0xc0, 0xc0]) },
    // Nothing was attached to a review.
    Step { kind: 13, from: 1, lift: |body| longer(body, &[0x90]) },
    // It was about the run (the trunk, "run"), and anybody could decide at any time ([nil, nil, 1, nil, "reject"]).
    Step { kind: 13, from: 2, lift: |body| wider(body, 3, b"\x00\xa3run\x95\xc0\xc0\x01\xc0\xa6reject") },
    Step { kind: 14, from: 1, lift: review_decided },
];

/// Adds values to the end of a body: a MessagePack array of fewer than 16 fields, whose length is its first byte.
fn longer(body: &[u8], values: &[u8]) -> Result<Vec<u8>, JournalError> {
    wider(body, fields(values), values)
}

/// As `longer`, for values that are counted by hand.
fn wider(body: &[u8], added: u8, values: &[u8]) -> Result<Vec<u8>, JournalError> {
    match body.split_first() {
        Some((head, rest)) if (0x90..=0x9f - added).contains(head) => Ok([&[head + added], rest, values].concat()),
        Some(_) | None => Err(JournalError::damaged("an old frame's body is not a short list of fields")),
    }
}

/// How many values these bytes are, at the top: single bytes, and lists of single bytes.
fn fields(values: &[u8]) -> u8 {
    let (mut count, mut at) = (0, 0);
    while let Some(head) = values.get(at) {
        at += if head & 0xf0 == 0x90 { usize::from(head & 0x0f) + 1 } else { 1 };
        count += 1;
    }
    count
}

/// Whoever decided wrote the answer, or the reason, and the run ended with that: no further deadline is needed.
fn review_decided(body: &[u8]) -> Result<Vec<u8>, JournalError> {
    #[derive(Deserialize)]
    struct Old {
        review: ReviewId,
        decision: Ref,
        verdict: ReviewVerdict,
        passages: Vec<Passage>,
    }
    let Old { review, decision, verdict, passages } = rmp_serde::from_slice(body).map_err(|cause| unreadable(&cause))?;
    let content = (verdict == ReviewVerdict::Answered).then_some(decision);
    let (decision, by, at, deadline) = (Some(decision), None, Micros(0), Micros(0));
    let lifted = ReviewDecided { review, decision, verdict, passages, by, content, at, deadline };
    rmp_serde::to_vec(&lifted).map_err(|cause| unreadable(&cause))
}

fn unreadable(cause: &dyn std::fmt::Display) -> JournalError {
    JournalError::damaged(format!("the frame's body can't be read: {cause}"))
}

/// A rule had one fallback at most, and nobody claimed tasks.
fn route_chosen(body: &[u8]) -> Result<Vec<u8>, JournalError> {
    #[derive(Deserialize)]
    struct Old {
        turn: Option<TurnId>,
        relay: NodeId,
        message: Ref,
        at: Micros,
        decision: OldDecision,
    }
    #[derive(Deserialize)]
    struct OldDecision {
        stage: Stage,
        intent: Name,
        target: Target,
        priority: Priority,
        fallback: Option<Target>,
        escalation: Option<Escalation>,
        evidence: OldEvidence,
    }
    #[derive(Deserialize)]
    struct OldEvidence {
        rule: Option<(u32, u32)>,
        considered: Vec<Considered>,
        candidates: Vec<(Name, u32)>,
        neighbours: Vec<Neighbour>,
        index: Option<u64>,
        table: Option<Digest>,
    }
    let Old { turn, relay, message, at, decision } = rmp_serde::from_slice(body).map_err(|cause| unreadable(&cause))?;
    let OldDecision { stage, intent, target, priority, fallback, escalation, evidence } = decision;
    let OldEvidence { rule, considered, candidates, neighbours, index, table } = evidence;
    let evidence = RouteEvidence { rule, considered, candidates, neighbours, index, table, claims: Vec::new(), tied: Vec::new() };
    let fallback = fallback.into_iter().collect();
    let decision = RouteDecision { stage, intent, target, priority, fallback, escalation, evidence };
    let lifted = RouteChosen { turn, relay, message, at, decision, strand: StrandId(0) };
    rmp_serde::to_vec(&lifted).map_err(|cause| unreadable(&cause))
}

/// Applies step after step until the body has the version `present`. A body that has it already is not copied.
pub(crate) fn lift<'a>(kind: u16, version: u8, present: u8, body: &'a [u8], steps: &[Step]) -> Result<Cow<'a, [u8]>, JournalError> {
    let mut body = Cow::Borrowed(body);
    for from in version..present {
        let step = steps.iter().find(|step| step.kind == kind && step.from == from);
        let step = step.ok_or_else(|| JournalError::damaged(format!("kind {kind} never had a version {from}")))?;
        body = Cow::Owned((step.lift)(&body)?);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE_UP: &[Step] = &[
        Step { kind: 9, from: 1, lift: |body| Ok([body, b"+two"].concat()) },
        Step { kind: 9, from: 2, lift: |body| Ok([body, b"+three"].concat()) },
        Step { kind: 8, from: 1, lift: |_| Ok(b"another kind".to_vec()) },
    ];

    #[test]
    fn a_body_is_lifted_through_every_version_between() {
        assert_eq!(&*lift(9, 1, 3, b"one", MADE_UP).unwrap(), b"one+two+three");
        assert_eq!(&*lift(9, 2, 3, b"one", MADE_UP).unwrap(), b"one+three");
    }

    #[test]
    fn a_present_body_is_not_copied() {
        assert!(matches!(lift(9, 3, 3, b"one", MADE_UP), Ok(Cow::Borrowed(b"one"))));
    }

    #[test]
    fn a_version_that_never_was_is_damage() {
        assert_eq!(lift(9, 0, 3, b"one", MADE_UP).unwrap_err().code(), "journal.corrupt");
    }
}
