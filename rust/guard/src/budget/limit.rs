//! One limit as it is held against an account, and the word that nothing is left.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Every, What};

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Run,
    Agent,
    User,
    Tenant,
}

impl Per {
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Agent => "agent",
            Self::User => "user",
            Self::Tenant => "tenant",
        }
    }
}

/// What happens to a call that does not fit, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenShort {
    /// Ask the model that the limit names, if that fits.
    Cheaper,
    /// Send less of the conversation, if that fits.
    Shorter,
    /// A person decides.
    Review,
    #[default]
    Deny,
}

impl WhenShort {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cheaper => "cheaper",
            Self::Shorter => "shorter",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
}

/// A limit, compiled: caps in the order of `What::SUMMED`, then those of single calls.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) every: Every,
    pub(super) caps: [Option<u64>; 5],
    pub(super) depth: Option<u64>,
    pub(super) fan_out: Option<u64>,
    pub(super) when_short: WhenShort,
    pub(super) cheaper: Option<Arc<str>>,
}

/// A call does not fit. Nothing was reserved, on no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {owner:?} is short of {}: {spent} spent and {reserved} reserved of {limit}, {wanted} wanted", per.name(), what.name())]
pub struct Short {
    pub per: Per,
    /// Whose account; empty is nobody's.
    pub owner: Arc<str>,
    pub what: What,
    pub every: Every,
    pub limit: u64,
    pub spent: u64,
    pub reserved: u64,
    pub wanted: u64,
    pub when_short: WhenShort,
    /// The model to take instead, for `when_short: cheaper`.
    pub cheaper: Option<Arc<str>>,
    /// When the next window begins, in microseconds since 1970; a total has none.
    pub resets_at: Option<u64>,
}
