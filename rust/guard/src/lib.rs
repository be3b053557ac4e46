//! The guards, as the kernel consults them. What is here decides; it never reads a clock, a file or a network.

pub mod safety;
mod spec_error;

pub use spec_error::SpecError;

use interlock_kernel::{Consulted, Gate, Gates, Passage, Subject, Verdict};

/// The open policy: everything passes, at every gate, and each passage is recorded under revision 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGates;

impl Gates for OpenGates {
    fn pass(&self, gate: Gate, _subject: Subject<'_>) -> Consulted<Passage> {
        Consulted::Decided(Passage { gate, policy: 0, verdict: Verdict::Passed })
    }
}
