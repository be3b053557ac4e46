//! The store's file: an SQLite database with a row for each entry. The memory is what is read; the file is what comes back.

mod copy;
mod load;
mod schema;
mod writer;

pub(crate) use copy::write_copy;
pub(crate) use load::load;
pub(crate) use schema::{create_if_missing, look};
pub(crate) use writer::spawn;
