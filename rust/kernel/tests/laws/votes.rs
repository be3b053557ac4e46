//! Reconciling does not depend on the order in which the plan names the branches, unless two weigh the same.

use interlock_kernel::plan::{MethodSpec, OnTie, ParallelSpec};
use interlock_kernel::{Event, JoinVerdict, Name, Reconciled};
use interlock_testkit::{Act, Script, Tape, World, agent, law, panel, parallel, plan_of, policy_on, says, taped};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// Branches with what each says, a policy over them, and another order.
#[derive(Debug, Clone)]
struct Panel {
    answers: Vec<(Name, Act, String)>,
    methods: Vec<MethodSpec>,
    order: Vec<usize>,
}

fn panel_on(tape: &mut Tape<'_>) -> Panel {
    let count = 2 + tape.below(5);
    let answers: Vec<_> = (0..count)
        .map(|number| {
            let text = tape.one_of(&["yes", "no", "Yes", "perhaps", "yes please", "", "spoiled", "reject"]);
            // No two are equally sure.
            let act = says(text).sure(u32::from(tape.below(900)) * 1_000 + u32::from(number));
            (Name::from(format!("branch{number}")), act, text.to_lowercase())
        })
        .collect();
    let names: Vec<Name> = answers.iter().map(|(name, _, _)| name.clone()).collect();
    let methods = policy_on(tape, &names).methods;
    let mut order: Vec<usize> = (0..answers.len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, tape.place(place + 1));
    }
    Panel { answers, methods, order }
}

/// Run the branches in an order; what it came to, and what the winner said.
fn outcome(given: &Panel, order: &[usize]) -> Result<(Reconciled, Option<String>), TestCaseError> {
    let branches = order.iter().map(|place| interlock_kernel::plan::NodeSpec::Step(agent(&given.answers[*place].0)));
    let spec: ParallelSpec = panel("panel", branches, given.methods.clone());
    let acts = order.iter().map(|place| given.answers[*place].1.clone()).collect();
    let mut world = World::new(plan_of(parallel(spec)).unwrap(), Script(acts));
    world.run().map_err(|trouble| TestCaseError::fail(format!("{trouble:?}")))?;
    let found = world.journal.iter().find_map(|event| if let Event::Reconciled(one) = event { Some(one.clone()) } else { None });
    let reconciled = found.ok_or_else(|| TestCaseError::fail("nothing was reconciled"))?;
    let said = match reconciled.verdict {
        JoinVerdict::Chosen(place) => Some(given.answers[order[usize::from(place)]].2.clone()),
        JoinVerdict::Synthesis | JoinVerdict::Open(_) => None,
    };
    Ok((reconciled, said))
}

/// Whether the order of the plan decided: options that weigh the same, and a method that then takes the first.
fn is_tied(given: &Panel, reconciled: &Reconciled) -> bool {
    reconciled.tried.iter().any(|tried| {
        let most = tried.tally.iter().max();
        let first = matches!(given.methods[usize::from(tried.method)], MethodSpec::Vote { on_tie: OnTie::First, .. });
        first && tried.tally.iter().filter(|weight| Some(*weight) == most).count() > 1
    })
}

proptest! {
    #![proptest_config(law())]

    #[test]
    fn the_order_of_the_branches_decides_nothing(given in taped(60, panel_on)) {
        let plain: Vec<usize> = (0..given.answers.len()).collect();
        let (once, said) = outcome(&given, &plain)?;
        let (again, permuted) = outcome(&given, &given.order)?;
        if !is_tied(&given, &once) {
            prop_assert_eq!(said, permuted, "{:?}\n{:?}", once, again);
            let sorted = |reconciled: &Reconciled| -> Vec<_> {
                reconciled.tried.iter().map(|tried| { let mut tally = tried.tally.clone(); tally.sort_unstable(); tally }).collect()
            };
            prop_assert_eq!(sorted(&once), sorted(&again), "the same votes weigh the same");
            let same = match (once.verdict, again.verdict) {
                (JoinVerdict::Open(why), JoinVerdict::Open(other)) => why == other,
                (JoinVerdict::Chosen(_), JoinVerdict::Chosen(_)) => true,
                (JoinVerdict::Open(_) | JoinVerdict::Chosen(_) | JoinVerdict::Synthesis, _) => false,
            };
            prop_assert!(same, "{:?}\n{:?}", once, again);
        }
    }
}
