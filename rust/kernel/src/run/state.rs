//! What a run remembers. Each state owns exactly the data that is legal in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::plan::{OnFailure, Plan};
use crate::run::told;
use crate::{
    BranchEnd, Contribution, Digest, EffectClass, EffectKey, Fact, Failure, Micros, Name, NodeId, Ref, ReviewId, ReviewSubject,
    ReviewVerdict, ReviewWhy, RouteDecision, RunFailCode, RunId, Said, StrandId, Terms, TurnId, TurnReplied,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Unstarted(#[serde(serialize_with = "told::plan")] Arc<Plan>),
    Running(Box<Running>),
    InReview(Box<InReview>),
    Ended(Box<Ended>),
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Running {
    #[serde(serialize_with = "told::plan")]
    pub plan: Arc<Plan>,
    pub run: RunId,
    pub rules: Option<Digest>,
    pub message: Ref,
    pub deadline: Micros,
    /// The lines of execution, the trunk first and the others as they were started.
    pub strands: Vec<Strand>,
    /// How many lines of execution there were.
    pub spawned: u32,
    /// How often each node was entered.
    pub visits: BTreeMap<NodeId, u16>,
    /// Turns spent under each routing rule, by the relay that it routed in and its number.
    #[serde(serialize_with = "told::pairs")]
    pub rule_turns: BTreeMap<(NodeId, u32), u16>,
    /// Turns spent inside each domain, and until when it may work.
    pub domains: BTreeMap<NodeId, DomainState>,
    /// Effects that returned, so that a re-run gets what they gave.
    pub effects: BTreeMap<EffectKey, Ref>,
    /// Effects with an intent and no outcome yet.
    pub intents: BTreeMap<EffectKey, Intent>,
    /// Effects that raised, by the turn they were tried in.
    pub raised: BTreeSet<(TurnId, EffectKey)>,
    /// Effects that may happen once only and raised: what they raised is what a repetition gets.
    pub raised_once: BTreeMap<EffectKey, Ref>,
    /// Effects that a person let happen, with the arguments that they put in place, if any.
    pub approved: BTreeMap<EffectKey, Option<Ref>>,
    /// Effects that a person, or the end of their time, refused, and why.
    pub denied: BTreeMap<EffectKey, Option<Ref>>,
    /// Every effect that was ever intended.
    pub intended: BTreeSet<EffectKey>,
    pub turns: u32,
    pub handoffs: u32,
    /// Tokens that the turns took.
    pub tokens: u64,
    /// Facts asked for so far.
    pub asked: u32,
    pub reviews: u32,
    /// Reviews of effects that nobody has decided yet. One of the run itself is a state of its own.
    pub open: BTreeMap<ReviewId, OpenReview>,
    /// Who decided those that are closed; nobody when time ran out or nothing hung on it any more.
    pub closed: BTreeMap<ReviewId, Option<Name>>,
    /// Nothing goes on until a person decides.
    pub paused: bool,
    /// The run under whose id effects are keyed: its own, or the one that it was derived from.
    pub origin: RunId,
}

/// An effect that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intent {
    pub turn: TurnId,
    pub strand: StrandId,
    pub tool: Name,
    pub class: EffectClass,
    pub arguments: Ref,
    /// The process that began it is gone: nobody here will hear what became of it.
    pub orphaned: bool,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenReview {
    pub why: ReviewWhy,
    pub about: Ref,
    pub attached: Vec<Ref>,
    pub strand: StrandId,
    pub subject: ReviewSubject,
    pub terms: Terms,
    /// Who is at it, and until when nobody else decides.
    pub claim: Option<(Name, Micros)>,
    /// What those who signed agree on.
    pub proposal: Option<(ReviewVerdict, Option<Ref>)>,
    pub signed: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DomainState {
    pub turns: u32,
    pub until: Option<Micros>,
}

/// One line of execution: the trunk, or a branch from where it was forked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strand {
    pub id: StrandId,
    pub parent: Option<StrandId>,
    /// Where it started. When this node is left, the strand is over.
    pub root: NodeId,
    /// When it must be over, if it is a branch with a deadline.
    pub due: Option<Micros>,
    /// The relays, forums and parallels that it is inside of, outermost first.
    pub relays: Vec<RelayState>,
    pub forums: Vec<ForumState>,
    pub forks: Vec<Fork>,
    /// The turn that works on the same step beside the one in the phase.
    pub rival: Option<Turn>,
    pub phase: Phase,
}

/// What a line of execution is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A node is to be entered with a message.
    Entering { node: NodeId, message: Ref },
    /// A rule asked for a fact.
    AwaitingFact { relay: NodeId, message: Ref, ask: u32 },
    /// An agent has the turn.
    InTurn(Turn),
    /// It answered. Checked means that nothing more stands between the reply and what follows.
    Answered { turn: Turn, reply: TurnReplied, checked: bool },
    /// The reply's intent was routed.
    Routed { turn: Turn, reply: TurnReplied, relay: NodeId, route: Box<RouteState> },
    /// The attempt came to nothing.
    Missed { turn: Turn, failure: Failure },
    /// The turn stands still until a person has decided about an effect of it.
    Paused { turn: Turn, review: ReviewId },
    /// The person has decided, and the turn is to be taken again.
    Woken { turn: Turn },
    /// What it was about to do waits until a person has decided about an effect that nobody knows the end of.
    Held { then: Box<Phase>, review: ReviewId },
    /// Nothing can go on here but a person, or the end.
    Stuck { message: Ref, why: ReviewWhy, attached: Vec<Ref>, policy: OnFailure, culprit: Option<Name> },
    /// It waits for the branches of its innermost fork.
    Forked,
    /// A supervisor's rules delegate.
    Delegating { forum: NodeId, to: Vec<(NodeId, Ref)> },
    /// A message stands before walls, the next one first.
    AtWall { walls: Vec<NodeId>, way: Fact, message: Ref, ask: u32, then: Then },
    /// A node has its answer.
    Left { node: NodeId, said: Said },
}

/// What follows when the last wall is crossed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    Enter(NodeId),
    Leave(NodeId, Said),
    /// A supervisor inside a domain delegates: the task at this place crosses now, and what it wrote to those after it follows.
    Delegate {
        from: NodeId,
        forum: NodeId,
        to: Vec<(NodeId, Ref)>,
        place: usize,
    },
}

