//! What the agents of a test do, turn by turn.

use interlock_kernel::{Confidence, EffectClass, Expiry, Name, Ref, Reply, TermsSpec, TurnId};
use proptest::prelude::*;

use crate::tape::{Tape, taped};

/// An act that takes this long is one whose agent never answers.
pub const NEVER: u64 = u64::MAX;

/// A reply with this content and nothing beside it, for tests that speak to the kernel themselves.
#[must_use]
pub fn bare(content: Ref) -> Reply {
    Reply { content, empty: false, confidence: None, intent: None, hand_off: None, delegated: Vec::new(), spent: None, label: None }
}

/// The acts in the order of the turns, from the first again when they are used up.
#[derive(Debug, Clone)]
pub struct Script(pub Vec<Act>);

/// What one agent does with one turn.
#[derive(Debug, Clone)]
pub struct Act {
    pub deeds: Vec<Deed>,
    pub takes_ms: u64,
    pub said: Said,
}

#[derive(Debug, Clone)]
pub enum Said {
    Reply {
        text: Name,
        confidence: Option<Confidence>,
        intent: Option<Name>,
        hand_off: Option<Whom>,
        /// To whom it delegates, with what it writes to each.
        delegated: Vec<(Whom, Option<Name>)>,
        tokens: Option<u32>,
    },
    Raised,
    WrongType,
}

/// To whom an agent hands off.
#[derive(Debug, Clone)]
pub enum Whom {
    Named(Name),
    /// The plan's node with this number, counted round.
    Node(usize),
    /// The member with this number, counted round, of the nearest relay or of the nearest forum that the agent leads. In none it means nobody.
    Member(usize),
}

/// One effect inside a turn.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The same number at the same node is the same effect, in every attempt.
    pub number: u8,
    pub class: EffectClass,
    pub raises: bool,
    /// It ends so many milliseconds after it began, which may be after the turn; nothing is at once.
    pub takes_ms: Option<u64>,
    /// The tool asks for a person's yes first.
    pub approve: Option<TermsSpec>,
}

impl Script {
    /// What is done in this turn. Once the acts are used up they begin anew.
    pub fn act(&self, turn: TurnId) -> Act {
        self.0.get(turn.0 as usize % self.0.len().max(1)).cloned().unwrap_or_else(|| says("done"))
    }
}

/// The agent answers. An empty text is an empty reply.
pub fn says(text: &str) -> Act {
    let said = Said::Reply { text: text.into(), confidence: None, intent: None, hand_off: None, delegated: Vec::new(), tokens: None };
    Act { deeds: Vec::new(), takes_ms: 1, said }
}

/// The agent answers nothing but an intent.
pub fn states(intent: &str) -> Act {
    says("").about(intent)
}

pub fn hands_to(name: &str) -> Act {
    says("").to(Whom::Named(name.into()))
}

/// The agent delegates what its pattern was given.
pub fn delegates(names: &[&str]) -> Act {
    let mut act = says("");
    if let Said::Reply { delegated, .. } = &mut act.said {
        delegated.extend(names.iter().map(|name| (Whom::Named((*name).into()), None)));
    }
    act
}

/// The agent delegates, and writes to each what they are to do.
pub fn tasks(names: &[(&str, &str)]) -> Act {
    let mut act = says("");
    if let Said::Reply { delegated, .. } = &mut act.said {
        delegated.extend(names.iter().map(|(name, text)| (Whom::Named((*name).into()), Some((*text).into()))));
    }
    act
}

pub fn raises() -> Act {
    Act { said: Said::Raised, ..says("") }
}

pub fn answers_wrongly() -> Act {
    Act { said: Said::WrongType, ..says("") }
}

impl Act {
    #[must_use]
    pub fn sure(mut self, ppm: u32) -> Self {
        if let Said::Reply { confidence, .. } = &mut self.said {
            *confidence = Some(Confidence(ppm));
        }
        self
    }

    #[must_use]
    pub fn about(mut self, stated: &str) -> Self {
        if let Said::Reply { intent, .. } = &mut self.said {
            *intent = Some(stated.into());
        }
        self
    }

    #[must_use]
    pub fn to(mut self, whom: Whom) -> Self {
        if let Said::Reply { hand_off, .. } = &mut self.said {
            *hand_off = Some(whom);
        }
        self
    }

    #[must_use]
    pub fn spending(mut self, stated: u32) -> Self {
        if let Said::Reply { tokens, .. } = &mut self.said {
            *tokens = Some(stated);
        }
        self
    }

