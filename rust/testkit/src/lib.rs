//! What the tests share: plans and scripts by the thousand, and a world with a clock of its own. Never published.
//!
//! `World` plays the shell around one run: it carries out what is owed, agents follow a script, and nothing waits.

mod book;
mod bounds;
mod guesses;
mod outline;
mod panels;
mod plans;
mod rules;
mod script;
mod specs;
mod story;
mod tape;
mod world;

pub use book::{OpenGates, Papers, Shelf};
pub use bounds::most_turns;
pub use guesses::guesses;
pub use panels::policy_on;
pub use plans::{plan_specs, plans};
pub use rules::{ACCEPTS, ALWAYS, DONE, ERRS, EVEN, FINE, SURE, ScriptedRules, expressions, rule, scripted_rules, word};
pub use script::{
    Act, Deed, NEVER, Said, Script, Whom, acts, answers_wrongly, bare, delegates, hands_to, raises, says, scripts, states, tasks,
};
pub use specs::{
    RelaySpec, agent, chat, domain, forum, goes_to, hedged, hierarchy, maker_checker, name_of, overrides, panel, parallel, plan_of,
    sequence, spec_of, step, summed_up, surest, vote, walled,
};
pub use story::story;
pub use tape::{Tape, taped};
pub use world::{Chaos, Faults, Moment, Reviews, Told, Trouble, World, chaos, faults, fold};

use proptest::test_runner::{Config, FileFailurePersistence};

/// How often a law is tried: 10,000 times, unless `PROPTEST_CASES` says otherwise. A failing seed is kept beside the test.
#[must_use]
pub fn law() -> Config {
    let asked = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("seeds")) as Box<_>);
    Config {
        cases: asked("PROPTEST_CASES").unwrap_or(10_000),
        max_shrink_iters: asked("PROPTEST_MAX_SHRINK_ITERS").unwrap_or(20_000),
        failure_persistence,
        ..Config::default()
    }
}
