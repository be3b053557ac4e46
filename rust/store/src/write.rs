//! Changing a key: checked first, then done whole, in the order of versions.

use std::sync::atomic::Ordering;

use crate::entry::{self, Entry, MAX_KEY, Value};
use crate::evict::Room;
use crate::feed::What;
use crate::space::{Space, read};
use crate::store::Store;
use crate::{StoreError, log};

/// Bytes of the longest name of a namespace.
const MAX_NAMESPACE: usize = 512;

/// What must be there for a change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Version(u64),
}

/// How long a value lives, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lives {
    #[default]
    Forever,
    /// From the moment that it is put.
    For(u64),
    /// Until this moment since 1970: values that are put one after the other can end together. One that is past makes what has expired.
    Until(u64),
}

/// How a value is put.
#[derive(Debug, Clone, Copy, Default)]
pub struct Put {
    pub expect: Option<Expect>,
    pub lives: Lives,
}

/// What becomes of a key.
enum Becomes {
    Stays,
    /// With the room that was made for it.
    Set(Entry, Option<Room>),
    Removed(What),
}

/// What was done.
enum Changed {
    /// What was there, and the version of the change; that of the last change of all if there was nothing to do.
    Done(Option<Entry>, u64),
    /// Nothing: what was to be replaced has shrunk, and the room that was kept no longer suffices.
    Crowded,
}

impl Store {
    /// Puts a value; gives its version. It is in the file when `wait` for that version returns.
    pub fn put(&self, namespace: &str, key: &str, value: Value<'_>, put: Put) -> Result<u64, StoreError> {
        check_key(namespace, key)?;
        if matches!(value, Value::Vector(bytes) if !bytes.len().is_multiple_of(4)) {
            return Err(unusable(format!("{namespace}/{key} is a vector of {} bytes", value.len()), "give 4 bytes for each number"));
        }
        let (bytes, limit) = (value.len(), self.shared.options.max_value);
        if bytes > limit {
            return Err(StoreError::TooLarge { namespace: namespace.into(), key: key.into(), bytes, limit });
        }
        let expires = match put.lives {
            Lives::Forever => 0,
            Lives::For(0) | Lives::Until(0) => {
                return Err(unusable(format!("the time to live of {namespace}/{key} is 0"), "give more than 0, or delete the key"));
            }
            Lives::For(ttl) => self.shared.options.clock.now().saturating_add(ttl),
            Lives::Until(moment) => moment,
        };
        let draft = || Entry::draft(key, &value, expires);
        let mut made = Some(draft()); // copied before anything is locked
        self.set(namespace, key, entry::cost(key, &value), |found| {
            self.check(namespace, key, found, put.expect)?;
            Ok(made.take().unwrap_or_else(draft))
        })
    }

    /// Deletes a key. False if it was not there.
    pub fn delete(&self, namespace: &str, key: &str, expect: Option<Expect>) -> Result<bool, StoreError> {
        check_key(namespace, key)?;
        let Some(space) = self.space(namespace)? else {
            return self.check(namespace, key, None, expect).map(|()| false);
        };
        let changed = self.change(&space, key, |found| {
            self.check(namespace, key, found, expect)?;
            Ok(if found.is_some() { Becomes::Removed(What::Deleted) } else { Becomes::Stays })
        })?;
        Ok(matches!(changed, Changed::Done(Some(_), _)))
    }

    /// Adds to a counter, which begins at 0; gives what it is then. A time to live that it has stays.
    pub fn incr(&self, namespace: &str, key: &str, by: i64) -> Result<i64, StoreError> {
        check_key(namespace, key)?;
        let mut sum = by;
        self.set(namespace, key, entry::cost(key, &Value::Int(0)), |found| {
            let named = || (namespace.to_owned(), key.to_owned());
            if let Some(found) = found {
                let Some(value) = found.int() else {
                    let (namespace, key) = named();
                    return Err(StoreError::NotACounter { namespace, key, kind: found.kind().word() });
                };
                sum = value.checked_add(by).ok_or_else(|| {
                    let (namespace, key) = named();
                    StoreError::Overflow { namespace, key, value, by }
                })?;
            } else {
                sum = by;
            }
            Ok(Entry::draft(key, &Value::Int(sum), found.map_or(0, Entry::expires)))
        })?;
        Ok(sum)
    }

    /// Makes room, and the namespace if there is none; then puts what is decided for what was found. Gives its version.
    fn set(
        &self,
        namespace: &str,
        key: &str,
        cost: usize,
        mut decide: impl FnMut(Option<&Entry>) -> Result<Entry, StoreError>,
    ) -> Result<u64, StoreError> {
        loop {
            let known = self.space(namespace)?;
            if known.is_none() {
                decide(None)?; // what is refused makes no namespace
            }
            let room = self.make_room(namespace, known.as_deref(), key, cost)?;
            let space = known.map_or_else(|| self.new_space(namespace), Ok)?;
            match self.change(&space, key, |found| Ok(Becomes::Set(decide(found)?, room)))? {
                Changed::Done(_, version) => return Ok(version),
                Changed::Crowded => {}
            }
        }
    }

