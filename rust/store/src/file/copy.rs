//! A copy of one moment, as a file of its own.

use std::path::Path;

use super::schema::{appear, seal, set_state};
use crate::StoreError;
use crate::shared::Shared;
use crate::space::write;

pub(crate) fn write_copy(shared: &Shared, path: &Path) -> Result<(), StoreError> {
    // Changes stand still while the entries are listed: 50 ms for a million. Writing them takes longer, and holds up nobody.
    let gate = write(&shared.gate);
    let revision = shared.order.lock().revision;
    let spaces: Vec<_> = shared
        .all_spaces()
        .into_iter()
        .map(|space| {
            let mut entries = Vec::with_capacity(space.len());
            space.each(|table| entries.extend(table.entries().cloned()));
            (space, entries)
        })
        .collect();
    drop(gate);
    appear(path, |connection| {
        let mut name = connection.prepare("INSERT INTO spaces VALUES(?1, ?2, ?3)")?;
        let mut put = connection.prepare("INSERT INTO entries VALUES(?1, ?2, ?3, ?4)")?;
        let mut count = 0;
        for (space, mut entries) in spaces {
            name.execute((space.id, &space.name, seal(space.id.into(), space.name.as_bytes())))?;
            entries.sort_by_key(crate::Entry::id);
            for entry in entries {
                put.execute((entry.id().cast_signed(), space.id, seal(space.id.into(), &entry.0), &entry.0[..]))?;
                count += 1;
            }
        }
        set_state(connection, revision, count)
    })
}
