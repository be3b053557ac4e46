//! Reconciling: votes with keys, weights, quorums and ties; the surest; conditions; and what a person gets when nothing decides.

use interlock_kernel::plan::{MethodSpec, NodeSpec, OnFailure, OnTie, ParallelSpec, PolicySpec, Quorum};
use interlock_kernel::{BallotKey, Event, Fold, Input, JoinVerdict, Name, Reconciled, ReviewWhy, RuleOutcome, Tried, TriedOutcome};
use interlock_testkit::{ALWAYS, Act, DONE, ERRS, Script, World, overrides, panel, parallel, plan_of, says, step, surest, vote, word};

use crate::attached;

const NAMES: [&str; 5] = ["ann", "bob", "cyd", "dan", "eve"];

fn reconciled(world: &World) -> Reconciled {
    let found = |event: &Event| if let Event::Reconciled(one) = event { Some(one.clone()) } else { None };
    world.journal.iter().find_map(found).unwrap()
}

/// A panel of as many as there are acts, under these methods.
fn decided<const N: usize>(methods: &[MethodSpec], acts: [Act; N]) -> (Vec<Tried>, JoinVerdict) {
    let spec = panel("panel", NAMES[..N].iter().map(|name| step(name)), methods.to_vec());
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(acts.into()));
    world.run().unwrap();
    let Reconciled { tried, verdict, .. } = reconciled(&world);
    (tried, verdict)
}

fn outcomes<const N: usize>(methods: &[MethodSpec], acts: [Act; N]) -> Vec<TriedOutcome> {
    decided(methods, acts).0.iter().map(|tried| tried.outcome).collect()
}

fn ballots(quorum: Option<Quorum>, weights: &[(&str, u64)], on_tie: OnTie) -> MethodSpec {
    let weights = weights.iter().map(|(name, weight)| (Name::from(*name), *weight)).collect();
    MethodSpec::Vote { key: BallotKey::Text, quorum, weights, on_tie }
}

#[test]
fn the_most_votes_win_and_the_surest_of_those_is_taken() {
    let (tried, verdict) = decided(&[vote()], [says("yes").sure(3), says("no").sure(9), says("Yes").sure(5)]);
    assert_eq!(verdict, JoinVerdict::Chosen(2));
    assert_eq!((tried[0].votes.clone(), tried[0].tally.clone()), (vec![Some(0), Some(1), Some(0)], vec![2_000, 1_000]));
}

#[test]
fn of_two_as_sure_the_one_named_first_is_taken() {
    assert_eq!(decided(&[vote()], [says("yes").sure(3), says("no"), says("yes").sure(3)]).1, JoinVerdict::Chosen(0));
}

#[test]
fn weights_count_and_a_weight_of_nothing_is_heard_but_does_not_vote() {
    let heavy = ballots(None, &[("ann", 2_500)], OnTie::Next);
    assert_eq!(decided(&[heavy], [says("no"), says("yes"), says("yes")]).1, JoinVerdict::Chosen(0));
    let (tried, verdict) = decided(&[ballots(None, &[("bob", 0), ("cyd", 0)], OnTie::Next)], [says("no"), says("yes"), says("yes")]);
    assert_eq!((verdict, tried[0].tally.clone()), (JoinVerdict::Chosen(0), vec![1_000, 0]));
}

#[test]
fn a_tie_goes_to_the_next_method_to_the_first_or_to_a_person() {
    let acts = || [says("yes").sure(1), says("no").sure(9)];
    let tie = |on_tie| ballots(None, &[], on_tie);
    assert_eq!(outcomes(&[tie(OnTie::Next), surest(0)], acts()), [TriedOutcome::Tied, TriedOutcome::Won(1)]);
    assert_eq!(outcomes(&[tie(OnTie::First), surest(0)], acts()), [TriedOutcome::Won(0)]);
    let (tried, verdict) = decided(&[tie(OnTie::Review), surest(0)], acts());
    assert_eq!((tried.len(), tried[0].outcome, verdict), (1, TriedOutcome::Review, JoinVerdict::Open(ReviewWhy::Unresolved)));
}

#[test]
fn a_quorum_is_a_number_of_votes_or_a_share_of_the_whole_panel() {
    let count = |count| ballots(Some(Quorum::Count(count)), &[], OnTie::Next);
    let share = |ppm| ballots(Some(Quorum::Share(ppm)), &[], OnTie::Next);
    // Two of four say yes, and one is no ballot at all.
    let acts = || [says("yes"), says("yes"), says("no"), says("")];
    assert_eq!(outcomes(&[count(2)], acts()), [TriedOutcome::Won(0)]);
    assert_eq!(outcomes(&[count(3)], acts()), [TriedOutcome::NoQuorum]);
    assert_eq!(outcomes(&[share(500_000)], acts()), [TriedOutcome::Won(0)]);
    assert_eq!(outcomes(&[share(500_001)], acts()), [TriedOutcome::NoQuorum], "who did not vote counts in the panel");
}

#[test]
fn an_abstention_is_no_vote_and_a_spoiled_ballot_says_why() {
    let (tried, verdict) = decided(&[vote()], [says(""), says("spoiled paper"), says("yes")]);
    assert_eq!(verdict, JoinVerdict::Chosen(2));
    assert_eq!(tried[0].votes, [None, None, Some(0)]);
    assert_eq!(tried[0].spoiled, [(1, "not a vote".to_owned())]);
    assert_eq!(outcomes(&[vote()], [says(""), says("spoiled")]), [TriedOutcome::NoBallots]);
}

