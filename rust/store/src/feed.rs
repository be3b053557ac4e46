//! What changed, told to whoever asked, in the order of versions. A feed that is not read loses its oldest changes, and says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::StoreError;
use crate::space::Space;

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Put,
    Deleted,
    Expired,
    Evicted,
}

impl What {
    pub fn word(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
        }
    }
}

/// One change. The value is not kept: it may be gone when the change is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub version: u64,
    pub namespace: String,
    pub key: String,
    pub what: What,
}

#[derive(Debug, Default)]
struct Queue {
    changes: VecDeque<Change>,
    missed: u64,
}

/// The changes of one namespace, or of all, since it was asked for.
#[derive(Debug)]
pub struct Feed(Arc<Mutex<Queue>>);

impl Feed {
    /// Up to `limit` changes, oldest first. Fails once with the number of those that were lost, and goes on after them.
    pub fn poll(&self, limit: usize) -> Result<Vec<Change>, StoreError> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = std::mem::take(&mut queue.missed);
        if missed > 0 {
            return Err(StoreError::Lagged { missed });
        }
        let count = limit.min(queue.changes.len());
        Ok(queue.changes.drain(..count).collect())
    }
}

#[derive(Debug)]
struct Listener {
    namespace: Option<String>,
    prefix: String,
    room: usize,
    queue: Weak<Mutex<Queue>>,
}

#[derive(Debug, Default)]
pub(crate) struct Feeds(Vec<Listener>);

impl Feeds {
    pub(crate) fn open(&mut self, namespace: Option<&str>, prefix: &str, room: usize) -> Feed {
        let queue = Arc::new(Mutex::new(Queue::default()));
        let listener =
            Listener { namespace: namespace.map(Into::into), prefix: prefix.into(), room: room.max(1), queue: Arc::downgrade(&queue) };
        self.0.push(listener);
        Feed(queue)
    }

    pub(crate) fn tell(&mut self, space: &Space, key: &str, version: u64, what: What) {
        if self.0.is_empty() {
            return;
        }
        self.0.retain(|listener| {
            let Some(queue) = listener.queue.upgrade() else { return false };
            let is_asked = listener.namespace.as_deref().is_none_or(|name| *name == *space.name) && key.starts_with(&listener.prefix);
            if is_asked {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                if queue.changes.len() == listener.room {
                    queue.changes.pop_front();
                    queue.missed += 1;
                }
                queue.changes.push_back(Change { version, namespace: space.name.to_string(), key: key.into(), what });
            }
            true
        });
    }
}
