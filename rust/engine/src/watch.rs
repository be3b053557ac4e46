//! Events as they happen, for those who asked to see them.

use interlock_kernel::{Event, Micros};

use crate::EngineError;
use crate::engine::Engine;

/// One event of a watched run.
#[derive(Debug, Clone)]
pub struct Seen {
    pub seq: u32,
    pub at: Micros,
    pub event: Event,
}

impl Engine {
    /// Keep this run's events until `seen` takes them.
    pub fn watch(&self, run: u64) -> Result<(), EngineError> {
        let mut core = self.lock()?;
        core.watched.entry(run).or_default();
        if let Some(live) = core.live.get_mut(&run) {
            live.watched = true;
        }
        Ok(())
    }

    /// What happened to a watched run since the last call.
    pub fn seen(&self, run: u64) -> Result<Vec<Seen>, EngineError> {
        Ok(self.lock()?.watched.get_mut(&run).map(std::mem::take).unwrap_or_default())
    }

    pub fn unwatch(&self, run: u64) -> Result<(), EngineError> {
        let mut core = self.lock()?;
        core.watched.remove(&run);
        if let Some(live) = core.live.get_mut(&run) {
            live.watched = false;
        }
        Ok(())
    }
}
