//! Looking things up in a run: strands, turns, relays, forums, and what stands around a node.

use crate::run::state::ForumState;
use crate::run::{Phase, RelayState, RouteState, Running, Strand, Turn};
use crate::{Micros, NodeId, Ref, StrandId, TurnId};

impl Phase {
    /// An adjective, for messages.
    pub fn adjective(&self) -> &'static str {
        match self {
            Self::Entering { .. } => "entering a node",
            Self::AwaitingFact { .. } => "awaiting a fact",
            Self::InTurn(_) => "in a turn",
            Self::Answered { .. } => "answered",
            Self::Routed { .. } => "routed",
            Self::Missed { .. } => "missed",
            Self::Paused { .. } => "paused for a review",
            Self::Woken { .. } => "woken by a decision",
            Self::Held { .. } => "held for a review",
            Self::Stuck { .. } => "stuck",
            Self::Forked => "forked",
            Self::Delegating { .. } => "delegating",
            Self::AtWall { .. } => "at a wall",
            Self::Left { .. } => "leaving a node",
        }
    }

    /// The turn that it is about, if one stands.
    pub fn turn(&self) -> Option<&Turn> {
        match self {
            Self::InTurn(turn)
            | Self::Answered { turn, .. }
            | Self::Routed { turn, .. }
            | Self::Missed { turn, .. }
            | Self::Paused { turn, .. }
            | Self::Woken { turn } => Some(turn),
            Self::Held { then, .. } => then.turn(),
            Self::Entering { .. }
            | Self::AwaitingFact { .. }
            | Self::Stuck { .. }
            | Self::Forked
            | Self::Delegating { .. }
            | Self::AtWall { .. }
            | Self::Left { .. } => None,
        }
    }

    /// The turn that has the floor.
    pub fn in_turn(&self) -> Option<&Turn> {
        match self {
            Self::InTurn(turn) => Some(turn),
            Self::Entering { .. }
            | Self::AwaitingFact { .. }
            | Self::Answered { .. }
            | Self::Routed { .. }
            | Self::Missed { .. }
            | Self::Paused { .. }
            | Self::Woken { .. }
            | Self::Held { .. }
            | Self::Stuck { .. }
            | Self::Forked
            | Self::Delegating { .. }
            | Self::AtWall { .. }
            | Self::Left { .. } => None,
        }
    }
}

impl Strand {
    pub(super) fn new(id: StrandId, parent: Option<StrandId>, root: NodeId, message: Ref, due: Option<Micros>) -> Self {
        let phase = Phase::Entering { node: root, message };
        Self { id, parent, root, due, relays: Vec::new(), forums: Vec::new(), forks: Vec::new(), rival: None, phase }
    }

    /// The relay in which the strand stands at that node, if it is inside.
    pub fn relay(&self, node: NodeId) -> Option<&RelayState> {
        self.relays.iter().rev().find(|relay| relay.node == node)
    }

    pub(super) fn relay_mut(&mut self, node: NodeId) -> Option<&mut RelayState> {
        self.relays.iter_mut().rev().find(|relay| relay.node == node)
    }

    pub fn forum(&self, node: NodeId) -> Option<&ForumState> {
        self.forums.iter().rev().find(|forum| forum.node == node)
    }

    pub(super) fn forum_mut(&mut self, node: NodeId) -> Option<&mut ForumState> {
        self.forums.iter_mut().rev().find(|forum| forum.node == node)
    }

    /// The innermost routing decision that this strand itself stands under.
    pub fn route(&self) -> Option<&RouteState> {
        self.relays.iter().rev().find_map(|relay| relay.route.as_ref())
    }

    /// Whether it waits for a fact from outside.
    pub fn asks(&self) -> bool {
        match &self.phase {
            Phase::AwaitingFact { .. } | Phase::AtWall { .. } => true,
            Phase::Forked => self.forks.last().is_some_and(|fork| fork.ask.is_some()),
            Phase::InTurn(_)
            | Phase::Entering { .. }
            | Phase::Answered { .. }
            | Phase::Routed { .. }
            | Phase::Missed { .. }
            | Phase::Paused { .. }
            | Phase::Woken { .. }
            | Phase::Held { .. }
            | Phase::Stuck { .. }
            | Phase::Delegating { .. }
            | Phase::Left { .. } => false,
        }
    }

    /// Whether it stands still until a person has decided: a time that is not its own.
    pub(super) fn awaits_person(&self) -> bool {
        matches!(self.phase, Phase::Paused { .. } | Phase::Held { .. })
    }

    /// Turns that agents work on now.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.phase.in_turn().into_iter().chain(&self.rival)
    }

    /// The turn with this number, wherever in the strand it stands.
    pub(super) fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.phase.turn().into_iter().chain(&self.rival).find(|turn| turn.id == id)
    }
}

impl Running {
    pub fn trunk(&self) -> Option<&Strand> {
        self.strands.first()
    }

    pub fn strand(&self, id: StrandId) -> Option<&Strand> {
        // Numbers only grow, so the list is sorted.
        self.strands.binary_search_by_key(&id, |strand| strand.id).ok().and_then(|place| self.strands.get(place))
    }

    /// The strand in which a turn, or what it said, stands.
    pub fn strand_of(&self, turn: TurnId) -> Option<&Strand> {
        let left = |strand: &&Strand| matches!(&strand.phase, Phase::Left { said, .. } if said.turn == turn);
        self.strands.iter().find(|strand| strand.turn(turn).is_some() || left(strand))
    }

    /// The turn with this number, if it still stands.
    pub fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.strands.iter().find_map(|strand| strand.turn(id))
    }

    /// Every turn that an agent works on now.
    pub fn turns_at_work(&self) -> impl Iterator<Item = (&Strand, &Turn)> {
        self.strands.iter().flat_map(|strand| strand.turns().map(move |turn| (strand, turn)))
    }

    /// A strand and those that wait for it, innermost first.
    pub(super) fn lineage(&self, id: StrandId) -> impl Iterator<Item = &Strand> {
        std::iter::successors(self.strand(id), |strand| strand.parent.and_then(|parent| self.strand(parent)))
    }

    /// The innermost routing decision that a strand stands under, its own or one of those that wait for it.
    pub fn route(&self, id: StrandId) -> Option<&RouteState> {
        self.lineage(id).find_map(Strand::route)
    }

    /// The innermost routing decision around a node that the strand may be about to enter.
    pub(super) fn route_at<'a>(&'a self, strand: &'a Strand, node: NodeId) -> Option<&'a RouteState> {
        let is_around = |relay: &&RelayState| self.plan.upwards(node).skip(1).any(|above| above == relay.node);
        let own = strand.relays.iter().rev().filter(is_around).find_map(|relay| relay.route.as_ref());
        own.or_else(|| strand.parent.and_then(|parent| self.route(parent)))
    }
}
