//! The ledger itself: reserve, settle, release, end. Each call is O(log n) in the accounts and reservations that there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Spec;
use super::account::Accounts;
use super::amounts::{Actual, Amounts, Estimate, Who};
use super::entry::{Entry, Owners, Parts};
use super::limit::{Limit, Per, Short};
use super::window::Every;
use crate::SpecError;

/// An amount that is held back, by its number. Numbers grow and are never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reservation(pub u64);

/// What every account may spend, has spent and has promised.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub(super) limits: [Vec<Limit>; 4],
    /// By `Per`.
    pub(super) accounts: [Accounts; 4],
    pub(super) open: BTreeMap<u64, Open>,
    pub(super) next: u64,
}

/// A reservation: when it was made, and on which accounts. These can't be forgotten while it is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) at: u64,
    pub(super) on: [usize; 4],
    pub(super) amounts: Amounts,
}

impl Ledger {
    /// A ledger with these limits, in which nothing is spent.
    pub fn new(spec: &Spec) -> Result<Self, SpecError> {
        let mut limits = spec.compile()?;
        let accounts = limits.each_mut().map(|limits| {
            let windows: Vec<Every> = Every::ALL.into_iter().filter(|&every| limits.iter().any(|limit| limit.every == every)).collect();
            for limit in limits {
                limit.meter = windows.iter().position(|&every| every == limit.every).unwrap_or_default();
            }
            Accounts::new(windows)
        });
        Ok(Self { limits, accounts, ..Self::default() })
    }

    /// Whether there is any limit at all. Without one every call fits.
    pub fn is_unlimited(&self) -> bool {
        self.limits.iter().all(Vec::is_empty)
    }

    /// Hold back an estimate on all four accounts, or on none. Of several limits that it does not fit, the strictest is told.
    pub fn reserve(&mut self, now: u64, who: &Who<'_>, estimate: &Estimate) -> Result<Reservation, Short> {
        let names = [who.run, who.agent, who.user.unwrap_or_default(), who.tenant.unwrap_or_default()];
        let found: [Option<usize>; 4] = std::array::from_fn(|place| self.accounts[place].find(names[place]));
        let amounts = Amounts::from(estimate);
        if let Some(short) = self.shortage(now, names, found, &amounts, estimate) {
            return Err(short);
        }
        let on = std::array::from_fn(|place| found[place].unwrap_or_else(|| self.accounts[place].open(names[place])));
        let number = self.next;
        self.hold(number, Open { at: now, on, amounts });
        self.accounts[Per::Agent as usize..].iter_mut().for_each(|accounts| accounts.forget_one(now));
        Ok(Reservation(number))
    }

    /// Book what a response really used, in full, also where that is more than was held back; the next reservation sees it.
    ///
    /// A reservation that is not open changes nothing: `None`. A response that is booked already only frees the reservation.
    pub fn settle(&mut self, reservation: Reservation, actual: &Actual) -> Option<Entry> {
        let number = reservation.0;
        let open = self.free(number)?;
        let amounts = Amounts::from(actual);
        if !self.spend(open.on, actual.at, &amounts, actual.key) {
            return Some(Entry::Released { number });
        }
        Some(Entry::Settled { number, at: actual.at, owners: self.owners(open.on), parts: Parts::from(&amounts), key: actual.key })
    }

    /// Hold back less than before, where more became known about a call. A reservation never grows.
    pub fn lower(&mut self, reservation: Reservation, to: &Estimate) -> bool {
        let Some(open) = self.free(reservation.0) else { return false };
        let mut amounts = Amounts::from(to);
        amounts.0.iter_mut().zip(open.amounts.0).for_each(|(mine, before)| *mine = (*mine).min(before));
        self.hold(reservation.0, Open { amounts, ..open });
        true
    }

    /// Nothing was sent, so nothing was used.
    pub fn release(&mut self, reservation: Reservation) -> Option<Entry> {
        self.free(reservation.0).map(|_| Entry::Released { number: reservation.0 })
    }

    /// Nobody will ever know what was used: the whole reservation is booked, at the time `now`.
    pub fn settle_unknown(&mut self, now: u64, reservation: Reservation) -> Option<Entry> {
        let number = reservation.0;
        let open = self.free(number)?;
        let key = unknown(number);
        self.spend(open.on, now, &open.amounts, key);
        Some(Entry::Settled { number, at: now, owners: self.owners(open.on), parts: Parts::from(&open.amounts), key })
    }

