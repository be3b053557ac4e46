//! What the agents of a test do, turn by turn.

use interlock_kernel::{Confidence, EffectClass, Name, TurnId};
use proptest::prelude::*;

/// An act that takes this long is one whose agent never answers.
pub const NEVER: u64 = u64::MAX;

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
    Reply { text: Name, confidence: Option<Confidence>, intent: Option<Name>, hand_off: Option<Whom> },
    Raised,
    WrongType,
}

/// To whom an agent hands off.
#[derive(Debug, Clone)]
pub enum Whom {
    Named(Name),
    /// The plan's node with this number, counted round.
    Node(usize),
    /// The member with this number of the nearest relay, counted round; in none, the same as `Node`.
    Member(usize),
}

/// One effect inside a turn.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The same number at the same node is the same effect, in every attempt.
    pub number: u8,
    pub class: EffectClass,
    pub raises: bool,
    /// It ends only after the turn.
    pub late: bool,
}

impl Script {
    pub fn act(&self, turn: TurnId) -> Act {
        self.0.get(turn.0 as usize % self.0.len().max(1)).cloned().unwrap_or_else(|| says("done"))
    }
}

/// The agent answers. An empty text is an empty reply.
pub fn says(text: &str) -> Act {
    let said = Said::Reply { text: text.into(), confidence: None, intent: None, hand_off: None };
    Act { deeds: Vec::new(), takes_ms: 1, said }
}

/// The agent answers nothing but an intent.
pub fn states(intent: &str) -> Act {
    says("").about(intent)
}

pub fn hands_to(name: &str) -> Act {
    says("").to(Whom::Named(name.into()))
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
    pub fn taking(self, takes_ms: u64) -> Self {
        Self { takes_ms, ..self }
    }

    #[must_use]
    pub fn doing(mut self, class: EffectClass, number: u8) -> Self {
        self.deeds.push(Deed { number, class, raises: false, late: false });
        self
    }
}

pub fn scripts() -> impl Strategy<Value = Script> {
    prop::collection::vec(acts(), 1..10).prop_map(Script)
}

pub fn acts() -> impl Strategy<Value = Act> {
    let takes = prop_oneof![16 => Just(1_u64), 1 => 2_u64..10_000, 1 => Just(NEVER)];
    let deeds = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(deeds(), 1..4)];
    (said(), takes, deeds).prop_map(|(said, takes_ms, deeds)| Act { deeds, takes_ms, said })
}

fn said() -> impl Strategy<Value = Said> {
    let intent = prop::sample::select(vec!["billing", "refund", "outage", "praise", "cancel", "greeting"]);
    prop_oneof![
        4 => (words(), certainty()).prop_map(|(text, confidence)| Said::Reply { text, confidence, intent: None, hand_off: None }),
        4 => (words(), certainty(), intent).prop_map(|(text, confidence, intent)| {
            Said::Reply { text, confidence, intent: Some(intent.into()), hand_off: None }
        }),
        8 => (words(), certainty(), whom()).prop_map(|(text, confidence, to)| {
            Said::Reply { text, confidence, intent: None, hand_off: Some(to) }
        }),
        1 => Just(Said::Raised),
        1 => Just(Said::WrongType),
    ]
}

fn words() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["", "", "yes", "no", "perhaps", "see below"]).prop_map(Name::from)
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![8 => (0_usize..4).prop_map(Whom::Member), 3 => (0_usize..16).prop_map(Whom::Node), 1 => Just(Whom::Named("nobody".into()))]
}

fn certainty() -> impl Strategy<Value = Option<Confidence>> {
    prop::option::weighted(0.9, (0..=Confidence::ONE).prop_map(Confidence))
}

fn deeds() -> impl Strategy<Value = Deed> {
    let class = prop_oneof![Just(EffectClass::Pure), Just(EffectClass::Effect)];
    let chance = || prop::bool::weighted(0.3);
    (0_u8..3, class, chance(), chance()).prop_map(|(number, class, raises, late)| Deed { number, class, raises, late })
}
