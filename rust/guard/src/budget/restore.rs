//! Writing a ledger down, and making it again after a crash.

use std::sync::Arc;

use super::account::Account;
use super::amounts::Amounts;
use super::entry::{Entry, HexKey, Owners, Parts};
use super::ledger::{Ledger, Open, Reservation};
use super::limit::Per;
use super::run::Clock;

impl Ledger {
    /// Everything that has to be known to make this ledger again, in an order that does not depend on how it came to be.
    ///
    /// It stands for all lines before it: a log can be cut to it.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![Entry::Numbered { next: self.next }];
        for per in [Per::Run, Per::Agent, Per::User, Per::Tenant] {
            entries.extend(self.accounts[per as usize].iter().flat_map(|account| balances(per, account)));
        }
        for Account { name, run, .. } in self.accounts[Per::Run as usize].iter() {
            let keys = run.keys.iter().map(|&key| HexKey(key)).collect();
            entries.push(Entry::Run { run: Arc::clone(name), passed_us: run.clock.used(0), keys });
        }
        entries.extend(self.open.keys().filter_map(|&number| self.reserved(Reservation(number))));
        entries
    }

    /// Take in what was written down, in its order, and tell which reservations are open: their calls were out when the process died.
    ///
    /// They go on holding back what they reserved, until each is settled as unknown, or released because it is known that nothing was
    /// sent. A run's time stands still between its last line and its next reservation.
    pub fn restore(&mut self, entries: impl IntoIterator<Item = Entry>) -> Vec<Reservation> {
        entries.into_iter().for_each(|entry| self.take_in(entry));
        self.accounts[Per::Run as usize].iter_mut().for_each(|account| account.run.clock.stop());
        self.orphans()
    }

    /// The reservations that are open, oldest first.
    pub fn orphans(&self) -> Vec<Reservation> {
        self.open.keys().copied().map(Reservation).collect()
    }

    fn take_in(&mut self, entry: Entry) {
        match entry {
            Entry::Reserved { number, at, owners, parts } => {
                self.free(number); // a line that is there twice holds back once
                let open = Open { at, on: self.numbers(&owners), amounts: Amounts::from(&parts) };
                self.hold(number, open);
            }
            Entry::Settled { number, at, owners, parts, key } => {
                self.free(number);
                let on = self.numbers(&owners);
                self.spend(on, at, &Amounts::from(&parts), key);
            }
            Entry::Released { number } => {
                self.free(number);
            }
            Entry::Paused { run, at } => {
                self.pause(at, &run);
            }
            Entry::Ended { run } => self.end_again(&run),
            Entry::Balance { per, owner, every, window, parts } => {
                let accounts = &mut self.accounts[per as usize];
                let number = accounts.open(&owner);
                if let Some(account) = accounts.get_mut(number) {
                    account.carry(every, window, &Amounts::from(&parts));
                }
            }
            Entry::Run { run, passed_us, keys } => {
                let runs = &mut self.accounts[Per::Run as usize];
                let number = runs.open(&run);
                if let Some(account) = runs.get_mut(number) {
                    account.run.clock = Clock::stopped_at(passed_us);
                    account.run.keys.extend(keys.into_iter().map(|key| key.0));
                }
            }
            Entry::Numbered { next } => self.next = self.next.max(next),
        }
    }

    fn numbers(&mut self, owners: &Owners) -> [usize; 4] {
        let names = owners.each();
        std::array::from_fn(|place| self.accounts[place].open(names[place]))
    }

    /// A run ended, and the process died before all that it left open was written down: it is booked as reserved.
    fn end_again(&mut self, run: &str) {
        let left = self.accounts[Per::Run as usize].named(run).map(|account| account.run.open.clone()).unwrap_or_default();
        for number in left {
            let at = self.open.get(&number).map_or(0, |open| open.at);
            self.settle_unknown(at, Reservation(number));
        }
        self.accounts[Per::Run as usize].close(run);
    }
}

fn balances(per: Per, account: &Account) -> impl Iterator<Item = Entry> + '_ {
    account.meters.iter().filter(|meter| !meter.spent.is_nothing()).map(move |meter| Entry::Balance {
        per,
        owner: Arc::clone(&account.name),
        every: meter.every,
        window: meter.window,
        parts: Parts::from(&meter.spent),
    })
}
