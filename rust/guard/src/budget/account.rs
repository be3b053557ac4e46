//! The accounts of all runs, or of all agents, users or tenants: found by name once a call, and by number from then on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::amounts::Amounts;
use super::run::Run;
use super::window::Every;

/// What was spent in a window, and what is held back now.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    pub(super) every: Every,
    pub(super) window: u64,
    pub(super) spent: Amounts,
    pub(super) reserved: Amounts,
}

impl Meter {
    /// What counts at a moment: in a later window nothing is spent yet. What is held back stays so, since its call is still out.
    /// A clock that goes backwards opens no window again.
    pub(super) fn spent_at(&self, at: u64) -> Amounts {
        if self.every.window(at) > self.window { Amounts::default() } else { self.spent }
    }

    /// Begin anew if the window is a later one.
    pub(super) fn roll(&mut self, window: u64) {
        if window > self.window {
            (self.window, self.spent) = (window, Amounts::default());
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: Arc<str>,
    /// One for each window that some limit asks for.
    pub(super) meters: Vec<Meter>,
    /// How many reservations are on it.
    pub(super) open: u64,
    /// What else is known of a run; of others nothing.
    pub(super) run: Run,
}

impl Account {
    pub(super) fn hold(&mut self, at: u64, amounts: &Amounts) {
        self.open = self.open.saturating_add(1);
        for meter in &mut self.meters {
            meter.roll(meter.every.window(at));
            meter.reserved.add(amounts);
        }
    }

    pub(super) fn free(&mut self, amounts: &Amounts) {
        self.open = self.open.saturating_sub(1);
        self.meters.iter_mut().for_each(|meter| meter.reserved.take(amounts));
    }

    pub(super) fn spend(&mut self, at: u64, amounts: &Amounts) {
        for meter in &mut self.meters {
            meter.roll(meter.every.window(at));
            meter.spent.add(amounts);
        }
    }

    /// Take in what was spent in a window, unless a later one is open already.
    pub(super) fn carry(&mut self, every: Every, window: u64, spent: &Amounts) {
        for meter in self.meters.iter_mut().filter(|meter| meter.every == every) {
            meter.roll(window);
            if meter.window == window {
                meter.spent.add(spent);
            }
        }
    }

    /// Nothing is open, and nothing that was spent still counts: the account can be forgotten.
    fn is_idle(&self, at: u64) -> bool {
        self.open == 0 && self.meters.iter().all(|meter| meter.spent_at(at).is_nothing())
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    windows: Vec<Every>,
    numbers: BTreeMap<Arc<str>, usize>,
    slots: Vec<Option<Account>>,
    unused: Vec<usize>,
    /// Where forgetting goes on.
    swept: usize,
}

impl Accounts {
    pub(super) fn new(windows: Vec<Every>) -> Self {
        Self { windows, ..Self::default() }
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(super) fn get(&self, number: usize) -> Option<&Account> {
        self.slots.get(number)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Account> {
        self.slots.get_mut(number)?.as_mut()
    }

    pub(super) fn named(&self, name: &str) -> Option<&Account> {
        self.get(self.find(name)?)
    }

    pub(super) fn named_mut(&mut self, name: &str) -> Option<&mut Account> {
        self.get_mut(self.find(name)?)
    }

    /// The number of an account, which is opened if there is none.
    pub(super) fn open(&mut self, name: &str) -> usize {
        if let Some(number) = self.find(name) {
            return number;
        }
        let name: Arc<str> = name.into();
        let meters = self.windows.iter().map(|&every| Meter { every, window: 0, spent: Amounts::default(), reserved: Amounts::default() });
        let account = Some(Account { name: Arc::clone(&name), meters: meters.collect(), open: 0, run: Run::default() });
        let number = self.unused.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[number] = account;
        self.numbers.insert(name, number);
        number
    }

    pub(super) fn close(&mut self, name: &str) {
        if let Some(number) = self.numbers.remove(name) {
            self.slots[number] = None;
            self.unused.push(number);
        }
    }

    /// Look at one account, and forget it if nothing counts on it any more: so memory follows those who are active.
    pub(super) fn forget_one(&mut self, now: u64) {
        self.swept = if self.swept < self.slots.len() { self.swept } else { 0 };
        if let Some(idle) = self.get(self.swept).filter(|account| account.is_idle(now)) {
            let name = Arc::clone(&idle.name);
            self.close(&name);
        }
        self.swept += 1;
    }

    /// By name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Account> {
        self.numbers.values().filter_map(|&number| self.get(number))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Account> {
        self.slots.iter_mut().flatten()
    }
}
