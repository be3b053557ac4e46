//! Choices on a tape: what a generator does is read off a list of numbers, so that cases are cheap to make and shrink by shrinking the list.

use proptest::prelude::*;

/// Choices that are read one after another. A tape that is used up gives 0 for ever, and 0 is always the simplest choice.
#[derive(Debug)]
pub struct Tape<'a> {
    left: std::slice::Iter<'a, u16>,
}

impl<'a> Tape<'a> {
    pub fn new(choices: &'a [u16]) -> Self {
        Self { left: choices.iter() }
    }

    pub fn draw(&mut self) -> u16 {
        self.left.next().copied().unwrap_or(0)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u16) -> u16 {
        self.draw() % n.max(1)
    }

    pub fn place(&mut self, n: usize) -> usize {
        usize::from(self.draw()) % n.max(1)
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: u16) -> bool {
        self.draw() % 100 >= 100 - percent
    }

    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.place(choices.len())].clone()
    }

    pub fn maybe<T>(&mut self, percent: u16, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance(percent) { Some(make(self)) } else { None }
    }

    /// From `least` to `most` of them.
    pub fn some<T>(&mut self, least: u16, most: u16, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }
}

/// Whatever can be read off a tape of this length.
pub fn taped<T: std::fmt::Debug>(length: usize, read: impl Fn(&mut Tape<'_>) -> T) -> impl Strategy<Value = T> {
    prop::collection::vec(any::<u16>(), length / 3..=length).prop_map(move |choices| read(&mut Tape::new(&choices)))
}
