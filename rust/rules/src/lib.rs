//! Implements the kernel's `Rules`: the routing table, the cascade of stages over it, conditions in CEL and checks by JSON schema.
//!
//! Everything is compiled when it is loaded, where a mistake is an error with its place. Nothing here reads files: the caller has
//! read the YAML and knows the lines.

mod ballot;
mod book;
mod cascade;
mod checks;
mod compile;
mod condition;
mod error;
mod escalation;
mod facts;
mod fault;
mod json;
mod line;
mod lower;
mod native;
mod number;
mod parse;
mod problems;
mod references;
mod schema;
mod spec;
mod table;
mod vote;

pub use book::RuleBook;
pub use checks::PlanChecks;
pub use condition::{Condition, Scope};
pub use error::{Place, RulesError};
pub use problems::{DecidedBy, Overlap, Problems, Unreachable, Why};
pub use spec::{FallbackSpec, RuleSpec, SemanticSpec, TableSpec};
pub use table::{ANY, HUMAN_REVIEW, RoutingTable, UNKNOWN};
