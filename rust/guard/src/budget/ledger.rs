//! The ledger itself: reserve, settle, release, end. Each call is O(log n) in the accounts and reservations that there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Spec;
use super::account::Account;
use super::amounts::{Actual, Amounts, Estimate, What, Who};
use super::entry::{Entry, Owners, Parts};
use super::limit::{Limit, Per, Short};
use super::run::Run;
use super::window::Every;
use crate::SpecError;

/// An amount that is held back, by its number. Numbers grow and are never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reservation(pub u64);

/// What every account may spend, has spent and has promised.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    limits: [Vec<Limit>; 4],
    /// The windows that the limits of each ask for.
    pub(super) windows: [Vec<Every>; 4],
    pub(super) accounts: [BTreeMap<Arc<str>, Account>; 4],
    pub(super) runs: BTreeMap<Arc<str>, Run>,
    pub(super) open: BTreeMap<u64, Open>,
    pub(super) next: u64,
    /// Where forgetting of idle accounts goes on.
    swept: (usize, Option<Arc<str>>),
}

#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) at: u64,
    pub(super) owners: Owners,
    pub(super) amounts: Amounts,
}

impl Ledger {
    /// A ledger with these limits, in which nothing is spent.
    pub fn new(spec: &Spec) -> Result<Self, SpecError> {
        let limits = spec.compile()?;
        let windows = limits
            .each_ref()
            .map(|limits| Every::ALL.into_iter().filter(|&every| limits.iter().any(|limit| limit.every == every)).collect());
        Ok(Self { limits, windows, ..Self::default() })
    }

    /// Whether there is any limit at all. Without one every call fits.
    pub fn is_unlimited(&self) -> bool {
        self.limits.iter().all(Vec::is_empty)
    }

    /// Hold back an estimate on all four accounts, or on none. Of several limits that it does not fit, the strictest is told.
    pub fn reserve(&mut self, now: u64, who: &Who<'_>, estimate: &Estimate) -> Result<Reservation, Short> {
        if let Some(short) = self.shortage(now, who, estimate) {
            return Err(short);
        }
        let number = self.next;
        self.hold(number, Open { at: now, owners: who.into(), amounts: estimate.into() });
        self.forget_one(now);
        Ok(Reservation(number))
    }

    /// Book what a response really used, in full, also where that is more than was held back; the next reservation sees it.
    ///
    /// A reservation that is not open changes nothing: `None`. A response that is booked already only frees the reservation.
    pub fn settle(&mut self, reservation: Reservation, actual: &Actual) -> Option<Entry> {
        let number = reservation.0;
        let open = self.free(number)?;
        let entry =
            Entry::Settled { number, at: actual.at, owners: open.owners, parts: Parts::from(&Amounts::from(actual)), key: actual.key };
        if self.book(&entry) { Some(entry) } else { Some(Entry::Released { number }) }
    }

    /// Nothing was sent, so nothing was used.
    pub fn release(&mut self, reservation: Reservation) -> Option<Entry> {
        self.free(reservation.0).map(|_| Entry::Released { number: reservation.0 })
    }

    /// Nobody will ever know what was used: the whole reservation is booked, at the time `now`.
    pub fn settle_unknown(&mut self, now: u64, reservation: Reservation) -> Option<Entry> {
        let number = reservation.0;
        let open = self.free(number)?;
        let entry = Entry::Settled { number, at: now, owners: open.owners, parts: Parts::from(&open.amounts), key: unknown(number) };
        self.book(&entry);
        Some(entry)
    }

    /// The run waits for somebody: its time stands still until its next reservation.
    pub fn pause(&mut self, now: u64, run: &str) -> Option<Entry> {
        let (name, _) = self.runs.get_key_value(run)?;
        let entry = Entry::Paused { run: Arc::clone(name), at: now };
        self.stop_clock(run, now);
        Some(entry)
    }

    /// The run is over: what it left open is booked as reserved, and its account is closed.
    pub fn end(&mut self, now: u64, run: &str) -> Vec<Entry> {
        let Some((name, state)) = self.runs.get_key_value(run) else { return Vec::new() };
        let (name, open) = (Arc::clone(name), state.open.clone());
        let mut entries: Vec<Entry> = open.into_iter().filter_map(|number| self.settle_unknown(now, Reservation(number))).collect();
        self.close(run);
        entries.push(Entry::Ended { run: name });
        entries
    }

    /// The line for a reservation that is open.
    pub fn reserved(&self, reservation: Reservation) -> Option<Entry> {
        let open = self.open.get(&reservation.0)?;
        Some(Entry::Reserved { number: reservation.0, at: open.at, owners: open.owners.clone(), parts: Parts::from(&open.amounts) })
    }

    /// What an account has spent and promised in the window of a moment: all zero where no limit asks for it.
    pub fn standing(&self, now: u64, per: Per, owner: &str, every: Every) -> (Parts, Parts) {
        let meter = self.accounts[per as usize].get(owner).and_then(|account| account.meter(every));
        meter.map_or_else(Default::default, |meter| (Parts::from(&meter.spent_in(every.window(now))), Parts::from(&meter.reserved)))
    }

