//! The namespaces of a store, by name and in the order in which they came to be. One that is empty stays: its name is in the file.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::space::Space;

#[derive(Debug, Default)]
pub(crate) struct Spaces {
    by_name: HashMap<Box<str>, Arc<Space>>,
    /// By id.
    all: Vec<Arc<Space>>,
}

impl Spaces {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Space>> {
        self.by_name.get(name)
    }

    pub(crate) fn all(&self) -> &[Arc<Space>] {
        &self.all
    }

    /// The id that nobody has had.
    pub(crate) fn next_id(&self) -> u32 {
        self.all.last().map_or(0, |last| last.id) + 1
    }

    /// Adds one whose id is greater than those before it.
    pub(crate) fn add(&mut self, space: Arc<Space>) {
        self.by_name.insert(space.name.clone(), Arc::clone(&space));
        self.all.push(space);
    }

    /// Whether they have more entries together than that.
    pub(crate) fn have_more_than(&self, entries: usize) -> bool {
        let mut total = 0;
        self.all.iter().any(|space| {
            total += space.len();
            total > entries
        })
    }
}
