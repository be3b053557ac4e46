//! Rules for tests: a table where a test states one, and otherwise a choice that depends on nothing but the intent.

use interlock_kernel::plan::{Node, Plan};
use interlock_kernel::{
    BallotKey, Check, CheckQuery, Confidence, Consulted, Content, Digest, Escalation, Fact, Name, Priority, RouteDecision, RouteEvidence,
    RouteQuery, Rules, Stage, Target, TermsSpec,
};
use proptest::prelude::*;

/// The text does not begin with `bad`.
pub const FINE: u16 = 0;
/// The text is `accept`.
pub const ACCEPTS: u16 = 1;
/// The text is `done`.
pub const DONE: u16 = 2;
/// Can't be evaluated.
pub const ERRS: u16 = 3;
/// The confidence is 0.9 or more.
pub const SURE: u16 = 4;
/// The number of contributions is even.
pub const EVEN: u16 = 5;
pub const ALWAYS: u16 = 6;
/// From here on, each says that the text, or that of one of the ballots, is a certain word.
const WORDS: [&str; 6] = ["yes", "no", "perhaps", "question", "reject", "next"];
const FIRST_WORD: u16 = 7;

/// The texts of the expressions, by number.
pub fn expressions() -> Vec<String> {
    let known = ["fine", "accepts", "done", "errs", "sure", "even", "always"];
    known.iter().chain(&WORDS).map(|text| (*text).to_owned()).collect()
}

/// The expression that holds when somebody says this word.
pub fn word(word: &str) -> u16 {
    let place = WORDS.iter().position(|known| *known == word);
    place.and_then(|place| u16::try_from(place).ok()).map_or(u16::MAX, |place| FIRST_WORD + place)
}

/// A message without an intent is routed by its nearest neighbour, or by its own text.
#[derive(Debug, Clone, Default)]
pub struct ScriptedRules {
    /// The rules that a test states; the first with the intent is taken.
    pub table: Vec<RouteDecision>,
    /// Whom an intent outside the table may be routed to. With nobody here it goes to the router agent, or to a person.
    pub names: Vec<Name>,
    /// Whether the neighbours are needed before a message without an intent is routed.
    pub asks: bool,
    /// Turns other choices for the same intents.
    pub seed: u64,
    /// The terms of reviews for which the plan states none.
    pub terms: Option<TermsSpec>,
}

/// A rule that sends an intent to an agent: `RouteDecision { fallback, ..rule("billing", "billing") }`.
pub fn rule(intent: &str, agent: &str) -> RouteDecision {
    RouteDecision {
        stage: Stage::Rules,
        intent: intent.into(),
        target: Target::Agent(agent.into()),
        priority: Priority::Medium,
        fallback: Vec::new(),
        escalation: None,
        evidence: RouteEvidence { rule: Some((0, 1)), ..RouteEvidence::default() },
    }
}

impl Rules for ScriptedRules {
    fn route(&self, query: &RouteQuery<'_>) -> Consulted<RouteDecision> {
        if self.asks && query.intent.is_none() && query.neighbours.is_none() {
            return Consulted::Needs(Fact::Neighbours);
        }
        let nearest = query.neighbours.and_then(|(near, _)| near.first()).map(|near| &*near.intent);
        let intent = query.intent.or(nearest).unwrap_or(query.content.text);
        let stated = self.table.iter().find(|rule| &*rule.intent == intent).cloned();
        Consulted::Decided(stated.unwrap_or_else(|| self.choose(intent, query)))
    }

    fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String> {
        let holds = match check {
            Check::MinConfidence { ppm } => query.confidence.is_some_and(|stated| stated >= *ppm),
            Check::Schema { .. } => query.content.data.is_some(),
            Check::Expression { .. } => !query.content.text.starts_with("bad"),
        };
        if holds { Ok(()) } else { Err(format!("{check:?} does not hold")) }
    }

    fn holds(&self, expression: u16, query: &CheckQuery<'_>) -> Result<bool, String> {
        let text = query.content.text;
        let all = || std::iter::once(text).chain(query.ballots.iter().map(|(_, content, _)| content.text));
        Ok(match expression {
            FINE => !text.starts_with("bad"),
            ACCEPTS => text == "accept",
            DONE => text == "done",
            ERRS => return Err("no such field".into()),
            SURE => query.confidence.is_some_and(|stated| stated >= Confidence(900_000)),
            EVEN => query.turns.is_multiple_of(2),
            ALWAYS => true,
            other => WORDS.get(usize::from(other - FIRST_WORD)).is_some_and(|word| all().any(|text| text == *word)),
        })
    }

