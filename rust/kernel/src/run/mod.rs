//! The machine of a run: `decide` chooses, `evolve` records, `outstanding` says what is owed.

mod advance;
mod belongs;
mod decide;
mod delegators;
mod effect;
mod evolve;
mod evolve_fork;
mod evolve_forum;
mod evolve_relay;
mod evolve_review;
mod forum;
mod here;
mod inside;
mod join;
mod missed;
mod outstanding;
mod relay;
mod review;
mod ruled;
mod state;
mod strand;
mod told;
mod turn;
mod view;
mod wall;

pub use decide::decide;
pub use delegators::delegators;
pub use evolve::evolve;
pub use outstanding::{calls, facts, may_advance, outstanding, wakes_at};
pub use review::due;
pub use state::{
    Branch, Decided, DomainState, Ended, EndedHow, Fork, ForumState, InReview, Intent, OpenReview, Phase, RelayState, RouteState, Running,
    State, Strand, Then, Turn,
};
pub use told::STATE_SHAPE;
pub use view::{Heard, scopes, view};

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
