//! The journal: what happened, in an order, with proof. Frames in a Merkle tree, payloads beside them, one file.
//!
//! It stores what the kernel decided and gives it back; it decides nothing about runs and never repairs a file.

#[cfg(test)]
extern crate self as interlock_journal; // the tests' made-up runs name the crate as its users do

mod audit;
mod beside;
mod checkpoint;
mod codec;
mod describe;
mod durable;
mod error;
mod frame;
mod journal;
mod keys;
mod live;
mod lock;
mod memory;
pub mod merkle;
mod message;
mod own;
mod payload;
mod progress;
mod query;
mod queue;
mod reader;
mod refs;
mod removal;
mod request;
mod review_table;
mod reviews;
mod run;
mod run_keys;
mod salt;
mod scan;
mod schema;
mod scrub;
mod sealing;
mod snapshots;
mod state;
mod store;
mod switches;
mod tables;
mod upcast;
mod upkeep;
mod verify;
mod wake;
mod writer;

pub use audit::{ProofError, ProvedFrame, RunProof, head, prove, verify_against, verify_with};
pub use beside::{read_vault, vault_of};
pub use checkpoint::{Checkpoint, CheckpointError, read_note, read_notes};
pub use codec::{decode, encode};
pub use describe::{describe, name};
pub use error::{JournalError, RunName};
pub use frame::{DocumentKind, Frame, Opened, Place, Record, Registered};
pub use journal::Journal;
pub use keys::{SignerKey, VerifierKey};
pub use message::MessageBody;
pub use payload::{Payload, PayloadKind, commit};
pub use progress::Progress;
pub use reader::Reader;
pub use refs::refs;
pub use removal::{Gone, Removed, RemovedWhy};
pub use request::{Asked, user_id};
pub use reviews::{Asks, ReviewFilter, ReviewRow};
pub use run::{Append, RunFilter, RunRow, RunStatus, StartRow, Ticket};
pub use salt::SaltSource;
pub use state::state_hash;
pub use switches::Broken;
pub use upkeep::scope_of_run;
pub use verify::{Report, verify};
