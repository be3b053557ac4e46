//! Every pattern and every cure, as stories: the plan, what the agents do, and what then happened, line by line.
#![allow(clippy::unwrap_used)]

mod approvals;
mod chat;
mod chat_ends;
mod delegators;
mod delivery;
mod derived;
mod domain;
mod domain_limits;
mod edges;
mod edges_of_panels;
mod edges_of_votes;
mod effects;
mod endings;
mod four_eyes;
mod handoffs;
mod hedge;
mod hierarchy;
mod hierarchy_limits;
mod loops;
mod nesting;
mod parallel;
mod parallel_modes;
mod pauses;
mod reconcile;
mod routers;
mod routing;
mod runaways;
mod sequence;
mod unknown_ends;
mod woken;

use interlock_kernel::plan::NodeSpec;
use interlock_kernel::{EffectClass, Expiry, Heard, Refusal, ReviewId, ReviewVerdict, Reviewer, RouteDecision, State, TermsSpec, view};
use interlock_testkit::{Act, Faults, Reviews, Script, ScriptedRules, Trouble, World, plan_of, says};

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

/// The world when the story has come to this line.
fn until(mut world: World, line: &str) -> World {
    while world.story().last().is_none_or(|last| last != line) {
        world.step().unwrap();
    }
    world
}

/// What was attached for the person who is asked.
#[track_caller]
fn attached(world: &World) -> Vec<&str> {
    let State::InReview(waiting) = &world.state else { panic!("nobody is asked\n{}", world.story().join("\n")) };
    waiting.open.attached.iter().map(|message| world.papers().text(*message)).collect()
}

/// What the turn that was started last sees of the pattern around it.
#[track_caller]
fn seen(world: &World) -> Vec<String> {
    let State::Running(running) = &world.state else { panic!("nobody sees anything") };
    let (strand, turn) = running.turns_at_work().max_by_key(|(_, turn)| turn.id).unwrap();
    let name = |id| &world.plan.node(id).unwrap().name;
    let text = |message| world.papers().text(message);
    let line = |heard: &Heard<'_>| match heard {
        Heard::Task(message) => format!("task {}", text(*message)),
        Heard::Summary(message) => format!("summary {}", text(*message)),
        Heard::Said { by, said, option: None } => format!("{}: {}", name(*by), text(said.message)),
        Heard::Said { by, said, option: Some(option) } => format!("{}: {} (option {option})", name(*by), text(said.message)),
        Heard::Lost { by, why, .. } => format!("{} is missing ({why:?})", name(*by)),
    };
    view(running, strand, turn).iter().map(line).collect()
}

/// Anybody, once, whenever they like.
fn anybody() -> TermsSpec {
    TermsSpec { role: None, approvals: 1, due_ms: None, on_expiry: Expiry::Reject }
}

fn two_people() -> TermsSpec {
    TermsSpec { approvals: 2, ..anybody() }
}

/// An agent that calls a tool which asks first, and then says `paid`.
fn pays(terms: &TermsSpec) -> Act {
    says("paid").doing(EffectClass::Effect, 0).approved_by(terms)
}

/// A world in which people say yes where they can, and answer where they can't.
fn approving(world: World) -> World {
    world.with_faults(Faults { reviews: Reviews::Approve, ..Faults::default() })
}

/// Somebody with these roles says this of a review.
fn word(world: &mut World, review: u32, (name, roles): (&str, &[&str]), verdict: ReviewVerdict) -> Result<usize, Refusal> {
    let by = reviewer(name, roles);
    let input = world.decision(ReviewId(review), by, verdict);
    told(world, input)
}

fn reviewer(name: &str, roles: &[&str]) -> Reviewer {
    Reviewer { name: name.into(), roles: roles.iter().map(|role| (*role).into()).collect() }
}

fn told(world: &mut World, input: interlock_kernel::Input) -> Result<usize, Refusal> {
    world.tell(input).map_err(|trouble| match trouble {
        Trouble::Refused { refusal, .. } => refusal,
        Trouble::Corrupt(_) | Trouble::Idle { .. } | Trouble::NotAbsorbed { .. } | Trouble::Forgot | Trouble::Endless => {
            panic!("{trouble:?}")
        }
    })
}

/// What has happened since so many lines, after the world went on as far as it goes.
#[track_caller]
fn goes_on<const N: usize>(world: &mut World, since: usize, expected: [&str; N]) {
    world.run().unwrap();
    assert_eq!(world.story()[since..], expected, "the story is\n{}", world.story().join("\n"));
}
