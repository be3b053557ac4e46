//! The last calls of an agent, and how many of them were bad.

/// How one call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Went {
    Well,
    Slowly,
    Wrong,
}

/// A ring of the last calls. Its counts are kept, never computed anew.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    calls: Vec<Went>,
    /// Where the oldest call is, once the ring is full.
    oldest: usize,
    size: usize,
    pub failed: u32,
    pub slow: u32,
}

impl Window {
    pub(crate) fn new(size: u32) -> Self {
        let size = size as usize;
        Self { calls: Vec::with_capacity(size), oldest: 0, size, failed: 0, slow: 0 }
    }

    /// Add a call; the oldest one leaves a full window.
    pub(crate) fn push(&mut self, went: Went) {
        if let Some(count) = self.bad(went) {
            *count += 1;
        }
        if self.calls.len() < self.size {
            self.calls.push(went);
            return;
        }
        let gone = std::mem::replace(&mut self.calls[self.oldest], went);
        self.oldest = (self.oldest + 1) % self.size;
        if let Some(count) = self.bad(gone) {
            *count -= 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        (self.oldest, self.failed, self.slow) = (0, 0, 0);
    }

    fn bad(&mut self, went: Went) -> Option<&mut u32> {
        match went {
            Went::Well => None,
            Went::Slowly => Some(&mut self.slow),
            Went::Wrong => Some(&mut self.failed),
        }
    }
}
