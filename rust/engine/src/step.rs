//! What the engine hands to the shell: plain values, nothing that borrows.

use interlock_kernel::{Micros, Name, Priority, RunId};

/// What a run owes after a feed, and what else changed by it.
#[derive(Debug)]
pub struct Step {
    pub owed: Owed,
    /// The earliest deadline, when it moved forward: arm one timer for it.
    pub wake: Option<Micros>,
    /// Runs that may now take the slot that this one freed: `take` each.
    pub granted: Vec<u64>,
}

#[derive(Debug)]
pub enum Owed {
    Call(Call),
    /// The semantic stage needs this text's vector.
    Embed {
        ask: u32,
        text: String,
    },
    /// The turn waits for a free slot; the run will be in some later step's `granted`.
    Queued,
    /// Nothing new: the input was late or repeated.
    Nothing,
    /// The run ended, or waits for a person.
    Settled(Settled),
}

/// Give this agent this message.
#[derive(Debug)]
pub struct Call {
    pub turn: u32,
    pub agent: Name,
    pub attempt: u16,
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub sender: Option<Name>,
    pub intent: Option<Name>,
    /// Why the attempt before came to nothing.
    pub feedback: Option<String>,
    pub due: Micros,
}

/// How a run stands when nothing more is owed by the shell.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Acknowledge when the journal has committed this far.
    pub ticket: u64,
    pub status: Status,
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub turns: u32,
    pub handoffs: u32,
    pub effects: u32,
    /// Why it failed or waits, in words.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Delivered,
    Failed,
    InReview,
    Cancelled,
    Waiting,
    Running,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::InReview => "in_review",
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
            Self::Running => "running",
        }
    }
}

/// A request to start a run.
#[derive(Debug, Default)]
pub struct Request {
    pub text: String,
    /// JSON bytes.
    pub data: Option<Vec<u8>>,
    /// A JSON object with `id`, `tenant`, `roles` and attributes.
    pub user: Option<Vec<u8>>,
    pub key: Option<String>,
    pub thread: Option<String>,
    pub deadline_ms: Option<u64>,
    /// Keep the run's events from its first on.
    pub watch: bool,
}

/// What became of a request.
#[derive(Debug)]
pub enum Started {
    New {
        run: u64,
        id: RunId,
        step: Step,
    },
    /// The same key started this run, and it goes on.
    Live {
        run: u64,
        id: RunId,
    },
    /// The same key started this run, and it is settled.
    Past {
        run: u64,
        id: RunId,
        settled: Settled,
    },
}

/// A turn admitted or waiting, by priority and then by arrival.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting {
    pub priority: Priority,
    pub arrival: u64,
    pub run: u64,
    pub turn: u32,
}
