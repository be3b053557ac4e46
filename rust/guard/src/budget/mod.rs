//! What may be spent: a ledger that reserves before each call and books what was really used, and the switches that stop somebody at once.
//!
//! Pure and in integers: tokens, micro-dollars, microseconds. The time comes in with each call; there is no clock, no file and no thread here.
//!
//! ```
//! use interlock_guard::budget::{Actual, Estimate, Ledger, Spec, Who};
//!
//! let spec: Spec = serde_json::from_str(r#"[{"per": "run", "tokens": 1000}]"#).unwrap();
//! let mut ledger = Ledger::new(&spec).unwrap();
//! let who = Who { run: "r1", agent: "billing", user: Some("ada"), tenant: None };
//! let estimate = Estimate { input_tokens: 600, output_tokens: 300, ..Estimate::default() };
//! let reservation = ledger.reserve(0, &who, &estimate).unwrap();
//! assert!(ledger.reserve(0, &who, &estimate).is_err());
//! ledger.settle(reservation, &Actual { key: [1; 16], input_tokens: 580, output_tokens: 20, ..Actual::default() });
//! assert!(ledger.reserve(0, &who, &Estimate { input_tokens: 400, ..Estimate::default() }).is_ok());
//! ```

mod account;
mod amounts;
mod entry;
mod kill;
mod ledger;
mod limit;
mod restore;
mod run;
mod spec;
mod standing;
mod window;

pub use amounts::{Actual, Estimate, What, Who};
pub use entry::{Entry, HexKey, Owners, Parts};
pub use kill::{Kill, Kills, Target};
pub use ledger::{Ledger, Reservation};
pub use limit::{Per, Short, WhenShort};
pub use spec::{LimitSpec, Spec};
pub use standing::Standing;
pub use window::Every;
