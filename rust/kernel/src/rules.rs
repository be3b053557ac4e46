//! What a decision may consult: the book of rules, gates and payloads. All three are pure for the length of a decision.

use serde::{Deserialize, Serialize};

use crate::{Confidence, Digest, Gate, Gates, Name, Passage, Refusal, Subject, TermsSpec};

/// Everything that `decide` may look at besides the state and the input.
pub struct Book<'a> {
    pub rules: &'a dyn Rules,
    pub gates: &'a dyn Gates,
    pub payloads: &'a dyn Payloads,
}

/// What the payload with a number says. Immutable by its commitment, so reading it again gives the same.
pub trait Payloads {
    fn content(&self, number: u32) -> Option<Content<'_>>;
    /// The user for whom the run acts, as a JSON object.
    fn user(&self) -> Option<&[u8]>;
}

/// A message's substance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Content<'a> {
    pub text: &'a str,
    /// JSON bytes.
    pub data: Option<&'a [u8]>,
    /// What the message is marked with.
    pub labels: &'a [Name],
}

/// An answer, or the fact that is missing for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consulted<T> {
    Decided(T),
    Needs(Fact),
}

/// A fact that a pure rule can't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The examples nearest in meaning to the message.
    Neighbours,
    /// How far the answers of a parallel agree with each other.
    Agreement,
    /// What a domain's contract leaves of a message on its way in.
    Import,
    /// What a domain's contract leaves of a message on its way out.
    Export,
}

/// Routing and conditions.
pub trait Rules {
    /// Which agent takes a task.
    fn route(&self, query: &RouteQuery<'_>) -> Consulted<RouteDecision>;
    /// Whether a reply satisfies a check of its plan; the text says why not, and names no personal data.
    fn check(&self, check: &Check, query: &CheckQuery<'_>) -> Result<(), String>;
    /// Whether the plan's expression with this number is true; the text says why there is no answer.
    fn holds(&self, expression: u16, query: &CheckQuery<'_>) -> Result<bool, String>;
    /// What a reply votes for, in a form that equal votes share. Nothing is an abstention; an error is a spoiled ballot.
    fn ballot(&self, key: &BallotKey, content: Content<'_>) -> Result<Option<String>, String>;
    /// The terms of reviews for which the plan states none.
    fn terms(&self) -> Option<&TermsSpec> {
        None
    }
    /// The digest of the rules' text, if there are rules.
    fn revision(&self) -> Option<Digest>;
}

/// A check between turns, as the plan states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The reply's data fits the JSON schema with this number in the plan.
    Schema { number: u16 },
    /// The reply states a confidence of at least this.
    MinConfidence { ppm: Confidence },
    /// The CEL expression with this number in the plan is true of the reply.
    Expression { number: u16 },
}

/// What makes two votes the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum BallotKey {
    /// The text, with letter case and spaces folded.
    Text,
    /// A field of the data, dotted for one inside another.
    Field { path: String, fold: Fold },
    /// What the comparator found to agree, at this many parts per million or more.
    Agreement { least_ppm: u32 },
}

/// How a field's value is made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// As it is: equal JSON is an equal vote.
    #[default]
    Exact,
    /// Letter case and runs of spaces make no difference.
    Case,
    /// Numbers, and texts that hold one, by their value; digit groups and a currency sign make no difference.
    Number,
}

/// A reply, as a check or a plan's expression sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckQuery<'a> {
    pub content: Content<'a>,
    pub confidence: Option<Confidence>,
    pub intent: Option<&'a str>,
    pub user: Option<&'a [u8]>,
    /// Who said it, where several speak.
    pub speaker: Option<&'a str>,
    /// How many contributions there are with this one, where several speak.
    pub turns: u32,
    /// The answers to be reconciled, by branch.
    pub ballots: &'a [(&'a str, Content<'a>, Option<Confidence>)],
}

/// A task that looks for an agent.
#[derive(Debug, Clone, Copy)]
pub struct RouteQuery<'a> {
    /// The intent that an agent stated; without one the semantic stage finds it.
    pub intent: Option<&'a str>,
    pub confidence: Option<Confidence>,
    pub content: Content<'a>,
    pub user: Option<&'a [u8]>,
    /// The nearest examples and the index's revision, once they are known.
    pub neighbours: Option<(&'a [Neighbour], u64)>,
    /// The plan's table with this number; nothing is the runtime's own table.
    pub table: Option<u16>,
    /// What the relay's members claim for themselves, in their order: the plan's expressions by number.
    pub claims: &'a [(Name, u16)],
    /// Whether the relay has a router agent that has not been asked yet.
    pub has_router: bool,
}

/// An example utterance near the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    pub example: u32,
    pub intent: Name,
    /// Cosine similarity in parts per million.
    pub score: i32,
}

/// Where a task goes and what was known when that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDecision {
    pub stage: Stage,
    pub intent: Name,
    pub target: Target,
    pub priority: Priority,
    /// Who stands in, in this order.
    pub fallback: Vec<Target>,
    pub escalation: Option<Escalation>,
    pub evidence: RouteEvidence,
}

/// The stage of the cascade that found the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Rules,
    Semantic,
    Unknown,
    /// A member claims such tasks.
    Claims,
    /// Nothing cheaper found an intent, so the router agent is asked.
    Router,
}

/// Who takes the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Agent(Name),
    Review,
    /// The relay's router agent, which states an intent.
    Router,
}

/// The order of admission when agents are busy. Lower numbers go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Critical,
    High,
    #[default]
    Medium,
    Low,
}

/// When a task goes to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escalation {
    Attempts(u16),
    AfterMs(u64),
}

/// What the routing saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct RouteEvidence {
    /// The rule taken, by its number in the table, and its line in the file.
    pub rule: Option<(u32, u32)>,
    /// Every rule that claimed the intent, in the order tried.
    pub considered: Vec<Considered>,
    /// Votes an intent, in parts per million of the sum.
    pub candidates: Vec<(Name, u32)>,
    pub neighbours: Vec<Neighbour>,
    pub index: Option<u64>,
    pub table: Option<Digest>,
    /// What came of each claim that was looked at.
    pub claims: Vec<(Name, RuleOutcome)>,
    /// The rules, or the claims by their place, that nothing decided between.
    pub tied: Vec<u32>,
}

/// One rule's answer to one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub rule: u32,
    pub outcome: RuleOutcome,
}

/// What came of a rule's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    Matched,
    NotMatched,
    /// The condition could not be evaluated, which counts as no match and is never silent.
    Erred(String),
}

impl Book<'_> {
    /// A gate's decision. No gate of this release asks for a fact; one that does is refused by name rather than passed.
    pub(crate) fn pass(&self, gate: Gate, subject: Subject<'_>) -> Result<Passage, Refusal> {
        match self.gates.pass(gate, subject) {
            Consulted::Decided(passage) => Ok(passage),
            Consulted::Needs(fact) => Err(Refusal::GateNeeds { gate, fact }),
        }
    }

    pub(crate) fn content(&self, number: u32) -> Result<Content<'_>, Refusal> {
        self.payloads.content(number).ok_or(Refusal::PayloadMissing { number })
    }
}
