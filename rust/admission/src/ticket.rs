//! What is asked for, and what comes of it.

use interlock_kernel::Micros;

/// A turn that wants its agent called. Of one run, several may wait or be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    pub run: u64,
    pub turn: u32,
}

/// What became of a ticket when it was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Call the agent now.
    Go,
    /// Call the agent now; its breaker closes or opens by the outcome.
    GoAsProbe,
    /// It waits for others to be done: some later [`Moves`] names it.
    Queued,
    /// It waits for the agent's rate. The agent's next turn is due then, this one or one before it.
    QueuedUntil(Micros),
    /// It was offered before, and is under way or queued: nothing changed.
    Held,
    /// It will not go. It holds nothing and may be offered again.
    Refused(Why),
}

/// Why an agent is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    BreakerOpen {
        /// Nothing: the probes are under way or wait for a slot, and their outcome decides.
        until: Option<Micros>,
        /// The breaker's revision: the evidence.
        revision: u64,
    },
    QueueFull {
        /// Turns that may wait for the agent.
        limit: u32,
    },
}

/// Leave for a ticket that was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub ticket: Ticket,
    /// The breaker closes or opens by this call's outcome.
    pub probe: bool,
}

/// What changed for tickets that were queued. Each is named once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a ticket that is named here is named nowhere else"]
pub struct Moves {
    /// To be called now, the most urgent first.
    pub go: Vec<Grant>,
    /// Queued no more: the breaker opened meanwhile.
    pub refused: Vec<(Ticket, Why)>,
}

impl Moves {
    pub fn is_empty(&self) -> bool {
        self.go.is_empty() && self.refused.is_empty()
    }
}
