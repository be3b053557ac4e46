//! What the tests share: plans and scripts by the thousand, and a world with a clock of its own. Never published.
//!
//! `World` plays the shell around one run: it carries out what is owed, agents follow a script, and nothing waits.

mod book;
mod guesses;
mod outline;
mod plans;
mod rules;
mod script;
mod specs;
mod story;
mod world;

pub use book::{OpenGates, Papers, Shelf};
pub use guesses::guesses;
pub use plans::{most_turns, plan_specs, plans};
pub use rules::{ScriptedRules, rule, scripted_rules};
pub use script::{Act, Deed, NEVER, Said, Script, Whom, acts, answers_wrongly, hands_to, raises, says, scripts, states};
pub use specs::{RelaySpec, agent, plan_of, sequence, spec_of, step};
pub use story::story;
pub use world::{Faults, Moment, Reviews, Told, Trouble, World, faults, fold};

use proptest::test_runner::{Config, FileFailurePersistence};

/// How often a law is tried: 10,000 times, unless `PROPTEST_CASES` says otherwise. A failing seed is kept beside the test.
#[must_use]
pub fn law() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("seeds")) as Box<_>);
    Config { cases: asked.unwrap_or(10_000), max_shrink_iters: 20_000, failure_persistence, ..Config::default() }
}
