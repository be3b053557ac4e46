//! Both patterns and every cure, as stories: the plan, what the agents do, and what then happened, line by line.
#![allow(clippy::unwrap_used)]

mod effects;
mod endings;
mod handoffs;
mod loops;
mod nesting;
mod routing;
mod sequence;

use interlock_kernel::RouteDecision;
use interlock_kernel::plan::NodeSpec;
use interlock_testkit::{Act, Script, ScriptedRules, World, plan_of};

/// A world in which a plan is asked `question`, and its agents do this, turn by turn.
fn world<const N: usize>(root: NodeSpec, acts: [Act; N]) -> World {
    World::new(plan_of(root).unwrap(), Script(acts.into()))
}

/// The same under a routing table.
fn routed<const N: usize>(root: NodeSpec, table: &[RouteDecision], acts: [Act; N]) -> World {
    world(root, acts).with_rules(ScriptedRules { table: table.to_vec(), ..ScriptedRules::default() })
}

/// Run it, and compare what happened after the question.
#[track_caller]
fn tells<const N: usize>(mut world: World, expected: [&str; N]) -> World {
    world.run().unwrap();
    assert_eq!(world.story()[1..], expected, "the story is\n{}", world.story().join("\n"));
    world
}
