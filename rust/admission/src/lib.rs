//! Who may be called now: the slots of the runtime, and the limits, rates, queues and breakers of single agents.
//!
//! Nothing here reads a clock or waits. Time comes in as [`Micros`](interlock_kernel::Micros), and what may go comes out. The same calls in
//! the same order have the same answers. [`Agents`] holds everything; [`Breaker`] and [`Rate`] stand alone as well.

mod agents;
mod breaker;
mod lane;
mod limits;
mod rate;
mod ticket;
mod window;

pub use agents::{Agents, Look};
pub use breaker::{Breaker, May, Outcome, Pass, Room, State};
pub use limits::{AgentLimits, BreakerSpec, RateSpec, SlowSpec, Wrong, WrongLimit};
pub use rate::{Rate, Take};
pub use ticket::{Admission, Grant, Moves, Ticket, Why};
