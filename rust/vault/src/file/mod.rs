//! The vault's file: an SQLite database of sealed rows. Nothing in it is a name, a key or a value, unless it keeps its own root key.

mod head;
mod reader;
mod schema;
mod writer;

pub(crate) use head::{Head, head, set_head};
pub use head::{Protection, protection};
pub(crate) use reader::{FileReader, Row, sealed_subjects, set_subject};
pub(crate) use schema::{connect, create_if_missing, look};
pub(crate) use writer::{spawn, write_anew};
