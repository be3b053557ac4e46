//! The exact edges of votes and limits of size. Each was found by a mutant that nobody noticed.

use interlock_kernel::limits::{MAX_NODES, MAX_RETRIES};
use interlock_kernel::plan::{ForumSpec, MethodSpec, Mode, NodeSpec, OnTie, ParallelSpec, PlanError, Quorum, StepSpec};
use interlock_kernel::{BallotKey, Command, Event, Input, JoinVerdict, RouteDecision, Target, TriedOutcome, outstanding};
use interlock_testkit::{
    Act, RelaySpec, Script, World, agent, chat, forum, hierarchy, panel, parallel, plan_of, raises, rule, says, sequence, states, step,
    surest,
};

use crate::{routed, until, world};

/// What the methods came to, one after the other, on a panel of two.
fn outcomes(methods: &[MethodSpec], acts: [Act; 2]) -> Vec<TriedOutcome> {
    let spec = panel("pair", [step("ann"), step("bob")], methods.to_vec());
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(acts.into()));
    world.run().unwrap();
    let found = world.journal.iter().find_map(|event| if let Event::Reconciled(one) = event { Some(&one.tried) } else { None });
    found.unwrap().iter().map(|tried| tried.outcome).collect()
}

fn vote(key: BallotKey, quorum: Option<Quorum>, weights: &[(&str, u64)]) -> MethodSpec {
    let weights = weights.iter().map(|(name, weight)| ((*name).into(), *weight)).collect();
    MethodSpec::Vote { key, quorum, weights, on_tie: OnTie::Next }
}

#[test]
fn a_vote_without_weight_counts_as_a_vote_and_decides_nothing() {
    let weights = [("bob", 0)];
    let both = vote(BallotKey::Text, Some(Quorum::Count(2)), &weights);
    assert_eq!(outcomes(&[both], [says("yes"), says("yes")]), [TriedOutcome::Won(0)]);
    assert_eq!(outcomes(&[vote(BallotKey::Text, None, &weights)], [raises(), says("yes")]), [TriedOutcome::NoBallots]);
}

#[test]
fn answers_that_agree_exactly_as_far_as_they_must_are_one_option() {
    for (ppm, verdict) in [(900_000, true), (899_999, false)] {
        let compared = vote(BallotKey::Agreement { least_ppm: 900_000 }, None, &[]);
        let spec = panel("pair", [step("ann"), step("bob")], [compared]);
        let mut world = until(world(parallel(spec), [says("a"), says("b")]), "needs Agreement");
        world.tell(Input::AgreementFound { ask: 0, pairs: vec![ppm] }).unwrap();
        let Some(Event::Reconciled(found)) = world.journal.last() else { panic!("{:?}", world.story()) };
        assert_eq!(matches!(found.verdict, JoinVerdict::Chosen(0)), verdict);
    }
}

#[test]
fn of_two_that_agree_and_are_as_sure_the_first_one_stands() {
    assert_eq!(outcomes(&[surest(0)], [says("yes").sure(5), says("yes").sure(5)]), [TriedOutcome::Won(0)]);
}

#[test]
fn two_that_did_not_vote_do_not_agree() {
    let acts = [says("spoiled one").sure(5), says("spoiled two").sure(5)];
    assert_eq!(outcomes(&[vote(BallotKey::Text, None, &[]), surest(0)], acts), [TriedOutcome::NoBallots, TriedOutcome::Tied]);
}

#[test]
fn a_chat_is_no_level_of_a_hierarchy() {
    let talk = forum(chat("talk", [step("ann"), step("bob")]));
    assert!(plan_of(forum(ForumSpec { max_depth: Some(1), ..hierarchy("firm", step("boss"), [talk]) })).is_ok());
}

#[test]
fn a_plan_may_be_as_large_as_the_limits_say_and_no_larger() {
    let row = |nodes: usize| plan_of(sequence("row", (1..nodes).map(|number| step(&format!("agent {number}")))));
    assert!(row(MAX_NODES).is_ok());
    assert_eq!(row(MAX_NODES + 1), Err(PlanError::TooLarge));
    let tries = |retries| plan_of(NodeSpec::Step(StepSpec { retries, ..agent("ann") }));
    assert!(tries(MAX_RETRIES).is_ok());
    assert!(tries(MAX_RETRIES + 1).is_err());
    let first = |k| plan_of(parallel(ParallelSpec { mode: Mode::FirstK(k), ..panel("pair", [step("ann"), step("bob")], [surest(0)]) }));
    assert!(first(2).is_ok());
    assert!(first(3).is_err());
}

#[test]
fn a_router_stands_under_no_rule() {
    let plan = RelaySpec { router: Some(step("router")), ..RelaySpec::routed("desk", [step("billing"), step("tech")]) };
    let asks = RouteDecision { target: Target::Router, ..rule("question", "") };
    let world = until(routed(plan.node(), &[asks], [states("refund")]), "router hears question");
    let owed = outstanding(&world.state);
    assert!(matches!(&owed[..], [Command::CallAgent(call), ..] if call.intent.is_none()), "{owed:?}");
}