/// Branches at work, and what those that ended came to. It stays until its node is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// The parallel, or the forum that delegates.
    pub node: NodeId,
    pub message: Ref,
    pub branches: Vec<Branch>,
    /// The question to the comparator that is open.
    pub ask: Option<u32>,
    /// How the answers were told apart, once that is decided: an option by number for each branch.
    pub options: Vec<Option<u16>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    pub strand: StrandId,
    pub node: NodeId,
    pub end: Option<BranchEnd>,
}

/// A chat or a hierarchy that the strand is inside of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForumState {
    pub node: NodeId,
    /// What it was given.
    pub message: Ref,
    pub said: Vec<Contribution>,
    /// Members that had the floor.
    pub spoke: BTreeSet<NodeId>,
    /// Delegations so far.
    pub delegated: u16,
    /// Contributions in a row that repeat their member's last one.
    pub repeats: u16,
    pub tokens: u64,
    pub summary: Option<Ref>,
    /// Whom the summariser sums up for.
    pub pending: Option<(NodeId, Ref)>,
    /// Who set the members to work that are at it, or named who has the floor: the lead's speaker, and who handed on to it below this forum.
    pub delegators: Vec<Name>,
}

/// One activation of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    pub id: TurnId,
    pub node: NodeId,
    pub agent: Name,
    pub fallback: bool,
    pub attempt: u16,
    pub visit: u16,
    pub message: Ref,
    pub due: Micros,
    pub hedge_at: Option<Micros>,
    /// The step's stand-in worked beside it and came to nothing, so it is not asked again.
    pub stood_in: bool,
    pub feedback: Option<Failure>,
}

/// A relay that the run is inside of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelayState {
    pub node: NodeId,
    /// The member that has the turn.
    pub member: NodeId,
    /// What the relay was given.
    pub message: Ref,
    pub handoffs: u16,
    pub visited: BTreeSet<NodeId>,
    /// What was said in it so far.
    pub said: Vec<Ref>,
    /// How the present member was chosen, if the routing engine chose.
    pub route: Option<RouteState>,
    /// Who handed on until the present member had the turn.
    pub delegators: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteState {
    pub decision: RouteDecision,
    pub at: Micros,
    /// How many of the rule's fallbacks have had their chance.
    pub fallbacks_used: u16,
}

/// A run that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InReview {
    pub running: Running,
    pub review: ReviewId,
    pub open: OpenReview,
    /// What the person decided, until the run has drawn its conclusion.
    pub decided: Option<Decided>,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Nobody, when their time ran out.
    pub by: Option<Name>,
    pub verdict: ReviewVerdict,
    pub content: Option<Ref>,
    pub decision: Option<Ref>,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub run: RunId,
    #[serde(serialize_with = "told::plan")]
    pub plan: Arc<Plan>,
    pub turns: u32,
    pub handoffs: u32,
    pub effects: u32,
    pub tokens: u64,
    pub how: EndedHow,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedHow {
    Delivered {
        message: Ref,
    },
    /// `missed`: whose attempt came to nothing, and why. `said`: what the reviewer wrote.
    Failed {
        code: RunFailCode,
        missed: Option<(Name, Failure)>,
        said: Option<Ref>,
    },
    Cancelled {
        reason: Option<Ref>,
    },
}

impl State {
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::Unstarted(plan)
    }

    pub fn is_over(&self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// An adjective, for messages.
    pub fn adjective(&self) -> &'static str {
        match self {
            Self::Unstarted(_) => "unstarted",
            Self::Running(running) if running.paused => "paused",
            Self::Running(running) if running.strands.len() > 1 => "forked",
            Self::Running(running) => running.strands.first().map_or("running", |trunk| trunk.phase.adjective()),
            Self::InReview(_) => "in review",
            Self::Ended(_) => "ended",
        }
    }
}
