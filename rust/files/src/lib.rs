//! Files that one process owns: their names, their locks, how they come to be, and what is looked at before anything in them is
//! read. What lies in them, and what a fault is called there, is their crates' matter: journal, store and vault.

mod fault;
mod lock;
mod names;
mod whole;

pub use fault::Fault;
pub use lock::Lock;
pub use names::{beside, canonical};
pub use whole::{Draft, application, ends_with_a_page, rewrite_log};
