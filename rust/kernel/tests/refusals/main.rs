//! What the kernel does not take: inputs that do not fit, journals that it did not write, plans that can't work.
#![allow(clippy::unwrap_used)]

mod branches;
mod gates;
mod inputs;
mod journals;
mod objections;
mod panels;
mod plans;

use interlock_kernel::{Digest, Ref};
use interlock_testkit::{Act, Script, World, plan_of, sequence, step};

fn nothing() -> Ref {
    Ref { number: 0, commitment: Digest::default() }
}

/// A world of two agents in sequence, this many steps after its beginning.
fn after_steps<const N: usize>(steps: usize, acts: [Act; N]) -> World {
    let plan = plan_of(sequence("report", [step("writer"), step("editor")])).unwrap();
    let mut world = World::new(plan, Script(acts.into()));
    for _ in 0..steps {
        world.step().unwrap();
    }
    world
}
