//! How accounts stand: what each limit lets be used, and what of it is used up or promised.

use std::sync::Arc;

use serde::Serialize;

use super::amounts::{Amounts, What};
use super::ledger::Ledger;
use super::limit::{Limit, Per, WhenShort};
use super::window::Every;

/// One limit of one thing, as an account stands to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub per: Per,
    /// Whose account; empty is nobody's.
    pub owner: Arc<str>,
    pub what: What,
    pub every: Every,
    pub limit: u64,
    pub spent: u64,
    /// What is held back now for calls that are out.
    pub reserved: u64,
    pub when_short: WhenShort,
    pub cheaper: Option<Arc<str>>,
    /// When the next window begins, in microseconds since 1970; a total has none.
    pub resets_at: Option<u64>,
}

impl Ledger {
    /// Every sum that is limited, for the accounts that are named; of depth and fan-out nothing is summed up.
    pub fn standings(&self, now: u64, of: &[(Per, &str)]) -> Vec<Standing> {
        of.iter()
            .flat_map(|&(per, owner)| self.limits[per as usize].iter().flat_map(move |limit| self.of_limit(now, per, owner, limit)))
            .collect()
    }

    fn of_limit(&self, now: u64, per: Per, owner: &str, limit: &Limit) -> Vec<Standing> {
        let account = self.accounts[per as usize].named(owner);
        let meter = account.and_then(|account| account.meters.get(limit.meter));
        let spent = meter.map_or_else(Amounts::default, |meter| meter.spent_at(now));
        let reserved = meter.map_or_else(Amounts::default, |meter| meter.reserved);
        let mut standings = Vec::new();
        for (place, what) in What::SUMMED.into_iter().enumerate() {
            let Some(cap) = limit.caps[place] else { continue };
            let is_clock = per == Per::Run && what == What::Seconds;
            let used = if is_clock { account.map_or(0, |account| account.run.clock.used(now)) } else { spent.0[place] };
            standings.push(Standing {
                per,
                owner: owner.into(),
                what,
                every: limit.every,
                limit: cap,
                spent: used,
                reserved: if is_clock { 0 } else { reserved.0[place] },
                when_short: limit.when_short,
                cheaper: limit.cheaper.clone(),
                resets_at: limit.every.ends(limit.every.window(now)),
            });
        }
        standings
    }
}
