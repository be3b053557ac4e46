//! The store: versioned values under a namespace and a key, held in memory, with a file behind them if a path is given.
//!
//! Reads never wait for the disk. Every change has a version that is greater than all before it in the whole store, so a version
//! never comes back, not even for a key that was deleted. A thread of the store's own writes changes to the file, many a commit.
//!
//! ```
//! use interlock_store::{Expect, Options, Put, Store, Value};
//!
//! let store = Store::in_memory(Options::default());
//! let version = store.put("users", "u-42", Value::Text("gold"), Put::default())?;
//! let stale = Put { expect: Some(Expect::Version(version + 1)), ..Put::default() };
//! assert!(store.put("users", "u-42", Value::Text("silver"), stale).is_err());
//! assert_eq!(store.get("users", "u-42")?.map(|found| found.version()), Some(version));
//! # Ok::<(), interlock_store::StoreError>(())
//! ```

mod entry;
mod error;
mod evict;
mod expire;
mod feed;
mod file;
mod hold;
mod log;
mod odds;
mod open;
mod options;
mod shared;
mod space;
mod spaces;
mod store;
mod table;
mod upkeep;
mod write;

pub use entry::{Entry, Kind, Value};
pub use error::StoreError;
pub use feed::{Change, Feed, What};
pub use hold::Hold;
pub use options::{Broken, Clock, Eviction, Options};
pub use space::Found;
pub use store::{Stats, Store};
pub use write::{Expect, Lives, Put};
