//! What the shell owes a run. Derived from state, never stored beside it.

use crate::{Fact, Failure, Micros, Name, NodeId, Priority, Ref, ReviewId, StrandId, TurnId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Feed `Input::Advanced`: a native command, answered without leaving the engine.
    Advance,
    CallAgent(CallAgent),
    FindFact {
        ask: u32,
        fact: Fact,
        node: NodeId,
        message: Ref,
        /// The answers to be compared, where that is the fact.
        about: Vec<Ref>,
    },
    AwaitReview {
        review: ReviewId,
    },
    /// Feed `Input::TimePassed` then.
    WakeAt(Micros),
}

/// Give this agent this message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAgent {
    pub turn: TurnId,
    pub strand: StrandId,
    pub node: NodeId,
    pub agent: Name,
    pub attempt: u16,
    pub visit: u16,
    pub message: Ref,
    pub due: Micros,
    pub priority: Priority,
    /// What the routing engine found the task to be about, if it chose this agent.
    pub intent: Option<Name>,
    /// Why the attempt before came to nothing.
    pub feedback: Option<Failure>,
}
