//! One limit as it is held against an account, and the word that nothing is left.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::amounts::{Amounts, Estimate};
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
    /// Which of an account's meters it is held against.
    pub(super) meter: usize,
    pub(super) caps: [Option<u64>; 5],
    pub(super) depth: Option<u64>,
    pub(super) fan_out: Option<u64>,
    pub(super) when_short: WhenShort,
    pub(super) cheaper: Option<Arc<str>>,
}

/// What a call misses a limit by.
pub(super) struct Miss {
    what: What,
    cap: u64,
    spent: u64,
    reserved: u64,
    wanted: u64,
}

impl Limit {
    /// The first cap that a call does not fit.
    pub(super) fn miss(&self, per: Per, now: u64, account: Option<&Account>, wanted: &Amounts, call: &Estimate) -> Option<Miss> {
        for (what, cap, wanted) in [(What::Depth, self.depth, call.depth), (What::FanOut, self.fan_out, call.fan_out)] {
            if let Some(cap) = cap.filter(|&cap| wanted > cap) {
                return Some(Miss { what, cap, spent: 0, reserved: 0, wanted });
            }
        }
        let meter = account.and_then(|account| account.meters.get(self.meter));
        let spent = meter.map_or_else(Amounts::default, |meter| meter.spent_at(now));
        let reserved = meter.map_or_else(Amounts::default, |meter| meter.reserved);
        for (place, what) in What::SUMMED.into_iter().enumerate() {
            let (Some(cap), wanted) = (self.caps[place], wanted.0[place]) else { continue };
            let is_clock = per == Per::Run && what == What::Seconds;
            let (spent, reserved) =
                if is_clock { (account.map_or(0, |account| account.run.clock.used(now)), 0) } else { (spent.0[place], reserved.0[place]) };
            let sum = spent.saturating_add(reserved).saturating_add(wanted);
            // What wants nothing of a sum is not stopped by it, except by a run's time, which everything takes.
            if sum > cap && (wanted > 0 || is_clock) {
                return Some(Miss { what, cap, spent, reserved, wanted });
            }
        }
        None
    }

    pub(super) fn short(&self, per: Per, owner: &str, now: u64, miss: &Miss) -> Short {
        let &Miss { what, cap, spent, reserved, wanted } = miss;
        let resets_at = self.every.ends(self.every.window(now));
        let (every, when_short, cheaper) = (self.every, self.when_short, self.cheaper.clone());
        Short { per, owner: owner.into(), what, every, limit: cap, spent, reserved, wanted, when_short, cheaper, resets_at }
    }
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
