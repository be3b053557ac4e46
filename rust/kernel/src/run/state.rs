//! What a run remembers. Each state owns exactly the data that is legal in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::Plan;
use crate::{
    Digest, EffectKey, Failure, Micros, Name, NodeId, Ref, ReviewId, ReviewWhy, RouteDecision, RunFailCode, RunId, TurnId, TurnReplied,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Unstarted(Arc<Plan>),
    Running(Box<Running>),
    InReview(Box<InReview>),
    Ended(Box<Ended>),
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub plan: Arc<Plan>,
    pub run: RunId,
    pub rules: Option<Digest>,
    pub message: Ref,
    pub deadline: Micros,
    /// The relays that the run is inside of, outermost first.
    pub relays: Vec<RelayState>,
    /// How often each node was entered.
    pub visits: BTreeMap<NodeId, u16>,
    /// Turns spent under each routing rule, by the rule's number.
    pub rule_turns: BTreeMap<u32, u16>,
    /// Effects that returned, so that a re-run gets what they gave.
    pub effects: BTreeMap<EffectKey, Ref>,
    /// Effects with an intent and no outcome yet, with the arguments that were journalled.
    pub intents: BTreeMap<EffectKey, Ref>,
    /// Effects that raised, by the turn they were tried in.
    pub raised: BTreeSet<(TurnId, EffectKey)>,
    /// Every effect that was ever intended.
    pub intended: BTreeSet<EffectKey>,
    pub turns: u32,
    pub handoffs: u32,
    /// Facts asked for so far.
    pub asked: u32,
    pub reviews: u32,
    pub phase: Phase,
}

/// What the run is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The relay's entry was routed to nobody who can take it.
    Unroutable { message: Ref, why: ReviewWhy },
}

/// One activation of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub id: TurnId,
    pub node: NodeId,
    pub agent: Name,
    pub fallback: bool,
    pub attempt: u16,
    pub visit: u16,
    pub message: Ref,
    pub due: Micros,
    pub feedback: Option<Failure>,
}

/// A relay that the run is inside of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState {
    pub node: NodeId,
    /// The member that has the turn.
    pub member: NodeId,
    /// What the relay was given.
    pub message: Ref,
    pub handoffs: u16,
    pub visited: BTreeSet<NodeId>,
    /// How the present member was chosen, if the routing engine chose.
    pub route: Option<RouteState>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteState {
    pub decision: RouteDecision,
    pub at: Micros,
    pub fallback_used: bool,
}

/// A run that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InReview {
    pub running: Running,
    pub review: ReviewId,
    pub why: ReviewWhy,
    pub about: Ref,
    /// What the person decided, until the run has drawn its conclusion.
    pub decided: Option<(crate::ReviewVerdict, Ref)>,
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub run: RunId,
    pub plan: Arc<Plan>,
    pub turns: u32,
    pub handoffs: u32,
    pub effects: u32,
    pub how: EndedHow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
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
            Self::Running(running) => match running.phase {
                Phase::Entering { .. } => "entering a node",
                Phase::AwaitingFact { .. } => "awaiting a fact",
                Phase::InTurn(_) => "in a turn",
                Phase::Answered { .. } => "answered",
                Phase::Routed { .. } => "routed",
                Phase::Missed { .. } => "missed",
                Phase::Unroutable { .. } => "unroutable",
            },
            Self::InReview(_) => "in review",
            Self::Ended(_) => "ended",
        }
    }
}

impl Running {
    /// The relay in which the run stands at that node, if it is inside.
    pub fn relay(&self, node: NodeId) -> Option<&RelayState> {
        self.relays.iter().rev().find(|relay| relay.node == node)
    }

    pub(super) fn relay_mut(&mut self, node: NodeId) -> Option<&mut RelayState> {
        self.relays.iter_mut().rev().find(|relay| relay.node == node)
    }

    /// The innermost routing decision that the run stands under.
    pub fn route(&self) -> Option<&RouteState> {
        self.relays.iter().rev().find_map(|relay| relay.route.as_ref())
    }

    /// The innermost routing decision around a node that the run may be about to enter.
    pub(super) fn route_at(&self, node: NodeId) -> Option<&RouteState> {
        let is_around = |relay: &&RelayState| self.plan.upwards(node).skip(1).any(|above| above == relay.node);
        self.relays.iter().rev().filter(is_around).find_map(|relay| relay.route.as_ref())
    }

    pub fn turn(&self) -> Option<&Turn> {
        match &self.phase {
            Phase::InTurn(turn) | Phase::Answered { turn, .. } | Phase::Routed { turn, .. } | Phase::Missed { turn, .. } => Some(turn),
            Phase::Entering { .. } | Phase::AwaitingFact { .. } | Phase::Unroutable { .. } => None,
        }
    }
}
