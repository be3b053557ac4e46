//! The vault: a key for each data subject, and the values that placeholders stand for. One file beside the journal.
//!
//! Keys form three levels. The *wrapping key* is the operator's and never lies in the file. It wraps the *root key*, once a file;
//! the root key wraps a *subject key* for each person, and whatever is sealed for them is gone when that key is deleted. So a key
//! service is asked once when a vault is opened, and nothing has to be sealed anew when the wrapping key changes.
//!
//! It knows nothing of journals, runs or Python. It never gives out a value under another scope than it was minted in.

mod base32;
mod cache;
mod error;
mod file;
mod key;
mod keys;
mod log;
mod mint;
mod nonces;
mod open;
mod rotate;
mod seal;
mod shared;
pub mod subject;
mod token;
mod vault;
mod wrapping;

pub use error::VaultError;
pub use file::{Protection, protection};
pub use keys::{Found, KeyId};
pub use mint::scope_of;
pub use rotate::rotate;
pub use seal::{OVERHEAD, Sealer};
pub use vault::{Scope, Vault};
pub use wrapping::{Handed, Secret, Wrap, WrappingKey, hex};
