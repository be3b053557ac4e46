//! Who may do what, as the file says it: through the public door, one sentence a test.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use interlock_guard::SpecError;
use interlock_guard::access::{Access, Action, Decision, Request, Spec, User};
use serde_json::{Value, json};

const SUPPORT: &str = r#"{
  "roles": {"customer": {"scopes": ["orders.read", "refund.request"]}, "lead": {"extends": ["customer"], "scopes": ["refund.any"]}},
  "agents": {"billing": {"scopes": ["refund.request", "orders.read"], "may_hand_to": ["support"], "tenants": ["acme"]}, "support": {}},
  "tools": {
    "refund": {"scopes": ["refund.request"], "effect": "effect_once", "on_violation": "review", "accepts": "user", "unknown": "deny",
      "arguments": {"amount": {"type": "number", "min": 0, "max": 100, "required": true}, "account": {"pattern": "[A-Z0-9]+", "unmask": true},
                    "channel": {"in": ["mail", "chat", 3]}, "to": {"like": "*@acme.example"}}},
    "orders": {"scopes": ["orders.read"]}
  },
  "data": [
    {"of": "tool:orders", "agents": ["billing"], "fields": ["id", "status"], "where": "row.team == user.tenant"},
    {"of": "memory:team:billing", "agents": ["billing"]},
    {"of": "memory:team:*", "scopes": ["refund.any"], "may": ["read"]}
  ],
  "policies": [{"name": "extra.cedar", "text": "// night\nforbid(principal, action == Action::\"CallTool\", resource) when { context has user && context.user in Role::\"banned\" };"}]
}"#;

fn access(spec: &str) -> Access {
    Access::compile(&serde_json::from_str(spec).unwrap()).unwrap()
}

fn refused(spec: &Value) -> SpecError {
    Access::compile(&serde_json::from_value::<Spec>(spec.clone()).unwrap()).unwrap_err()
}

const ANN: User<'_> = User { id: "ann", tenant: Some("acme"), roles: &["customer"] };

fn billing(action: Action, resource: &str) -> Request<'_> {
    let scopes = &["refund.request", "orders.read", "refund.any"];
    Request { agent: "billing", scopes, user: Some(ANN), action, resource, required: &[], arguments: None, domain: None, tenant: None }
}

fn refund(arguments: &str) -> Decision {
    access(SUPPORT).decide(&Request { arguments: Some(arguments.as_bytes()), ..billing(Action::CallTool, "refund") })
}

fn by(decision: &Decision) -> Vec<&str> {
    decision.policies.iter().map(AsRef::as_ref).collect()
}

