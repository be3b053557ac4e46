//! Each error of a plan, with the path to the culprit.

use interlock_kernel::limits::{MAX_DEPTH, MAX_RETRIES};
use interlock_kernel::plan::{NodeSpec, Plan, PlanError, PlanSpec, StepSpec};
use interlock_kernel::{ApproveSpec, Check, Digest, Expiry, NodeId, TermsSpec};
use interlock_testkit::{RelaySpec, agent, expressions, plan_of, sequence, spec_of, step};

#[track_caller]
fn wrong(root: NodeSpec) -> PlanError {
    plan_of(root).unwrap_err()
}

/// A step that is the second of a relay's members, in a sequence: `plan.nodes[0].to[1]`.
fn deep(spec: StepSpec) -> NodeSpec {
    sequence("report", [RelaySpec::opened_by(step("triage"), "support", [step("tech"), NodeSpec::Step(spec)]).node()])
}

const DEEP: &str = "plan.nodes[0].to[1]";

#[test]
fn a_pattern_without_agents_is_refused() {
    assert_eq!(wrong(sequence("empty", [])), PlanError::NoAgent { path: "plan".into() });
    let relay = RelaySpec::routed("empty", []).node();
    assert_eq!(wrong(sequence("outer", [step("ann"), relay])), PlanError::NoAgent { path: "plan.nodes[1]".into() });
}

#[test]
fn everything_has_a_name() {
    assert_eq!(wrong(deep(agent(""))), PlanError::NoName { path: DEEP.into() });
    assert_eq!(wrong(sequence("", [step("ann")])), PlanError::NoName { path: "plan".into() });
    let unnamed = PlanSpec { name: "".into(), ..spec_of(step("ann")) };
    assert_eq!(Plan::build(&unnamed, Digest::default()).unwrap_err().to_string(), "the plan has an empty name");
}

#[test]
fn the_members_of_a_relay_are_told_apart() {
    let twins = RelaySpec::opened_by(step("ann"), "support", [step("bob"), step("ann")]).node();
    let error = wrong(twins);
    assert_eq!(error, PlanError::SameName { path: "plan".into(), name: "ann".into() });
    assert_eq!(error.to_string(), "plan: two members are called \"ann\", so a handoff could not tell them apart");
    let relay = RelaySpec::routed("support", [step("ann"), sequence("ann", [step("bob")])]).node();
    assert!(matches!(wrong(relay), PlanError::SameName { .. }), "a pattern's name counts too");
}

#[test]
fn an_agent_may_stand_in_several_places_of_a_sequence() {
    assert_eq!(plan_of(sequence("twice", [step("ann"), step("ann")])).unwrap().agents(), ["ann".into()]);
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| (1..depth).fold(step("ann"), |inner, _| sequence("shell", [inner]));
    assert!(plan_of(nested(MAX_DEPTH)).is_ok());
    let path = format!("plan{}", ".nodes[0]".repeat(MAX_DEPTH));
    assert_eq!(wrong(nested(MAX_DEPTH + 1)), PlanError::TooDeep { path });
}

#[test]
fn a_plan_has_a_largest_size() {
    let wide = || sequence("row", (0..64).map(|_| step("ann")));
    assert_eq!(wrong(sequence("field", (0..64).map(|_| wide()))), PlanError::TooLarge);
    assert_eq!(plan_of(sequence("field", (0..63).map(|_| wide()))).unwrap().nodes().len(), 63 * 65 + 1);
}

#[test]
fn a_step_has_cures_that_can_work() {
    let retries = MAX_RETRIES + 1;
    assert_eq!(wrong(deep(StepSpec { retries, ..agent("ann") })), PlanError::TooManyRetries { path: DEEP.into(), retries });
    assert_eq!(wrong(deep(StepSpec { timeout_ms: Some(0), ..agent("ann") })), PlanError::NoTime { path: DEEP.into() });
    let itself = StepSpec { fallback: Some("ann".into()), ..agent("ann") };
    assert_eq!(wrong(deep(itself)), PlanError::FallbackIsItself { path: DEEP.into() });
}

#[test]
fn a_relay_that_returns_has_an_entry() {
    let relay = RelaySpec { returns: true, ..RelaySpec::routed("support", [step("ann")]) }.node();
    assert_eq!(wrong(relay), PlanError::NothingToReturnTo { path: "plan".into() });
}

#[test]
fn a_check_refers_to_a_text_that_the_plan_has() {
    for (check, what, known) in
        [(Check::Schema { number: 99 }, "schema", 1), (Check::Expression { number: 99 }, "expression", expressions().len())]
    {
        let error = wrong(deep(StepSpec { checks: vec![check], ..agent("ann") }));
        assert_eq!(error, PlanError::NoSuchText { path: DEEP.into(), what, number: 99, known });
        assert_eq!(error.to_string(), format!("{DEEP} refers to {what} 99, and the plan has {known}"));
    }
}

#[test]
fn an_entry_has_a_path_too() {
    let relay = RelaySpec::opened_by(step(""), "support", [step("ann")]).node();
    assert_eq!(wrong(relay), PlanError::NoName { path: "plan.entry".into() });
}

#[test]
fn a_plan_knows_its_way_around() {
    let plan = plan_of(deep(agent("ann"))).unwrap();
    let ann = plan.member(NodeId(1), "ann").unwrap();
    assert_eq!(plan.upwards(ann).collect::<Vec<_>>(), [ann, NodeId(1), NodeId(0)]);
    assert_eq!(plan.relays_around(ann).collect::<Vec<_>>(), [(NodeId(1), ann)]);
    assert_eq!(plan.relay(NodeId(1)).unwrap().max_handoffs, 4, "as many as members, and one");
    assert_eq!(plan.agents(), ["triage".into(), "tech".into(), "ann".into()]);
}

fn terms() -> TermsSpec {
    TermsSpec { role: None, approvals: 1, due_ms: None, on_expiry: Expiry::Reject }
}

fn reviewed(review: Option<TermsSpec>, approve: Option<ApproveSpec>) -> Option<PlanError> {
    Plan::build(&PlanSpec { review, approve, ..spec_of(step("ann")) }, Digest::default()).err()
}

#[test]
fn the_terms_of_reviews_are_such_as_people_can_keep() {
    let approve = |terms| Some(ApproveSpec { when: None, terms });
    assert_eq!(reviewed(Some(terms()), approve(terms())), None);
    for (wrong, what) in [(TermsSpec { approvals: 0, ..terms() }, "approvals"), (TermsSpec { due_ms: Some(0), ..terms() }, "due_ms")] {
        assert_eq!(reviewed(Some(wrong.clone()), None), Some(PlanError::LimitOfZero { path: "review".into(), what }));
        assert_eq!(reviewed(None, approve(wrong)), Some(PlanError::LimitOfZero { path: "approve".into(), what }));
    }
}

#[test]
fn a_run_that_got_stuck_has_nothing_that_time_could_approve() {
    let yes = TermsSpec { on_expiry: Expiry::Approve, ..terms() };
    assert_eq!(reviewed(Some(yes.clone()), None), Some(PlanError::NothingToApprove { path: "review.on_expiry".into() }));
    assert_eq!(reviewed(None, Some(ApproveSpec { when: None, terms: yes })), None, "an answer is there to be approved");
}

#[test]
fn the_condition_of_an_approval_is_one_of_the_plans() {
    let unknown = reviewed(None, Some(ApproveSpec { when: Some(99), terms: terms() })).unwrap();
    assert!(matches!(&unknown, PlanError::NoSuchText { path, number: 99, .. } if path == "approve.when"), "{unknown:?}");
}
