//! One owner's account: a meter for each window that some limit of his asks for.

use super::amounts::Amounts;
use super::window::Every;

/// What was spent in a window, and what is held back now.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    pub(super) window: u64,
    pub(super) spent: Amounts,
    pub(super) reserved: Amounts,
}

impl Meter {
    /// What counts at a moment: in a later window nothing is spent yet. What is held back stays so, since its call is still out.
    /// A clock that goes backwards opens no window again.
    pub(super) fn spent_in(&self, window: u64) -> Amounts {
        if window > self.window { Amounts::default() } else { self.spent }
    }

    pub(super) fn roll(&mut self, window: u64) {
        if window > self.window {
            *self = Self { window, spent: Amounts::default(), reserved: self.reserved };
        }
    }
}

/// The meters of one owner, by window; windows that no limit asks for have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    meters: [Option<Box<Meter>>; 4],
}

impl Account {
    pub(super) fn meter(&self, every: Every) -> Option<&Meter> {
        self.meters[every as usize].as_deref()
    }

    /// A meter that is there and stands at a moment's window.
    pub(super) fn meter_at(&mut self, every: Every, at: u64) -> &mut Meter {
        let window = every.window(at);
        let meter = self.meters[every as usize].get_or_insert_with(|| Box::new(Meter { window, ..Meter::default() }));
        meter.roll(window);
        meter
    }

    /// Take in what was spent in a window, unless a later one is open already.
    pub(super) fn carry(&mut self, every: Every, window: u64, spent: &Amounts) {
        let meter = self.meters[every as usize].get_or_insert_with(|| Box::new(Meter { window, ..Meter::default() }));
        meter.roll(window);
        if meter.window == window {
            meter.spent.add(spent);
        }
    }

    pub(super) fn meters(&self) -> impl Iterator<Item = (Every, &Meter)> {
        Every::ALL.into_iter().filter_map(|every| self.meter(every).map(|meter| (every, meter)))
    }

    /// Nothing held back, and nothing spent that still counts: the account can be forgotten.
    pub(super) fn is_idle(&self, at: u64) -> bool {
        self.meters().all(|(every, meter)| meter.reserved.is_nothing() && meter.spent_in(every.window(at)).is_nothing())
    }
}