    /// Takes out an entry that was chosen to make room, unless somebody wrote it meanwhile.
    pub(crate) fn evict(&self, space: &Space, victim: &Entry) -> Result<bool, StoreError> {
        let changed = self.change(space, victim.key(), |found| {
            let is_same = found.is_some_and(|found| found.version() == victim.version());
            let is_held = self.shared.holds.has(&space.name, victim.key()); // it may be since it was chosen
            Ok(if is_same && !is_held { Becomes::Removed(What::Evicted) } else { Becomes::Stays })
        })?;
        Ok(matches!(changed, Changed::Done(Some(_), _)))
    }

    fn check(&self, namespace: &str, key: &str, found: Option<&Entry>, expect: Option<Expect>) -> Result<(), StoreError> {
        if self.shared.options.broken.ignore_expect {
            return Ok(());
        }
        let version = found.map_or(0, Entry::version);
        match expect {
            Some(Expect::Absent) if version != 0 => Err(moved(namespace, key, 0, version)),
            Some(Expect::Version(expected)) if version != expected => Err(moved(namespace, key, expected, version)),
            Some(Expect::Absent | Expect::Version(_)) | None => Ok(()),
        }
    }

    /// Looks at what a key holds, decides, and does it, while nobody else touches the key.
    fn change(
        &self,
        space: &Space,
        key: &str,
        decide: impl FnOnce(Option<&Entry>) -> Result<Becomes, StoreError>,
    ) -> Result<Changed, StoreError> {
        let shared = &self.shared;
        self.check_writable()?;
        self.wait_for_backlog()?;
        let hash = shared.hash(key);
        let _gate = read(&shared.gate);
        let changed = space.change(hash, |table| {
            self.clear_expired(space, table)?;
            let found = table.get(hash, key.as_bytes()).map(|slot| slot.entry.clone());
            let live = found.as_ref().filter(|entry| !entry.has_expired(|| shared.options.clock.now()));
            match decide(live)? {
                Becomes::Stays => Ok(Changed::Done(None, shared.order.lock().revision)),
                Becomes::Set(draft, mut room) => {
                    let replaced = found.as_ref().map_or(0, Entry::cost);
                    if room.as_mut().is_some_and(|room| !room.suffices(draft.cost().saturating_sub(replaced))) {
                        return Ok(Changed::Crowded);
                    }
                    let mut log = shared.order.lock();
                    log.open()?;
                    if let (Some(expired), None) = (&found, live) {
                        log.gone(space, expired, What::Expired);
                    }
                    let entry = log.put(space, draft, live.map(Entry::id));
                    shared.order.hand_over(log, shared.options.backlog);
                    let (version, cost) = (entry.version(), entry.cost());
                    shared.expires_at(entry.expires());
                    let was = table.set(hash, entry, shared.tick());
                    table.tidy();
                    shared.account(replaced + room.map_or(0, Room::spend), cost);
                    Ok(Changed::Done(was, version))
                }
                Becomes::Removed(what) => {
                    let mut log = shared.order.lock();
                    log.open()?;
                    if let Some(entry) = &found {
                        log.gone(space, entry, what);
                    }
                    let version = log.revision;
                    shared.order.hand_over(log, shared.options.backlog);
                    let was = table.remove(hash, key.as_bytes());
                    shared.account(was.as_ref().map_or(0, Entry::cost), 0);
                    Ok(Changed::Done(was, version))
                }
            }
        });
        changed.unwrap_or(Err(StoreError::Closed)) // every hash has a table
    }

    /// Waits while more waits for the disk than may: a writer that is faster than the disk becomes as slow as it.
    fn wait_for_backlog(&self) -> Result<(), StoreError> {
        let order = &self.shared.order;
        if !order.is_pressed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut log = order.lock();
        while order.is_pressed.load(Ordering::Relaxed) {
            log.open()?;
            log = log::sleep(&order.done, log);
        }
        Ok(())
    }
}

fn moved(namespace: &str, key: &str, expected: u64, found: u64) -> StoreError {
    StoreError::Moved { namespace: namespace.into(), key: key.into(), expected, found }
}

pub(crate) fn unusable(what: String, way_out: &'static str) -> StoreError {
    StoreError::Unusable { what, way_out }
}

pub(crate) fn check_key(namespace: &str, key: &str) -> Result<(), StoreError> {
    if key.is_empty() {
        return Err(unusable(format!("a key of {namespace} is empty"), "give the key a name"));
    }
    if key.len() > MAX_KEY {
        let what = format!("a key of {namespace} has {} bytes, and {MAX_KEY} are the limit", key.len());
        return Err(unusable(what, "use a digest of it as the key"));
    }
    check_namespace(namespace)
}

pub(crate) fn check_namespace(namespace: &str) -> Result<(), StoreError> {
    if namespace.is_empty() {
        return Err(unusable("the namespace is empty".into(), "give it a name"));
    }
    if namespace.len() > MAX_NAMESPACE {
        let what = format!("a namespace's name has {} bytes, and {MAX_NAMESPACE} are the limit", namespace.len());
        return Err(unusable(what, "use a digest of it as the name"));
    }
    Ok(())
}
