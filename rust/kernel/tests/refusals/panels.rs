//! Each error of a pattern in which several work, with the path to the culprit.

use interlock_kernel::plan::{
    DomainSpec, ForumSpec, MethodSpec, Mode, NodeSpec, OnLimit, OnTie, ParallelSpec, PlanError, PolicySpec, Quorum, StepSpec,
};
use interlock_kernel::{BallotKey, Check};
use interlock_testkit::{
    ALWAYS, RelaySpec, agent, chat, domain, expressions, forum, goes_to, hedged, hierarchy, overrides, panel, parallel, plan_of, sequence,
    step, surest, vote, walled,
};

#[track_caller]
fn wrong(root: NodeSpec) -> PlanError {
    plan_of(sequence("report", [root])).unwrap_err()
}

const HERE: &str = "plan.nodes[0]";

fn pair() -> ParallelSpec {
    panel("pair", [step("ann"), step("bob")], [vote()])
}

fn firm() -> ForumSpec {
    hierarchy("firm", step("boss"), [step("legal"), step("risk")])
}

fn talk() -> ForumSpec {
    chat("talk", [step("ann"), step("bob")])
}

fn path(tail: &str) -> String {
    format!("{HERE}{tail}")
}

#[test]
fn a_limit_of_zero_would_let_nothing_happen() {
    let cases: [(NodeSpec, &str); 14] = [
        (parallel(ParallelSpec { mode: Mode::FirstK(0), ..pair() }), "k"),
        (parallel(ParallelSpec { branch_deadline_ms: Some(0), ..pair() }), "branch_deadline"),
        (parallel(voted(Some(Quorum::Count(0)), &[])), "quorum"),
        (parallel(voted(Some(Quorum::Share(0)), &[])), "quorum"),
        (forum(ForumSpec { max_turns: 0, ..talk() }), "max_turns"),
        (forum(ForumSpec { max_turns: 0, ..firm() }), "max_delegations"),
        (forum(ForumSpec { fan_out: 0, ..firm() }), "fan_out"),
        (forum(ForumSpec { max_tokens: Some(0), ..firm() }), "max_tokens"),
        (forum(ForumSpec { window: 0, ..talk() }), "window"),
        (forum(ForumSpec { max_depth: Some(0), ..firm() }), "max_depth"),
        (domain(DomainSpec { max_turns: Some(0), ..walled("bank", step("ann")) }), "max_turns"),
        (domain(DomainSpec { deadline_ms: Some(0), ..walled("bank", step("ann")) }), "deadline"),
        (NodeSpec::Step(hedged("ann", "bob", 0)), "hedge"),
        (RelaySpec { max_handoffs: Some(0), ..RelaySpec::opened_by(step("ann"), "ring", [step("bob")]) }.node(), "max_handoffs"),
    ];
    for (root, what) in cases {
        let error = wrong(root);
        assert!(matches!(&error, PlanError::LimitOfZero { what: found, .. } if *found == what), "{error:?}");
        assert!(error.path().unwrap().starts_with(HERE), "{error}");
    }
}

/// The pair under one vote.
fn voted(quorum: Option<Quorum>, weights: &[(&str, u64)]) -> ParallelSpec {
    let weights = weights.iter().map(|(name, weight)| ((*name).into(), *weight)).collect();
    panel("pair", [step("ann"), step("bob")], [MethodSpec::Vote { key: BallotKey::Text, quorum, weights, on_tie: OnTie::Next }])
}

#[test]
fn branches_need_a_way_to_one_answer() {
    assert_eq!(wrong(parallel(ParallelSpec { reconcile: None, ..pair() })), PlanError::NoPolicy { path: HERE.into() });
    let empty = PolicySpec { methods: vec![], on_unresolved: interlock_kernel::plan::OnFailure::Review };
    assert_eq!(wrong(parallel(ParallelSpec { reconcile: Some(empty), ..pair() })), PlanError::NoMethod { path: HERE.into() });
    assert_eq!(wrong(parallel(panel("none", [], [vote()]))), PlanError::NoAgent { path: HERE.into() });
    let twins = panel("twins", [step("ann"), step("ann")], [vote()]);
    assert_eq!(wrong(parallel(twins)), PlanError::SameName { path: HERE.into(), name: "ann".into() });
}