    fn shortage(&self, now: u64, who: &Who<'_>, estimate: &Estimate) -> Option<Short> {
        let wanted = Amounts::from(estimate);
        let owners = [
            (Per::Run, who.run),
            (Per::Agent, who.agent),
            (Per::User, who.user.unwrap_or_default()),
            (Per::Tenant, who.tenant.unwrap_or_default()),
        ];
        let mut worst: Option<Short> = None;
        for (per, owner) in owners {
            let limits = &self.limits[per as usize];
            if limits.is_empty() {
                continue;
            }
            let account = self.accounts[per as usize].get(owner);
            let used = if per == Per::Run { Some(self.runs.get(owner).map_or(0, |run| run.clock.used(now))) } else { None };
            for limit in limits {
                let Some((what, cap, spent, reserved, wanted)) = limit.shortage(now, account, used, &wanted, estimate) else { continue };
                if worst.as_ref().is_some_and(|worst| worst.when_short >= limit.when_short) {
                    continue;
                }
                let resets_at = limit.every.ends(limit.every.window(now));
                let (every, when_short, cheaper) = (limit.every, limit.when_short, limit.cheaper.clone());
                worst = Some(Short {
                    per,
                    owner: owner.into(),
                    what,
                    every,
                    limit: cap,
                    spent,
                    reserved,
                    wanted,
                    when_short,
                    cheaper,
                    resets_at,
                });
            }
        }
        worst
    }

    pub(super) fn hold(&mut self, number: u64, open: Open) {
        for (per, owner) in open.owners.each() {
            for &every in &self.windows[per as usize] {
                let meter = account(&mut self.accounts[per as usize], owner).meter_at(every, open.at);
                meter.reserved.add(&open.amounts);
            }
        }
        let run = self.run(&open.owners.run);
        run.clock.tick(open.at);
        run.open.insert(number);
        self.open.insert(number, open);
        self.next = self.next.max(number.saturating_add(1));
    }

    /// Take a reservation back from every account.
    pub(super) fn free(&mut self, number: u64) -> Option<Open> {
        let open = self.open.remove(&number)?;
        for (per, owner) in open.owners.each() {
            for &every in &self.windows[per as usize] {
                account(&mut self.accounts[per as usize], owner).meter_at(every, open.at).reserved.take(&open.amounts);
            }
        }
        if let Some(run) = self.runs.get_mut(&open.owners.run) {
            run.open.remove(&number);
        }
        Some(open)
    }

    /// Put a settled entry on every account, unless its response is there already.
    pub(super) fn book(&mut self, entry: &Entry) -> bool {
        let Entry::Settled { at, owners, parts, key, .. } = entry else { return false };
        let run = self.run(&owners.run);
        run.clock.tick(*at);
        if !run.keys.insert(*key) {
            return false;
        }
        let amounts = Amounts::from(parts);
        for (per, owner) in owners.each() {
            for &every in &self.windows[per as usize] {
                account(&mut self.accounts[per as usize], owner).meter_at(every, *at).spent.add(&amounts);
            }
        }
        true
    }

    pub(super) fn stop_clock(&mut self, run: &str, now: u64) {
        if let Some(run) = self.runs.get_mut(run) {
            run.clock.tick(now);
            run.clock.stop();
        }
    }

    pub(super) fn close(&mut self, run: &str) {
        self.runs.remove(run);
        self.accounts[Per::Run as usize].remove(run);
    }

    pub(super) fn run(&mut self, name: &Arc<str>) -> &mut Run {
        self.runs.entry(Arc::clone(name)).or_default()
    }

    /// Forget one account on which nothing counts any more, so that memory follows those who are active: one look a reservation.
    fn forget_one(&mut self, now: u64) {
        let (place, after) = &mut self.swept;
        let accounts = &mut self.accounts[*place];
        let next = match after.as_ref() {
            None => accounts.first_key_value().map(|(name, account)| (Arc::clone(name), account.is_idle(now))),
            Some(last) => accounts
                .range::<str, _>((std::ops::Bound::Excluded(&**last), std::ops::Bound::Unbounded))
                .next()
                .map(|(name, account)| (Arc::clone(name), account.is_idle(now))),
        };
        match next {
            None => (*place, *after) = ((*place + 1) % 4, None),
            Some((name, idle)) => {
                if idle {
                    accounts.remove(&name);
                }
                *after = Some(name);
            }
        }
    }
}

impl Limit {
    /// The first sum or look that a call does not fit: what, its cap, what is spent and reserved, and what is wanted.
    fn shortage(
        &self,
        now: u64,
        account: Option<&Account>,
        used: Option<u64>,
        wanted: &Amounts,
        call: &Estimate,
    ) -> Option<(What, u64, u64, u64, u64)> {
        for (what, cap, wanted) in [(What::Depth, self.depth, call.depth), (What::FanOut, self.fan_out, call.fan_out)] {
            if let Some(cap) = cap.filter(|&cap| wanted > cap) {
                return Some((what, cap, 0, 0, wanted));
            }
        }
        let meter = account.and_then(|account| account.meter(self.every));
        let spent = meter.map_or_else(Amounts::default, |meter| meter.spent_in(self.every.window(now)));
        let reserved = meter.map_or_else(Amounts::default, |meter| meter.reserved);
        for (place, what) in What::SUMMED.into_iter().enumerate() {
            let (Some(cap), wanted) = (self.caps[place], wanted.0[place]) else { continue };
            let clock = used.filter(|_| what == What::Seconds);
            let (spent, reserved) = clock.map_or((spent.0[place], reserved.0[place]), |used| (used, 0));
            let sum = spent.saturating_add(reserved).saturating_add(wanted);
            // What wants nothing of a sum is not stopped by it, except by a run's time, which everything takes.
            if sum > cap && (wanted > 0 || clock.is_some()) {
                return Some((what, cap, spent, reserved, wanted));
            }
        }
        None
    }
}

fn account<'a>(accounts: &'a mut BTreeMap<Arc<str>, Account>, owner: &Arc<str>) -> &'a mut Account {
    accounts.entry(Arc::clone(owner)).or_default()
}

/// The key of an entry that no response stands behind; its reservation's number makes it the only one.
fn unknown(number: u64) -> [u8; 16] {
    let mut key = [0xff; 16];
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}