    /// The run waits for somebody: its time stands still until its next reservation.
    pub fn pause(&mut self, now: u64, run: &str) -> Option<Entry> {
        let account = self.accounts[Per::Run as usize].named_mut(run)?;
        account.run.clock.tick(now);
        account.run.clock.stop();
        Some(Entry::Paused { run: Arc::clone(&account.name), at: now })
    }

    /// The run is over: what it left open is booked as reserved, and its account is closed.
    pub fn end(&mut self, now: u64, run: &str) -> Vec<Entry> {
        let Some(account) = self.accounts[Per::Run as usize].named(run) else { return Vec::new() };
        let (name, open) = (Arc::clone(&account.name), account.run.open.clone());
        let mut entries: Vec<Entry> = open.into_iter().filter_map(|number| self.settle_unknown(now, Reservation(number))).collect();
        self.accounts[Per::Run as usize].close(run);
        entries.push(Entry::Ended { run: name });
        entries
    }

    /// The line for a reservation that is open.
    pub fn reserved(&self, reservation: Reservation) -> Option<Entry> {
        let open = self.open.get(&reservation.0)?;
        Some(Entry::Reserved { number: reservation.0, at: open.at, owners: self.owners(open.on), parts: Parts::from(&open.amounts) })
    }

    /// What an account has spent and promised in the window of a moment: all zero where no limit asks for it.
    pub fn standing(&self, now: u64, per: Per, owner: &str, every: Every) -> (Parts, Parts) {
        let account = self.accounts[per as usize].named(owner);
        let meter = account.and_then(|account| account.meters.iter().find(|meter| meter.every == every));
        meter.map_or_else(Default::default, |meter| (Parts::from(&meter.spent_at(now)), Parts::from(&meter.reserved)))
    }

    fn shortage(&self, now: u64, names: [&str; 4], found: [Option<usize>; 4], wanted: &Amounts, call: &Estimate) -> Option<Short> {
        let mut worst: Option<Short> = None;
        for per in [Per::Run, Per::Agent, Per::User, Per::Tenant] {
            let place = per as usize;
            let account = found[place].and_then(|number| self.accounts[place].get(number));
            for limit in &self.limits[place] {
                let Some(miss) = limit.miss(per, now, account, wanted, call) else { continue };
                if worst.as_ref().is_none_or(|worst| worst.when_short < limit.when_short) {
                    worst = Some(limit.short(per, names[place], now, &miss));
                }
            }
        }
        worst
    }

    pub(super) fn hold(&mut self, number: u64, open: Open) {
        for (accounts, on) in self.accounts.iter_mut().zip(open.on) {
            if let Some(account) = accounts.get_mut(on) {
                account.hold(open.at, &open.amounts);
            }
        }
        if let Some(account) = self.accounts[Per::Run as usize].get_mut(open.on[0]) {
            account.run.clock.tick(open.at);
            account.run.open.insert(number);
        }
        self.open.insert(number, open);
        self.next = self.next.max(number.saturating_add(1));
    }

    /// Take a reservation back from every account.
    pub(super) fn free(&mut self, number: u64) -> Option<Open> {
        let open = self.open.remove(&number)?;
        for (accounts, on) in self.accounts.iter_mut().zip(open.on) {
            if let Some(account) = accounts.get_mut(on) {
                account.free(&open.amounts);
            }
        }
        if let Some(account) = self.accounts[Per::Run as usize].get_mut(open.on[0]) {
            account.run.open.remove(&number);
        }
        Some(open)
    }

    /// Book amounts on every account, unless the response is booked already.
    pub(super) fn spend(&mut self, on: [usize; 4], at: u64, amounts: &Amounts, key: [u8; 16]) -> bool {
        if let Some(account) = self.accounts[Per::Run as usize].get_mut(on[0]) {
            account.run.clock.tick(at);
            if !account.run.keys.insert(key) {
                return false;
            }
        }
        for (accounts, on) in self.accounts.iter_mut().zip(on) {
            if let Some(account) = accounts.get_mut(on) {
                account.spend(at, amounts);
            }
        }
        true
    }

    fn owners(&self, on: [usize; 4]) -> Owners {
        let name =
            |per: Per| self.accounts[per as usize].get(on[per as usize]).map_or_else(|| "".into(), |account| Arc::clone(&account.name));
        Owners { run: name(Per::Run), agent: name(Per::Agent), user: name(Per::User), tenant: name(Per::Tenant) }
    }
}

/// The key of an entry that no response stands behind; its reservation's number makes it the only one.
fn unknown(number: u64) -> [u8; 16] {
    let mut key = [0xff; 16];
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}