#[test]
fn nobody_asks_for_more_than_the_panel() {
    let error = wrong(parallel(ParallelSpec { mode: Mode::FirstK(3), ..pair() }));
    assert_eq!(error, PlanError::MoreThanThePanel { path: HERE.into(), what: "the first", asked: 3, panel: 2 });
    let quorum = wrong(parallel(voted(Some(Quorum::Count(3)), &[])));
    assert!(matches!(&quorum, PlanError::MoreThanThePanel { asked: 3, panel: 2, .. }), "{quorum:?}");
    assert_eq!(quorum.path(), Some(&*path(".reconcile[0]")));
    let share = wrong(parallel(voted(Some(Quorum::Share(1_000_001)), &[])));
    assert_eq!(share.path(), Some(&*path(".reconcile[0]")), "{share:?}");
    let rules = vec![goes_to(ALWAYS, &["legal", "risk"])];
    for (spec, panel) in [
        (ForumSpec { fan_out: 1, rules: rules.clone(), ..firm() }, 1),
        (ForumSpec { max_turns: 1, rules: rules.clone(), ..firm() }, 1),
        (ForumSpec { rules: vec![goes_to(ALWAYS, &["ann", "bob"])], ..talk() }, 1),
    ] {
        let error = wrong(forum(spec));
        assert_eq!(error, PlanError::MoreThanThePanel { path: path(".rules[0]"), what: "so many at once:", asked: 2, panel });
    }
}

#[test]
fn only_members_are_named() {
    let stranger = |tail: &str| PlanError::Stranger { path: path(tail), name: "eve".into() };
    assert_eq!(wrong(parallel(voted(None, &[("eve", 1)]))), stranger(".reconcile[0]"));
    let methods = [vote(), overrides(&[(ALWAYS, Some("eve"))])];
    assert_eq!(wrong(parallel(panel("pair", [step("ann")], methods))), stranger(".reconcile[1]"));
    let rules = vec![goes_to(ALWAYS, &["ann"]), goes_to(ALWAYS, &["eve"])];
    assert_eq!(wrong(forum(ForumSpec { rules, ..talk() })), stranger(".rules[1]"));
}

#[test]
fn a_rule_names_somebody_and_each_once() {
    assert_eq!(wrong(forum(ForumSpec { rules: vec![goes_to(ALWAYS, &[])], ..talk() })), PlanError::NoAgent { path: path(".rules[0]") });
    let twice = ForumSpec { rules: vec![goes_to(ALWAYS, &["legal", "legal"])], ..firm() };
    assert_eq!(wrong(forum(twice)), PlanError::SameName { path: path(".rules[0]"), name: "legal".into() });
    assert_eq!(wrong(forum(chat("talk", [step("ann"), step("ann")]))), PlanError::SameName { path: HERE.into(), name: "ann".into() });
    assert_eq!(wrong(forum(chat("talk", []))), PlanError::NoAgent { path: HERE.into() });
}

#[test]
fn a_member_that_no_rule_names_would_never_work() {
    let spec = ForumSpec { lead: None, rules: vec![goes_to(ALWAYS, &["legal"])], ..firm() };
    assert_eq!(wrong(forum(spec)), PlanError::Unreachable { path: HERE.into(), name: "risk".into() });
}

#[test]
fn a_hedge_needs_a_stand_in_and_two_that_change_nothing() {
    let alone = StepSpec { fallback: None, ..hedged("ann", "bob", 5) };
    assert_eq!(wrong(NodeSpec::Step(alone)), PlanError::HedgeAlone { path: HERE.into() });
    let acts = StepSpec { pure: false, ..hedged("ann", "bob", 5) };
    assert_eq!(wrong(NodeSpec::Step(acts)), PlanError::HedgeNotPure { path: HERE.into(), name: "ann".into() });
    let stand_in_acts = StepSpec { fallback_pure: false, ..hedged("ann", "bob", 5) };
    assert_eq!(wrong(NodeSpec::Step(stand_in_acts)), PlanError::HedgeNotPure { path: HERE.into(), name: "bob".into() });
}

