//! The native half of the shell. It owns the runs, the journal, the deadlines, the slots and the index,
//! and answers every command that does not need Python itself.

mod admission;
mod clock;
mod counterfactual;
mod deadlines;
mod derive;
mod desk;
mod effects;
mod engine;
mod error;
mod feed;
mod fold;
mod guarding;
mod live;
mod offer;
mod plans;
mod pump;
mod replay;
mod resume;
mod reviews;
mod semantic;
mod settle;
mod show;
mod spending;
mod start;
mod step;
mod walls;
mod watch;

pub use admission::Limits;
pub use clock::Clock;
pub use counterfactual::{Counterfactual, Of};
pub use derive::Derive;
pub use desk::{Closed, ReviewNews, ReviewShown, show_review};
pub use effects::{Effect, EffectStart, Noting};
pub use engine::{Engine, Stats};
pub use error::EngineError;
pub use feed::{Answer, Delegation, Expired};
pub use guarding::{Named, Outside, Saying, Sighting};
pub use replay::{Line, Moment, Owes, replay, state_at};
pub use resume::{Resumed, SaidBy, WaitingRun};
pub use reviews::{Says, Word};
pub use semantic::Semantic;
pub use settle::in_short;
pub use spending::{ModelCall, ModelStart, ModelUsed};
pub use step::{Call, Owed, Request, Settled, Shown, Started, Status, Step};
pub use watch::Seen;
