//! The machine of a run: `decide` chooses, `evolve` records, `outstanding` says what is owed.

mod advance;
mod decide;
mod evolve;
mod missed;
mod outstanding;
mod relay;
mod state;
mod turn;

pub use decide::decide;
pub use evolve::evolve;
pub use outstanding::outstanding;
pub use state::{Ended, EndedHow, InReview, Phase, RelayState, RouteState, Running, State, Turn};

use crate::{Event, Refusal};

/// What a decision comes to: events, in order; none when the input changes nothing.
type Decision = Result<Vec<Event>, Refusal>;

/// The input is true, and changes nothing: a duplicate, or late.
#[expect(clippy::unnecessary_wraps, reason = "the value of a decision, at the end of functions that may refuse")]
fn absorbed() -> Decision {
    Ok(Vec::new())
}

#[expect(clippy::unnecessary_wraps, reason = "the value of a decision, at the end of functions that may refuse")]
fn one(event: Event) -> Decision {
    Ok(vec![event])
}