#[test]
fn hierarchies_lie_no_deeper_than_they_say() {
    let inner = forum(firm());
    let middle = sequence("row", [domain(walled("bank", inner))]);
    let outer = |limit| forum(ForumSpec { max_depth: Some(limit), ..hierarchy("outer", step("boss"), [middle.clone()]) });
    assert!(plan_of(outer(2)).is_ok());
    let error = wrong(outer(1));
    assert_eq!(error, PlanError::HierarchyTooDeep { path: HERE.into(), depth: 2, limit: 1 });
    let judge = OnLimit::Supervisor(Box::new(forum(firm())));
    let supervised = ForumSpec { max_depth: Some(1), on_limit: judge, ..hierarchy("outer", step("boss"), [step("ann")]) };
    assert!(matches!(wrong(forum(supervised)), PlanError::HierarchyTooDeep { .. }));
}

#[test]
fn votes_that_all_weigh_nothing_decide_nothing() {
    assert_eq!(wrong(parallel(voted(None, &[("ann", 0), ("bob", 0)]))), PlanError::NoWeight { path: path(".reconcile[0]") });
}

#[test]
fn every_number_refers_to_a_text_of_the_plan() {
    let unknown = 99;
    let known = expressions().len();
    let of = |tail: &str, what: &'static str, known: usize| PlanError::NoSuchText { path: path(tail), what, number: unknown, known };
    let claims = StepSpec { claims: Some(unknown), ..agent("ann") };
    let checked = StepSpec { checks: vec![Check::Schema { number: unknown }], ..agent("ann") };
    let cases = [
        (parallel(panel("pair", [step("ann")], [surest(0), overrides(&[(unknown, None)])])), of(".reconcile[1]", "expression", known)),
        (forum(ForumSpec { rules: vec![goes_to(unknown, &["ann"])], ..talk() }), of("", "expression", known)),
        (forum(ForumSpec { until: Some(unknown), ..talk() }), of("", "expression", known)),
        (forum(ForumSpec { accept: Some(unknown), ..talk() }), of("", "expression", known)),
        (NodeSpec::Step(claims), of("", "expression", known)),
        (NodeSpec::Step(checked), of("", "schema", 1)),
        (domain(DomainSpec { table: Some(unknown), ..walled("bank", step("ann")) }), of("", "table", 1)),
    ];
    for (root, expected) in cases {
        assert_eq!(wrong(root), expected);
    }
}

#[test]
fn every_child_has_a_path_of_its_own() {
    let nameless = || step("");
    let cases = [
        (parallel(panel("pair", [step("ann"), nameless()], [vote()])), ".branches[1]"),
        (parallel(ParallelSpec { synthesis: Some(nameless()), ..pair() }), ".synthesis"),
        (forum(ForumSpec { lead: Some(nameless()), ..talk() }), ".lead"),
        (forum(chat("talk", [nameless()])), ".members[0]"),
        (forum(ForumSpec { summariser: Some(nameless()), ..talk() }), ".summariser"),
        (forum(ForumSpec { on_limit: OnLimit::Supervisor(Box::new(nameless())), ..talk() }), ".on_limit"),
        (domain(walled("bank", nameless())), ".node"),
        (RelaySpec { router: Some(nameless()), ..RelaySpec::routed("desk", [step("ann")]) }.node(), ".router"),
        (domain(walled("", step("ann"))), ""),
        (forum(chat("", [step("ann")])), ""),
        (parallel(panel("", [step("ann")], [vote()])), ""),
    ];
    for (root, tail) in cases {
        assert_eq!(wrong(root), PlanError::NoName { path: path(tail) });
    }
}