    #[must_use]
    pub fn taking(self, takes_ms: u64) -> Self {
        Self { takes_ms, ..self }
    }

    #[must_use]
    pub fn doing(mut self, class: EffectClass, number: u8) -> Self {
        self.deeds.push(Deed { number, class, raises: false, takes_ms: None, approve: None });
        self
    }

    /// The effect that was named last ends so long after it began.
    #[must_use]
    pub fn lasting(mut self, takes_ms: u64) -> Self {
        self.deeds.last_mut().into_iter().for_each(|deed| deed.takes_ms = Some(takes_ms));
        self
    }

    /// The effect that was named last raises.
    #[must_use]
    pub fn failing(mut self) -> Self {
        self.deeds.last_mut().into_iter().for_each(|deed| deed.raises = true);
        self
    }

    /// The effect that was named last needs a person's yes.
    #[must_use]
    pub fn approved_by(mut self, terms: &TermsSpec) -> Self {
        self.deeds.last_mut().into_iter().for_each(|deed| deed.approve = Some(terms.clone()));
        self
    }
}

pub fn scripts() -> impl Strategy<Value = Script> {
    taped(110, |tape| Script(tape.some(1, 10, act)))
}

pub fn acts() -> impl Strategy<Value = Act> {
    taped(16, act)
}

fn act(tape: &mut Tape<'_>) -> Act {
    let takes_ms = match tape.below(20) {
        0..14 => 1,
        14..18 => 1 + u64::from(tape.below(300)),
        18 => 2 + u64::from(tape.below(10_000)),
        _ => NEVER,
    };
    let said = said(tape);
    let deeds = if tape.chance(25) { tape.some(1, 3, deed) } else { Vec::new() };
    Act { deeds, takes_ms, said }
}

const INTENTS: [&str; 6] = ["billing", "refund", "outage", "praise", "cancel", "greeting"];
const TEXTS: [&str; 14] =
    ["yes", "", "", "no", "perhaps", "yes", "accept", "done", "see below", "secret plan", "bad", "next", "spoiled", "reject"];
const CERTAINTIES: [Option<u32>; 8] =
    [Some(500_000), Some(500_000), None, Some(0), Some(900_000), Some(900_001), Some(1_000_000), Some(250_000)];

fn said(tape: &mut Tape<'_>) -> Said {
    let kind = tape.below(32);
    match kind {
        30 => return Said::Raised,
        31 => return Said::WrongType,
        _ => {}
    }
    let (text, confidence) = (Name::from(tape.one_of(&TEXTS)), tape.one_of(&CERTAINTIES).map(Confidence));
    let intent = (5..9).contains(&kind).then(|| tape.one_of(&INTENTS).into());
    let hand_off = (9..18).contains(&kind).then(|| whom(tape));
    let delegated =
        if kind >= 18 { tape.some(1, 3, |tape| (whom(tape), tape.maybe(50, |tape| tape.one_of(&TEXTS).into()))) } else { Vec::new() };
    let tokens = tape.maybe(30, |tape| u32::from(tape.below(200)));
    Said::Reply { text, confidence, intent, hand_off, delegated, tokens }
}

fn whom(tape: &mut Tape<'_>) -> Whom {
    match tape.below(48) {
        0..44 => Whom::Member(tape.place(4)),
        44..47 => Whom::Node(tape.place(16)),
        _ => Whom::Named("nobody".into()),
    }
}

fn deed(tape: &mut Tape<'_>) -> Deed {
    let number = u8::try_from(tape.below(3)).unwrap_or(0);
    let class = tape.one_of(&CLASSES);
    let raises = tape.chance(30);
    let takes_ms = match tape.below(20) {
        0..12 => None,
        12..19 => Some(u64::from(tape.below(400))),
        _ => Some(NEVER),
    };
    Deed { number, class, raises, takes_ms, approve: tape.maybe(25, terms) }
}

pub(crate) const CLASSES: [EffectClass; 3] = [EffectClass::Pure, EffectClass::Effect, EffectClass::EffectOnce];

/// Who must say yes, how many of them, until when, and what follows if nobody does.
pub(crate) fn terms(tape: &mut Tape<'_>) -> TermsSpec {
    TermsSpec {
        role: tape.maybe(50, |_| "manager".into()),
        approvals: if tape.chance(30) { 2 } else { 1 },
        due_ms: tape.maybe(40, |tape| 1 + u64::from(tape.below(3_000))),
        on_expiry: tape.one_of(&[Expiry::Reject, Expiry::Approve, Expiry::Reassign("chief".into())]),
    }
}
