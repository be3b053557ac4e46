//! What has expired goes: some of it with every change, all of it when it is asked for or when room is needed.

use crate::StoreError;
use crate::feed::What;
use crate::space::{Space, read};
use crate::store::Store;
use crate::table::Table;

/// How many expired entries a change clears away in passing, so that what expires goes without a thread of its own.
const CLEARED: usize = 8;

impl Store {
    /// Takes some of what has expired out of a table.
    pub(crate) fn clear_expired(&self, space: &Space, table: &mut Table) -> Result<(), StoreError> {
        self.take_expired(space, table, CLEARED)
    }

    fn take_expired(&self, space: &Space, table: &mut Table, most: usize) -> Result<(), StoreError> {
        let shared = &self.shared;
        let Some(next) = table.next_due() else { return Ok(()) };
        let now = shared.options.clock.now();
        if next > now {
            return Ok(());
        }
        for _ in 0..most {
            let mut log = shared.order.lock();
            log.open()?;
            let Some(entry) = table.take_expired(now) else { break };
            log.gone(space, &entry, What::Expired);
            shared.order.hand_over(log, shared.options.backlog);
            shared.account(entry.cost(), 0);
        }
        Ok(())
    }

    /// Takes out all that has expired. A service need not call it: reads never give what has expired, and changes clear it away.
    pub fn sweep(&self) -> Result<(), StoreError> {
        self.check_writable()?;
        let shared = &self.shared;
        let _gate = read(&shared.gate);
        shared.forget_moments();
        let mut swept = Ok(());
        for space in shared.all_spaces() {
            space.change_each(|table| {
                if swept.is_ok() {
                    swept = self.take_expired(&space, table, usize::MAX);
                }
                shared.expires_at(table.next_due().unwrap_or_default());
            });
        }
        swept
    }
}