#[test]
fn a_field_may_be_the_vote() {
    let key = BallotKey::Field { path: "decision".into(), fold: Fold::Case };
    let by_field = MethodSpec::Vote { key, quorum: None, weights: vec![], on_tie: OnTie::Next };
    let (tried, verdict) = decided(&[by_field], [says("Reject for fraud"), says("accept"), says("reject for age").sure(1)]);
    assert_eq!((tried[0].tally.clone(), verdict), (vec![2_000, 1_000], JoinVerdict::Chosen(2)));
}

#[test]
fn the_surest_wins_only_if_it_is_far_enough_ahead_of_another_opinion() {
    let sure = |a, b| [says("yes").sure(a), says("no").sure(b)];
    assert_eq!(outcomes(&[surest(100)], sure(900, 800)), [TriedOutcome::Won(0)]);
    assert_eq!(outcomes(&[surest(101)], sure(900, 800)), [TriedOutcome::WithinMargin]);
    assert_eq!(outcomes(&[surest(0)], sure(900, 900)), [TriedOutcome::Tied]);
    assert_eq!(outcomes(&[surest(0)], [says("yes"), says("no")]), [TriedOutcome::NoBallots], "nobody says how sure they are");
    let agreed = [says("yes").sure(900), says("YES").sure(899), says("no").sure(1)];
    assert_eq!(outcomes(&[surest(500)], agreed), [TriedOutcome::Won(0)], "who agrees is no rival");
}

#[test]
fn a_condition_takes_an_answer_or_calls_a_person() {
    let reject = overrides(&[(ERRS, Some("ann")), (word("reject"), Some("bob")), (ALWAYS, None)]);
    let (tried, verdict) = decided(std::slice::from_ref(&reject), [says("accept"), says("reject")]);
    assert_eq!(verdict, JoinVerdict::Chosen(1));
    assert_eq!(tried[0].considered.len(), 2, "the first that holds decides");
    assert!(matches!(&tried[0].considered[0].outcome, RuleOutcome::Erred(why) if why == "no such field"));
    assert_eq!(outcomes(&[reject], [says("accept"), says("accept")]), [TriedOutcome::Review]);
    assert_eq!(outcomes(&[overrides(&[(DONE, None)]), vote()], [says("yes")]), [TriedOutcome::NoOverride, TriedOutcome::Won(0)]);
}

#[test]
fn a_condition_passes_over_a_branch_that_has_no_answer() {
    let method = overrides(&[(ALWAYS, Some("ann")), (ALWAYS, Some("bob"))]);
    assert_eq!(decided(&[method], [interlock_testkit::raises(), says("yes")]).1, JoinVerdict::Chosen(1));
}

fn compared() -> MethodSpec {
    MethodSpec::Vote { key: BallotKey::Agreement { least_ppm: 900_000 }, quorum: None, weights: vec![], on_tie: OnTie::Next }
}

fn asked(root: NodeSpec) -> World {
    let mut world = World::new(plan_of(root).unwrap(), Script(vec![says("a"), says("b"), says("c")]));
    while world.story().last().is_none_or(|line| line != "needs Agreement") {
        world.step().unwrap();
    }
    world
}

#[test]
fn a_comparator_says_which_free_texts_agree() {
    let mut world = asked(parallel(panel("panel", [step("ann"), step("bob"), step("cyd")], [compared()])));
    let wrong = world.shelf.decide(&world.state, Input::AgreementFound { ask: 0, pairs: vec![1] }, world.now).unwrap_err();
    assert_eq!(wrong, interlock_kernel::Refusal::WrongPairs { expected: 3, given: 1 });
    assert_eq!(wrong.to_string(), "1 pairs were compared, and 3 were asked for");
    // ann and bob differ, ann and cyd agree, bob and cyd differ.
    world.tell(Input::AgreementFound { ask: 0, pairs: vec![0, 950_000, 0] }).unwrap();
    let found = reconciled(&world);
    assert_eq!((found.verdict, found.tried[0].votes.clone()), (JoinVerdict::Chosen(0), vec![Some(0), Some(1), Some(0)]));
    assert_eq!(found.agreement, Some(vec![0, 950_000, 0]), "the evidence is kept");
}

#[test]
fn without_a_comparator_a_person_compares() {
    let mut world = asked(parallel(panel("panel", [step("ann"), step("bob"), step("cyd")], [compared()])));
    let why = world.shelf.papers.keep("no model");
    world.tell(Input::FactFailed { ask: 0, why }).unwrap();
    world.run().unwrap();
    assert_eq!(world.story()[world.journal.len() - 2..], ["no fact: no model", "review of question: FactFailed"]);
    assert_eq!(attached(&world), ["a", "b", "c"]);
}

#[test]
fn one_answer_needs_no_comparator() {
    let spec = panel("panel", [step("ann"), step("bob")], [compared()]);
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(vec![says("a"), interlock_testkit::raises()]));
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "delivered a");
}

#[test]
fn what_nothing_decides_may_fail_the_run_instead() {
    let reconcile = Some(PolicySpec { methods: vec![vote()], on_unresolved: OnFailure::Fail });
    let spec = ParallelSpec { reconcile, ..panel("panel", [step("ann"), step("bob")], []) };
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(vec![says("a"), says("b")]));
    world.run().unwrap();
    assert_eq!(world.story().last().unwrap(), "ended: Unresolved");
}

#[test]
fn a_condition_that_calls_a_person_says_so_and_a_tie_that_does_is_unresolved() {
    let acts = || [says("reject"), says("accept")];
    let by_rule = decided(&[overrides(&[(word("reject"), None)])], acts()).1;
    assert_eq!(by_rule, JoinVerdict::Open(ReviewWhy::Overridden));
    assert_eq!(decided(&[ballots(None, &[], OnTie::Review)], acts()).1, JoinVerdict::Open(ReviewWhy::Unresolved));
}
