//! Rules for tests: a table where a test states one, and otherwise a choice that depends on nothing but the intent.

use interlock_kernel::plan::{Node, Plan};
use interlock_kernel::{
    Check, CheckQuery, Consulted, Digest, Escalation, Fact, Name, Priority, RouteDecision, RouteEvidence, RouteQuery, Rules, Stage, Target,
};
use proptest::prelude::*;

/// A message without an intent is routed by its nearest neighbour, or by its own text.
#[derive(Debug, Clone, Default)]
pub struct ScriptedRules {
    /// The rules that a test states; the first with the intent is taken.
    pub table: Vec<RouteDecision>,
    /// Whom an intent outside the table may be routed to. With nobody here it goes to a person.
    pub names: Vec<Name>,
    /// Whether the neighbours are needed before a message without an intent is routed.
    pub asks: bool,
    /// Turns other choices for the same intents.
    pub seed: u64,
}

/// A rule that sends an intent to an agent: `RouteDecision { fallback, ..rule("billing", "billing") }`.
pub fn rule(intent: &str, agent: &str) -> RouteDecision {
    RouteDecision {
        stage: Stage::Rules,
        intent: intent.into(),
        target: Target::Agent(agent.into()),
        priority: Priority::Medium,
        fallback: None,
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
        Consulted::Decided(stated.unwrap_or_else(|| self.choose(intent)))
    }

    fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String> {
        let holds = match check {
            Check::MinConfidence { ppm } => query.confidence.is_some_and(|stated| stated >= *ppm),
            Check::Schema { .. } => query.content.data.is_some(),
            Check::Expression { .. } => !query.content.text.starts_with("bad"),
        };
        if holds { Ok(()) } else { Err(format!("{check:?} does not hold")) }
    }

    fn revision(&self) -> Option<Digest> {
        Some(Digest::default())
    }
}

impl ScriptedRules {
    /// Any target, fallback and escalation may come of an intent, and always the same.
    fn choose(&self, intent: &str) -> RouteDecision {
        let chance = mix(intent) ^ self.seed;
        let name = |shift: u32| self.names.get(pick(chance >> shift, self.names.len())).cloned();
        let agent = |shift: u32| name(shift).map_or(Target::Review, Target::Agent);
        let number = u32::try_from(chance % 5).unwrap_or(0);
        let ruled = !self.names.is_empty() && !chance.is_multiple_of(13);
        RouteDecision {
            stage: if ruled { Stage::Rules } else { Stage::Unknown },
            intent: intent.into(),
            target: if ruled && !chance.is_multiple_of(11) { agent(8) } else { Target::Review },
            priority: [Priority::Critical, Priority::High, Priority::Medium, Priority::Low][pick(chance >> 16, 4)],
            fallback: match (chance >> 20) % 6 {
                0 => Some(Target::Review),
                1..4 => Some(agent(24)),
                _ => None,
            },
            escalation: match (chance >> 32) % 6 {
                0 => Some(Escalation::Attempts(u16::try_from(1 + (chance >> 36) % 3).unwrap_or(1))),
                1 => Some(Escalation::AfterMs(1 + (chance >> 36) % 2_000)),
                _ => None,
            },
            evidence: RouteEvidence { rule: ruled.then_some((number, number + 1)), ..RouteEvidence::default() },
        }
    }
}

/// Rules that mostly lead to a member of one of the plan's relays.
pub fn scripted_rules(plan: &Plan) -> impl Strategy<Value = ScriptedRules> + use<> {
    let is_member = |node: &&Node| node.parent.is_some_and(|parent| plan.relay(parent).is_some());
    let names: Vec<Name> = plan.nodes().iter().filter(is_member).map(|node| node.name.clone()).chain(["nobody".into()]).collect();
    (any::<bool>(), any::<u64>()).prop_map(move |(asks, seed)| ScriptedRules { table: Vec::new(), names: names.clone(), asks, seed })
}

/// A place in a list of this length.
fn pick(chance: u64, length: usize) -> usize {
    usize::try_from(chance % length.max(1) as u64).unwrap_or(0)
}

/// FNV-1a and a last shuffle: the same number for the same text, on every machine.
pub(crate) fn mix(text: &str) -> u64 {
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (sum ^ (sum >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
