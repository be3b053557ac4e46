//! The namespaces of a store, by name and in the order in which they came to be. One that is empty stays: its name is in the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

use crate::space::Space;

#[derive(Debug, Default)]
pub(crate) struct Spaces {
    by_name: HashMap<Box<str>, Arc<Space>>,
    /// By id.
    all: Vec<Arc<Space>>,
    entries: Arc<AtomicUsize>,
}

impl Spaces {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Space>> {
        self.by_name.get(name)
    }

    pub(crate) fn all(&self) -> &[Arc<Space>] {
        &self.all
    }

    /// How many entries they have together.
    pub(crate) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// A new one, with an id that nobody has had. It is not among them yet.
    pub(crate) fn next(&self, name: &str) -> Arc<Space> {
        let id = self.all.last().map_or(0, |last| last.id) + 1;
        Arc::new(Space::new(id, name, &self.entries))
    }

    /// Adds one that `next` gave.
    pub(crate) fn add(&mut self, space: Arc<Space>) {
        self.by_name.insert(space.name.clone(), Arc::clone(&space));
        self.all.push(space);
    }

    /// Adds one with an id that is greater than those before it.
    pub(crate) fn recall(&mut self, id: u32, name: &str) -> Arc<Space> {
        let space = Arc::new(Space::new(id, name, &self.entries));
        self.add(Arc::clone(&space));
        space
    }
}
