//! Journals of branches, forums and walls that the kernel did not write.

use interlock_kernel::plan::NodeSpec;
use interlock_kernel::{
    BranchEnd, BranchEnded, BranchStarted, Event, Floor, FloorPassed, Forked, JoinVerdict, NodeId, Reconciled, StrandId, evolve,
};
use interlock_testkit::{Act, Script, World, chat, domain, forum, hedged, panel, parallel, plan_of, says, step, summed_up, vote, walled};

use crate::journals::takes_only;
use crate::nothing;

/// A world of one pattern, this many steps after its beginning.
fn steps_into(root: NodeSpec, steps: usize, acts: &[Act]) -> World {
    let mut world = World::new(plan_of(root).unwrap(), Script(acts.to_vec()));
    for _ in 0..steps {
        world.step().unwrap();
    }
    world
}

#[test]
fn branches_forums_and_walls_take_only_what_can_follow_there() {
    let pair = || parallel(panel("pair", [step("ann"), step("bob")], [vote()]));
    let entering = ["turn_started", "fact_needed", "route_chosen"];
    takes_only(&steps_into(pair(), 1, &[says("yes")]).state, &["forked", entering[0], entering[1], entering[2]]);
    let forked = steps_into(pair(), 2, &[says("yes")]).state;
    assert_eq!(forked.adjective(), "forked");
    takes_only(&forked, &["branch_ended", "called_off", "reconciled"]);
    takes_only(
        &steps_into(forum(chat("chat", [step("ann")])), 3, &[says("yes")]).state,
        &["turn_started", "floor_passed", "fact_needed", "hand_off_refused"],
    );
    let bank = || domain(walled("bank", step("ann")));
    takes_only(&steps_into(bank(), 2, &[says("yes")]).state, &["crossed", "fact_failed"]);
    let beside = steps_into(NodeSpec::Step(hedged("ann", "bob", 50)), 3, &[says("yes").taking(90)]).state;
    takes_only(&beside, &["turn_replied", "turn_failed", "turn_dropped"]);
}

#[test]
fn a_branch_that_was_not_forked_ends_nothing() {
    let forked = steps_into(parallel(panel("pair", [step("ann"), step("bob")], [vote()])), 2, &[says("yes")]).state;
    for strand in [StrandId(0), StrandId(9)] {
        let end = BranchEnd::CalledOff;
        assert!(evolve(forked.clone(), &Event::BranchEnded(BranchEnded { strand, end })).is_err(), "{strand:?}");
    }
    let entering = steps_into(parallel(panel("pair", [step("ann"), step("bob")], [vote()])), 1, &[says("yes")]).state;
    for (branch, node) in [(StrandId(9), NodeId(1)), (StrandId(1), NodeId(0)), (StrandId(1), NodeId(99))] {
        let branches = vec![BranchStarted { strand: branch, node, message: nothing() }];
        let forked = Forked { strand: StrandId(0), node: NodeId(0), message: nothing(), branches, due: None };
        assert!(evolve(entering.clone(), &Event::Forked(forked)).is_err(), "{branch:?} at {node:?}");
    }
}

#[test]
fn an_answer_that_nobody_gave_can_not_be_chosen() {
    let spec = summed_up("panel", [step("ann")], step("bob"));
    let waiting = steps_into(parallel(spec), 2, &[says("yes").taking(50)]).state;
    let verdict = JoinVerdict::Chosen(0);
    let early = Reconciled { strand: StrandId(0), node: NodeId(0), tried: vec![], agreement: None, verdict };
    assert!(evolve(waiting, &Event::Reconciled(early)).unwrap_err().to_string().contains("without that answer"));
    let chat = steps_into(forum(chat("chat", [step("ann")])), 3, &[says("yes")]).state;
    let next = Floor::Answer { number: 3, why: interlock_kernel::ForumEnd::Until };
    let (said, considered) = (vec![], vec![]);
    let passed = FloorPassed { strand: StrandId(0), forum: NodeId(0), said, summary: None, considered, erred: None, stalled: false, next };
    assert!(evolve(chat, &Event::FloorPassed(passed)).unwrap_err().to_string().contains("without that answer"));
}
