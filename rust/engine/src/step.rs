//! What the engine hands to the shell: plain values, nothing that borrows.

use interlock_kernel::{Confidence, Micros, Name, RunId, State};

use crate::guarding::Outside;

/// What a run owes after a feed, and what else changed by it.
#[derive(Debug)]
pub struct Step {
    pub owed: Owed,
    /// What else the run owes, when several agents work at once.
    pub more: Vec<Owed>,
    /// Turns of this run that nobody waits for any more.
    pub dropped: Vec<u32>,
    /// The earliest deadline, when it moved forward: arm one timer for it.
    pub wake: Option<Micros>,
    /// Turns that may be taken up now, of this run or of others: `take` each.
    pub granted: Vec<(u64, u32)>,
    /// Runs that owe something else now because an agent can't be called: `look` at each.
    pub upset: Vec<u64>,
    /// Something happened to reviews: ask for `review_news`.
    pub told: bool,
}

impl Step {
    pub(crate) fn of(owed: Owed) -> Self {
        Self { owed, more: Vec::new(), dropped: Vec::new(), wake: None, granted: Vec::new(), upset: Vec::new(), told: false }
    }
}

#[derive(Debug)]
pub enum Owed {
    Call(Call),
    /// The semantic stage needs this text's vector.
    Embed {
        ask: u32,
        text: String,
    },
    /// The answers of the parallel at this node are to be compared, each with all after it.
    Compare {
        ask: u32,
        node: u16,
        answers: Vec<Shown>,
    },
    /// The turn waits for a free slot; it will be in some later step's `granted`.
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
    pub node: u16,
    pub agent: Name,
    pub attempt: u16,
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub sender: Option<Name>,
    pub labels: Vec<Name>,
    /// Whether the agent may know for whom the run acts.
    pub shows_user: bool,
    pub intent: Option<Name>,
    /// Why the attempt before came to nothing.
    pub feedback: Option<String>,
    pub due: Micros,
}

/// A message that an agent or a person is shown beside its own.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub text: String,
    pub data: Option<Vec<u8>>,
    pub sender: Option<Name>,
    pub labels: Vec<Name>,
    pub confidence: Option<Confidence>,
    /// Answers with the same number agree.
    pub option: Option<u16>,
    /// It is no answer: the member came to nothing, and the text says why.
    pub lost: bool,
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
    pub tokens: u64,
    /// Why it failed or waits, in words.
    pub reason: Option<String>,
    /// What a person who decides should see: answers that conflict, the thread, the reports.
    pub attached: Vec<Shown>,
    /// The reviews that are open, by number.
    pub reviews: Vec<u32>,
    /// The state itself, for those who want its hash.
    pub state: State,
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
    pub labels: Vec<Name>,
    /// A JSON object with `id`, `tenant`, `roles` and attributes.
    pub user: Option<Vec<u8>>,
    pub key: Option<String>,
    pub thread: Option<String>,
    pub deadline_ms: Option<u64>,
    /// Keep the run's events from its first on.
    pub watch: bool,
    /// What screens and models outside saw of it.
    pub outside: Option<Outside>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Started {
    New {
        run: u64,
        id: RunId,
        step: Step,
        /// The plan's name, where the caller does not know it.
        plan: Option<Name>,
    },
    /// The same key started this run, and it goes on.
    Live { run: u64, id: RunId },
    /// The same key started this run, and it is settled.
    Past { run: u64, id: RunId, settled: Settled },
}