#[test]
fn what_is_listed_and_within_its_limits_is_allowed_and_the_policy_is_named() {
    let decision = refund(r#"{"amount": 99.5, "account": "AB12", "channel": "mail", "to": "x@acme.example"}"#);
    assert!(decision.allowed, "{decision:?}");
    assert_eq!(by(&decision), ["tool:refund"]);
    assert_eq!(decision.why, None);
}

#[test]
fn each_limit_of_an_argument_denies_by_its_name_and_a_person_may_let_it_pass() {
    for (arguments, id) in [
        (r#"{"amount": 100.00001}"#, "amount"),
        (r#"{"amount": -0.00001}"#, "amount"),
        (r#"{"amount": 1e300}"#, "amount"),
        (r#"{"amount": "50"}"#, "amount"),
        (r#"{"amount": [50]}"#, "amount"),
        (r#"{"amount": true}"#, "amount"),
        (r#"{"amount": null}"#, "amount"),
        ("{}", "amount"),
        (r#"{"amount": 5, "amount": 500}"#, "amount"),
        (r#"{"amount": 5, "account": "AB-12"}"#, "account"),
        (r#"{"amount": 5, "account": "AB12\n"}"#, "account"),
        (r#"{"amount": 5, "account": 12}"#, "account"),
        (r#"{"amount": 5, "channel": "post"}"#, "channel"),
        (r#"{"amount": 5, "channel": 4}"#, "channel"),
        (r#"{"amount": 5, "channel": {"x": "mail"}}"#, "channel"),
        (r#"{"amount": 5, "to": "x@acme.example.evil"}"#, "to"),
        (r#"{"amount": 5, "to": 7}"#, "to"),
        (r#"{"\u0061mount": 500}"#, "amount"),
    ] {
        let decision = refund(arguments);
        assert!(!decision.allowed && decision.review, "{arguments}: {decision:?}");
        assert_eq!(by(&decision), [format!("tool:refund/arguments/{id}")], "{arguments}");
    }
    let other = refund(r#"{"amount": 5, "memo": "x"}"#);
    assert_eq!((other.allowed, by(&other)), (false, vec!["tool:refund/unknown"]));
}

#[test]
fn arguments_that_can_not_be_read_are_denied_whatever_their_size_and_depth() {
    let deep = format!(r#"{{"amount": {}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let long = format!(r#"{{"amount": "{}"}}"#, "x".repeat(10_000_000));
    for arguments in ["[1]", "{", "nonsense", r#"{"amount": 01}"#, r#"{"\ud800": 1}"#, &deep] {
        let why = refund(arguments).why.unwrap();
        assert!(why.unreadable, "{why:?}");
    }
    assert!(!refund(&long).allowed);
}

#[test]
fn a_scope_must_be_held_by_the_agent_and_by_the_user() {
    let access = access(SUPPORT);
    let guest = User { id: "g", tenant: Some("acme"), roles: &["nobody"] };
    let ask = Request { arguments: Some(b"{\"amount\": 5}"), ..billing(Action::CallTool, "refund") };
    for (request, agent, user) in [(Request { user: Some(guest), ..ask }, true, false), (Request { scopes: &[], ..ask }, false, true)] {
        let decision = access.decide(&request);
        assert_eq!((decision.allowed, decision.review, by(&decision)), (false, false, vec!["tool:refund/scopes"]));
        let missing = decision.why.unwrap().missing.clone();
        assert_eq!(missing.len(), 1);
        assert_eq!((missing[0].scope.as_str(), missing[0].agent_holds, missing[0].user_holds), ("refund.request", agent, Some(user)));
    }
    assert!(!access.decide(&Request { user: None, ..ask }).allowed);
    assert!(access.decide(&Request { user: Some(User { roles: &["lead"], ..ANN }), ..ask }).allowed, "what is extended counts");
}

#[test]
fn what_the_code_asks_for_is_asked_of_both_too() {
    let access = access(SUPPORT);
    let ask = |required| access.decide(&Request { required, arguments: Some(b"{}"), ..billing(Action::CallTool, "orders") });
    assert!(ask(&["orders.read"]).allowed);
    let decision = ask(&["refund.any"]); // the agent came with it, and the file does not let it hold it
    assert_eq!(by(&decision), ["code:scopes"]);
    assert!(!decision.why.unwrap().missing[0].agent_holds);
}

#[test]
fn an_agent_hands_only_to_whom_the_file_says_and_works_only_for_its_tenants() {
    let access = access(SUPPORT);
    assert!(access.decide(&billing(Action::HandTo, "support")).allowed);
    assert!(access.decide(&billing(Action::HandTo, "human_review")).allowed);
    assert!(!access.decide(&billing(Action::HandTo, "billing")).allowed);
    assert!(access.decide(&Request { agent: "support", ..billing(Action::HandTo, "billing") }).allowed);
    assert!(!access.decide(&Request { agent: "support", ..billing(Action::HandTo, "stranger") }).allowed);
    let elsewhere = Request { user: Some(User { tenant: Some("other"), ..ANN }), ..billing(Action::CallModel, "gpt") };
    assert_eq!(by(&access.decide(&elsewhere)), ["agent:billing/tenants"]);
}

#[test]
fn what_is_not_listed_is_denied_by_default() {
    let access = access(SUPPORT);
    for request in [
        billing(Action::CallTool, "format_disk"),
        Request { agent: "stranger", ..billing(Action::CallModel, "gpt") },
        billing(Action::Unmask, "tool:refund.amount"),
    ] {
        let decision = access.decide(&request);
        assert!(!decision.allowed && decision.policies.is_empty() && decision.why.unwrap().by_default);
    }
    assert!(access.decide(&billing(Action::Unmask, "tool:refund.account")).allowed);
    assert!(access.decide(&billing(Action::Unmask, "egress")).allowed);
}

#[test]
fn a_namespace_with_entries_is_open_to_whom_one_lets_and_others_stay_as_the_code_says() {
    let access = access(SUPPORT);
    assert!(access.decide(&billing(Action::WriteMemory, "memory:team:billing")).allowed);
    assert!(!access.decide(&Request { agent: "support", ..billing(Action::ReadMemory, "memory:team:billing") }).allowed);
    let lead = User { roles: &["lead"], ..ANN };
    let ask = Request { agent: "support", scopes: &["refund.any"], user: Some(lead), ..billing(Action::ReadMemory, "memory:team:other") };
    assert!(access.decide(&ask).allowed);
    assert!(!access.decide(&Request { action: Action::WriteMemory, ..ask }).allowed);
    assert!(access.decide(&billing(Action::ReadMemory, "memory:user:ann")).allowed);
    assert!(!access.decide(&Request { required: &["x"], ..billing(Action::ReadMemory, "memory:user:ann") }).allowed);
}

#[test]
fn a_policy_written_by_hand_narrows_and_is_named_by_file_and_line() {
    let banned = User { roles: &["customer", "banned"], ..ANN };
    let ask = Request { user: Some(banned), arguments: Some(b"{\"amount\": 1}"), ..billing(Action::CallTool, "refund") };
    assert_eq!(by(&access(SUPPORT).decide(&ask)), ["extra.cedar:2"]);
}

#[test]
fn a_permit_written_by_hand_does_not_pass_by_scopes_or_limits() {
    let spec = json!({"tools": {"refund": {"scopes": ["r"], "arguments": {"amount": {"max": 5}}}}, "policies": [{"name": "p", "text": "permit(principal, action, resource);"}]});
    let access = access(&spec.to_string());
    let ask = |scopes, amount: &str| {
        access.decide(&Request { scopes, arguments: Some(amount.as_bytes()), ..billing(Action::CallTool, "refund") })
    };
    assert!(ask(&["r"], "{\"amount\": 5}").allowed);
    assert!(!ask(&["r"], "{\"amount\": 6}").allowed);
    assert!(!ask(&[], "{\"amount\": 5}").allowed);
}

#[test]
fn a_forbid_that_can_not_be_evaluated_forbids_and_says_so() {
    let spec = json!({"policies": [{"name": "p", "text": "forbid(principal, action, resource) when { context.arguments.amount > 5 };"}]});
    let access = access(&spec.to_string());
    let ask = |arguments: &'static [u8]| access.decide(&Request { arguments: Some(arguments), ..billing(Action::CallTool, "pay") });
    assert!(ask(b"{\"amount\": 5}").allowed);
    let decision = ask(b"{}");
    assert_eq!((decision.allowed, by(&decision)), (false, vec!["p:1"]));
    assert_eq!(decision.why.unwrap().erred[0].0.as_ref(), "p:1");
}

#[test]
fn without_a_configuration_only_what_the_code_asks_for_is_asked() {
    let access = Access::default();
    for action in Action::ALL.into_iter().filter(|action| *action != Action::Unmask) {
        let ask = Request { scopes: &["a"], required: &["a"], ..billing(action, "anything") };
        assert!(access.decide(&ask).allowed, "{action:?}");
        let lacking = access.decide(&Request { required: &["a", "b"], ..ask });
        assert_eq!(lacking.allowed, action == Action::DecideReview, "{action:?}: users have no scopes without roles");
    }
    assert!(!access.decide(&billing(Action::Unmask, "tool:pay.account")).allowed);
    assert!(access.decide(&Request { scopes: &["a"], required: &["a"], ..billing(Action::Unmask, "tool:pay.account") }).allowed);
    assert_ne!(access.revision(), 0);
}

#[test]
fn a_decision_is_kept_only_where_the_arguments_do_not_matter_and_for_the_same_user_where_users_do() {
    let access = access(SUPPORT);
    assert!(!access.decide(&billing(Action::CallModel, "gpt")).cached);
    let other = User { id: "bob", ..ANN };
    assert!(access.decide(&Request { user: Some(other), ..billing(Action::CallModel, "gpt") }).cached);
    assert!(!access.decide(&Request { user: Some(User { roles: &["lead"], ..ANN }), ..billing(Action::CallModel, "gpt") }).cached);
    for _ in 0..2 {
        assert!(!access.decide(&Request { arguments: Some(b"{}"), ..billing(Action::CallTool, "refund") }).cached);
    }
    let named = json!({"policies": [{"name": "p", "text": "forbid(principal, action, resource) when { context has user && context.user == User::\"bob\" };"}]});
    let access = self::access(&named.to_string());
    assert!(access.decide(&billing(Action::CallModel, "gpt")).allowed);
    assert!(!access.decide(&Request { user: Some(other), ..billing(Action::CallModel, "gpt") }).allowed);
}

#[test]
fn of_a_result_only_the_rows_and_fields_that_are_listed_are_kept() {
    let access = access(SUPPORT);
    let ask = billing(Action::CallTool, "orders");
    let filter = |json: &str| access.filter("tool:orders", &ask, json.as_bytes()).map(|kept| String::from_utf8(kept).unwrap());
    let rows = r#"[{"id": 12345678901234567890123, "team": "acme", "status": 1.10, "card": "x"}, {"id": 2, "team": "other"}, {"id": 3}, {"id": 4, "team": null}]"#;
    let kept = r#"[{"id":12345678901234567890123,"status":1.10}]"#;
    assert_eq!(filter(rows).unwrap(), kept);
    assert_eq!(filter(&format!(r#"{{"rows": {rows}, "total": 4}}"#)).unwrap(), format!(r#"{{"rows":{kept}}}"#));
    assert_eq!(filter(r#"{"id": 1, "team": "acme"}"#).unwrap(), r#"{"id":1}"#);
    assert_eq!(filter(r#"{"id": 1, "team": "other"}"#).unwrap(), "null");
    for refused in
        [r#"["text"]"#, r#""text""#, "7", "null", "[[]]", "", "[{]", r#"{"rows": 7}"#, r#"{"rows": [], "rows": [{"team":"acme"}]}"#]
    {
        assert_eq!(filter(refused), None, "{refused}");
    }
    let support = Request { agent: "support", ..ask };
    assert_eq!(access.filter("tool:orders", &support, rows.as_bytes()), None);
    assert!(!access.decide(&support).allowed, "who may see nothing of a tool does not call it");
    assert_eq!(access.filter("tool:other", &support, b"7").unwrap(), b"7");
}

#[test]
fn several_entries_for_one_place_add_up() {
    let spec = json!({"data": [
        {"of": "store:people", "fields": ["name"]},
        {"of": "store:people", "fields": ["age"], "where": "row.name == user.id"},
        {"of": "store:*", "scopes": ["all"]}]});
    let access = access(&spec.to_string());
    let ask = Request { scopes: &[], ..billing(Action::ReadMemory, "store:people") };
    let rows = br#"[{"name":"ann","age":1,"x":2},{"name":"bob","age":3}]"#;
    assert_eq!(access.filter("store:people", &ask, rows).unwrap(), br#"[{"name":"ann","age":1},{"name":"bob"}]"#);
    assert_eq!(access.filter("store:people", &Request { scopes: &["all"], ..ask }, rows).unwrap(), rows);
}

#[test]
fn what_can_not_mean_anything_is_refused_by_its_place() {
    for (spec, path, says) in [
        (json!({"roles": {"a": {"extends": ["b"]}, "b": {"extends": ["a"]}}}), "roles.b.extends[0]", "goes round"),
        (json!({"roles": {"a": {"extends": ["c"]}}}), "roles.a.extends[0]", "no role \"c\""),
        (json!({"agents": {"a": {"may_hand_to": ["b"]}}}), "agents.a.may_hand_to[0]", "no agent \"b\""),
        (json!({"agents": {"a": {}}, "data": [{"of": "store:x", "agents": ["a", "b"]}]}), "data[0].agents[1]", "no agent \"b\""),
        (json!({"agents": {"*": {"tenants": ["x"]}}}), "agents.*", "stands for every agent"),
        (json!({"tools": {"t": {"arguments": {"x": {"min": 5, "max": 4}}}}}), "tools.t.arguments.x.max", "less than `min`"),
        (json!({"tools": {"t": {"arguments": {"x": {"in": []}}}}}), "tools.t.arguments.x.in", "empty"),
        (json!({"tools": {"t": {"arguments": {"x": {"type": "integer", "in": ["a"]}}}}}), "tools.t.arguments.x.in", "not of the type"),
        (json!({"tools": {"t": {"arguments": {"x": {"pattern": "(?=a)"}}}}}), "tools.t.arguments.x.pattern", "look-around"),
        (json!({"tools": {"t": {"arguments": {"x": {"max": 0.00001}}}}}), "tools.t.arguments.x.max", "Cedar can't hold"),
        (json!({"data": [{"of": "store:x", "where": "row.a ="}]}), "data[0].where", "can't be read"),
        (json!({"data": [{"of": "*"}]}), "data[0].of", "names no place"),
        (
            json!({"policies": [{"name": "x.cedar", "text": "permit(principal, action, resource);\n\nforbid(principal,\n action resource);"}]}),
            "policies[0]",
            "x.cedar:4: ",
        ),
        (json!({"policies": [{"name": "x", "text": "permit(principal == ?principal, action, resource);"}]}), "policies[0]", "x:1: "),
        (
            json!({"policies": [{"name": "x", "text": "permit(principal, action == Action::\"Call\", resource);"}]}),
            "policies[0]",
            "no action \"Call\"",
        ),
        (
            json!({"policies": [{"name": "x", "text": "permit(principal, action, resource == Tol::\"t\");"}]}),
            "policies[0]",
            "no entity type Tol",
        ),
        (
            json!({"policies": [{"name": "x", "text": "forbid(principal in Role::\"r\", action == Action::\"CallTool\", resource);"}]}),
            "policies[0]",
            "a Role never is one",
        ),
    ] {
        let error = refused(&spec);
        assert_eq!(error.path, path, "{error}");
        assert!(error.message.contains(says), "{error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn scopes_that_nobody_can_have_are_told_and_not_refused() {
    let access = access(
        &json!({"roles": {"r": {"scopes": ["b"]}}, "agents": {"a": {"scopes": ["b"]}}, "tools": {"t": {"scopes": ["a", "b"]}}}).to_string(),
    );
    let told: Vec<&str> = access.warnings().iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(told, ["tools.t.scopes[0]", "tools.t.scopes[0]"]);
}

#[test]
fn the_revision_is_that_of_what_was_said() {
    let revision = |spec: &Value| access(&spec.to_string()).revision();
    let one = json!({"roles": {"a": {"scopes": ["x"]}}});
    assert_eq!(revision(&one), revision(&one));
    assert_ne!(revision(&one), revision(&json!({"roles": {"a": {"scopes": ["y"]}}})));
    assert_ne!(revision(&one), revision(&json!({"roles": {"a": {"scopes": ["x"]}}, "data": [{"of": "store:x", "fields": []}]})));
}

#[test]
fn who_is_of_another_tenant_does_not_decide_and_the_same_question_of_another_run_is_another_question() {
    let access = access(SUPPORT);
    let ask = |user: Option<&'static str>, run: Option<&'static str>| {
        let user = Some(User { id: "lea", tenant: user, roles: &["lead"] });
        access.decide(&Request { agent: "", scopes: &[], user, tenant: run, ..billing(Action::DecideReview, "desk") })
    };
    let denied = ask(Some("evil"), Some("acme"));
    assert_eq!((denied.allowed, denied.review, by(&denied)), (false, false, vec!["default:tenant"]));
    for (user, run) in
        [(Some("acme"), Some("acme")), (None, Some("acme")), (Some("evil"), None), (None, None), (Some("evil"), Some("evil"))]
    {
        let allowed = ask(user, run);
        assert_eq!((allowed.allowed, allowed.cached), (true, false), "{user:?} {run:?}");
        assert!(ask(user, run).cached);
    }
}

#[test]
fn what_an_agent_holds_at_most_is_known_scope_by_scope_and_only_where_the_file_says_it() {
    let access = access(SUPPORT);
    assert!(access.has_ceilings());
    let held = |agent, scope| access.lets_hold(agent, scope);
    assert!(held("billing", "orders.read") && !held("billing", "refund.any") && held("support", "refund.any") && held("stranger", "any"));
    assert!(!self::access(r#"{"agents": {"billing": {}, "*": {}}}"#).has_ceilings());
}
