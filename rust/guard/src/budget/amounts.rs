//! What is counted, and for whom. All sums saturate: a limit is refused long before, and a count never wraps.

use serde::{Deserialize, Serialize};

use super::entry::Parts;

/// What a limit is of. The first five are summed up; depth and fan-out are looked at, call by call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Input and output together.
    Tokens,
    /// Micro-dollars.
    Cost,
    /// Microseconds. Of a run: since it began, without its pauses. Of others: the sum of their calls.
    Seconds,
    Turns,
    ToolCalls,
    /// How many delegations deep the call is made.
    Depth,
    /// How many branches begin at once.
    FanOut,
}

impl What {
    /// What is summed up, in the order of `Amounts`.
    pub(super) const SUMMED: [Self; 5] = [Self::Tokens, Self::Cost, Self::Seconds, Self::Turns, Self::ToolCalls];

    /// As the configuration file spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Seconds => "seconds",
            Self::Turns => "turns",
            Self::ToolCalls => "tool_calls",
            Self::Depth => "depth",
            Self::FanOut => "fan_out",
        }
    }
}

/// On whose account a call goes: on all four at once. Who has no name shares one account with all others that have none.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    pub run: &'a str,
    pub agent: &'a str,
    pub user: Option<&'a str>,
    pub tenant: Option<&'a str>,
}

/// The most that a call will use, as far as its caller can know before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    pub input_tokens: u64,
    /// The most that the model may answer.
    pub output_tokens: u64,
    pub cost_micro: u64,
    /// The longest that the call may take, or 0.
    pub time_us: u64,
    pub turns: u64,
    pub tool_calls: u64,
    pub depth: u64,
    pub fan_out: u64,
}

/// What one response of a provider really used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Actual {
    /// When it came, in microseconds since 1970: it is booked in the window of this moment.
    pub at: u64,
    /// Which response this is. A response is booked once, however often it is settled.
    pub key: [u8; 16],
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_micro: u64,
    pub time_us: u64,
    pub turns: u64,
    pub tool_calls: u64,
}

/// The five sums, in the order of `What::SUMMED`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amounts(pub(super) [u64; 5]);

impl Amounts {
    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, more)| *mine = mine.saturating_add(more));
    }

    pub(super) fn take(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, less)| *mine = mine.saturating_sub(less));
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0 == [0; 5]
    }
}

impl From<&Estimate> for Amounts {
    fn from(of: &Estimate) -> Self {
        Self([of.input_tokens.saturating_add(of.output_tokens), of.cost_micro, of.time_us, of.turns, of.tool_calls])
    }
}

impl From<&Actual> for Amounts {
    fn from(of: &Actual) -> Self {
        Self([of.input_tokens.saturating_add(of.output_tokens), of.cost_micro, of.time_us, of.turns, of.tool_calls])
    }
}

impl From<&Parts> for Amounts {
    fn from(of: &Parts) -> Self {
        Self([of.tokens, of.cost_micro, of.time_us, of.turns, of.tool_calls])
    }
}

impl From<&Amounts> for Parts {
    fn from(of: &Amounts) -> Self {
        let [tokens, cost_micro, time_us, turns, tool_calls] = of.0;
        Self { tokens, cost_micro, time_us, turns, tool_calls }
    }
}