    /// A field is the text's first word; nothing said is no vote, and what begins with `spoiled` is none that counts.
    fn ballot(&self, key: &BallotKey, content: Content<'_>) -> Result<Option<String>, String> {
        let text = match key {
            BallotKey::Text | BallotKey::Agreement { .. } => content.text,
            BallotKey::Field { .. } => content.text.split(' ').next().unwrap_or_default(),
        };
        match text {
            "" => Ok(None),
            text if text.starts_with("spoiled") => Err("not a vote".into()),
            text => Ok(Some(text.to_lowercase())),
        }
    }

    fn terms(&self) -> Option<&TermsSpec> {
        self.terms.as_ref()
    }

    fn revision(&self) -> Option<Digest> {
        Some(Digest::default())
    }
}

impl ScriptedRules {
    /// Any target, fallback and escalation may come of an intent, and always the same.
    fn choose(&self, intent: &str, query: &RouteQuery<'_>) -> RouteDecision {
        let chance = mix(intent) ^ self.seed;
        let name = |shift: u32| self.names.get(pick(chance >> shift, self.names.len())).cloned();
        let agent = |shift: u32| name(shift).map_or(Target::Review, Target::Agent);
        let number = u32::try_from(chance % 5).unwrap_or(0);
        let ruled = !self.names.is_empty() && !chance.is_multiple_of(13);
        let (stage, target) = match query.claims.get(pick(chance >> 40, query.claims.len())) {
            Some((claimant, _)) if (chance >> 44).is_multiple_of(3) => (Stage::Claims, Target::Agent(claimant.clone())),
            Some(_) | None if query.has_router && (!ruled || (chance >> 48).is_multiple_of(2)) => (Stage::Router, Target::Router),
            Some(_) | None if ruled && !chance.is_multiple_of(11) => (Stage::Rules, agent(8)),
            Some(_) | None => (if ruled { Stage::Rules } else { Stage::Unknown }, Target::Review),
        };
        let by_rule = stage == Stage::Rules;
        RouteDecision {
            stage,
            intent: intent.into(),
            target,
            priority: [Priority::Critical, Priority::High, Priority::Medium, Priority::Low][pick(chance >> 16, 4)],
            fallback: match (chance >> 20) % 8 {
                0 if by_rule => vec![Target::Review],
                1..4 if by_rule => vec![agent(24)],
                4 if by_rule => vec![agent(24), agent(28), Target::Review],
                5 if by_rule => vec![agent(24), agent(28)],
                _ => Vec::new(),
            },
            escalation: match (chance >> 32) % 6 {
                0 if by_rule => Some(Escalation::Attempts(u16::try_from(1 + (chance >> 36) % 3).unwrap_or(1))),
                1 if by_rule => Some(Escalation::AfterMs(1 + (chance >> 36) % 2_000)),
                _ => None,
            },
            evidence: RouteEvidence { rule: by_rule.then_some((number, number + 1)), ..RouteEvidence::default() },
        }
    }
}

/// Rules that mostly lead to a member of one of the plan's relays.
pub fn scripted_rules(plan: &Plan) -> impl Strategy<Value = ScriptedRules> + use<> {
    // Those that the rules open are named most, since a relay that is opened for a stranger is over at once.
    let weight = |node: &Node| match node.parent.and_then(|parent| plan.relay(parent)) {
        None => 0,
        Some(relay) if relay.has_entry => 1,
        Some(_) => 4,
    };
    let named = plan.nodes().iter().flat_map(|node| std::iter::repeat_n(node.name.clone(), weight(node)));
    let names: Vec<Name> = named.chain(["nobody".into()]).collect();
    (any::<bool>(), any::<u64>()).prop_map(move |(asks, seed)| ScriptedRules {
        table: Vec::new(),
        names: names.clone(),
        asks,
        seed,
        terms: None,
    })
}

/// A place in a list of this length.
fn pick(chance: u64, length: usize) -> usize {
    usize::try_from(chance % length.max(1) as u64).unwrap_or(0)
}

/// FNV-1a and a last shuffle: the same number for the same text, on every machine.
pub(crate) fn mix(text: &str) -> u64 {
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    scatter(sum)
}

/// A number that looks like chance.
pub(crate) fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (mixed >> 17)
}
