//! The nine choke points, and the trait that answers at each. Every passage is recorded in the event that it permits.

use serde::{Deserialize, Serialize};

use crate::{Consulted, EffectKey, Name, NodeId, Ref, TurnId};

/// Where the guards decide. The numbers are written to journals and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Gate {
    Ingress = 1,
    ModelContext = 2,
    ToolCall = 3,
    ToolResult = 4,
    AgentToAgent = 5,
    Memory = 6,
    Egress = 7,
    ReviewDecision = 8,
    Unmask = 9,
}

impl Gate {
    pub const ALL: [Self; 9] = [
        Self::Ingress,
        Self::ModelContext,
        Self::ToolCall,
        Self::ToolResult,
        Self::AgentToAgent,
        Self::Memory,
        Self::Egress,
        Self::ReviewDecision,
        Self::Unmask,
    ];

    /// The short name used in documents: `G1` to `G9`.
    pub fn code(self) -> &'static str {
        ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9"][self as usize - 1]
    }
}

/// In binary a gate is its number, so a passage costs two bytes; in JSON it is its code.
impl Serialize for Gate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.serialize_str(self.code()) } else { serializer.serialize_u8(*self as u8) }
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        Self::ALL
            .get(usize::from(number).wrapping_sub(1))
            .copied()
            .ok_or_else(|| serde::de::Error::custom(format!("gate {number} is not one of 1 to 9")))
    }
}

/// One recorded decision: at which gate, under which revision of the policy, and what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    pub gate: Gate,
    /// The policy's revision; 0 is the open policy, which lets everything pass.
    pub policy: u32,
    pub verdict: Verdict,
}

/// What a gate said of what it let pass. What it did not let pass as it was stands in a `GateRuled` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
}

/// What the guards decided where they did not simply let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub gate: Gate,
    /// The policy's revision.
    pub policy: u32,
    pub verdict: Ruled,
    /// The tool, the namespace or the agent that was wanted.
    pub resource: Option<Name>,
    /// Which rules said so: policies, screens, limits, kinds of personal data. None of them quotes what was looked at.
    pub rules: Vec<Name>,
    /// What was looked at: in quarantine, if it was kept out.
    pub about: Option<Ref>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruled {
    /// Nobody gave the right to it.
    Denied,
    /// A screen kept it out.
    Blocked,
    /// It passed, and is trusted less from here on.
    Flagged,
    /// Personal data in it was replaced by placeholders.
    Masked,
    /// A placeholder in it is forged, stale, or another run's.
    Forged,
    /// A person is asked first.
    Reviewed,
    /// It is trusted more from here on.
    Endorsed,
    /// Its budget is used up.
    Short,
    /// Somebody has stopped the agent, the tool or the tenant.
    Killed,
}

/// A gate did not let something pass as it was, and this is why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRuled {
    pub turn: Option<TurnId>,
    pub agent: Option<Name>,
    pub ruling: Ruling,
    /// The effect that it was about.
    pub key: Option<EffectKey>,
}

/// What follows from a ruling that the shell brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// It is only recorded: the shell has already kept back what it was about.
    Nothing,
    /// The turn is not taken.
    TurnFails,
    /// The turn is not taken, and a person says what follows, whatever the step says of failures.
    Asks,
    /// The run ends.
    RunFails,
}

/// Who wants to pass, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The agent that acts, or nobody at ingress and at a review.
    pub agent: Option<&'a Name>,
    /// The tool, for the gates around one.
    pub tool: Option<&'a Name>,
    /// What passes.
    pub content: Option<Ref>,
    /// The domain inside whose walls it acts.
    pub domain: Option<&'a Name>,
    /// Where in the plan it acts, if a turn is to begin there.
    pub node: Option<NodeId>,
}

/// The guards, as the kernel sees them: pure, and asked at every choke point.
pub trait Gates {
    fn pass(&self, gate: Gate, subject: Subject<'_>) -> Consulted<Passage>;

    /// Why it may not pass, if it may not. Asked before `pass` at ingress, before a turn, and before the answer is released.
    fn objection(&self, gate: Gate, subject: Subject<'_>) -> Option<Ruling> {
        let _ = (gate, subject);
        None
    }
}
